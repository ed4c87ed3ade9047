"""Explanations: every rule that was weighed for an act, and why it matched or not."""

from dataclasses import dataclass
from typing import Any

from troth.policy.matching import NO_CATEGORY
from troth.policy.model import Act, Decision
from troth.policy.vocabulary import lineage
from troth.policy.weighing import Scales, Verdict, wants


@dataclass(frozen=True, slots=True)
class Weighed:
    """One rule as it was weighed for one category.

    Args:
        rule: Its name.
        kind: permit or forbid.
        clause: The clause it stands in.
        matched: Whether it speaks about the act.
        because: Its reason when it matched, else what it asks that the act does not meet.
        missed: The conditions missed, by name.
    """

    rule: str
    kind: str
    clause: str
    matched: bool
    because: str
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CategoryExplanation:
    """What was found for one category ("" for an act that touches none), and the rules weighed for it."""

    category: str
    permitted: bool
    ground: str
    reason: str
    clauses: tuple[str, ...]
    weighed: tuple[Weighed, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with everything that was weighed; `act` is None when it was malformed."""

    act: Act | None
    decision: Decision
    categories: tuple[CategoryExplanation, ...]

    def to_dict(self) -> dict[str, Any]:
        """The explanation as JSON data."""
        decision = self.decision
        return {
            "act": None if self.act is None else {key: _plain(value) for key, value in self.act._asdict().items()},
            "decision": {name: _plain(getattr(decision, name)) for name in decision.__slots__},
            "categories": [
                {
                    "category": found.category, "permitted": found.permitted, "ground": found.ground, "reason": found.reason,
                    "clauses": list(found.clauses),
                    "weighed": [{name: _plain(getattr(rule, name)) for name in rule.__slots__} for rule in found.weighed],
                }
                for found in self.categories
            ],
        }  # fmt: skip


def explain(scales: Scales, act: Act | None, decision: Decision) -> Explanation:
    """Weigh an act again, keeping what was found for each rule."""
    if act is None:
        return Explanation(None, decision, ())
    return Explanation(
        act, decision, tuple(_category(scales, act, verdict) for verdict in scales.verdicts(act))
    )


def _category(scales: Scales, act: Act, verdict: Verdict) -> CategoryExplanation:
    actors, facts = frozenset(lineage(act.actor)), frozenset(act.facts)
    weighed = []
    for scope in scales.scopes if verdict.ground != "unknown" else ():
        missed = scope.misses(act, verdict.category or NO_CATEGORY, actors, facts)
        because = wants(scope, missed, facts, scales.meanings) if missed else scope.rule.reason.strip()
        weighed.append(
            Weighed(scope.rule.name, scope.rule.kind, scope.rule.clause, not missed, because, missed)
        )
    return CategoryExplanation(
        verdict.category, verdict.permitted, verdict.ground, verdict.reason, verdict.clauses, tuple(weighed)
    )


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
