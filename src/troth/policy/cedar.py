"""Export of the compiled rules to Cedar, so that an independent engine can decide the same acts.

An act becomes one Cedar request for each of its categories; it is permitted when all of them are allowed. Roles, categories,
purposes and recipients are entities whose parents are the terms above them; "*" is the parent of every known one. Dates are
whole numbers (20150416), 0 for an unknown day and -1 for text that is no date.

Source: the Cedar policy language, version 4 (docs.cedarpolicy.com); default deny and forbid over permit are its own semantics.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from troth.policy.limits import Limit
from troth.policy.matching import EARLIEST, LATEST, NO_CATEGORY, Scope
from troth.policy.model import Act
from troth.policy.policy import Policy
from troth.policy.rules import Forbid
from troth.policy.vocabulary import lineage

_ANY = "*"
_NONE = "none"
_INTERNAL = "internal"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GUARDS = """\
@id("known-role") forbid (principal, action, resource) unless { principal in Role::"*" };
@id("known-category") forbid (principal, action, resource) unless { resource in Category::"*" };
@id("known-purpose") forbid (principal, action, resource) unless { context.purpose in Purpose::"*" };
@id("known-recipient") forbid (principal, action, resource) unless { context.recipient in Recipient::"*" };
@id("known-day") forbid (principal, action, resource) when { context.on < 0 };
"""


def to_cedar(policy: Policy) -> str:
    """The policy's permits, forbids and limits of recipients as Cedar policies.

    They decide requests made by `cedar_request` over the entities of `cedar_entities`.
    """
    scales = policy.scales
    rules = [_rule(scope) for scope in scales.scopes]
    limits = [text for limit in scales.limits.values() if (text := _limit(limit))]
    head = f"// Policy version {policy.sha256}, last updated {policy.front.last_updated}.\n"
    return head + _GUARDS + "\n".join((*rules, *limits)) + "\n"


def cedar_request(act: Act, category: str = NO_CATEGORY) -> dict[str, Any]:
    """The Cedar request that asks about one category of an act ("" for an act that touches none)."""
    return {
        "principal": _uid("Role", act.actor),
        "action": _uid("Action", act.kind),
        "resource": _uid("Category", category or _NONE),
        "context": {
            "purpose": {"__entity": _uid("Purpose", act.purpose)},
            "recipient": {"__entity": _uid("Recipient", act.recipient or _INTERNAL)},
            "channel": act.channel,
            "facts": sorted(set(act.facts)),
            "on": _number(act.on) if _DAY.fullmatch(act.on) else (-1 if act.on else 0),
        },
    }


def cedar_entities(policy: Policy, actors: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The entities that Cedar needs: every known term with the terms above it.

    Args:
        policy: The policy.
        actors: Actors of the acts that will be asked about; those below a declared role inherit from it.
    """
    roles = {above for actor in (*policy.roles, *actors) for above in lineage(actor)}
    entities = [_entity("Role", role, known=policy.scales.knows_actor(role)) for role in sorted(roles)]
    entities += [_entity("Category", term, known=True) for term in sorted(policy.scales.categories)]
    entities += [_entity("Purpose", term, known=True) for term in sorted(policy.scales.purposes)]
    flat = [("Category", _NONE), *(("Recipient", name) for name in (_INTERNAL, *policy.recipients))]
    return entities + [
        {"uid": _uid(kind, name), "attrs": {}, "parents": [_uid(kind, _ANY)]} for kind, name in flat
    ]


def _entity(kind: str, term: str, *, known: bool) -> dict[str, Any]:
    parents = [_uid(kind, above) for above in lineage(term)[1:2]]
    return {
        "uid": _uid(kind, term),
        "attrs": {},
        "parents": [*parents, *([_uid(kind, _ANY)] if known else [])],
    }


def _rule(scope: Scope) -> str:
    rule = scope.rule
    actions = ", ".join(f"Action::{_quoted(kind)}" for kind in sorted(scope.acts))
    conditions = [text for text in (*_terms(scope), *_circumstances(scope)) if text]
    when = f" when {{\n  {_all(conditions)}\n}}" if conditions else ""
    return (
        f"@id({_quoted(rule.name)}) @clause({_quoted(rule.clause)})\n"
        f"{rule.kind} (principal, action in [{actions}], resource){when};"
    )


def _terms(scope: Scope) -> tuple[str, ...]:
    rule = scope.rule
    return (
        ""
        if scope.actors is None
        else _either(_within("principal", "Role", actor) for actor in sorted(scope.actors)),
        "" if scope.data is None else _covers("resource", "Category", rule.data),
        "" if scope.purposes is None else _covers("context.purpose", "Purpose", rule.purposes),
        "" if scope.recipients is None else _one_of("context.recipient", scope.recipients),
    )


def _circumstances(scope: Scope) -> tuple[str, ...]:
    channels = ", ".join(_quoted(channel) for channel in sorted(scope.channels or ()))
    return (
        f"[{channels}].contains(context.channel)" if scope.channels is not None else "",
        _window(scope),
        *(f"context.facts.contains({_quoted(fact)})" for fact in sorted(scope.needs)),
        *(f"!context.facts.contains({_quoted(fact)})" for fact in sorted(scope.bars)),
    )


def _window(scope: Scope) -> str:
    if (scope.first, scope.last) == (EARLIEST, LATEST):
        return ""
    inside = f"(context.on >= {_number(scope.first)} && context.on <= {_number(scope.last)})"
    return (
        f"(context.on == 0 || {inside})"
        if isinstance(scope.rule, Forbid)
        else f"(context.on != 0 && {inside})"
    )


def _limit(limit: Limit) -> str:
    bounds = []
    if (limit.first, limit.last) != (EARLIEST, LATEST):
        bounds.append(
            f"context.on != 0 && context.on >= {_number(limit.first)} && context.on <= {_number(limit.last)}"
        )
    if limit.purposes is not None:
        bounds.append(
            _either(f"context.purpose == Purpose::{_quoted(term)}" for term in sorted(limit.purposes))
        )
    if limit.data is not None:
        bounds.append(
            _either(f"resource == Category::{_quoted(term or _NONE)}" for term in sorted(limit.data))
        )
    if not bounds:
        return ""
    return (
        f"@id({_quoted('recipient ' + limit.name)}) @clause({_quoted(limit.clause)})\n"
        f"forbid (principal, action, resource) when {{ context.recipient == Recipient::{_quoted(limit.name)} }}"
        f" unless {{\n  {_all(bounds)}\n}};"
    )


def _covers(subject: str, kind: str, keys: Iterable[str]) -> str:
    return _either(_within(subject, kind, key) for key in tuple(keys) or (_NONE,))


def _one_of(subject: str, names: Iterable[str]) -> str:
    listed = [f"{subject} == Recipient::{_quoted(name or _INTERNAL)}" for name in sorted(names)]
    return _either(listed) if listed else "false"


def _within(subject: str, kind: str, key: str) -> str:
    return f"{subject} in {kind}::{_quoted(key)}"


def _all(tests: Iterable[str]) -> str:
    return " &&\n  ".join(tests)


def _either(tests: Iterable[str]) -> str:
    tests = list(tests)
    return tests[0] if len(tests) == 1 else f"({' || '.join(tests)})"


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _number(day: str) -> int:
    return int(day.replace("-", ""))


def _quoted(text: str) -> str:
    return json.dumps(text)
