"""What changed between two versions of a policy, in meaning: which rules permit more, which permit less, what is reworded."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import msgspec

from troth.policy.bases import Thing
from troth.policy.draft import name_of
from troth.policy.matching import Scope
from troth.policy.policy import Policy
from troth.policy.rules import Forbid, Rule

Change = Literal["added", "removed", "changed"]
Direction = Literal["wider", "narrower", "both", "same"]
_FLIPPED: dict[Direction, Direction] = {
    "wider": "narrower",
    "narrower": "wider",
    "both": "both",
    "same": "same",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs between two versions.

    Args:
        clause: The clause it stands in, in the newer version if it is still there.
        kind: clause, permit, forbid, require, notice, or the kind of a declared thing.
        name: Its name; of a clause its id.
        change: added, removed or changed.
        direction: Whether more is permitted than before ("wider"), less ("narrower"), some of each ("both"), or neither.
    """

    clause: str
    kind: str
    name: str
    change: Change
    direction: Direction


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs between an older and a newer version.

    Args:
        older: SHA-256 of the older version.
        newer: SHA-256 of the newer version.
        differences: By clause in the order of the newer version, what is removed last.
    """

    older: str
    newer: str
    differences: tuple[Difference, ...]

    @property
    def widened(self) -> bool:
        """Whether the newer version permits something that the older one did not."""
        return any(difference.direction in {"wider", "both"} for difference in self.differences)

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON data."""
        return {**asdict(self), "differences": [asdict(d) for d in self.differences], "widened": self.widened}


def compare_policies(older: Policy, newer: Policy) -> Comparison:
    """The differences between two versions; rules and things are matched by name, clauses by id.

    A rule counts as changed when it matches other acts, also when only a declaration changed that it relies on, such as one
    more recipient of a class it names.
    """
    order = {clause.id: place for place, clause in enumerate(newer.clauses)}
    found = [*_clauses(older, newer), *_rules(older, newer), *_things(older, newer)]
    found.sort(key=lambda d: (order.get(d.clause, len(order)), d.kind != "clause", d.kind, d.name))
    return Comparison(older.sha256, newer.sha256, tuple(found))


def _clauses(older: Policy, newer: Policy) -> Iterator[Difference]:
    before = {clause.id: (clause.title, clause.html) for clause in older.clauses}
    after = {clause.id: (clause.title, clause.html) for clause in newer.clauses}
    for name, change in _changes(before, after):
        yield Difference(name, "clause", name, change, "same")


def _rules(older: Policy, newer: Policy) -> Iterator[Difference]:
    scopes_before = {scope.rule.name: scope for scope in older.scales.scopes}
    scopes_after = {scope.rule.name: scope for scope in newer.scales.scopes}
    before = {name: (_bare(rule), _terms(scopes_before.get(name))) for name, rule in older.rules.items()}
    after = {name: (_bare(rule), _terms(scopes_after.get(name))) for name, rule in newer.rules.items()}
    for name, change in _changes(before, after):
        rule = newer.rules.get(name) or older.rules[name]
        direction = _direction(scopes_before.get(name), scopes_after.get(name))
        yield Difference(rule.clause, rule.kind, name, change, direction)


def _things(older: Policy, newer: Policy) -> Iterator[Difference]:
    before = {(kind, name): thing for kind, named in older.things.items() for name, thing in named.items()}
    after = {(kind, name): thing for kind, named in newer.things.items() for name, thing in named.items()}
    bare_before = {key: _bare(thing) for key, thing in before.items()}
    bare_after = {key: _bare(thing) for key, thing in after.items()}
    for key, change in _changes(bare_before, bare_after):
        thing = after.get(key) or before[key]
        yield Difference(thing.clause, thing.kind, name_of(thing), change, "same")


def _changes(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Iterator[tuple[Any, Change]]:
    for key, value in after.items():
        if key not in before:
            yield key, "added"
        elif before[key] != value:
            yield key, "changed"
    for key in before:
        if key not in after:
            yield key, "removed"


def _direction(before: Scope | None, after: Scope | None) -> Direction:
    scope = after or before
    if scope is None:
        return "same"
    if before is None or after is None:
        direction: Direction = "wider" if before is None else "narrower"
    elif before.terms == after.terms and isinstance(before.rule, Forbid) == isinstance(after.rule, Forbid):
        direction = "same"
    elif isinstance(before.rule, Forbid) != isinstance(after.rule, Forbid):
        return "narrower" if isinstance(after.rule, Forbid) else "wider"
    elif after.covers(before):
        direction = "wider"
    else:
        direction = "narrower" if before.covers(after) else "both"
    return _FLIPPED[direction] if isinstance(scope.rule, Forbid) else direction


def _terms(scope: Scope | None) -> tuple[object, ...]:
    return scope.terms if scope else ()


def _bare(item: Rule | Thing) -> Rule | Thing:
    """The rule without its line, which changes with every line above it."""
    return msgspec.structs.replace(item, line=0)
