"""Weighs an act against every rule: default deny, forbid beats permit, unknown terms and recipients out of contract deny.

One walk serves deciding and explaining, so that an explanation cannot differ from the decision it explains.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from troth.policy.draft import Draft
from troth.policy.limits import Limit
from troth.policy.matching import NO_CATEGORY, Scope, recipients_named
from troth.policy.model import ACT_KINDS, Act, Decision
from troth.policy.rules import Forbid, Permit, Require
from troth.policy.vocabulary import lineage

_FACTS = frozenset({"when", "unless"})
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Ground = Literal["permit", "forbid", "recipient", "unknown", "default"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found for one category of an act.

    Args:
        category: The category, or "" for an act that touches none.
        ground: What decided.
        clauses: Ids of the clauses that decided, in the order of the document.
        rules: Names of the rules that decided, or that came nearest on a default deny.
        reason: Why, one sentence without its full stop.
        near: The scopes that decided or came nearest, with the conditions missed.
    """

    category: str
    ground: Ground
    clauses: tuple[str, ...]
    rules: tuple[str, ...]
    reason: str
    near: tuple[tuple[Scope, tuple[str, ...]], ...] = ()

    @property
    def permitted(self) -> bool:
        """Whether the category is permitted."""
        return self.ground == "permit"


class Scales:
    """Everything that deciding needs, resolved once.

    Args:
        draft: A draft without findings.
        sha256: The policy version that decides.
        scopes: Permits and forbids in the order of the document.
        limits: What each recipient may be given.
    """

    def __init__(
        self, draft: Draft, sha256: str, scopes: tuple[Scope, ...], limits: Mapping[str, Limit]
    ) -> None:
        self._draft = draft
        self._sha256 = sha256
        self._speaking: dict[tuple[str, str], tuple[Scope, ...]] = {}
        self.scopes = scopes
        self.limits = limits
        self.meanings = draft.facts
        self._order = {clause.id: place for place, clause in enumerate(draft.clauses)}
        self._titles = {clause.id: clause.title for clause in draft.clauses}
        self._requires = tuple(draft.of(Require))
        self._defaults = draft.front.defaults if draft.front else None

    @property
    def categories(self) -> frozenset[str]:
        """Every data category that the policy knows."""
        return self._draft.categories.keys

    @property
    def purposes(self) -> frozenset[str]:
        """Every data use that the policy knows."""
        return self._draft.uses.keys

    def knows_actor(self, actor: str) -> bool:
        """Whether the actor is a declared role or lies below one."""
        return self._draft.knows_actor(actor)

    def decide(self, act: Act) -> Decision:
        """The decision on an act whose parts have the right types."""
        return self._decision(act, self.verdicts(act))

    def conceivable(self, act: Act) -> bool:
        """Whether some facts would let the act be permitted: by who acts, to whom, what for, through which channel, and when."""
        if self.unknown(act):
            return False
        actors, limit = frozenset(lineage(act.actor)), self.limits.get(act.recipient)
        return all(
            (limit is None or not limit.breach(act, category))
            and any(
                isinstance(scope.rule, Permit)
                and _FACTS.issuperset(scope.misses(act, category, actors, frozenset()))
                for scope in self._speaking_of(act)
            )
            for category in act.data or (NO_CATEGORY,)
        )

    def verdicts(self, act: Act) -> tuple[Verdict, ...]:
        """The verdict on each category, or on the act itself when it has none."""
        unknown = self.unknown(act)
        if unknown:
            return (Verdict(NO_CATEGORY, "unknown", self._default_clause(act), (), unknown),)
        actors = frozenset(lineage(act.actor))
        facts = frozenset(act.facts)
        return tuple(self._verdict(act, category, actors, facts) for category in act.data or (NO_CATEGORY,))

    def unknown(self, act: Act) -> str:
        """What of the act the policy does not know, or ""."""
        draft = self._draft
        if act.kind not in ACT_KINDS:
            return f"{act.kind!r} is no kind of act"
        if not draft.knows_actor(act.actor):
            return f"{act.actor!r} is no role of this policy"
        if act.purpose not in draft.uses.keys:
            return f"{act.purpose!r} is no purpose of this policy"
        for category in act.data:
            if category not in draft.categories.keys:
                return f"{category!r} is no data category of this policy"
        if act.recipient and act.recipient not in self.limits:
            return f"{act.recipient!r} is no declared recipient"
        if act.on and not _DAY.fullmatch(act.on):
            return f"{act.on!r} is no date"
        return ""

    def _verdict(self, act: Act, category: str, actors: frozenset[str], facts: frozenset[str]) -> Verdict:
        breach = self.limits[act.recipient].breach(act, category) if act.recipient else ""
        if breach:
            return Verdict(category, "recipient", (self.limits[act.recipient].clause,), (), breach)
        permits: list[Scope] = []
        forbids: list[Scope] = []
        near: list[tuple[Scope, tuple[str, ...]]] = []
        for scope in self._speaking_of(act):
            missed = scope.misses(act, category, actors, facts)
            if isinstance(scope.rule, Forbid):
                if not missed:
                    forbids.append(scope)
            elif not missed:
                permits.append(scope)
            else:
                near.append((scope, missed))
        if forbids:
            return self._found(category, "forbid", forbids)
        if permits:
            return self._found(category, "permit", permits)
        return self._nothing(act, category, near)

    def _speaking_of(self, act: Act) -> tuple[Scope, ...]:
        """The rules that speak of the kind and the purpose of an act that the policy knows; no other decides it or comes near."""
        asked = act.kind, act.purpose
        found = self._speaking.get(asked)
        if found is None:
            kind, purpose = asked
            found = self._speaking[asked] = tuple(
                one
                for one in self.scopes
                if kind in one.acts and (one.purposes is None or purpose in one.purposes)
            )
        return found

    def _found(self, category: str, ground: Ground, scopes: list[Scope]) -> Verdict:
        return Verdict(
            category, ground, self._clauses(s.rule.clause for s in scopes), tuple(s.rule.name for s in scopes),
            scopes[0].rule.reason.strip().rstrip("."), tuple((s, ()) for s in scopes),
        )  # fmt: skip

    def _nothing(self, act: Act, category: str, near: list[tuple[Scope, tuple[str, ...]]]) -> Verdict:
        if not near:
            return Verdict(
                category,
                "default",
                self._default_clause(act),
                (),
                f"no rule permits {_spoken(act, category)}",
            )
        fewest = min(len(missed) for _, missed in near)
        nearest = [(scope, missed) for scope, missed in near if len(missed) == fewest]
        scope, missed = nearest[0]
        reason = f"no rule permits {_spoken(act, category)}; the nearest, {scope.rule.name}, {wants(scope, missed, frozenset(act.facts), self.meanings)}"
        return Verdict(
            category,
            "default",
            self._clauses(s.rule.clause for s, _ in nearest),
            tuple(s.rule.name for s, _ in nearest),
            reason,
            tuple(nearest),
        )

    def _decision(self, act: Act, verdicts: tuple[Verdict, ...]) -> Decision:
        denied = [v for v in verdicts if not v.permitted]
        deciding = denied or list(verdicts)
        clauses = self._clauses(clause for v in deciding for clause in v.clauses)
        return Decision(
            effect="deny" if denied else "permit",
            clauses=clauses,
            rules=tuple(dict.fromkeys(rule for v in deciding for rule in v.rules)),
            allowed=tuple(v.category for v in verdicts if v.permitted and v.category),
            obligations=() if denied else self._obligations(act, verdicts),
            policy=self._sha256,
            explanation=self._explained(deciding, clauses),
        )

    def _obligations(self, act: Act, verdicts: tuple[Verdict, ...]) -> tuple[str, ...]:
        led = [
            name
            for v in verdicts
            for scope, _ in v.near
            if isinstance(scope.rule, Permit)
            for name in scope.rule.then
        ]
        started = [rule.name for rule in self._requires if act.kind in rule.on and self._applies(rule, act)]
        return tuple(dict.fromkeys((*led, *started)))

    def _applies(self, rule: Require, act: Act) -> bool:
        data = "*" in rule.data or any(not set(rule.data).isdisjoint(lineage(c)) for c in act.data)
        purpose = "*" in rule.purposes or not set(rule.purposes).isdisjoint(lineage(act.purpose))
        recipient = not rule.recipients or act.recipient in recipients_named(
            rule.recipients, self._draft.recipients
        )
        return data and purpose and recipient

    def _default_clause(self, act: Act) -> tuple[str, ...]:
        if self._defaults is None:
            return ()
        return ((self._defaults.egress if act.recipient else "") or self._defaults.deny,)

    def _clauses(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(set(ids), key=lambda clause: self._order.get(clause, 0)))

    def _explained(self, deciding: list[Verdict], clauses: tuple[str, ...]) -> str:
        verdict = deciding[0]
        word = "Permitted" if verdict.permitted else "Denied"
        cited = ", ".join(
            f"{clause} ({self._titles[clause]})" if clause in self._titles else clause for clause in clauses
        )
        others = [v.category for v in deciding[1:]] if not verdict.permitted else []
        more = f" Denied too: {', '.join(others)}." if others else ""
        return f"{word} by {cited}: {verdict.reason}.{more}" if cited else f"{word}: {verdict.reason}.{more}"


def _spoken(act: Act, category: str) -> str:
    """An act in words, without anything of a person."""
    receiver = f" with {act.recipient}" if act.recipient else ""
    return f"{act.actor} to {act.kind} {category or 'anything'} for {act.purpose}{receiver}"


def wants(scope: Scope, missed: tuple[str, ...], facts: frozenset[str], meanings: Mapping[str, str]) -> str:
    """What a rule asks that an act does not meet, in words.

    Args:
        scope: The rule.
        missed: The conditions missed, by name.
        facts: The facts of the act.
        meanings: What each fact means.
    """
    rule = scope.rule
    phrases = {
        "act": f"speaks of {', '.join(rule.acts)}",
        "purpose": f"is for {', '.join(rule.purposes)}",
        "data": f"covers {', '.join(rule.data) or 'no data'}",
        "actor": f"is for {', '.join(rule.actors)}",
        "recipient": f"is for the recipients {', '.join(rule.recipients)}"
        if rule.recipients
        else "stays inside the company",
        "channel": f"is for the channels {', '.join(rule.channels)}",
        "window": f"is valid from {scope.first} to {scope.last}",
        "when": f"needs {_meant(scope.needs - facts, meanings)}",
        "unless": f"holds only without {_meant(scope.bars & facts, meanings)}",
    }
    return " and ".join(phrases[condition] for condition in missed)


def _meant(facts: frozenset[str], meanings: Mapping[str, str]) -> str:
    return ", ".join(f"{fact} ({meanings[fact]})" if fact in meanings else fact for fact in sorted(facts))
