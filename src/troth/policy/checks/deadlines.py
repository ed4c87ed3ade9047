"""Checks that the prose of a clause and its rules name the same deadlines."""

from collections.abc import Iterator

from troth.policy.case_types import CaseType
from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label
from troth.policy.holds import Hold
from troth.policy.model import Finding
from troth.policy.reading import Clause
from troth.policy.rules import Forbid, Notice, Permit, Require
from troth.policy.spans import Span, deadlines_in, read_span, spans_in
from troth.policy.technologies import Cookie, Storage
from troth.policy.things import InstructionType, Retention


def _deadline_mismatch(draft: Draft) -> Iterator[Finding]:
    for clause in draft.clauses:
        told = spans_in(clause.prose)
        ruled = _ruled(clause)
        for rule in clause.rules:
            span = read_span(rule.within) if isinstance(rule, Require) and rule.within else None
            if span and told and span not in told:
                yield draft.find(
                    rule,
                    "deadline-mismatch",
                    f"require {rule.name!r} allows {span}, the prose of the clause names {_listed(told)}",
                    "name the same span in prose and rule",
                )
        for span in sorted(deadlines_in(clause.prose) - ruled):
            yield draft.find(
                clause,
                "deadline-mismatch",
                f"the prose promises {span}, no rule of the clause does",
                "name the same span in a rule of this clause, such as `within`",
            )
        yield from _kept_otherwise(draft, clause, told - ruled - deadlines_in(clause.prose))


def _kept_otherwise(draft: Draft, clause: Clause, unruled: frozenset[Span]) -> Iterator[Finding]:
    """A clause that declares how long data is kept, and whose prose names a span that none of its rules has."""
    kept = [one for one in clause.things if isinstance(one, Retention)]
    for span in sorted(unruled) if kept else ():
        yield draft.find(
            kept[0],
            "deadline-mismatch",
            f"the prose names {span}, retention {kept[0].name!r} keeps data {kept[0].keep}",
            "name the same span in prose and rule",
        )


def _unreadable(draft: Draft) -> Iterator[Finding]:
    for clause in draft.clauses:
        for item in (*clause.rules, *clause.things):
            for text in _span_texts(item):
                if read_span(text) is None:
                    yield draft.find(
                        item,
                        "unreadable-span",
                        f"{label(item)} names the span {text!r}",
                        'write a number and a unit, such as "30 days"',
                    )
    if draft.front:
        for name, text in draft.front.promises.items():
            if read_span(text) is None:
                yield draft.find_front(
                    ("promises", name),
                    "unreadable-span",
                    f"the promise {name!r} names the span {text!r}",
                    'write a number and a unit, such as "30 days"',
                )


def _ruled(clause: Clause) -> frozenset[Span]:
    """Every span that the rules of a clause name, in their keys or in the text of a notice."""
    found: set[Span] = set()
    for item in (*clause.rules, *clause.things):
        found.update(span for text in _span_texts(item) if (span := read_span(text)))
        if isinstance(item, (Permit, Forbid, Require)):
            found |= spans_in(item.reason)
        if isinstance(item, Notice) and item.text:
            found |= spans_in(item.text)
        found |= spans_in(getattr(item, "about", ""))
    return frozenset(found)


def _span_texts(item: object) -> tuple[str, ...]:
    if isinstance(item, Require):
        return (*((item.within,) if item.within else ()), *item.escalate)
    if isinstance(item, (Retention, Hold)):
        return (item.keep,)
    if isinstance(item, (CaseType, InstructionType)):
        return (item.expires,) if item.expires else ()
    if isinstance(item, (Cookie, Storage)):
        return (item.lifetime,) if item.lifetime != "session" else ()
    return ()


def _listed(spans: frozenset[Span]) -> str:
    return ", ".join(str(span) for span in sorted(spans))


CHECKS = (
    Check(
        "deadline-mismatch", "prose and rules of a clause that name different deadlines", _deadline_mismatch
    ),
    Check("unreadable-span", "a span of time that cannot be read", _unreadable),
)
