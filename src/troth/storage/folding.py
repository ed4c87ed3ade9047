"""Folding an inbox into a lake.

A folding has a number. Batches are claimed for it in the database, put into the table in one commit that bears the number, and
removed from the inbox. When the numbers of database and table differ, or claims are left, a process ended in between, or one
of the two was restored from a copy. Then the table itself is asked which batches are in it, by the ledger entries that their
rows bear; so nothing is lost and nothing counts twice.
"""

import fcntl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from troth.storage.database import Database
from troth.storage.inbox import Inbox, StoredBatch

FOLD_COUNT = 100_000
"""Most rows of one folding, unless one batch has more; memory is bounded by it."""
_MOST_BATCHES = 20_000
Entries = Callable[[bytes], Sequence[str]]
"""The ledger entries that a batch's body bears."""


class Foldable(Protocol):
    """A table that an inbox is folded into."""

    def folded(self) -> int:
        """The number of the last folding that is in the table; 0 for none."""

    def append(self, batches: Sequence[StoredBatch], number: int) -> None:
        """Put batches into the table in one commit that bears a number."""

    def holding(self, entries: frozenset[str], since: int) -> set[str]:
        """Which of some ledger entries stand in it, from the day of an instant (microseconds) on."""


class Folding:
    """Folds an inbox; one at a time on a machine.

    Args:
        database: Holds the inbox.
        inbox: Its tables.
        lake: The table; None where the extra `lake` is not installed.
        entries: Tells the ledger entries of a batch.
        lock: A file that whoever works on the table holds.
    """

    def __init__(
        self, database: Database, inbox: Inbox, lake: Foldable | None, entries: Entries, lock: Path
    ) -> None:
        self._database, self._inbox, self._lake = database, inbox, lake
        self._entries, self._lock = entries, lock
        self._guard = threading.Lock()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others of this machine from the table meanwhile."""
        self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._guard, self._lock.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def fold(self) -> int:
        """Fold everything that waits; gives how many rows went. Without a table nothing does.

        Raises:
            Unavailable: A store takes no work; what waits stays.
        """
        if self._lake is None:
            return 0
        total = 0
        with self.alone():
            number = self.agree()
            while True:
                number += 1
                moved = self._fold_once(self._lake, number)
                if not moved:
                    return total
                total += moved

    def agree(self) -> int:
        """Have database and table agree on what is folded; gives the number of the last folding in the table.

        Whoever calls it keeps others from the table.
        """
        if self._lake is None:
            return 0
        number = self._lake.folded()
        with self._database.reading() as tx:
            if self._inbox.agrees(tx, number):
                return number
        held = self._held(self._lake)
        with self._database.transaction() as tx:
            self._inbox.drop(tx, held)
            self._inbox.know(tx, number)
        return number

    def _held(self, lake: Foldable) -> list[str]:
        """The batches of the inbox that are in the table already."""
        bearing: dict[str, str] = {}
        oldest, after = 0, ""
        while True:
            with self._database.snapshot() as tx:
                found = self._inbox.behind(tx, after)
            if not found:
                break
            for batch in found:
                after = batch.batch_id
                oldest = min(oldest or batch.at, batch.at)
                bearing.update(dict.fromkeys(self._entries(batch.body), batch.batch_id))
        return sorted({bearing[entry] for entry in lake.holding(frozenset(bearing), oldest)})

    def _fold_once(self, lake: Foldable, number: int) -> int:
        with self._database.transaction() as tx:
            if not self._inbox.claim(tx, number, most=FOLD_COUNT, most_batches=_MOST_BATCHES):
                return 0
        with self._database.snapshot() as tx:
            batches = self._inbox.claimed(tx, number)
        lake.append(batches, number)
        with self._database.transaction() as tx:
            self._inbox.drop_claimed(tx)
            self._inbox.know(tx, number)
        return sum(batch.count for batch in batches)
