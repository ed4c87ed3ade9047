"""Checks of requests, disputes and questions: each has a case, a purpose and a day by which it is answered."""

from collections.abc import Iterator

from troth.policy.case_types import CaseType
from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label
from troth.policy.holds import Hold
from troth.policy.matters import MATTER_EVENTS, REQUEST_KINDS
from troth.policy.model import Finding
from troth.policy.rules import Forbid, Require
from troth.policy.things import Field, Point, Recipient

OTHERS = "stage.others"
"""The fact that an act brings a case to a stage of other roles."""


def _unopenable(draft: Draft) -> Iterator[Finding]:
    cases = {case.name: case for case in draft.of(CaseType)}
    for point in draft.of(Point):
        if point.opens is None:
            continue
        case = cases.get(point.opens)
        if case is None or not any(
            point.actor == role or point.actor.startswith(role + ".") for role in case.opened_by
        ):
            yield draft.find(
                point,
                "point-opens",
                f"{label(point)} opens {point.opens!r}, which {point.actor} may not open",
                "name a declared case whose opened_by holds the actor of the point",
            )
        if point.record is None or point.confirm == "mail":
            yield draft.find(
                point,
                "point-opens",
                f"{label(point)} opens a case, and keeps no record of its own or waits for a mailbox",
                "write record: with a kind, and no confirm: mail; who asks is proven afterwards",
            )


def _unanswered(draft: Draft) -> Iterator[Finding]:
    answered = {event for rule in draft.of(Require) if rule.within and not rule.remind for event in rule.on}
    for case in draft.of(CaseType):
        if case.matter is None:
            continue
        if case.purpose is None:
            yield draft.find(
                case,
                "matter-incomplete",
                f"{label(case)} serves no purpose",
                "write purpose: with a data use of this policy",
            )
        event = MATTER_EVENTS[case.matter]
        if event not in answered:
            yield draft.find(
                case,
                "matter-incomplete",
                f"{label(case)} is a {case.matter} that nothing says by when to answer",
                f"write a require rule with on: [{event}] and within:",
            )


def _unreminded(draft: Draft) -> Iterator[Finding]:
    for rule in draft.of(Require):
        if rule.remind and (not rule.within or rule.promise):
            yield draft.find(
                rule,
                "reminder",
                f"require {rule.name!r} reminds {rule.remind}, and says no day for it or is the promise itself",
                "write within:, and no promise: beside remind:",
            )


def _unasked(draft: Draft) -> Iterator[Finding]:
    for field in draft.of(Field):
        if not field.asks:
            continue
        strange = sorted(set(field.choices) - set(REQUEST_KINDS))
        if field.type != "choice" or strange or not field.choices:
            yield draft.find(
                field,
                "request-kind",
                f"{label(field)} says what a request asks for, and is no choice among kinds of request",
                f"write type: choice with choices among {', '.join(REQUEST_KINDS)}",
            )


def _unused(draft: Draft) -> Iterator[Finding]:
    for field in draft.of(Field):
        if not field.uses:
            continue
        strange = sorted(set(field.choices) - draft.uses.keys)
        if field.type != "choice" or field.asks or strange or not field.choices:
            yield draft.find(
                field,
                "request-uses",
                f"{label(field)} says which uses a request is about, and is no choice among data uses",
                "write type: choice with choices that are data uses of this policy",
            )


def _uncorrected(draft: Draft) -> Iterator[Finding]:
    fields = {field.name: field for field in draft.of(Field)}
    for field in fields.values():
        if field.corrects is None:
            continue
        target = fields.get(field.corrects)
        if target is None or (target.type, target.choices) != (field.type, field.choices) or field.identifier:
            yield draft.find(
                field,
                "field-corrects",
                f"{label(field)} corrects {field.corrects!r}, which is no field of its type, or is itself an identifier",
                "name a declared field of the same type, and find nobody by this one",
            )


def _unthreaded(draft: Draft) -> Iterator[Finding]:
    marks = {field.name: field for field in draft.of(Field) if field.mail_id}
    for field in marks.values():
        needed = any(point.fields.get(field.name) == "required" for point in draft.of(Point))
        if field.type != "text" or field.identifier or field.scan != "none" or needed:
            yield draft.find(
                field,
                "field-mail-id",
                f"{label(field)} holds the Message-ID of a mail, and is of another type, or looked for, or asked of people",
                "write type: text, no identifier: or scan:, and take it as optional",
            )


def _unamended(draft: Draft) -> Iterator[Finding]:
    kinds = {point.record for point in draft.of(Point) if point.record}
    for point in draft.of(Point):
        strange = sorted(set(point.amends) - kinds)
        if strange or (point.amends and (point.public or point.record)):
            yield draft.find(
                point,
                "point-amends",
                f"{label(point)} amends what no point records, or is public or keeps records of its own",
                "amend kinds that a point declares with record:, at a point with public: false and without record:",
            )


def _unheld(draft: Draft) -> Iterator[Finding]:
    held = any(
        "instruct" in rule.acts and rule.when == (OTHERS,) and not rule.unless for rule in draft.of(Forbid)
    )
    for case in draft.of(CaseType):
        if case.stages and case.purpose and not held:
            yield draft.find(
                case,
                "stages-unheld",
                f"{label(case)} names who may bring it to each stage, and no rule holds anybody to it",
                f"write a forbid rule with acts: [instruct] and when: [{OTHERS}]",
            )


def _unstaged(draft: Draft) -> Iterator[Finding]:
    points = {point.name: point for point in draft.of(Point)}
    recipients = {one.name for one in draft.of(Recipient)}
    for case in draft.of(CaseType):
        names = [stage.name for stage in case.stages]
        wrong = [
            len(set(names)) != len(names),
            bool(names) and (case.purpose is None or case.matter is not None),
        ]
        for stage in case.stages:
            noted = points.get(stage.notes) if stage.notes else None
            wrong.append(stage.notes is not None and (noted is None or noted.joins != case.name))
            wrong.append(stage.to is not None and stage.to not in recipients)
            wrong.append(stage.purpose not in draft.uses.keys)
        if any(wrong):
            yield draft.find(
                case,
                "case-stages",
                f"{label(case)} has stages of one name or with what is not declared, serves no purpose, or is a matter",
                "write purpose: beside stages:, each with a name, a data use, a declared recipient and a point that joins the case",
            )
    cases = {case.name for case in draft.of(CaseType)}
    for point in draft.of(Point):
        if point.joins and (point.joins not in cases or point.record is None or point.opens or point.public):
            yield draft.find(
                point,
                "case-stages",
                f"{label(point)} joins a case that is not declared, or is public, keeps no record or opens a case itself",
                "name a declared case, write record: with its kind, and no public: or opens:",
            )


def _unattended(draft: Draft) -> Iterator[Finding]:
    known = [kind for kind in REQUEST_KINDS if kind != "other"]
    for case in draft.of(CaseType):
        strange = sorted(set(case.by_itself) - set(known))
        if strange or (case.by_itself and case.matter != "request"):
            yield draft.find(
                case,
                "by-itself",
                f"{label(case)} is carried out by itself, and is no request or lists what nobody can ask for",
                f"with matter: request, list kinds among {', '.join(known)}",
            )


def _unkept(draft: Draft) -> Iterator[Finding]:
    kinds = {point.record for point in draft.of(Point)}
    for hold in draft.of(Hold):
        for kind in sorted(set(hold.records) - kinds):
            yield draft.find(
                hold,
                "hold-records",
                f"{label(hold)} keeps records of the kind {kind!r}, which no collection point makes",
                "name a kind that a point declares with record:",
            )


def _unrepresented(draft: Draft) -> Iterator[Finding]:
    fields = {field.name: field for field in draft.of(Field)}
    types = {"name": "name", "mailbox": "email", "authority": "file"}
    for field in fields.values():
        if field.agent and (field.type != types[field.agent] or field.identifier):
            yield draft.find(
                field,
                "agent-field",
                f"{label(field)} says the {field.agent} of an agent, and is of another type, or people are found by it",
                f"write type: {types[field.agent]}, and no identifier:",
            )
    for point in draft.of(Point):
        says = {str(fields[name].agent): need for name, need in point.fields.items() if name in fields}
        asks = any(says.get(part) for part in types)
        whole = says.get("name") == says.get("mailbox") == "required"
        whose = any(
            fields[name].identifier and fields[name].type == "email" and need == "required"
            for name, need in point.fields.items()
            if name in fields
        )
        if asks and not (whole and whose and point.opens):
            yield draft.find(
                point,
                "agent-field",
                f"{label(point)} takes what an agent says, and not who asks for whom",
                "require the agent's name and mailbox and the person's own address there, and write opens: with a request",
            )


CHECKS = (
    Check("agent-field", "a request in somebody else's name that lacks who asks for whom", _unrepresented),
    Check("hold-records", "a hold on a kind of record that no collection point makes", _unkept),
    Check("point-opens", "a collection point that opens a case it cannot open or keep", _unopenable),
    Check("matter-incomplete", "a request, dispute or question without purpose or deadline", _unanswered),
    Check(
        "case-stages",
        "a case whose stages name what is not declared, or a point that joins a case it cannot join",
        _unstaged,
    ),
    Check("stages-unheld", "a case whose stages name roles that no rule holds anybody to", _unheld),
    Check("reminder", "a reminder without a day, or one that is the promise itself", _unreminded),
    Check("by-itself", "what is carried out by itself and is no kind of request", _unattended),
    Check("field-corrects", "a field for a new value whose target is no field of its type", _uncorrected),
    Check(
        "point-amends",
        "a point that amends records of a kind that nobody makes, or is public or keeps records of its own",
        _unamended,
    ),
    Check("request-uses", "a field for the uses of a request that is no choice among data uses", _unused),
    Check(
        "field-mail-id", "a field for the Message-ID of a mail that people could not leave out", _unthreaded
    ),
    Check("request-kind", "a field for what a request asks for that is no choice among kinds", _unasked),
)
