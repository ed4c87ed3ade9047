"""Checks of terms: every key that a rule or thing names is known."""

import difflib
from collections.abc import Collection, Iterator

from troth.policy.bases import Thing
from troth.policy.case_types import CaseType
from troth.policy.checks.registry import Check
from troth.policy.counting import Report
from troth.policy.draft import INTERNAL, RECIPIENT_CLASSES, Draft, label
from troth.policy.facts import split_condition
from troth.policy.model import ACT_KINDS, Finding
from troth.policy.rules import Forbid, Notice, Permit, Require, Rule
from troth.policy.technologies import Pixel
from troth.policy.things import (
    Point,
    PolicyException,
    Recipient,
    Role,
)

_PLACES = ("point", "page", "mail", "product", "api", "letter", "phone")


def _items(draft: Draft) -> Iterator[Rule | Thing]:
    for clause in draft.clauses:
        yield from clause.rules
        yield from clause.things


def _unknown(
    draft: Draft, item: Rule | Thing, check: str, noun: str, key: str, known: Collection[str]
) -> Finding:
    close = difflib.get_close_matches(key, sorted(known), 1)
    mend = f"did you mean {close[0]!r}?" if close else f"use a known {noun}, or declare it"
    return draft.find(item, check, f"{label(item)} names the {noun} {key!r}, which is unknown", mend)


def _listed(item: Rule | Thing, attribute: str) -> tuple[str, ...]:
    value = getattr(item, attribute, ())
    return value if isinstance(value, tuple) else ()


def _categories(draft: Draft) -> Iterator[Finding]:
    for item in _items(draft):
        single = getattr(item, "category", None)
        for key in (*_listed(item, "data"), *((single,) if single else ())):
            if key != "*" and key not in draft.categories.keys:
                yield _unknown(draft, item, "unknown-category", "data category", key, draft.categories.keys)


def _uses(draft: Draft) -> Iterator[Finding]:
    for item in _items(draft):
        for key in _listed(item, "purposes"):
            if key == "*" and isinstance(item, (Forbid, Require)):
                continue
            if key == "*":
                yield draft.find(
                    item,
                    "unknown-use",
                    f"{label(item)} names any purpose",
                    "name each purpose; only forbid and require may say *",
                )
            elif key not in draft.uses.keys:
                yield _unknown(draft, item, "unknown-use", "data use", key, draft.uses.keys)
    for case in draft.of(CaseType):
        if case.purpose and case.purpose not in draft.uses.keys:
            yield _unknown(draft, case, "unknown-use", "data use", case.purpose, draft.uses.keys)


def _roles(draft: Draft) -> Iterator[Finding]:
    for item in _items(draft):
        actors = (
            _listed(item, "actors")
            + (item.roles if isinstance(item, CaseType) else ())
            + ((item.actor,) if isinstance(item, Point | Pixel | Report) and item.actor else ())
            + ((item.remind,) if isinstance(item, Require) and item.remind else ())
        )
        for key in actors:
            declared_below = any(role.startswith(key + ".") for role in draft.roles)
            if key != "*" and not draft.knows_actor(key) and not declared_below:
                yield _unknown(draft, item, "unknown-role", "role", key, draft.roles)


def _recipients(draft: Draft) -> Iterator[Finding]:
    known = {*draft.recipients, *RECIPIENT_CLASSES, INTERNAL, "*"}
    for item in _items(draft):
        for key in _listed(item, "recipients"):
            if key not in known:
                yield _unknown(draft, item, "unknown-recipient", "recipient", key, known)
    for recipient in draft.of(Recipient):
        if recipient.name in (*RECIPIENT_CLASSES, INTERNAL):
            yield draft.find(
                recipient,
                "unknown-recipient",
                f"a recipient is called {recipient.name!r}, which is the name of a class",
                "choose another name",
            )


def _facts(draft: Draft) -> Iterator[Finding]:
    for item in _items(draft):
        conditions = (
            _listed(item, "when")
            + _listed(item, "unless")
            + (item.conditions if isinstance(item, PolicyException) else ())
        )
        for condition in conditions:
            fact = split_condition(condition)[0]
            if fact not in draft.facts:
                yield _unknown(draft, item, "unknown-fact", "fact", fact, draft.facts)


def _cases(draft: Draft) -> Iterator[Finding]:
    for role in draft.of(Role):
        for name in role.cases:
            if name not in draft.cases:
                yield _unknown(draft, role, "unknown-case", "case type", name, draft.cases)


def _fields(draft: Draft) -> Iterator[Finding]:
    for recipient in draft.of(Recipient):
        for name in recipient.fields:
            if name not in draft.fields:
                yield _unknown(draft, recipient, "unknown-field", "field", name, draft.fields)


def _things(draft: Draft) -> Iterator[Finding]:
    wanted: list[tuple[Rule | Thing, str, tuple[str, ...]]] = []
    wanted += [(report, "data-set", report.data_sets) for report in draft.of(Report)]
    wanted += [(recipient, "product", recipient.products) for recipient in draft.of(Recipient)]
    wanted += [
        (item, "retention", (name,))
        for item in _items(draft)
        if not isinstance(item, Permit) and (name := getattr(item, "retention", None))
    ]
    for item, kind, names in wanted:
        for name in names:
            if name not in draft.things.get(kind, {}):
                yield _unknown(draft, item, "unknown-thing", kind, name, draft.things.get(kind, {}))


def _places(draft: Draft) -> Iterator[Finding]:
    points = draft.things.get("point", {})
    for notice in draft.of(Notice):
        for place in notice.at:
            kind, _, name = place.partition(".")
            if kind not in _PLACES or not name:
                yield draft.find(
                    notice,
                    "unknown-place",
                    f"notice {notice.name!r} is shown at {place!r}",
                    f"write one of {', '.join(_PLACES)}, a dot, and a name",
                )
            elif kind == "point" and name not in points:
                yield _unknown(draft, notice, "unknown-place", "point", name, points)


def _events(draft: Draft) -> Iterator[Finding]:
    for rule in draft.of(Require):
        for event in rule.on:
            if "." not in event and event not in ACT_KINDS:
                yield draft.find(
                    rule,
                    "unknown-event",
                    f"require {rule.name!r} starts on {event!r}",
                    f"write a kind of act ({', '.join(ACT_KINDS)}) or an event such as request.received",
                )


CHECKS = (
    Check("unknown-category", "a data category outside the vocabulary and the own terms", _categories),
    Check("unknown-use", "a data use outside the vocabulary and the own terms", _uses),
    Check("unknown-role", "a role that is not declared", _roles),
    Check("unknown-recipient", "a recipient that is neither declared nor a class", _recipients),
    Check("unknown-fact", "a fact outside the closed list", _facts),
    Check("unknown-case", "a case type that is not declared", _cases),
    Check("unknown-field", "a recipient's field that is not declared", _fields),
    Check("unknown-thing", "a data set, product, recipient or retention that is not declared", _things),
    Check("unknown-place", "a notice at a place of no known kind, or at an undeclared point", _places),
    Check("unknown-event", "an obligation that starts on neither act nor event", _events),
)
