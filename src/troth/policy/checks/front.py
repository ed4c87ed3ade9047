"""Checks of the front matter: dates, the company's own terms, the clauses cited by default, and its promises."""

from collections.abc import Iterator
from datetime import date

from troth.policy.checks.registry import Check
from troth.policy.draft import Draft
from troth.policy.model import Finding
from troth.policy.rules import Forbid, Permit, Require
from troth.policy.spans import read_span
from troth.policy.things import Recipient
from troth.policy.vocabulary import VOCABULARY, Terms, standard_terms


def _vocabulary(draft: Draft) -> Iterator[Finding]:
    if draft.front and draft.front.vocabulary != VOCABULARY:
        yield draft.find_front(
            ("vocabulary",),
            "vocabulary",
            f"the vocabulary is {draft.front.vocabulary!r}",
            f"this release knows {VOCABULARY!r}",
        )


def _own_terms(draft: Draft) -> Iterator[Finding]:
    if draft.front is None:
        return
    standard = standard_terms()
    own = {
        "data_categories": draft.front.terms.data_categories,
        "data_uses": draft.front.terms.data_uses,
        "data_subjects": draft.front.terms.data_subjects,
    }
    for group, terms in own.items():
        known: Terms = standard[group]
        for term in terms:
            above = term.rpartition(".")[0]
            if term in known.keys:
                yield draft.find_front(
                    ("terms", group, term),
                    "own-term",
                    f"{term} is a {known.noun} of the vocabulary already",
                    "remove it",
                )
            elif above not in known.keys and above not in terms:
                yield draft.find_front(
                    ("terms", group, term),
                    "own-term",
                    f"{term} lies below no known {known.noun}",
                    "put it below a term that exists",
                )


def _defaults(draft: Draft) -> Iterator[Finding]:
    if draft.front is None:
        return
    clauses = {clause.id for clause in draft.clauses}
    for key, cited in (("deny", draft.front.defaults.deny), ("egress", draft.front.defaults.egress)):
        if cited and cited not in clauses:
            yield draft.find_front(
                ("defaults", key),
                "unknown-clause",
                f"defaults.{key} cites {cited!r}, which is no clause",
                "cite a clause of this policy by its id",
            )


def _promises(draft: Draft) -> Iterator[Finding]:
    promises = draft.front.promises if draft.front else {}
    kept = {rule.promise for rule in draft.of(Require)}
    for name in promises:
        if name not in kept:
            yield draft.find_front(
                ("promises", name),
                "promise",
                f"no rule keeps the promise {name!r}",
                f"add `promise: {name}` to the require rule that keeps it",
            )
    for rule in draft.of(Require):
        if rule.promise is None:
            continue
        promised = promises.get(rule.promise)
        if promised is None:
            yield draft.find(
                rule,
                "promise",
                f"require {rule.name!r} keeps the promise {rule.promise!r}, which the front matter does not make",
                "add it to `promises`",
            )
        elif rule.within is None or read_span(rule.within) != read_span(promised):
            yield draft.find(
                rule,
                "promise",
                f"require {rule.name!r} allows {rule.within or 'no time'}, the front matter promises {promised}",
                "write the same span in both",
            )


def _dates(draft: Draft) -> Iterator[Finding]:
    if draft.front:
        for key, written in (
            ("last_updated", draft.front.last_updated),
            ("source.captured", draft.front.source.captured),
        ):
            if not _is_day(written):
                yield draft.find_front(
                    tuple(key.split(".")),
                    "date",
                    f"{key} is {written}, which is no day",
                    "write a day of the calendar as YYYY-MM-DD",
                )
    dated: list[Permit | Forbid | Recipient] = [*draft.of(Permit), *draft.of(Forbid), *draft.of(Recipient)]
    for item in dated:
        for day in _days_of(item):
            if day is not None and not _is_day(day):
                yield draft.find(
                    item,
                    "date",
                    f"{item.kind} {item.name!r} names {day}, which is no day",
                    "write a day of the calendar as YYYY-MM-DD",
                )


def _days_of(item: Permit | Forbid | Recipient) -> Iterator[str | None]:
    if not isinstance(item, Recipient):
        yield from (item.from_, item.until)
        return
    for paper in (item.contract, item.undertaking):
        yield from (paper.signed, paper.until) if paper else ()
    if item.control:
        yield from (item.control.from_, item.control.until)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


CHECKS = (
    Check("vocabulary", "a vocabulary that this release does not know", _vocabulary),
    Check("own-term", "an own term that lies below no known term", _own_terms),
    Check("unknown-clause", "a default that cites no clause of the policy", _defaults),
    Check("promise", "a promise that no rule keeps, or that a rule keeps differently", _promises),
    Check("date", "a date that is no day of the calendar", _dates),
)
