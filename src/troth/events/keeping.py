"""What is done with events once they are on disk: folded into the lake, erased, disposed of.

A folding has a number. Batches are claimed for it in the database, put into the table in one commit that bears the number, and
removed from the inbox. After a crash the number in the table tells whether the claimed batches are in it already, so that
nothing is lost and nothing counts twice.
"""

import fcntl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select

from troth.events import inbox
from troth.events.identity import Salts
from troth.events.inbox import Batch, Waiting
from troth.events.lake import Condition, Lake
from troth.events.model import CHANNEL, sites_of
from troth.events.retaining import disposal_instant
from troth.events.tables import event_batch, event_fold
from troth.gate import DISPOSAL, DISPOSER, Arrival, Gate
from troth.kernel import Clock, Refused, Unavailable, micros
from troth.storage import Database, Statement, Transaction

FOLD_EVENTS = 100_000
"""Most events of one folding, unless one batch has more; memory is bounded by it."""
REPEATS = timedelta(days=7)
"""How long the id of an event is known."""

_b, _f = event_batch.c, event_fold.c
_CLAIMED = Statement(select(func.coalesce(func.max(_f.fold_no), 0)))
_FREE = Statement(
    select(_b.batch_id, _b.events)
    .where(_b.batch_id.not_in(select(_f.batch_id)))
    .order_by(_b.batch_id)
    .limit(bindparam("most"))
)
_CLAIM = Statement(insert(event_fold))
_OF_FOLD = Statement(
    select(_b.batch_id, _b.at, _b.body)
    .join(event_fold, _f.batch_id == _b.batch_id)
    .where(_f.fold_no == bindparam("number"))
    .order_by(_b.batch_id)
)
_DROP_BATCHES = Statement(
    delete(event_batch).where(_b.batch_id.in_(select(_f.batch_id).where(_f.fold_no <= bindparam("number"))))
)
_DROP_CLAIMS = Statement(delete(event_fold).where(_f.fold_no <= bindparam("number")))
_MOST_BATCHES = 20_000


class Status(NamedTuple):
    """Where the events are: what waits in the inbox, and what the lake holds (None without one)."""

    waiting: Waiting
    lake: Condition | None


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
            while True:
                moved = self._fold_once(self.lake)
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
            if self.lake is not None:
                self._settle(self.lake)
            gone = self._erase_inbox(subjects)
            if self.lake is not None:
                gone += self.lake.erase("person", [one for one in persons if one])
                gone += self.lake.erase("visitor", [one for one in visitors if one])
        if gone:
            self._database.scrub()
        return gone

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
                self._settle(self.lake)
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
        policy = self._gate.policy()
        fields = tuple(sites_of(policy).fields.values())
        arrival = Arrival("erase", DISPOSAL, fields, role=DISPOSER, channel=CHANNEL)
        admitted = self._gate.admit(tx, policy, {arrival: count}, micros(self._clock.now()))
        if admitted is None:
            raise Unavailable("The policy is being changed at this moment.", mend="Try again.")
        if not admitted[arrival].permitted:
            raise Refused(
                "The policy does not let events be disposed of when they are due.",
                clause=next(iter(admitted[arrival].clauses), ""),
                mend=f"Permit {DISPOSER} to erase for {DISPOSAL}.",
            )

    def _erase_inbox(self, subjects: frozenset[str]) -> int:
        gone, after = 0, ""
        while True:
            with self._database.transaction() as tx:
                removed, after = inbox.erase_from_batches(tx, subjects, after)
            gone += removed
            if not after:
                return gone

    def _fold_once(self, lake: Lake) -> int:
        number = self._settle(lake) + 1
        batches = self._claimed(number)
        if not batches:
            return 0
        lake.append(batches, number)
        return sum(len(batch.body.rows) for batch in batches)

    def _settle(self, lake: Lake) -> int:
        """Remove from the inbox what the table holds already; gives the number of the last folding in it."""
        number = lake.folded()
        with self._database.transaction() as tx:
            tx.run(_DROP_BATCHES, {"number": number})
            tx.run(_DROP_CLAIMS, {"number": number})
        return number

    def _claimed(self, number: int) -> list[Batch]:
        """The batches of a folding: those that a crash left claimed, else the oldest that wait."""
        with self._database.transaction() as tx:
            row = tx.row(_CLAIMED)
            if not row or not row[0]:
                chosen: list[tuple[str, int]] = []
                size = 0
                for batch_id, events in tx.rows(_FREE, {"most": _MOST_BATCHES}):
                    if chosen and size + events > FOLD_EVENTS:
                        break
                    chosen.append((batch_id, number))
                    size += events
                tx.run_many(_CLAIM, chosen)
            elif row[0] != number:
                # A table restored from a copy: claim anew the next time.
                tx.run(_DROP_CLAIMS, {"number": row[0]})
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
