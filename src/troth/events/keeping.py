"""What is done with events once they are on disk: folded into the lake, erased, disposed of.

A folding has a number. Batches are claimed for it in the database, put into the table in one commit that bears the number, and
removed from the inbox. When the numbers of database and table differ, or claims are left, a process ended in between, or one
of the two was restored from a copy. Then the table itself is asked which batches are in it, by the ledger entries that their
events bear; so nothing is lost and nothing counts twice.
"""

import fcntl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from troth.events import inbox
from troth.events.identity import Salts
from troth.events.inbox import Batch, Waiting
from troth.events.lake import Condition, Lake
from troth.events.model import CHANNEL, sites_of
from troth.events.retaining import disposal_instant
from troth.events.tables import event_batch, event_fold
from troth.gate import DISPOSAL, DISPOSER, Arrival, Gate
from troth.kernel import Clock, Refused, TrothError, Unavailable, micros
from troth.storage import Database, Statement, Transaction

FOLD_EVENTS = 100_000
"""Most events of one folding, unless one batch has more; memory is bounded by it."""
REPEATS = timedelta(days=7)
"""How long the id of an event is known."""
RIGHTS = "essential.service.rights_request"

_b, _f = event_batch.c, event_fold.c
_LAST = ""
"""In place of a batch: the number of the last folding that the database knows to be in the table."""
_CLAIMS = Statement(select(_f.batch_id, _f.fold_no).order_by(_f.batch_id).limit(2))
_FREE = Statement(select(_b.batch_id, _b.events).order_by(_b.batch_id).limit(bindparam("most")))
_CLAIM = Statement(insert(event_fold))
_OF_FOLD = Statement(
    select(_b.batch_id, _b.at, _b.body)
    .join(event_fold, _f.batch_id == _b.batch_id)
    .where(_f.fold_no == bindparam("number"))
    .order_by(_b.batch_id)
)
_DROP_BATCHES = Statement(delete(event_batch).where(_b.batch_id.in_(select(_f.batch_id))))
_DROP_CLAIMS = Statement(delete(event_fold))
_MOST_BATCHES = 20_000


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
        self._salts, self._lock = salts, lock
        self._guard = threading.Lock()

    def fold(self) -> int:
        """Fold everything that waits into the lake; gives how many events went. Without a lake nothing does.

        Raises:
            Unavailable: A store takes no work; what waits stays.
        """
        if self.lake is None:
            return 0
        total = 0
        with self._alone():
            number = self._agree(self.lake)
            while True:
                number += 1
                moved = self._fold_once(self.lake, number)
                if not moved:
                    return total
                total += moved

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
        with self._alone():
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
        with self._alone():
            if self.lake is not None:
                self._agree(self.lake)
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
        with self._alone():
            if self.lake is not None:
                self._agree(self.lake)
            with self._database.transaction() as tx:
                count = inbox.dispose_batches(tx, before)
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
            with self._alone():
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
        if self.lake is not None:
            self._agree(self.lake)
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

    def _fold_once(self, lake: Lake, number: int) -> int:
        batches = self._claimed(number)
        if not batches:
            return 0
        lake.append(batches, number)
        with self._database.transaction() as tx:
            tx.run(_DROP_BATCHES)
            self._know(tx, number)
        return sum(len(batch.body.shapes) for batch in batches)

    def _agree(self, lake: Lake) -> int:
        """Have database and table agree on what is folded; gives the number of the last folding in the table."""
        number = lake.folded()
        with self._database.reading() as tx:
            claims = tx.rows(_CLAIMS)
        if claims == [(_LAST, number)] or (not claims and not number):
            return number
        held = self._held(lake)
        with self._database.transaction() as tx:
            inbox.drop_batches(tx, held)
            self._know(tx, number)
        return number

    def _held(self, lake: Lake) -> list[str]:
        """The batches of the inbox that are in the table already."""
        bearing: dict[str, str] = {}
        oldest, after = 0, ""
        while True:
            with self._database.snapshot() as tx:
                found = inbox.batches(tx, after)
            if not found:
                break
            for batch in found:
                after = batch.batch_id
                oldest = min(oldest or batch.at, batch.at)
                bearing.update(dict.fromkeys(batch.body.entries, batch.batch_id))
        return sorted({bearing[entry] for entry in lake.holding(frozenset(bearing), oldest)})

    @staticmethod
    def _know(tx: Transaction, number: int) -> None:
        tx.run(_DROP_CLAIMS)
        tx.run(_CLAIM, (_LAST, number))

    def _claimed(self, number: int) -> list[Batch]:
        """The oldest batches that wait, claimed for a folding."""
        with self._database.transaction() as tx:
            chosen: list[tuple[str, int]] = []
            size = 0
            for batch_id, events in tx.rows(_FREE, {"most": _MOST_BATCHES}):
                if chosen and size + events > FOLD_EVENTS:
                    break
                chosen.append((batch_id, number))
                size += events
            if not chosen:
                return []
            tx.run_many(_CLAIM, chosen)
        with self._database.snapshot() as tx:
            rows = tx.rows(_OF_FOLD, {"number": number})
        return [Batch(batch_id, at, inbox.decode_body(body)) for batch_id, at, body in rows]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others of this machine from the table meanwhile."""
        self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._guard, self._lock.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
