"""Inboxes: what comes in great numbers, kept as batches in one row each, until they are folded into a lake."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from troth.storage.database import Transaction
from troth.storage.schema import data_tables
from troth.storage.statements import Statement

LAST = ""
"""In place of a batch: the number of the last folding that the database knows to be in the table."""


class StoredBatch(NamedTuple):
    """A batch as stored: its id, the instant of its commit (microseconds), how much it holds, and what."""

    batch_id: str
    at: int
    count: int  # type: ignore[assignment]  # a tuple counts otherwise; nobody asks a batch to
    body: bytes


class Waits(NamedTuple):
    """What waits: batches, what they hold together, and the instant of the oldest (microseconds; 0 for none)."""

    batches: int
    count: int  # type: ignore[assignment]  # a tuple counts otherwise; nobody asks a batch to
    oldest: int


class Inbox:
    """An inbox with its two tables: the batches, and which of them are claimed for a folding.

    Args:
        kind: What one of it is called; begins the names of the tables.
        counted: Column that tells how many a batch holds.
    """

    def __init__(self, kind: str, counted: str) -> None:
        self.batch = Table(
            f"{kind}_batch",
            data_tables,
            Column("batch_id", Text, primary_key=True),
            Column("at", BigInteger, nullable=False),
            Column(counted, Integer, nullable=False),
            # last, because SQLite walks through a large value to reach what stands behind it
            Column("body", LargeBinary, nullable=False),
            Index(None, "at"),
        )
        self.claims = Table(
            f"{kind}_fold",
            data_tables,
            Column("batch_id", Text, primary_key=True),
            Column("fold_no", BigInteger, nullable=False),
            Index(None, "fold_no"),
        )
        self._state_batches(counted)
        self._state_claims(counted)

    def _state_batches(self, counted: str) -> None:
        b = self.batch.c
        count = b[counted]
        whole = (b.batch_id, b.at, count, b.body)
        this = b.batch_id == bindparam("which")
        changed: dict[Any, Any] = {count: bindparam("number"), b.body: bindparam("content")}
        self._add = Statement(insert(self.batch))
        self._waiting = Statement(select(func.count(), func.coalesce(func.sum(count), 0), func.min(b.at)))
        self._behind = Statement(
            select(*whole)
            .where(b.batch_id > bindparam("after"))
            .order_by(b.batch_id)
            .limit(bindparam("most"))
        )
        self._replace = Statement(update(self.batch).where(this).values(changed))
        self._drop = Statement(delete(self.batch).where(this))
        self._count_before = Statement(
            select(func.coalesce(func.sum(count), 0)).where(b.at < bindparam("before"))
        )
        self._drop_before = Statement(delete(self.batch).where(b.at < bindparam("before")))

    def _state_claims(self, counted: str) -> None:
        b, f = self.batch.c, self.claims.c
        self._known = Statement(select(f.batch_id, f.fold_no).order_by(f.batch_id).limit(2))
        self._free = Statement(select(b.batch_id, b[counted]).order_by(b.batch_id).limit(bindparam("most")))
        self._claim = Statement(insert(self.claims))
        self._of_fold = Statement(
            select(b.batch_id, b.at, b[counted], b.body)
            .join(self.claims, f.batch_id == b.batch_id)
            .where(f.fold_no == bindparam("number"))
            .order_by(b.batch_id)
        )
        self._drop_claimed = Statement(delete(self.batch).where(b.batch_id.in_(select(f.batch_id))))
        self._drop_claims = Statement(delete(self.claims))

    def add(self, tx: Transaction, batch: StoredBatch) -> None:
        """Keep a batch."""
        tx.run(self._add, batch)

    def waiting(self, tx: Transaction) -> Waits:
        """What waits."""
        row = tx.row(self._waiting)
        return Waits(row[0], int(row[1]), row[2] or 0) if row else Waits(0, 0, 0)

    def behind(self, tx: Transaction, after: str = "", most: int = 200) -> list[StoredBatch]:
        """Batches in the order of their ids, behind one of them."""
        return [StoredBatch(*row) for row in tx.rows(self._behind, {"after": after, "most": most})]

    def replace(self, tx: Transaction, which: str, count: int, body: bytes) -> None:
        """Let a batch hold something else."""
        tx.run(self._replace, {"which": which, "number": count, "content": body})

    def drop(self, tx: Transaction, which: Iterable[str]) -> None:
        """Remove batches by their ids."""
        tx.run_many(self._drop, [(one,) for one in which])

    def dispose(self, tx: Transaction, before: int) -> int:
        """Remove batches from before an instant (microseconds); gives how much they held."""
        row = tx.row(self._count_before, {"before": before})
        tx.run(self._drop_before, {"before": before})
        return int(row[0]) if row else 0

    def agrees(self, tx: Transaction, number: int) -> bool:
        """Whether the database knows just this folding as the last, and none is under way."""
        claims = tx.rows(self._known)
        return claims == [(LAST, number)] or (not claims and not number)

    def know(self, tx: Transaction, number: int) -> None:
        """Note a folding as the last that is in the table; no batch is claimed any more."""
        tx.run(self._drop_claims)
        tx.run(self._claim, (LAST, number))

    def claim(self, tx: Transaction, number: int, *, most: int, most_batches: int) -> bool:
        """Claim the oldest batches for a folding; false when nothing waits.

        Args:
            tx: Unit of work.
            number: Of the folding.
            most: How much they may hold together, unless one holds more.
            most_batches: How many they may be.
        """
        chosen: list[tuple[str, int]] = []
        size = 0
        for batch_id, count in tx.rows(self._free, {"most": most_batches}):
            if chosen and size + count > most:
                break
            chosen.append((batch_id, number))
            size += count
        if chosen:
            tx.run_many(self._claim, chosen)
        return bool(chosen)

    def claimed(self, tx: Transaction, number: int) -> list[StoredBatch]:
        """The batches of a folding."""
        return [StoredBatch(*row) for row in tx.rows(self._of_fold, {"number": number})]

    def drop_claimed(self, tx: Transaction) -> None:
        """Remove every claimed batch."""
        tx.run(self._drop_claimed)
