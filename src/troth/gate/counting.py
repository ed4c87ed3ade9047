"""Counting people: each is decided by the policy, what is counted leaves without a handle, and a small group not at all.

A count is an act over people. It has a handle of its own (its run) and these parts:

1. The question is weighed as a whole and recorded before anybody is looked at; a denial ends it.
2. People are gone through page by page. Each is decided on what he said, on the suppression list, on childhood and on the
   versions under which his data stands. Only what is permitted is opened, and given on without saying whose it is.
3. Decisions that are alike in all that decides are recorded as one entry with their number, and the release of the figures
   as another. They commit together with the result; before that commit nobody is given a figure.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from troth.gate.access import Actor, actors, covers
from troth.gate.facts import categories_of
from troth.gate.listed import ListRules, childhood_facts, suppression_facts
from troth.gate.publication import PolicyShelf
from troth.gate.recording import Words, known_word
from troth.kernel import Clock, Refused, TrothError, Unavailable, from_micros, micros, new_id
from troth.ledger import Entry, encode_entry, stage
from troth.policy import Act, Decision, Policy
from troth.storage import Database, Transaction
from troth.vault import Childhood, Listed, Page, ReadWant, Stance, Vault, page_of_people, restricted_above

PAGE = 2_000
"""People of a page; memory is bounded by it."""
COUNTED, CONSENTED, SUFFICIENT = "person.counted", "person.consented", "cohort.sufficient"
BUDGET_LEFT = "budget.left"
ANALYSE = "analyse"
REASONS: tuple[tuple[str, str], ...] = (
    ("child", "person.child"),
    ("child", "suppressed.child"),
    ("restricted", "person.restricted"),
    ("objected", "person.objected"),
    ("suppressed", "person.suppressed"),
    ("stopped", "topic.stopped"),
)
"""Why somebody is left out, by the fact that tells of it; the first that holds counts."""
NO_PURPOSE, OLDER, UNREADABLE = "no-purpose", "older-promise", "unreadable"

Values = Mapping[str, Mapping[str, Any]]
"""What one person's data holds: by record (empty for the profile), the values by field name."""
Take = Callable[[Values], None]


class Inquiry(NamedTuple):
    """A question that counts people.

    Args:
        key: API key of who asks.
        purpose: Data use that the count serves.
        fields: Names of the fields that it looks at.
        everybody: Whether people who have none of the fields are counted too.
        barred: Facts that leave somebody out whatever the policy says.
        words: Declared words and handles that tell in the ledger what is counted, such as {"report": name}.
        data: Data categories, where no declared field stands for them: those of telemetry, and of columns that are too much.
        budgeted: Whether its figures bear noise and cost a privacy budget.
        topic: The topic of a message that people are counted for; empty for none.
        channel: Its channel; empty for none.
        act: Kind of act that going through people is.
    """

    key: str
    purpose: str
    fields: tuple[str, ...]
    everybody: bool = False
    barred: frozenset[str] = frozenset()
    words: Mapping[str, str] = {}
    data: tuple[str, ...] = ()
    budgeted: bool = False
    topic: str = ""
    channel: str = ""
    act: str = ANALYSE


class Count(NamedTuple):
    """What a count came to; the figures may be given to people only when it was released.

    Args:
        run: Handle of this count, which its ledger entries bear.
        counted: People counted.
        left_out: People left out, by reason.
        released: Whether the policy lets the figures out.
        clauses: Clauses that decided that.
        entry: Ledger entry of that decision.
        policy: SHA-256 of the version that decided.
    """

    run: str
    counted: int
    left_out: Mapping[str, int]
    released: bool
    clauses: tuple[str, ...]
    entry: str
    policy: str


Sufficient = Callable[[int], bool]
Conclude = Callable[[Transaction, Count], None]


class Said(NamedTuple):
    """What stands in the vault that decides about a person, without whose it is; many people are alike in it.

    Args:
        policy: The version whose promises the person has.
        stances: What was said about purposes.
        listed: Kinds, reasons and instants under which identifiers stand on the suppression list.
        child: What is known, where it is a child.
        versions: The versions of the sealed values that are looked at.
    """

    policy: str
    stances: tuple[Stance, ...]
    listed: tuple[Listed, ...]
    child: Childhood | None
    versions: frozenset[str]


class Kind(NamedTuple):
    """What decides about a person at an instant: the facts, and the versions whose promises the data has."""

    facts: frozenset[str]
    older: frozenset[str]


class Look(NamedTuple):
    """What a look at some people gave.

    Args:
        page: What was read of them.
        closed: Whether the purpose is restricted for everybody.
        said: What decides about each.
        kinds: What kind each is of.
        opened: What is permitted of each.
        lost: Whose key went meanwhile.
    """

    page: Page
    closed: bool
    said: Mapping[str, Said]
    kinds: Mapping[str, Kind]
    opened: Mapping[str, Values]
    lost: frozenset[str]


def said_of(page: Page, who: str) -> Said:
    """What decides about somebody of a page."""
    state = page.people[who]
    return Said(
        state.policy,
        state.stances,
        tuple(sorted(page.listed.get(who, ()))),
        page.children.get(who),
        frozenset(row[2] for row in page.sealed.get(who, ())),
    )


class Counting:
    """One count.

    Args:
        database: The data database.
        vault: People and their sealed fields.
        shelf: Policy versions.
        clock: Dates it.
        inquiry: What is asked.
    """

    def __init__(
        self, database: Database, vault: Vault, shelf: PolicyShelf, clock: Clock, inquiry: Inquiry
    ) -> None:
        self._database, self._vault, self._shelf, self._clock = database, vault, shelf, clock
        self._inquiry = inquiry
        self.run = new_id()
        self._now = micros(clock.now())
        self._decided: dict[Kind, tuple[Decision, str]] = {}
        self._kinds: dict[tuple[Said, bool], Kind] = {}
        self._counts: Counter[Kind] = Counter()
        self._unreadable = 0

    def count(self, take: Take, sufficient: Sufficient, conclude: Conclude) -> Count:
        """Count.

        Args:
            take: Given what is permitted of each person, one after the other, never whose it is.
            sufficient: Tells, of the number counted, whether a group is large enough to be shown.
            conclude: Keeps the result in the unit of work that records it; what it raises undoes both.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy denies the question as a whole.
            InvalidInput: A field is not declared.
            Unavailable: A store takes no work, or another policy version came into force meanwhile.
        """
        policy, rules, actor = self._begin()
        after = ""
        while True:
            page, opened, lost = self._page(policy, rules, actor, after)
            for values in opened.values():
                take(values)
            self._unreadable += lost
            after = page.last
            if not after:
                return self._end(policy, actor, sufficient, conclude)

    def _begin(self) -> tuple[Policy, ListRules, Actor]:
        """Weigh the question as a whole and record that."""
        with self._database.transaction() as tx:
            policy, actor, decision = weigh_question(tx, self._shelf, self._inquiry, self._now, self.run)
        if not decision.permitted:
            raise refusal(decision)
        return policy, self._shelf.list_rules(policy), actor

    def _page(
        self, policy: Policy, rules: ListRules, actor: Actor, after: str
    ) -> tuple[Page, Mapping[str, Values], int]:
        """One page: decided, and what is permitted opened; with how many lost their key on the way."""

        def find(tx: Transaction) -> Page:
            return page_of_people(tx, after, PAGE, self._inquiry.fields)

        look = self._look(policy, rules, actor, find)
        self._counts.update(look.kinds[who] for who in look.kinds.keys() - look.lost)
        return look.page, look.opened, len(look.lost)

    def _look(
        self, policy: Policy, rules: ListRules, actor: Actor, find: Callable[[Transaction], Page]
    ) -> Look:
        """Look at some people in one snapshot: decide about each, and open what is permitted."""
        fields = tuple(policy.fields[name] for name in self._inquiry.fields)
        for last in (False, True):
            with self._database.snapshot() as tx:
                page = find(tx)
                closed = bool(restricted_above(tx, {self._inquiry.purpose}))
                said = {who: said_of(page, who) for who in self._asked(page)}
                kinds = {who: self._kind(policy, rules, one, closed=closed) for who, one in said.items()}
                wants = []
                for who, kind in kinds.items():
                    decision, reason = self._decide(tx, policy, actor, kind)
                    if not reason:
                        wants.append(ReadWant(decision, who, fields))
            opened = self._vault.open_rows(wants, page.sealed)
            # A key that goes between the two reads is a re-keying, which the next look has behind it, or an erasure.
            if last or len(opened) == len(wants):
                break
        lost = frozenset(want.person for want in wants) - opened.keys()
        return Look(page, closed, said, kinds, opened, lost)

    def _asked(self, page: Page) -> list[str]:
        return (
            list(page.people)
            if self._inquiry.everybody
            else [who for who in page.people if who in page.sealed]
        )

    def _kind(self, policy: Policy, rules: ListRules, said: Said, *, closed: bool) -> Kind:
        found = self._kinds.get((said, closed))
        if found is None:
            facts = {
                f"person.{stance}" for stance, about in said.stances if covers(about, self._inquiry.purpose)
            }
            if closed:
                facts.add("person.restricted")
            if said.listed:
                facts |= suppression_facts(rules, said.listed, self._inquiry, self._now)
            if said.child is not None:
                facts |= childhood_facts(said.child, self._now)
            older = frozenset[str]()
            if said.policy != policy.sha256:
                older = (said.versions or frozenset({said.policy})) - {policy.sha256}
            found = self._kinds[said, closed] = Kind(frozenset(facts), older)
        return found

    def _decide(self, tx: Transaction, policy: Policy, actor: Actor, kind: Kind) -> tuple[Decision, str]:
        """The decision about a kind of person, and why he is left out; empty when he is counted."""
        found = self._decided.get(kind)
        if found is None:
            act = self._act(policy, actor, {COUNTED, *kind.facts})
            decision, reason = policy.decide(act), ""
            if not decision.permitted or not self._inquiry.barred.isdisjoint(kind.facts):
                reason = next((name for name, fact in REASONS if fact in kind.facts), NO_PURPOSE)
            else:
                for sha256 in sorted(kind.older):
                    earlier = self._shelf.version(tx, sha256).decide(act)
                    if not earlier.permitted:
                        decision, reason = earlier, OLDER
                        break
            found = self._decided[kind] = decision, reason
        return found

    def _end(self, policy: Policy, actor: Actor, sufficient: Sufficient, conclude: Conclude) -> Count:
        """Decide whether the figures may be shown; record everything and keep the result."""
        counted, left_out, entries = self._told(policy, actor)
        enough = sufficient(counted)
        release = policy.decide(self._act(policy, actor, {SUFFICIENT} if enough else set()))
        detail = {"part": "release", "counted": str(counted)}
        detail |= {f"left_out.{reason}": str(number) for reason, number in sorted(left_out.items())}
        entry_id, body = self._entry(policy, actor, release, detail)
        entries.append((entry_id, "", body))
        count = Count(
            self.run,
            counted,
            dict(left_out),
            release.permitted and enough,
            release.clauses,
            entry_id,
            policy.sha256,
        )
        with self._database.transaction() as tx:
            if self._shelf.in_force(tx) is not policy:
                raise Unavailable("Another policy version came into force meanwhile.", mend="Count again.")
            stage(tx, entries)
            conclude(tx, count)
        return count

    def _told(self, policy: Policy, actor: Actor) -> tuple[int, Counter[str], list[tuple[str, str, bytes]]]:
        """How many are counted and how many left out by reason, with an entry for the people who are alike."""
        counted, left_out = 0, Counter[str]()
        entries: list[tuple[str, str, bytes]] = []
        for kind, number in sorted(self._counts.items(), key=lambda one: sorted(one[0].facts)):
            decision, reason = self._decided[kind]
            if reason:
                left_out[reason] += number
            else:
                counted += number
            entry_id, body = self._entry(
                policy, actor, decision, {"part": "people", "count": str(number), "left_out": reason}
            )
            entries.append((entry_id, "", body))
        if self._unreadable:
            left_out[UNREADABLE] = self._unreadable
        return counted, left_out, entries

    def _act(self, policy: Policy, actor: Actor, facts: set[str]) -> Act:
        return count_act(policy, actor, self._inquiry, facts, self._now)

    def _entry(
        self, policy: Policy, actor: Actor, decision: Decision, detail: Mapping[str, str]
    ) -> tuple[str, bytes]:
        told = {
            "run": self.run,
            **self._inquiry.words,
            **{name: word for name, word in detail.items() if word},
        }
        return count_entry(policy, actor, self._inquiry, decision, told, self._now)


def asking(tx: Transaction, shelf: PolicyShelf, key: str, now: int) -> tuple[Policy, Actor]:
    """The version in force and who stands behind a key.

    Raises:
        Unauthenticated: The key does not work.
    """
    actor = actors(tx, (key,), now)[key]
    if isinstance(actor, TrothError):
        raise actor
    return shelf.in_force(tx), actor


def weigh_question(
    tx: Transaction, shelf: PolicyShelf, inquiry: Inquiry, now: int, run: str = ""
) -> tuple[Policy, Actor, Decision]:
    """Decide and record whether a question may be asked at all: whether anybody could be counted, who consented and said no no.

    Raises:
        Unauthenticated: The key does not work.
        InvalidInput: A field is not declared.
    """
    policy, actor = asking(tx, shelf, inquiry.key, now)
    facts = {COUNTED, CONSENTED} | ({SUFFICIENT, BUDGET_LEFT} if inquiry.budgeted else set())
    decision = policy.decide(count_act(policy, actor, inquiry, facts, now))
    detail = {**({"run": run} if run else {}), **inquiry.words, "part": "question"}
    entry_id, body = count_entry(policy, actor, inquiry, decision, detail, now)
    stage(tx, [(entry_id, "", body)])
    return policy, actor, decision


def count_act(policy: Policy, actor: Actor, inquiry: Inquiry, facts: set[str], now: int) -> Act:
    """The act of counting with the facts that hold for it.

    Raises:
        InvalidInput: A field is not declared.
    """
    granted = {"purpose.granted"} if actor.may_serve(inquiry.purpose) else set()
    data = _data(inquiry, policy)
    on = from_micros(now).date().isoformat()
    return Act(inquiry.act, actor.role, inquiry.purpose, data, "", "", tuple(sorted({*facts, *granted})), on)


def count_entry(
    policy: Policy, actor: Actor, inquiry: Inquiry, decision: Decision, detail: Mapping[str, str], now: int
) -> tuple[str, bytes]:
    """Id and body of the ledger entry for a decision of a count."""
    entry_id = new_id()
    entry = Entry(
        id=entry_id,
        at=now,
        act=inquiry.act,
        effect="deny" if detail.get("left_out") else decision.effect,
        clauses=decision.clauses,
        policy=decision.policy,
        actor=actor.role,
        key=actor.key_id,
        purpose=known_word(inquiry.purpose, Words.of(policy).purposes),
        data=_data(inquiry, policy),
        fields=inquiry.fields,
        detail=dict(detail),
    )
    return entry_id, encode_entry(entry)


def look_at_figures(tx: Transaction, shelf: PolicyShelf, inquiry: Inquiry, now: int) -> tuple[Decision, str]:
    """Decide and record that figures which were released before are looked at again; gives decision and ledger entry.

    Raises:
        Unauthenticated: The key does not work.
    """
    policy, actor = asking(tx, shelf, inquiry.key, now)
    decision = _look(policy, actor, inquiry, now)
    entry_id, body = count_entry(policy, actor, inquiry, decision, {**inquiry.words, "part": "look"}, now)
    stage(tx, [(entry_id, "", body)])
    return decision, entry_id


def may_look(policy: Policy, actor: Actor, inquiry: Inquiry, now: int) -> bool:
    """Whether a look would be permitted; nothing is recorded, because nothing is looked at."""
    return _look(policy, actor, inquiry, now).permitted


def _look(policy: Policy, actor: Actor, inquiry: Inquiry, now: int) -> Decision:
    """The decision on a look: the figures came from a group that was large enough, and were paid for when they were made."""
    facts = {SUFFICIENT, BUDGET_LEFT} if inquiry.budgeted else {SUFFICIENT}
    return policy.decide(count_act(policy, actor, inquiry, facts, now))


def refusal(decision: Decision) -> Refused:
    """The error of a count that the policy denies."""
    return Refused(
        decision.explanation,
        clause=next(iter(decision.clauses), ""),
        mend="`troth policy explain` shows every clause that was weighed.",
    )


def _data(inquiry: Inquiry, policy: Policy) -> tuple[str, ...]:
    named = categories_of(inquiry.fields, policy)
    return tuple(sorted({*named, *inquiry.data})) if inquiry.data else named
