"""Checks of clauses: each has an id of its own, prose, and a rule or notice."""

from collections.abc import Iterator

from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label
from troth.policy.model import Finding
from troth.policy.rules import Permit, Require
from troth.policy.things import PolicyException
from troth.policy.vocabulary import Terms


def _clause_without_rule(draft: Draft) -> Iterator[Finding]:
    if not draft.clauses:
        yield Finding(
            draft.source.file,
            1,
            "clause-without-rule",
            "the policy has no clause",
            "write a heading ### Title {#I.1} with prose and a rule",
        )
    for clause in draft.clauses:
        if not clause.rules and not clause.things:
            yield draft.find(
                clause,
                "clause-without-rule",
                f"clause {clause.id} has no rule or notice",
                "add a rule block, or a notice that says where its text is shown",
            )


def _clause_without_prose(draft: Draft) -> Iterator[Finding]:
    for clause in draft.clauses:
        if not clause.prose.strip():
            yield draft.find(
                clause,
                "clause-without-prose",
                f"clause {clause.id} has no prose",
                "say in plain language what its rules do",
            )


def _duplicate_id(draft: Draft) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    places = [(part.line, part.id) for part in draft.source.parts] + [
        (clause.line, clause.id) for clause in draft.clauses
    ]
    for line, name in sorted(places):
        if name and name in seen:
            yield Finding(
                draft.source.file,
                line,
                "duplicate-id",
                f"the id {name} stands on line {seen[name]} too",
                "give each part and clause an id of its own",
                name,
            )
        seen.setdefault(name, line)


def _permit_without_retention(draft: Draft) -> Iterator[Finding]:
    for permit in draft.of(Permit):
        keeps = set(permit.acts) - {"erase"} and permit.data
        if keeps and permit.retention is None:
            yield draft.find(
                permit,
                "permit-without-retention",
                f"{label(permit)} names no retention",
                "add `retention:` with a declared retention",
            )


def _unknown_retention(draft: Draft) -> Iterator[Finding]:
    for permit in draft.of(Permit):
        if permit.retention is not None and permit.retention not in draft.things.get("retention", {}):
            yield draft.find(
                permit,
                "unknown-retention",
                f"{label(permit)} names retention {permit.retention!r}, which is not declared",
                "declare: retention with this name",
            )


def _retention_scope(draft: Draft) -> Iterator[Finding]:
    for permit in draft.of(Permit):
        retention = draft.retentions.get(permit.retention or "")
        if retention is None:
            continue
        for noun, known, asked, kept in (
            ("data", draft.categories, permit.data, retention.data),
            ("purposes", draft.uses, permit.purposes, retention.purposes),
        ):
            readable = (known.keys | {"*"}).issuperset((*asked, *kept)) and permit.purposes != ("*",)
            if readable and not _spread(known, asked) <= _spread(known, kept):
                yield draft.find(
                    permit,
                    "retention-scope",
                    f"{label(permit)} names retention {retention.name!r}, which is for other {noun}",
                    f"name a retention that covers {', '.join(asked)}",
                )


def _spread(known: Terms, keys: tuple[str, ...]) -> frozenset[str]:
    return known.keys if "*" in keys else frozenset(term for key in keys for term in known.below(key))


def _unknown_obligation(draft: Draft) -> Iterator[Finding]:
    for permit in draft.of(Permit):
        for name in permit.then:
            if not isinstance(draft.rules.get(name), Require):
                yield draft.find(
                    permit,
                    "unknown-obligation",
                    f"{label(permit)} leads to {name!r}, which is no require rule",
                    "name a require rule in `then`",
                )


def _unknown_exception(draft: Draft) -> Iterator[Finding]:
    clauses = {clause.id for clause in draft.clauses}
    for exception in draft.of(PolicyException):
        if exception.to not in clauses:
            yield draft.find(
                exception,
                "unknown-exception",
                f"{label(exception)} is to clause {exception.to!r}, which does not exist",
                "name a clause by its id",
            )
        for name in exception.by:
            if name not in draft.rules:
                yield draft.find(
                    exception,
                    "unknown-exception",
                    f"{label(exception)} is granted by {name!r}, which is no rule",
                    "name a rule of this policy",
                )


CHECKS = (
    Check(
        "clause-without-rule",
        "a clause that carries neither rule nor notice nor declaration",
        _clause_without_rule,
    ),
    Check("clause-without-prose", "a clause that says nothing in plain language", _clause_without_prose),
    Check("duplicate-id", "two parts or clauses with one id", _duplicate_id),
    Check(
        "permit-without-retention",
        "a permit that keeps data and names no retention",
        _permit_without_retention,
    ),
    Check("unknown-retention", "a retention that nothing declares", _unknown_retention),
    Check("retention-scope", "a permit whose retention is for other data or purposes", _retention_scope),
    Check(
        "unknown-obligation",
        "a permit that leads to something other than a require rule",
        _unknown_obligation,
    ),
    Check("unknown-exception", "an exception to no clause or by no rule", _unknown_exception),
)
