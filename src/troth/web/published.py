"""The published policy as pages show it: prose, what enforces each clause, and what the ledger counted under it."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from troth.bootstrap import Troth
from troth.gate import Version
from troth.kernel import NotFound
from troth.policy import Clause, Forbid, Permit, Policy
from troth.web.enforcement import Mark, marks_of

_TITLES = {"permit": "Permit", "forbid": "Forbid", "require": "Require", "notice": "Notice"}


class RuleView(NamedTuple):
    """A rule or a declared thing, as a line under its clause."""

    kind: str
    name: str
    text: str


class ClauseView(NamedTuple):
    """A clause with its evidence."""

    id: str
    title: str
    html: str
    rules: tuple[RuleView, ...]
    mark: Mark
    permits: int
    denies: int


class PartView(NamedTuple):
    """A part with its clauses."""

    id: str
    title: str
    html: str
    clauses: tuple[ClauseView, ...]


class ScopeView(NamedTuple):
    """A permit or forbid, with everything that limits it, in words."""

    kind: str
    name: str
    clause: str
    reason: str
    limits: tuple[tuple[str, str], ...]


class ExceptionView(NamedTuple):
    """A declared exception to a clause."""

    name: str
    title: str
    about: str
    clause: str
    to: str
    by: tuple[str, ...]
    conditions: tuple[str, ...]


def parts_view(policy: Policy, counts: Mapping[str, Mapping[str, int]], folder: Path) -> tuple[PartView, ...]:
    """The policy by parts; a clause that stands before the first part comes under a part without a heading."""
    marks = marks_of(policy, folder)
    grouped: dict[str, list[ClauseView]] = {"": [], **{part.id: [] for part in policy.parts}}
    for clause in policy.clauses:
        grouped[clause.part].append(_clause(clause, marks[clause.id], counts.get(clause.id, {})))
    found = [PartView(part.id, part.title, part.html, tuple(grouped[part.id])) for part in policy.parts]
    return (PartView("", "", "", tuple(grouped[""])), *found) if grouped[""] else tuple(found)


def _clause(clause: Clause, mark: Mark, counts: Mapping[str, int]) -> ClauseView:
    rules = [
        RuleView(rule.kind, rule.name, rule.reason or getattr(rule, "text", None) or "")
        for rule in clause.rules
    ]
    rules += [RuleView(thing.kind, _name(thing), thing.title or thing.about) for thing in clause.things]
    return ClauseView(
        clause.id,
        clause.title,
        clause.html,
        tuple(rules),
        mark,
        counts.get("permit", 0),
        counts.get("deny", 0),
    )


def scopes_view(policy: Policy) -> dict[str, tuple[ScopeView, ...]]:
    """Every permit and forbid of the policy, by clause, in the order of the document."""
    found: dict[str, tuple[ScopeView, ...]] = {}
    for clause in policy.clauses:
        scopes = tuple(_scope(rule) for rule in clause.rules if isinstance(rule, Permit | Forbid))
        if scopes:
            found[clause.id] = scopes
    return found


def _scope(rule: Permit | Forbid) -> ScopeView:
    inside = "inside the company" if isinstance(rule, Permit) else "any"
    limits = (
        ("Acts", _words(rule.acts)),
        ("By", _words(rule.actors, "anyone")),
        ("Data", _words(rule.data, "any data") or "acts that touch no data"),
        ("Purposes", _words(rule.purposes, "any purpose")),
        ("Recipients", _words(rule.recipients, "any outside recipient") or inside),
        ("Channels", _words(rule.channels)),
        ("Only when", _words(rule.when)),
        ("Never when", _words(rule.unless)),
        ("From", rule.from_ or ""),
        ("Until", rule.until or ""),
        ("Kept", getattr(rule, "retention", None) or ""),
    )
    return ScopeView(
        rule.kind, rule.name, rule.clause, rule.reason, tuple(pair for pair in limits if pair[1])
    )


def exceptions_view(policy: Policy) -> tuple[ExceptionView, ...]:
    """Every declared exception, in the order of the document."""
    found = []
    for name, thing in policy.things.get("exception", {}).items():
        values: Any = thing
        found.append(
            ExceptionView(
                name,
                thing.title,
                thing.about,
                thing.clause,
                values.to,
                tuple(values.by),
                tuple(values.conditions),
            )
        )
    return tuple(found)


def counts_in_order(policy: Policy, counts: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """The ledger's counts of the clauses of a version, in the order of the document; those never cited left out."""
    return {clause.id: counts[clause.id] for clause in policy.clauses if clause.id in counts}


def posted_versions(troth: Troth) -> list[Version]:
    """Versions that were posted, newest first; drafts are nobody's business yet."""
    posted = [version for version in troth.policy_versions() if version.posted_at]
    return sorted(posted, key=lambda version: (version.posted_at, version.number), reverse=True)


def posted_version(versions: Sequence[Version], sha256: str) -> Version:
    """A posted version by its SHA-256.

    Raises:
        NotFound: No posted version has it.
    """
    for version in versions:
        if version.sha256 == sha256:
            return version
    raise NotFound(
        "No posted policy version has this SHA-256.",
        field="sha256",
        mend="See /policy/versions for those there are.",
    )


def long_date(text: str) -> str:
    """An ISO date as people read it."""
    return date.fromisoformat(text).strftime("%-d %B %Y")


def _words(keys: Sequence[str], any_of: str = "any") -> str:
    return ", ".join(any_of if key == "*" else key for key in keys)


def _name(thing: object) -> str:
    return str(getattr(thing, "name", ""))
