"""Facts that outlive a record or limit it: the suppression list, and who is known to be a child."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol

from troth.gate.access import covers
from troth.gate.case_facts import CASE_FACTS
from troth.gate.facts import identifiers_of, matching_fields
from troth.gate.model import Ask
from troth.policy import SUPPRESSIONS, Forbid, Permit, Policy, split_condition
from troth.storage import Transaction
from troth.vault import (
    ERASED,
    OBJECTED,
    Childhood,
    Listed,
    Standing,
    Vault,
    children,
    listings,
    listings_of,
)

_LISTED = {
    "person.suppressed",
    "person.objected",
    "topic.stopped",
    "stop.recent",
    *(f"suppressed.{reason}" for reason in SUPPRESSIONS),
}
OPTED_OUT = "opted-out"
STOPPED = "stopped:"
"""Prefix of the reason that keeps a stop; topic and channel follow, parted by a colon, `*` for any."""
ANY = "*"
_CHILD = {"person.child", "parent.verified", "parent.sharing"}
_DAY = timedelta(days=1) // timedelta(microseconds=1)
_EPOCH = date(1970, 1, 1).toordinal()
_REMEMBERED = 4_096
"""Most answers kept for a policy version: callers may name any purpose."""


class _Scope(NamedTuple):
    """Acts that a rule speaks about."""

    acts: frozenset[str]
    purposes: tuple[str, ...]

    def holds(self, ask: Ask) -> bool:
        return ask.act in self.acts and any(one == "*" or covers(one, ask.purpose) for one in self.purposes)


class _Scopes:
    """What some rules speak about; remembers its answers, because every act asks."""

    def __init__(self, scopes: Sequence[_Scope]) -> None:
        self._scopes = tuple(scopes)
        self._told: dict[tuple[str, str], bool] = {}

    def hold(self, ask: Ask) -> bool:
        """Whether some rule speaks about an act."""
        key = (ask.act, ask.purpose)
        found = self._told.get(key)
        if found is None:
            found = any(scope.holds(ask) for scope in self._scopes)
            if len(self._told) < _REMEMBERED:
                self._told[key] = found
        return found


class ListRules:
    """Which acts a policy version weighs by the suppression list, by childhood and by facts of a case, so that others look nothing up.

    Args:
        policy: The version.
    """

    def __init__(self, policy: Policy) -> None:
        self.matching = matching_fields(policy)
        self.unique = frozenset(name for name, field in policy.fields.items() if field.unique)
        self.shared = frozenset(
            name
            for name, field in policy.fields.items()
            if field.identifier and name not in self.matching | self.unique
        )
        self.by_list = _Scopes(_scopes(policy, _LISTED))
        self.by_childhood = _Scopes(_scopes(policy, _CHILD))
        self.by_message = _Scopes(_scopes(policy, CASE_FACTS))

    def counts(self, kind: str, reason: str) -> bool:
        """Whether an identifier on the list tells of the person who gives it.

        A serial names a thing that may change hands. An erased person leaves all identifiers on the list, but only an
        address that records are joined by tells that it is the same person again: a telephone may be a household's.
        """
        if reason == ERASED or reason.startswith(OBJECTED):
            return kind in self.matching
        return kind not in self.unique


def _scopes(policy: Policy, facts: Collection[str]) -> tuple[_Scope, ...]:
    return tuple(
        {
            _Scope(frozenset(rule.acts), rule.purposes)
            for rule in policy.rules.values()
            if isinstance(rule, Permit | Forbid)
            and any(split_condition(one)[0] in facts for one in (*rule.when, *rule.unless))
        }
    )


def listed_facts(
    tx: Transaction,
    vault: Vault,
    policy: Policy,
    rules: ListRules,
    standing: Standing,
    asks: Sequence[Ask],
    persons: Sequence[str],
    now: int,
) -> Mapping[int, set[str]]:
    """The facts about each act (by its place) that the suppression list and known childhood establish.

    Args:
        tx: Unit of work.
        vault: Knows the keys of the list.
        policy: The version in force.
        rules: Which acts it weighs so.
        standing: Whether anything is listed, and anybody known as a child.
        asks: The acts.
        persons: Handle of the person whom each concerns, or an empty text.
        now: Instant of the batch (microseconds).
    """
    found: dict[int, set[str]] = {}
    concerned = _concerned(rules.by_list, asks) if standing.suppressed else []
    if concerned:
        named = {n: _named(asks[n], policy, rules) for n in concerned}
        on_list = listings(tx, vault.keys, list({pair for pairs in named.values() for pair in pairs}))
        of_people = listings_of(tx, list({persons[n] for n in concerned if persons[n]}))
        for number in concerned:
            kinds = [(pair[0], *row) for pair in named[number] for row in on_list.get(pair, ())]
            kinds += of_people.get(persons[number], ())
            found[number] = suppression_facts(rules, kinds, asks[number], now)
    young = [n for n in _concerned(rules.by_childhood, asks) if persons[n]] if standing.children else []
    if young:
        known = children(tx, list({persons[n] for n in young}))
        for number in young:
            if persons[number] in known:
                found.setdefault(number, set()).update(childhood_facts(known[persons[number]], now))
    return found


def reconsidered(purpose: str, purposes: Collection[str]) -> list[str]:
    """The reasons of the list that end when somebody takes an objection to a purpose back: it, and those below it."""
    return [OBJECTED + one for one in purposes if covers(purpose, one)]


def _concerned(scopes: _Scopes, asks: Sequence[Ask]) -> list[int]:
    return [number for number, ask in enumerate(asks) if scopes.hold(ask)]


def _named(ask: Ask, policy: Policy, rules: ListRules) -> set[tuple[str, str]]:
    """The identifiers that an act carries; an address counts in whichever field addresses are kept."""
    pairs = {*identifiers_of(ask.identify, policy), *identifiers_of(ask.values, policy)}
    addresses = {value for kind, value in pairs if kind in rules.matching}
    return pairs | {(kind, value) for kind in rules.matching for value in addresses}


class About(Protocol):
    """What the list is asked about: the data use, and where it is a message its topic and channel."""

    @property
    def purpose(self) -> str:
        """The data use."""

    @property
    def topic(self) -> str:
        """The topic; empty for none."""

    @property
    def channel(self) -> str:
        """The channel; empty for none."""


def suppression_facts(rules: ListRules, kinds: Iterable[Listed], about: About, now: int) -> set[str]:
    """What the reasons under which identifiers (by kind) stand on the list say about an act at an instant (microseconds)."""
    facts: set[str] = set()
    for kind, reason, since in kinds:
        if not rules.counts(kind, reason):
            continue
        if reason.startswith((STOPPED, OBJECTED, OPTED_OUT)) and since >= recent_from(now // _DAY):
            facts.add("stop.recent")
        if reason.startswith(STOPPED):
            topic, _, channel = reason.removeprefix(STOPPED).partition(":")
            # A message that does not say what it is about may be about what was stopped.
            if topic in {ANY, about.topic or topic} and channel in {ANY, about.channel or channel}:
                facts.add("topic.stopped")
        elif not reason.startswith(OBJECTED):
            facts |= {"person.suppressed", f"suppressed.{reason}"}
        elif covers(reason.removeprefix(OBJECTED), about.purpose):
            facts.add("person.objected")
    return facts


@lru_cache(maxsize=8)
def recent_from(day: int) -> int:
    """From when on (microseconds) a stop is recent on a day, as days since 1970: within 12 months of the calendar (UTC).

    For so long nobody is asked whether they would like to hear of something again. Like a period of law that is expressed in months,
    they end with the last hour of the day of the same date, or of the month that has none.
    """
    today = date.fromordinal(_EPOCH + day)
    leap = (today.month, today.day) == (2, 29)
    begun = date(today.year - 1, 3, 1) if leap else today.replace(year=today.year - 1)
    return (begun.toordinal() - _EPOCH) * _DAY


def childhood_facts(known: Childhood, now: int) -> set[str]:
    """What is known of a child says at an instant (microseconds)."""
    facts = {"person.child"}
    if now < known.until:
        facts.add("parent.verified")
        if known.sharing:
            facts.add("parent.sharing")
    return facts
