"""What is done with events once they are on disk: folded into the lake, erased, disposed of."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from troth.events import inbox
from troth.events.identity import Salts
from troth.events.inbox import Waiting
from troth.events.lake import Lake
from troth.events.model import CHANNEL, sites_of
from troth.events.retaining import disposal_instant
from troth.events.tables import EVENTS
from troth.gate import DISPOSAL, DISPOSER, Arrival, Ask, Gate
from troth.kernel import Clock, Refused, TrothError, Unavailable, micros
from troth.storage import Condition, Database, Folding, Transaction

REPEATS = timedelta(days=7)
"""How long the id of an event is known."""
RIGHTS = "essential.service.rights_request"
STUDIED = ("page", "event")
"""The parts of an event that a study of one person looks at."""


class Status(NamedTuple):
    """Where the events are: what waits in the inbox, and what the lake holds (None without one)."""

    waiting: Waiting
    lake: Condition | None


class Visit(NamedTuple):
    """One event as its visitor reads it; the instant in microseconds."""

    at: int
    site: str
    name: str
    page: str
    referrer: str
    country: str
    device: str
    properties: str


class Disposed(NamedTuple):
    """What a disposal removed, and from before which instant (microseconds); 0 when nothing limits the events."""

    events: int
    before: int


class EventKeeper:
    """Folds, erases and disposes; one at a time on a machine.

    Args:
        database: Holds the inbox.
        lake: The table; None where the extra `lake` is not installed.
        gate: Decides and records disposals.
        clock: Tells what is over.
        salts: The daily salts.
        lock: A file that whoever works on the table holds.
    """

    def __init__(
        self, database: Database, lake: Lake | None, gate: Gate, clock: Clock, salts: Salts, lock: Path
    ) -> None:
        self._database, self.lake, self._gate, self._clock = database, lake, gate, clock
        self._salts = salts
        self._folding = Folding(database, EVENTS, lake, inbox.entries_of, lock)

    def fold(self) -> int:
        """Fold everything that waits into the lake; gives how many events went. Without a lake nothing does.

        Raises:
            Unavailable: A store takes no work; what waits stays.
        """
        return self._folding.fold()

    def status(self) -> Status:
        """Where the events are."""
        with self._database.snapshot() as tx:
            found = inbox.waiting(tx)
        return Status(found, self.lake.condition() if self.lake is not None else None)

    def erase_subjects(self, persons: Sequence[str] = (), visitors: Sequence[str] = ()) -> int:
        """Remove the events of people (by handle) and of visitors (by digest) everywhere; gives how many went.

        May be called again for the same ones. Bytes go too: the table is vacuumed, and SQLite overwrites its rows.

        Raises:
            Unavailable: A store takes no work; repeat it.
        """
        subjects = frozenset([*persons, *visitors]) - {""}
        if not subjects:
            return 0
        with self._folding.alone():
            return self._erase(subjects, persons, visitors)

    def erase_visitor(self, key: str, visitors: Sequence[str]) -> int:
        """Remove the events of somebody who proved to be a visitor, by a decision that the ledger records with their number.

        Args:
            key: API key of whoever answers the request.
            visitors: Digests of the visitor, one a site.

        Raises:
            Refused: The policy does not let the holder of the key do it; nothing was done.
            Unauthenticated: The key is not one in force.
            Unavailable: A store takes no work; repeat it.
        """
        subjects = frozenset(visitors)
        with self._folding.alone():
            self._folding.agree()
            with self._database.transaction() as tx:
                count = inbox.count_visitors(tx, subjects)
                count += self.lake.count_visitors(visitors) if self.lake is not None else 0
                fields = tuple(sites_of(self._gate.policy()).fields.values())
                arrival = Arrival("erase", RIGHTS, fields, key=key, channel=CHANNEL, verified=True)
                refusal = self._decide(tx, arrival, count, "Use a key of the service that takes requests.")
            if refusal is not None:
                raise refusal
            return self._erase(subjects, (), visitors)

    def copy(self, key: str, person: str = "", visitors: Sequence[str] = ()) -> Iterator[Visit]:
        """The events of a person, or of somebody who proved to be a visitor, by a decision that the ledger records.

        Args:
            key: API key of whoever gives the copy out, and answers for knowing who asks.
            person: Handle; empty for a visitor.
            visitors: Digests of the visitor, one a site.

        Raises:
            Refused: The policy does not let the holder of the key do it; nothing was read.
            Unauthenticated: The key is not one in force.
            Unavailable: A store takes no work.
        """
        fields = tuple(sites_of(self._gate.policy()).fields.values())
        arrival = Arrival("use", RIGHTS, fields, key=key, channel=CHANNEL, person=person, verified=True)
        with self._database.transaction() as tx:
            refusal = self._decide(tx, arrival, 1, "Permit the service of the pages to give out visits.")
        if refusal is not None:
            raise refusal
        return self._copied(person, frozenset(visitors))

    def study(self, key: str, person: str, case: str, purpose: str) -> list[Visit]:
        """What one person did while signed in, for an approved study: a personal act, which stands in that person's journal.

        Args:
            key: API key of whoever studies it.
            person: Handle.
            case: The open study, about this person.
            purpose: Data use that the study serves.

        Returns:
            When, where and what; nothing of device, country, referrer or properties.

        Raises:
            Refused: The policy denies it, such as after the person objected; nothing was read.
            TrothError: The key does not work, or there is no such person or case.
        """
        named = sites_of(self._gate.policy()).fields
        fields = tuple(named[part] for part in STUDIED if part in named)
        ask = Ask(act="analyse", purpose=purpose, key=key, person=person, case=case, fields=fields)
        (outcome,) = self._gate.perform([ask])
        if outcome.problem is not None or outcome.effect != "permit":
            problem = outcome.problem
            raise Refused(
                problem.detail if problem is not None else "The policy denies this study; nothing was read.",
                clause=next(iter(outcome.clauses), ""),
                mend="`troth policy explain` shows every clause that was weighed.",
            )
        found = self._copied(person, frozenset())
        return [Visit(one.at, one.site, one.name, one.page, "", "", "", "") for one in found]

    def _copied(self, person: str, visitors: frozenset[str]) -> Iterator[Visit]:
        with self._database.snapshot() as tx:
            waiting = [
                Visit(
                    batch.at, row.site, row.name, row.page, row.referrer, row.country, row.device, row.props
                )
                for batch, row in inbox.all_rows(tx)
                if (person and row.person == person) or row.visitor in visitors
            ]
        yield from reversed(waiting)
        if self.lake is not None:
            column, values = ("person", [person]) if person else ("visitor", sorted(visitors))
            yield from (Visit(*row) for row in self.lake.rows_of(column, values))

    def dispose(self) -> Disposed:
        """Remove what is past its declared retention, by a decision that the ledger records with its number.

        Raises:
            Refused: The policy does not let it be disposed of.
            Unavailable: A store takes no work.
        """
        policy = self._gate.policy()
        before = disposal_instant(policy, self._clock.now())
        if not before:
            return Disposed(0, 0)
        with self._folding.alone():
            self._folding.agree()
            with self._database.transaction() as tx:
                count = EVENTS.dispose(tx, before)
                count += self.lake.count_before(before) if self.lake is not None else 0
                if count:
                    self._decide_disposal(tx, count)
            if count and self.lake is not None:
                self.lake.dispose(before)
        if count:
            self._database.scrub()
        return Disposed(count, before)

    def tidy(self) -> None:
        """Put small files together, forget ids of old events, destroy salts that are over."""
        with self._database.transaction() as tx:
            inbox.forget_seen(tx, micros(self._clock.now() - REPEATS))
        self._salts.destroy_old()
        if self.lake is not None:
            with self._folding.alone():
                self.lake.tidy()

    def _decide_disposal(self, tx: Transaction, count: int) -> None:
        fields = tuple(sites_of(self._gate.policy()).fields.values())
        arrival = Arrival("erase", DISPOSAL, fields, role=DISPOSER, channel=CHANNEL)
        refusal = self._decide(tx, arrival, count, f"Permit {DISPOSER} to erase for {DISPOSAL}.")
        if refusal is not None:
            raise refusal

    def _decide(self, tx: Transaction, arrival: Arrival, count: int, mend: str) -> TrothError | None:
        """Decide and record that events go; gives why they may not. A denial is recorded too when the caller commits."""
        admitted = self._gate.admit(tx, self._gate.policy(), {arrival: count}, micros(self._clock.now()))
        if admitted is None:
            raise Unavailable("The policy is being changed at this moment.", mend="Try again.")
        found = admitted[arrival]
        if found.error is not None or found.permitted:
            return found.error
        return Refused(
            "The policy does not let these events be removed; nothing was done.",
            clause=next(iter(found.clauses), ""),
            mend=mend,
        )

    def _erase(self, subjects: frozenset[str], persons: Sequence[str], visitors: Sequence[str]) -> int:
        self._folding.agree()
        gone = self._erase_inbox(subjects)
        if self.lake is not None:
            gone += self.lake.erase("person", [one for one in persons if one])
            gone += self.lake.erase("visitor", [one for one in visitors if one])
        if gone:
            self._database.scrub()
        return gone

    def _erase_inbox(self, subjects: frozenset[str]) -> int:
        gone, after = 0, ""
        while True:
            with self._database.transaction() as tx:
                removed, after = inbox.erase_from_batches(tx, subjects, after)
            gone += removed
            if not after:
                return gone
