"""The compiled policy: immutable, and quick to ask."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar, cast

from troth.kernel import NotFound
from troth.policy.bases import Thing
from troth.policy.case_types import CaseType
from troth.policy.draft import Draft
from troth.policy.explaining import Explanation, explain
from troth.policy.front import FrontMatter
from troth.policy.model import Act, Decision
from troth.policy.reading import Clause, Part
from troth.policy.rules import Notice, Require, Rule
from troth.policy.things import Field, Point, Recipient, Retention, Role
from troth.policy.topics import Topic
from troth.policy.weighing import Scales

TABLE_SIZE = 32_768
LONGEST_CHANNEL = 40
_T = TypeVar("_T")


class Policy:
    """One version of the policy, made by `compile_policy`.

    Args:
        draft: A draft without findings.
        sha256: SHA-256 (hex) of the document's bytes.
        scales: What weighs its acts.
    """

    __slots__ = (
        "_decisions",
        "_table",
        "cases",
        "clauses",
        "facts",
        "fields",
        "front",
        "intro_html",
        "notices",
        "parts",
        "points",
        "recipients",
        "requires",
        "retentions",
        "roles",
        "rules",
        "scales",
        "sha256",
        "things",
        "title",
        "topics",
    )  # fmt: skip

    def __init__(self, draft: Draft, sha256: str, scales: Scales) -> None:
        source = draft.source
        values: dict[str, Any] = {
            "sha256": sha256,
            "front": draft.front,
            "title": source.title or (draft.front.title if draft.front else ""),
            "intro_html": source.intro_html,
            "parts": source.parts,
            "clauses": draft.clauses,
            "rules": MappingProxyType(dict(draft.rules)),
            "requires": MappingProxyType({rule.name: rule for rule in draft.of(Require)}),
            "notices": MappingProxyType({rule.name: rule for rule in draft.of(Notice)}),
            "things": MappingProxyType(
                {kind: MappingProxyType(dict(named)) for kind, named in draft.things.items()}
            ),
            "facts": MappingProxyType(dict(draft.facts)),
            "scales": scales,
            "_table": {},
            "_decisions": {},
        }
        for name, kind in _KINDS.items():
            values[name] = MappingProxyType(dict(draft.things.get(kind, {})))
        for name, value in values.items():
            object.__setattr__(self, name, value)

    sha256: str
    front: FrontMatter
    title: str
    intro_html: str
    parts: tuple[Part, ...]
    clauses: tuple[Clause, ...]
    rules: Mapping[str, Rule]
    requires: Mapping[str, Require]
    notices: Mapping[str, Notice]
    things: Mapping[str, Mapping[str, Thing]]
    facts: Mapping[str, str]
    fields: Mapping[str, Field]
    points: Mapping[str, Point]
    roles: Mapping[str, Role]
    cases: Mapping[str, CaseType]
    recipients: Mapping[str, Recipient]
    retentions: Mapping[str, Retention]
    topics: Mapping[str, Topic]
    scales: Scales
    _table: dict[Act, Decision]
    _decisions: dict[Decision, Decision]

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"a policy cannot be changed ({name}); compile another version"
        raise AttributeError(msg)

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __repr__(self) -> str:
        return f"Policy(sha256={self.sha256[:12]}…, {len(self.clauses)} clauses, {len(self.rules)} rules)"

    def decide(self, act: Act) -> Decision:
        """The decision on an act: pure and total.

        The same act gets the same answer under one version. An act that cannot be understood is denied, never an error.
        """
        try:
            return self._table[act]
        except Exception:  # noqa: BLE001  not weighed yet; or not even hashable, and so malformed
            return self._weigh(act)

    def conceivable(self, act: Act) -> bool:
        """Whether some facts would let the act be permitted; where not, no person and no case makes a difference."""
        return well_formed(act) and self.scales.conceivable(act)

    def explain(self, act: Act) -> Explanation:
        """The decision on an act with every rule that was weighed and why it matched or not."""
        return explain(self.scales, act if well_formed(act) else None, self.decide(act))

    def clause(self, clause_id: str) -> Clause:
        """The clause of an id.

        Raises:
            NotFound: No clause of this version has the id.
        """
        for clause in self.clauses:
            if clause.id == clause_id:
                return clause
        raise NotFound(
            f"The policy has no clause {clause_id!r}.",
            mend="`troth policy show` lists its clauses.",
            clause=clause_id,
        )

    def of(self, kind: type[_T]) -> tuple[_T, ...]:
        """All declared things of a type, in the order of the document."""
        named = self.things.get(getattr(kind, "kind", ""), {})
        return tuple(cast("_T", thing) for thing in named.values())

    def _weigh(self, act: Act) -> Decision:
        if not well_formed(act):
            return self._malformed("the act is malformed")
        try:
            decision = self.scales.decide(act)
        except Exception as error:  # noqa: BLE001  the boundary that makes deciding total: what fails is denied, and says so
            return self._malformed(f"weighing the rules failed ({type(error).__name__})")
        if self.scales.unknown(act) or not self._memorable(act):
            return decision
        if len(self._table) >= TABLE_SIZE:
            self._table.clear()
            self._decisions.clear()
        decision = self._decisions.setdefault(decision, decision)
        self._table[act] = decision
        return decision

    def _memorable(self, act: Act) -> bool:
        """Whether the act is made of the policy's own words, so that no caller can fill the table with text."""
        return len(act.channel) <= LONGEST_CHANNEL and self.facts.keys() >= set(act.facts)

    def _malformed(self, reason: str) -> Decision:
        return Decision("deny", (self.front.defaults.deny,), (), (), (), self.sha256, f"Denied: {reason}.")


_KINDS = {
    "fields": "field",
    "points": "point",
    "roles": "role",
    "cases": "case",
    "recipients": "recipient",
    "retentions": "retention",
    "topics": "topic",
}


def well_formed(act: object) -> bool:
    """Whether every part of an act is text or a tuple of text."""
    if not isinstance(act, Act):
        return False
    texts = (act.kind, act.actor, act.purpose, act.recipient, act.channel, act.on)
    lists = (act.data, act.facts)
    return all(type(text) is str for text in texts) and all(
        type(items) is tuple and all(type(item) is str for item in items) for items in lists
    )
