"""Checks of rules that can never fire."""

from collections.abc import Iterator

from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label
from troth.policy.limits import limit_of
from troth.policy.matching import Scope, scope_of
from troth.policy.model import Finding
from troth.policy.rules import Forbid, Permit


def _scopes(draft: Draft) -> tuple[list[Scope], list[Scope]]:
    rules = [rule for clause in draft.clauses for rule in clause.rules if isinstance(rule, (Permit, Forbid))]
    scopes = [scope_of(rule, draft, order) for order, rule in enumerate(rules)]
    return [s for s in scopes if isinstance(s.rule, Permit)], [
        s for s in scopes if isinstance(s.rule, Forbid)
    ]


def _shadowed(draft: Draft) -> Iterator[Finding]:
    permits, forbids = _scopes(draft)
    for permit in permits:
        for forbid in forbids:
            if forbid.covers(permit):
                yield draft.find(
                    permit.rule,
                    "shadowed",
                    f"{label(permit.rule)} can never fire: {label(forbid.rule)} on line {forbid.rule.line} forbids all of it",
                    "narrow the forbid, or remove the permit",
                )
                break


def _repeated(draft: Draft) -> Iterator[Finding]:
    for scopes in _scopes(draft):
        seen: dict[object, Scope] = {}
        for scope in scopes:
            other = seen.setdefault(scope.terms, scope)
            if other is not scope:
                yield draft.find(
                    scope.rule,
                    "repeated-rule",
                    f"{label(scope.rule)} says the same as {other.rule.name!r} on line {other.rule.line}",
                    "remove one of them",
                )


def _window(draft: Draft) -> Iterator[Finding]:
    start = draft.front.last_updated if draft.front else ""
    for scope in (s for group in _scopes(draft) for s in group):
        if scope.last < scope.first:
            yield draft.find(
                scope.rule,
                "window-closed",
                f"{label(scope.rule)} ends on {scope.last}, before it begins",
                "write `until` on or after `from`",
            )
        elif scope.last < start:
            yield draft.find(
                scope.rule,
                "window-closed",
                f"{label(scope.rule)} ended on {scope.last}, before this version of {start}",
                "remove it, or extend `until`",
            )


def _empty(draft: Draft) -> Iterator[Finding]:
    for scope in (s for group in _scopes(draft) for s in group):
        both = scope.needs & scope.bars
        if both:
            yield draft.find(
                scope.rule,
                "never-fires",
                f"{label(scope.rule)} asks that {min(both)} holds and does not hold",
                "remove one of the two",
            )
        elif scope.recipients is not None and not scope.recipients:
            yield draft.find(
                scope.rule,
                "never-fires",
                f"{label(scope.rule)} names only classes of recipient of which none is declared",
                "declare a recipient of that class, or remove the rule",
            )
        elif isinstance(scope.rule, Permit) and scope.recipients and "" not in scope.recipients:
            yield from _out_of_reach(draft, scope)


def _out_of_reach(draft: Draft, scope: Scope) -> Iterator[Finding]:
    """Permits whose recipients may all not be given what the permit names."""
    named = [draft.recipients[name] for name in scope.recipients or () if name in draft.recipients]
    limits = [limit_of(recipient, draft) for recipient in named]
    if limits and not any(limit.overlaps(scope) for limit in limits):
        yield draft.find(
            scope.rule,
            "never-fires",
            f"{label(scope.rule)} names recipients that are declared for none of its data, purposes or days",
            "widen the declaration of a recipient, or remove the rule",
        )


CHECKS = (
    Check("shadowed", "a permit that a forbid covers wholly", _shadowed),
    Check("repeated-rule", "a rule that says exactly what another says", _repeated),
    Check("window-closed", "a rule whose days are over or empty", _window),
    Check("never-fires", "a rule whose conditions exclude each other", _empty),
)
