"""Before and after: what stands now beside what a request wants to stand there, to those who may see both, and kept nowhere."""

from typing import NamedTuple

from troth.flows import CORRECT, corrections
from troth.gate import Ask
from troth.policy import Policy
from troth.rights import MatterRow
from troth.web.site import Site


class Change(NamedTuple):
    """A value that a request corrects: what it is called, what stands there now, and what shall stand there."""

    title: str
    before: str
    after: str


def changes(site: Site, row: MatterRow, purpose: str, key: str, proof: str = "") -> tuple[Change, ...]:
    """What a request to correct would change, each value read by a decision of its own; none where the policy lets it be seen to nobody.

    Args:
        site: The service.
        row: The request.
        purpose: Data use that its handling serves.
        key: Of who looks: the person's session, somebody of staff, or the pages themselves.
        proof: Secret from the person's mailbox, which stays good; only with the key of the pages.
    """
    if row.kind != CORRECT or row.ended_at or not row.person or not row.record:
        return ()
    policy = site.troth.policy()
    known = {name: target for name, target in corrections(policy).items() if _asked(policy, name)}
    if not known:
        return ()
    ask = Ask(
        act="use",
        purpose=purpose,
        key=key,
        person="" if proof else row.person,
        case=row.case,
        proof=proof,
        record=row.record,
        fields=tuple(known),
        partial=True,
    )
    (wanted,) = site.troth.perform([ask])
    given = {name: value for name, value in wanted.values.items() if wanted.permitted and value is not None}
    if not given or wanted.person != row.person:
        return ()
    now = current(
        site, policy, row.person, purpose, key, proof, row.case, tuple(known[name] for name in given)
    )
    return tuple(
        Change(_title(policy, known[name]), now.get(known[name], ""), str(value))
        for name, value in given.items()
    )


def current(
    site: Site,
    policy: Policy,
    person: str,
    purpose: str,
    key: str,
    proof: str,
    case: str,
    fields: tuple[str, ...],
) -> dict[str, str]:
    """What stands in fields of a person now, as far as the policy lets it be seen by whoever looks.

    Args:
        site: The service.
        policy: The version in force.
        person: Handle of the person.
        purpose: Data use that looking serves.
        key: Of who looks.
        proof: Secret from the person's mailbox; empty for none.
        case: Id of the case; empty for none.
        fields: Names of the fields.
    """
    names = tuple(name for name in fields if name in policy.fields)
    if not names:
        return {}
    ask = Ask(
        act="use", purpose=purpose, key=key, person="" if proof else person, case=case, proof=proof, fields=names, partial=True
    )  # fmt: skip
    (found,) = site.troth.perform([ask])
    if not found.permitted or found.person != person:
        return {}
    return {name: str(value) for name, value in found.values.items() if value is not None}


def _asked(policy: Policy, name: str) -> bool:
    """Whether some point that opens a case takes a field, so that a request may hold it."""
    return any(name in point.fields for point in policy.points.values() if point.opens)


def _title(policy: Policy, name: str) -> str:
    return policy.fields[name].title or name.replace("_", " ").capitalize()
