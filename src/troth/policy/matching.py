"""When a permit or a forbid speaks about an act: its terms resolved to sets, once, at compile time.

The vocabulary is closed, so "covers those below" becomes membership in a frozen set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from troth.policy.draft import INTERNAL, RECIPIENT_CLASSES, Draft
from troth.policy.facts import split_condition
from troth.policy.model import Act
from troth.policy.rules import Forbid, Permit
from troth.policy.things import Recipient
from troth.policy.vocabulary import Terms, lineage

NO_CATEGORY = ""
EARLIEST, LATEST = "0000-01-01", "9999-12-31"
CONDITIONS = ("act", "purpose", "data", "actor", "recipient", "channel", "window", "when", "unless")


@dataclass(frozen=True, slots=True)
class Scope:
    """A permit or forbid ready to be matched; None stands for "any".

    Args:
        rule: The rule as written.
        order: Its place in the document.
        data: Categories matched; `NO_CATEGORY` for acts that touch none.
        recipients: Recipient keys matched; "" is the company itself.
        needs: Facts that must hold.
        bars: Facts that must not hold.
        first: First day of validity, ISO.
        last: Last day of validity, ISO.
    """

    rule: Permit | Forbid
    order: int
    acts: frozenset[str]
    actors: frozenset[str] | None
    data: frozenset[str] | None
    purposes: frozenset[str] | None
    recipients: frozenset[str] | None
    channels: frozenset[str] | None
    needs: frozenset[str]
    bars: frozenset[str]
    first: str
    last: str

    def misses(
        self, act: Act, category: str, actors: frozenset[str], facts: frozenset[str]
    ) -> tuple[str, ...]:
        """The conditions that the act does not meet for a category; empty when the rule matches.

        Args:
            act: The act.
            category: One of its categories, or `NO_CATEGORY`.
            actors: The actor and the roles above it.
            facts: The facts of the act.
        """
        met = (
            act.kind in self.acts,
            self.purposes is None or act.purpose in self.purposes,
            self.data is None or category in self.data,
            self.actors is None or not self.actors.isdisjoint(actors),
            self.recipients is None or act.recipient in self.recipients,
            self.channels is None or act.channel in self.channels,
            self.valid_on(act.on),
            self.needs <= facts,
            self.bars.isdisjoint(facts),
        )
        return () if all(met) else tuple(name for name, held in zip(CONDITIONS, met, strict=True) if not held)

    def valid_on(self, day: str) -> bool:
        """Whether the window holds the day; on an unknown day a window permits nothing and forbids all."""
        if self.first == EARLIEST and self.last == LATEST:
            return True
        if not day:
            return isinstance(self.rule, Forbid)
        return self.first <= day <= self.last

    def covers(self, other: "Scope") -> bool:
        """Whether this rule matches every act that the other one matches."""
        return (
            other.acts <= self.acts
            and _actors_within(other.actors, self.actors)
            and _within(other.data, self.data)
            and _within(other.purposes, self.purposes)
            and _within(other.recipients, self.recipients)
            and _within(other.channels, self.channels)
            and self.needs <= other.needs
            and self.bars <= other.bars
            and self.first <= other.first
            and other.last <= self.last
        )

    @property
    def terms(self) -> tuple[object, ...]:
        """All that decides whether it matches; two rules with the same terms match the same acts."""
        return (
            self.acts, self.actors, self.data, self.purposes, self.recipients, self.channels,
            self.needs, self.bars, self.first, self.last,
        )  # fmt: skip


def scope_of(rule: Permit | Forbid, draft: Draft, order: int) -> Scope:
    """Resolve a rule's terms."""
    needs, bars = _conditions(rule)
    return Scope(
        rule=rule,
        order=order,
        acts=frozenset(rule.acts),
        actors=None if "*" in rule.actors else frozenset(rule.actors),
        data=_terms(rule.data, draft.categories, nothing=True),
        purposes=_terms(rule.purposes, draft.uses, nothing=False),
        recipients=_recipients(
            rule.recipients, draft.recipients, omitted=None if isinstance(rule, Forbid) else frozenset({""})
        ),
        channels=frozenset(rule.channels) if rule.channels and "*" not in rule.channels else None,
        needs=needs,
        bars=bars,
        first=rule.from_ or EARLIEST,
        last=rule.until or LATEST,
    )


def _conditions(rule: Permit | Forbid) -> tuple[frozenset[str], frozenset[str]]:
    needs: set[str] = set()
    bars: set[str] = set()
    for condition in rule.when:
        fact, holds = split_condition(condition)
        (needs if holds else bars).add(fact)
    for condition in rule.unless:
        fact, holds = split_condition(condition)
        (bars if holds else needs).add(fact)
    return frozenset(needs), frozenset(bars)


def _terms(keys: Iterable[str], known: Terms, *, nothing: bool) -> frozenset[str] | None:
    keys = tuple(keys)
    if "*" in keys:
        return None
    if not keys and nothing:
        return frozenset({NO_CATEGORY})
    found: set[str] = set()
    for key in keys:
        found |= known.below(key)
    return frozenset(found)


def _recipients(
    keys: tuple[str, ...], declared: Mapping[str, Recipient], omitted: frozenset[str] | None
) -> frozenset[str] | None:
    return recipients_named(keys, declared) if keys else omitted


def recipients_named(keys: Iterable[str], declared: Mapping[str, Recipient]) -> frozenset[str]:
    """The recipients that keys and classes name; "" is the company itself."""
    found: set[str] = set()
    for key in keys:
        if key == INTERNAL:
            found.add("")
        elif key == "*":
            found.update(declared)
        elif key in RECIPIENT_CLASSES:
            found.update(name for name, recipient in declared.items() if recipient.role == key)
        else:
            found.add(key)
    return frozenset(found)


def _within(inner: frozenset[str] | None, outer: frozenset[str] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def _actors_within(inner: frozenset[str] | None, outer: frozenset[str] | None) -> bool:
    if outer is None or inner is None:
        return outer is None
    return all(not outer.isdisjoint(lineage(actor)) for actor in inner)
