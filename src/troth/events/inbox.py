"""The inbox: batches of events on disk, each in one row, until they are folded into the lake."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from troth.events.model import Row
from troth.events.tables import event_batch, event_fold, event_seen
from troth.storage import Lookup, Statement, Transaction, Upsert

FORMAT = 1
SEEN_BYTES = 16
_b, _f, _s = event_batch.c, event_fold.c, event_seen.c
_ADD = Statement(insert(event_batch))
_SEEN = Lookup(event_seen, by=("event_id",), take=("at",))
_NOTE_SEEN = Upsert(event_seen, by=("event_id",))
_FORGET_SEEN = Statement(delete(event_seen).where(_s.at < bindparam("before")))
_WAITING = Statement(select(func.count(), func.coalesce(func.sum(_b.events), 0), func.min(_b.at)))
_ALL = Statement(
    select(_b.batch_id, _b.at, _b.body)
    .where(_b.batch_id > bindparam("after"))
    .order_by(_b.batch_id)
    .limit(bindparam("most"))
)
_REPLACE = Statement(
    update(event_batch)
    .where(_b.batch_id == bindparam("which"))
    .values(events=bindparam("number"), body=bindparam("content"))
)
_DROP = Statement(delete(event_batch).where(_b.batch_id == bindparam("which")))
_BEFORE = Statement(select(func.coalesce(func.sum(_b.events), 0)).where(_b.at < bindparam("before")))
_DROP_BEFORE = Statement(delete(event_batch).where(_b.at < bindparam("before")))


class Body(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a batch holds: format, ids of the ledger entries that decided, and the events."""

    format: int
    entries: list[str]
    rows: list[Row]


class Batch(NamedTuple):
    """A batch as read: its id, the instant of its commit (microseconds), and what it holds."""

    batch_id: str
    at: int
    body: Body


class Waiting(NamedTuple):
    """What waits in the inbox: batches, events, and the instant of the oldest (microseconds; 0 for none)."""

    batches: int
    events: int
    oldest: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Body).decode


def seen_id(site: str, event_id: str) -> bytes:
    """The digest by which a repeated event is known."""
    return hashlib.blake2b(
        f"{site}\n{event_id}".encode("utf-8", "surrogatepass"), digest_size=SEEN_BYTES
    ).digest()


def repeats(tx: Transaction, ids: Sequence[bytes]) -> set[bytes]:
    """Which of some event ids were seen before."""
    return {key[0] for key in tx.lookup(_SEEN, [(one,) for one in ids])}


def note_seen(tx: Transaction, ids: Iterable[bytes], now: int) -> None:
    """Remember event ids."""
    tx.run_many(_NOTE_SEEN, [(one, now) for one in ids])


def forget_seen(tx: Transaction, before: int) -> int:
    """Forget event ids that were first seen before an instant (microseconds)."""
    return tx.run(_FORGET_SEEN, {"before": before})


def keep(tx: Transaction, batch_id: str, now: int, entries: list[str], rows: list[Row]) -> None:
    """Keep a batch of events."""
    tx.run(_ADD, (batch_id, now, len(rows), _encode(Body(FORMAT, entries, rows))))


def waiting(tx: Transaction) -> Waiting:
    """What waits."""
    row = tx.row(_WAITING)
    return Waiting(row[0], int(row[1]), row[2] or 0) if row else Waiting(0, 0, 0)


def batches(tx: Transaction, after: str = "", most: int = 200) -> list[Batch]:
    """Batches in the order of their ids, behind one of them."""
    return [
        Batch(number, at, _decode(body)) for number, at, body in tx.rows(_ALL, {"after": after, "most": most})
    ]


def decode_body(body: bytes) -> Body:
    """What a batch holds."""
    return _decode(body)


def erase_from_batches(
    tx: Transaction, subjects: frozenset[str], after: str = "", most: int = 200
) -> tuple[int, str]:
    """Remove the events of people and visitors from some batches; gives how many went, and the last batch looked at."""
    gone, last = 0, ""
    for batch in batches(tx, after, most):
        last = batch.batch_id
        left = [row for row in batch.body.rows if row.person not in subjects and row.visitor not in subjects]
        removed = len(batch.body.rows) - len(left)
        if not removed:
            continue
        gone += removed
        if left:
            body = _encode(Body(FORMAT, batch.body.entries, left))
            tx.run(_REPLACE, {"which": last, "number": len(left), "content": body})
        else:
            tx.run(_DROP, {"which": last})
    return gone, last


def dispose_batches(tx: Transaction, before: int) -> int:
    """Remove batches from before an instant (microseconds); gives how many events went."""
    row = tx.row(_BEFORE, {"before": before})
    tx.run(_DROP_BEFORE, {"before": before})
    return int(row[0]) if row else 0


def all_rows(tx: Transaction) -> Iterator[tuple[Batch, Row]]:
    """Every event in the inbox with its batch."""
    after = ""
    while found := batches(tx, after):
        for batch in found:
            for row in batch.body.rows:
                yield batch, row
        after = found[-1].batch_id
