"""The inbox: batches of events on disk, each in one row, until they are folded into the lake."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, delete

from troth.events.model import Row, Shape
from troth.events.tables import EVENTS, event_seen
from troth.storage import Lookup, Statement, StoredBatch, Transaction, Upsert

FORMAT = 2
SEEN_BYTES = 16
_SEEN = Lookup(event_seen, by=("event_id",), take=("at",))
_NOTE_SEEN = Upsert(event_seen, by=("event_id",))
_FORGET_SEEN = Statement(delete(event_seen).where(event_seen.c.at < bindparam("before")))


class Body(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a batch holds: its events on their side, because they are packed and folded so.

    Args:
        format: Number of this format.
        entries: Ids of the ledger entries that decided.
        shapes: What each event has in common with others, each as one piece.
        visitors: Digests that tell visitors apart. Of this and what follows, a list in which nothing is said is left empty.
        persons: Handles of who was signed in.
        places: Places of the deciding entry in `entries`.
        ids: Digests of the clients' ids.
    """

    format: int
    entries: list[str]
    shapes: list[bytes]
    visitors: list[str]
    persons: list[str]
    places: list[int]
    ids: list[str]


class _First(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The first format, whose events were not packed; batches in it may still wait."""

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
_decode_body = msgspec.msgpack.Decoder(Body).decode
_decode_first = msgspec.msgpack.Decoder(_First).decode
_decode_shape = msgspec.msgpack.Decoder(Shape).decode
_FORMAT_AT = 1
"""Place of the format's number in a body: behind the byte that tells an array of three."""


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


def keep(tx: Transaction, batch_id: str, now: int, entries: list[str], rows: Sequence[Row]) -> None:
    """Keep a batch of events."""
    keep_body(tx, batch_id, now, body_of(entries, rows))


def keep_body(tx: Transaction, batch_id: str, now: int, body: Body) -> None:
    """The same for events that are packed already."""
    EVENTS.add(tx, StoredBatch(batch_id, now, len(body.shapes), _encode(body)))


def body_of(entries: list[str], rows: Sequence[Row]) -> Body:
    """Events packed: what many of them share in one piece, so that it is looked into once for all of them."""
    return packed_body(
        entries,
        [encode_shape(Shape(*row[:5], *row[7:12])) for row in rows],
        [row.visitor for row in rows],
        [row.person for row in rows],
        [row.entry for row in rows],
        [row.event_id for row in rows],
    )


def packed_body(
    entries: list[str],
    shapes: list[bytes],
    visitors: list[str],
    persons: list[str],
    places: list[int],
    ids: list[str],
) -> Body:
    """A body of columns; lists in which nothing is said are left out."""
    return Body(
        FORMAT,
        entries,
        shapes,
        visitors if any(visitors) else [],
        persons if any(persons) else [],
        places if any(places) else [],
        ids if any(ids) else [],
    )


def encode_shape(shape: Shape) -> bytes:
    """What events have in common, as one piece."""
    return _encode(shape)


def decode_shape(shape: bytes) -> Shape:
    """What a packed event has in common with others."""
    return _decode_shape(shape)


def rows_of(body: Body) -> Iterator[Row]:
    """The events of a batch, one by one."""
    count = len(body.shapes)
    columns = (
        body.visitors or [""] * count,
        body.persons or [""] * count,
        body.places or [0] * count,
        body.ids or [""] * count,
    )
    for shape, visitor, person, place, event_id in zip(body.shapes, *columns, strict=True):
        common = _decode_shape(shape)
        yield Row(
            common.site, common.name, common.page, common.referrer, common.props, visitor, person, common.country,
            common.device, common.robot, common.identity, common.source, place, event_id,
        )  # fmt: skip


def waiting(tx: Transaction) -> Waiting:
    """What waits."""
    return Waiting(*EVENTS.waiting(tx))


def batches(tx: Transaction, after: str = "", most: int = 200) -> list[Batch]:
    """Batches in the order of their ids, behind one of them."""
    return [opened(batch) for batch in EVENTS.behind(tx, after, most)]


def opened(batch: StoredBatch) -> Batch:
    """A stored batch as read."""
    return Batch(batch.batch_id, batch.at, decode_body(batch.body))


def entries_of(body: bytes) -> list[str]:
    """The ledger entries that decided what a stored body holds."""
    return decode_body(body).entries


def decode_body(body: bytes) -> Body:
    """What a batch holds."""
    if body[_FORMAT_AT] == FORMAT:
        return _decode_body(body)
    first = _decode_first(body)
    return body_of(first.entries, first.rows)


def erase_from_batches(
    tx: Transaction, subjects: frozenset[str], after: str = "", most: int = 200
) -> tuple[int, str]:
    """Remove the events of people and visitors from some batches; gives how many went, and the last batch looked at."""
    gone, last = 0, ""
    for batch in batches(tx, after, most):
        last = batch.batch_id
        body = batch.body
        if subjects.isdisjoint(body.persons) and subjects.isdisjoint(body.visitors):
            continue
        left = [row for row in rows_of(body) if row.person not in subjects and row.visitor not in subjects]
        gone += len(body.shapes) - len(left)
        if left:
            EVENTS.replace(tx, last, len(left), _encode(body_of(body.entries, left)))
        else:
            EVENTS.drop(tx, [last])
    return gone, last


def count_visitors(tx: Transaction, visitors: frozenset[str]) -> int:
    """How many events certain visitors have."""
    found, after = 0, ""
    while some := batches(tx, after):
        after = some[-1].batch_id
        found += sum(one in visitors for batch in some for one in batch.body.visitors)
    return found


def all_rows(tx: Transaction) -> Iterator[tuple[Batch, Row]]:
    """Every event in the inbox with its batch."""
    after = ""
    while found := batches(tx, after):
        for batch in found:
            for row in rows_of(batch.body):
                yield batch, row
        after = found[-1].batch_id
