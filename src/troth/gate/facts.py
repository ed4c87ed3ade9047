"""Facts: what the gate itself establishes about an act before the policy decides it."""

from collections.abc import Iterable, Mapping, Sequence

from troth.gate.access import Actor, covers
from troth.gate.cases import Case
from troth.gate.model import Ask
from troth.kernel import InvalidInput
from troth.policy import Policy
from troth.vault import normalised

Stances = Sequence[tuple[str, str]]


def facts_of(
    ask: Ask, actor: Actor, case: Case | None, stances: Stances, person: str, policy: Policy
) -> tuple[str, ...]:
    """The facts that hold for an act, sorted.

    Args:
        ask: The act as asked for.
        actor: Who acts.
        case: The case that it cites, if there is one.
        stances: What the person concerned said, as (stance, purpose) pairs.
        person: Handle of the person concerned.
        policy: The version to read roles, points and recipients from.
    """
    facts = []
    if actor.may_serve(ask.purpose):
        facts.append("purpose.granted")
    # A case about no one must not tell apart whom an identifier leads to and who is unknown.
    nobody = bool(ask.identify and not person)
    if (
        case is not None
        and not nobody
        and case.covers(person, actor.role, _records(ask, case, policy))
        and actor.may_cite(case.case_type)
    ):
        facts += ("case.open", f"case.{case.case_type}")
        if case.holder and case.holder == actor.who:
            facts.append("case.assigned")
        if case.verified_at:
            facts.append("person.verified")
    if ask.stage and not _own_stage(ask, actor, case, policy):
        facts.append("stage.others")
    if actor.person and actor.person == person:
        facts += ("person.self", "person.verified") if actor.fresh else ("person.self",)
    if ask.signal:
        facts.append("signal.opt-out")
    for stance, purpose in stances:
        if covers(purpose, ask.purpose):
            facts.append(f"person.{stance}")
    if ask.topic and _fits(ask, policy):
        facts.append("topic.declared")
    if ask.recipient and ask.recipient in policy.recipients:
        facts.append("recipient.declared")
    if ask.point:
        facts += _at_point(ask, policy)
    return tuple(sorted(set(facts)))


def _own_stage(ask: Ask, actor: Actor, case: Case | None, policy: Policy) -> bool:
    """Whether the stage that an act brings its case to is declared, and for the role of whoever acts."""
    declared = policy.cases.get(case.case_type) if case is not None else None
    stages = declared.stages if declared is not None else ()
    return any(one.name == ask.stage and one.open_to(actor.role) for one in stages)


def _fits(ask: Ask, policy: Policy) -> bool:
    """Whether a message is about a declared topic, serves its purpose and goes through a channel of it."""
    topic = policy.topics.get(ask.topic)
    if topic is None or ask.channel not in topic.channels:
        return False
    return any(covers(purpose, ask.purpose) for purpose in topic.purposes)


def joins(ask: Ask, policy: Policy) -> bool:
    """Whether an act collects what becomes a record of its own and joins the case that it cites."""
    point = policy.points.get(ask.point) if ask.act == "collect" and ask.point else None
    return point is not None and point.joins is not None and not ask.record


def _records(ask: Ask, case: Case, policy: Policy) -> tuple[str, ...]:
    """The records that an act is about, for a case to cover them."""
    return (case.record,) if joins(ask, policy) else ask.records or (ask.record,)


def _at_point(ask: Ask, policy: Policy) -> list[str]:
    point = policy.points.get(ask.point)
    if point is None or ask.channel not in point.channels:
        return []
    facts = ["point.declared"]
    if point.amends:
        facts.append("point.amends")
    if ask.notice and ask.notice == point.notice:
        facts.append("notice.shown")
    if point.age_screen:
        facts.append("point.age-screened")
        if ask.age_passed:
            facts.append("age.passed")
    if ask.acknowledged and ask.acknowledged == point.notice:
        facts.append("notice.acknowledged")
    return facts


def categories_of(names: Iterable[str], policy: Policy) -> tuple[str, ...]:
    """The data categories of fields, sorted and unique.

    Raises:
        InvalidInput: A field is not declared and classed by the policy (clause 0.4).
    """
    categories = set()
    for name in names:
        field = policy.fields.get(name)
        if field is None:
            raise InvalidInput(
                f"Field {name[:64]!r} is not declared and classed by the policy; nothing was stored.",
                clause="0.4",
                field=name[:64],
                mend="Use a declared field, or declare it with `declare: field` in the policy.",
            )
        categories.add(field.category)
    return tuple(sorted(categories))


def check_identifiers(names: Iterable[str], policy: Policy) -> None:
    """Refuse to look for somebody by what nobody is found by.

    Raises:
        InvalidInput: A name is not that of an identifier.
    """
    for name in names:
        if name not in policy.fields or not policy.fields[name].identifier:
            raise InvalidInput(
                "Somebody is named by what is no identifier; nothing was done.",
                clause="0.4",
                field="identify",
                mend=f"Use {', '.join(sorted(n for n, field in policy.fields.items() if field.identifier))}.",
            )


def allowed_fields(
    names: Iterable[str], allowed: Sequence[str], policy: Policy
) -> tuple[list[str], list[str]]:
    """Split field names into those whose category is allowed and those to withhold."""
    permitted: list[str] = []
    withheld: list[str] = []
    for name in names:
        (permitted if policy.fields[name].category in allowed else withheld).append(name)
    return permitted, withheld


def identifiers_of(values: Mapping[str, object], policy: Policy) -> list[tuple[str, str]]:
    """The identifier fields among values, with their text in the form in which it is looked up."""
    fields = policy.fields
    return [
        (name, normalised(fields[name].type, value))
        for name, value in values.items()
        if isinstance(value, str) and name in fields and fields[name].identifier
    ]


def matching_fields(policy: Policy) -> frozenset[str]:
    """Fields whose value says who somebody is: e-mail addresses that people are found by.

    A serial or an order number names a thing, and a telephone may be a household's; neither joins two records.
    """
    return frozenset(
        name
        for name, field in policy.fields.items()
        if field.identifier and field.type == "email" and not field.unique
    )
