"""Checks of contradictions: nothing is said twice in two ways."""

from collections.abc import Iterator

from troth.policy.bases import Thing
from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label, name_of
from troth.policy.model import Finding
from troth.policy.rules import Require
from troth.policy.spans import read_span
from troth.policy.things import Recipient, Retention


def _duplicate_rule(draft: Draft) -> Iterator[Finding]:
    for clause in draft.clauses:
        for rule in clause.rules:
            other = draft.rules[rule.name]
            if other is not rule:
                yield draft.find(
                    rule,
                    "duplicate-name",
                    f"{label(rule)} has the name of the {other.kind} on line {other.line}",
                    "give each rule a name of its own",
                )


def _duplicate_thing(draft: Draft) -> Iterator[Finding]:
    for thing in draft.of(Thing):
        other = draft.things[thing.kind][name_of(thing)]
        if other is not thing:
            yield draft.find(
                thing,
                "duplicate-declaration",
                f"{label(thing)} is declared on line {other.line} too",
                "declare each thing once",
            )


def _deadline_conflict(draft: Draft) -> Iterator[Finding]:
    seen: dict[tuple[str, str], Require] = {}
    for rule in draft.of(Require):
        for event in rule.on:
            other = seen.setdefault((event, " ".join(rule.obligation.lower().split())), rule)
            if other is not rule and _span(other) != _span(rule):
                yield draft.find(
                    rule,
                    "deadline-conflict",
                    f"require {rule.name!r} gives the same obligation on {event} another deadline than {other.name!r} on line {other.line}",
                    "write one deadline",
                )


def _span(rule: Require) -> object:
    return read_span(rule.within) if rule.within else None


def _retention_conflict(draft: Draft) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], Retention] = {}
    for retention in draft.of(Retention):
        for key in (
            (category, use, retention.after) for category in retention.data for use in retention.purposes
        ):
            other = seen.setdefault(key, retention)
            if other is not retention and read_span(other.keep) != read_span(retention.keep):
                yield draft.find(
                    retention,
                    "retention-conflict",
                    f"{label(retention)} keeps {key[0]} for {key[1]} longer or shorter than {other.name!r} on line {other.line}",
                    "keep one span for each category, purpose and event",
                )
                break


def _recipient_conflict(draft: Draft) -> Iterator[Finding]:
    for recipient in draft.of(Recipient):
        if recipient.role == "controller" and recipient.contract is not None:
            yield draft.find(
                recipient,
                "recipient-conflict",
                f"recipient {recipient.name!r} is a controller of its own and has a processing contract",
                "declare it as controller or as processor, not both",
            )
        if recipient.role == "processor" and recipient.policy_url is not None:
            yield draft.find(
                recipient,
                "recipient-conflict",
                f"recipient {recipient.name!r} is a processor and acts under a policy of its own",
                "declare it as controller or as processor, not both",
            )
        for name in recipient.fields if recipient.data else ():
            field = draft.fields.get(name)
            if field and not any(field.category in draft.categories.below(key) for key in recipient.data):
                yield draft.find(
                    recipient,
                    "recipient-conflict",
                    f"recipient {recipient.name!r} may be given the field {name!r} but not its category {field.category}",
                    "add the category to `data`, or remove the field",
                )


CHECKS = (
    Check("duplicate-name", "two rules with one name", _duplicate_rule),
    Check("duplicate-declaration", "a thing declared twice", _duplicate_thing),
    Check("deadline-conflict", "two deadlines for one obligation", _deadline_conflict),
    Check("retention-conflict", "two spans for one category, purpose and event", _retention_conflict),
    Check(
        "recipient-conflict",
        "a recipient that is controller and processor at once, or whose fields lie outside its data",
        _recipient_conflict,
    ),
)
