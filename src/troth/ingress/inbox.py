"""What a batch of the inbox holds: reports, and the ledger entries that decided."""

from collections.abc import Sequence

import msgspec

from troth.storage import StoredBatch

FORMAT = 1
Line = tuple[str, str, str, str, str, dict[str, float], dict[str, str], int]
"""Product, release, week, schema, source, numbers, words, place of the entry."""


class Body(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Reports with the ids of the ledger entries that decided.

    Args:
        format: Number of this format.
        entries: Ids of ledger entries.
        lines: The reports.
    """

    format: int
    entries: list[str]
    lines: list[Line]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Body).decode


def stored(batch_id: str, at: int, entries: list[str], lines: list[Line]) -> StoredBatch:
    """Reports as one batch, of the day that begins at an instant (microseconds)."""
    return StoredBatch(batch_id, at, len(lines), _encode(Body(FORMAT, entries, lines)))


def body_of(batch: StoredBatch) -> Body:
    """What a batch holds."""
    return _decode(batch.body)


def entries_of(body: bytes) -> Sequence[str]:
    """The ledger entries of a stored body."""
    return _decode(body).entries
