"""The lake: a Delta Lake table of events, partitioned by day, which Spark, Trino, DuckDB and others read.

Events of signed-in people stand in files of their own, so that erasing somebody rewrites little. Neither file statistics nor
kept commits name a person: statistics are kept of the instant only, and after an erasure the log is cut to a checkpoint.
"""

from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from troth.events.inbox import Batch, decode_shape, opened
from troth.storage import DeltaFolder, StoredBatch, day_of

if TYPE_CHECKING:
    from arro3.core import Array, Schema

PARTITIONS = ["day", "signed_in"]
COLUMNS = (
    "id", "at", "day", "signed_in", "site", "name", "page", "referrer", "properties", "visitor", "person", "country",
    "device", "robot", "identity", "source", "entry",
)  # fmt: skip
"""Columns of the table, in this order."""
_NUMBERS = {"at", "robot", "signed_in"}
_CONFIGURATION = {"delta.dataSkippingStatsColumns": "at"}
_OF_SHAPE = (
    "site",
    "name",
    "page",
    "referrer",
    "properties",
    "country",
    "device",
    "robot",
    "identity",
    "source",
)
"""Columns of a shape, in its order."""
_READ = ("at", "site", "name", "page", "referrer", "country", "device", "properties")
"""Columns that a visitor may read of his own events."""
_AT_ONCE = 500


class Lake(DeltaFolder):
    """The table of events.

    Args:
        place: Its folder.
    """

    def __init__(self, place: Path) -> None:
        super().__init__(place, "events", PARTITIONS, _CONFIGURATION)

    def schema(self) -> "Schema":
        """The columns."""
        return _schema()

    def append(self, batches: Sequence[StoredBatch], number: int) -> None:
        """Put batches into the table as one folding, in one commit that bears its number.

        Raises:
            Unavailable: The table cannot be written; nothing of it was.
        """
        self.write(_columns([opened(batch) for batch in batches]), number)

    def erase(self, column: str, values: Sequence[str]) -> int:
        """Remove the events with certain values of a column, and their bytes; gives how many went.

        Args:
            column: `person` or `visitor`.
            values: Handles or digests: hexadecimal characters only.

        Raises:
            Unavailable: The table cannot be written; repeat it.
        """
        only = " AND signed_in = true" if column == "person" else ""
        starts = range(0, len(values), _AT_ONCE)
        some = [", ".join(f"'{_hexadecimal(one)}'" for one in values[at : at + _AT_ONCE]) for at in starts]
        return self.delete([f"{column} IN ({named}){only}" for named in some])

    def count_visitors(self, visitors: Sequence[str]) -> int:
        """How many events visitors have, by their digests: hexadecimal characters only."""
        if not self.exists or not visitors:
            return 0
        named = ", ".join(f"'{_hexadecimal(one)}'" for one in visitors)
        rows = self.table().scan(columns=["visitor"], predicate=f"visitor IN ({named})")
        return sum(batch.num_rows for batch in rows)

    def rows_of(self, column: str, values: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The events with certain values of a column, batch by batch: instant and what a visitor may read of them.

        Args:
            column: `person` or `visitor`.
            values: Handles or digests: hexadecimal characters only.
        """
        if not self.exists or not values:
            return
        named = ", ".join(f"'{_hexadecimal(one)}'" for one in values)
        only = " AND signed_in = true" if column == "person" else ""
        for batch in self.table().scan(columns=list(_READ), predicate=f"{column} IN ({named}){only}"):
            instants = batch.column("at").cast(_int64()).to_pylist()
            others = [batch.column(name).to_pylist() for name in _READ[1:]]
            yield from zip(instants, *others, strict=True)

    def dispose(self, before: int) -> int:
        """Remove events from before an instant (microseconds), and their bytes; gives how many went."""
        day = day_of(before)
        condition = f"day < '{day}' OR (day = '{day}' AND at < arrow_cast({before}, 'Timestamp(Microsecond, Some(\"UTC\"))'))"
        return self.delete([condition])

    def count_before(self, before: int) -> int:
        """How many events are older than an instant (microseconds)."""
        if not self.exists:
            return 0
        day = day_of(before)
        rows = self.table().scan(columns=["at"], predicate=f"day <= '{day}'")
        return sum(
            sum(1 for at in batch.column("at").cast(_int64()).to_pylist() if at < before) for batch in rows
        )


@lru_cache(maxsize=1)
def _schema() -> "Schema":
    from arro3.core import DataType, Field, Schema

    kinds = {
        "at": DataType.timestamp("us", tz="UTC"),
        "robot": DataType.bool(),
        "signed_in": DataType.bool(),
    }
    return Schema([Field(name, kinds.get(name, DataType.string()), nullable=False) for name in COLUMNS])


def _columns(batches: Sequence[Batch]) -> "list[Array]":
    """Batches put together. Most words are the same in many events: they are read once and multiplied in Arrow."""
    shapes = list(chain.from_iterable(batch.body.shapes for batch in batches))
    numbers = {shape: number for number, shape in enumerate(dict.fromkeys(shapes))}
    which = array("I", map(numbers.__getitem__, shapes))
    sides = zip(*(msgspec.structs.astuple(decode_shape(shape)) for shape in numbers), strict=True)
    found = {
        name: _taken(_robots(side) if name == "robot" else side, name, which)
        for name, side in zip(_OF_SHAPE, sides, strict=True)
    }
    counts = [len(batch.body.shapes) for batch in batches]
    persons = _together([batch.body.persons for batch in batches], counts)
    found["person"] = _array("person", persons)
    found["signed_in"] = _array("signed_in", list(map(bool, persons)))
    found["visitor"] = _array("visitor", _together([batch.body.visitors for batch in batches], counts))
    of_batch = array("I")
    for number, count in enumerate(counts):
        of_batch += array("I", (number,)) * count
    found["at"] = _taken([batch.at for batch in batches], "at", of_batch)
    found["day"] = _taken([day_of(batch.at) for batch in batches], "day", of_batch)
    entries, decided = _decided(batches)
    found["entry"] = _taken(entries, "entry", decided)
    found["id"] = _array("id", _ids(batches))
    return [found[name] for name in COLUMNS]


def _together(columns: Sequence[list[str]], counts: Sequence[int]) -> list[str]:
    """The columns of batches as one; a batch that says nothing has empty texts."""
    found: list[str] = []
    for column, count in zip(columns, counts, strict=True):
        found += column or [""] * count
    return found


def _decided(batches: Sequence[Batch]) -> "tuple[list[str], array[int]]":
    """The ledger entries of all batches, and which of them decided each event."""
    entries: list[str] = []
    decided = array("I")
    for batch in batches:
        base, body = len(entries), batch.body
        entries += body.entries
        if body.places:
            decided.extend([base + place for place in body.places])
        else:
            decided += array("I", (base,)) * len(body.shapes)
    return entries, decided


def _ids(batches: Sequence[Batch]) -> list[str]:
    """An id for each event: the one that its client gave, else its place in its batch."""
    found: list[str] = []
    for batch in batches:
        named, ids = batch.batch_id, batch.body.ids
        places = _places(len(batch.body.shapes))
        if ids:
            found += [one or named + place for one, place in zip(ids, places, strict=True)]
        else:
            found += [named + place for place in places]
    return found


@lru_cache(maxsize=512)
def _places(count: int) -> tuple[str, ...]:
    return tuple(f"{number:05x}" for number in range(count))


def _robots(side: Sequence[int]) -> list[bool]:
    return [bool(one) for one in side]


def _taken(values: Sequence[Any], name: str, which: "array[int]") -> "Array":
    """A column of few values, each as often as its number stands in `which`."""
    from arro3.core import Array

    return _array(name, values).take(Array(which))


def _array(name: str, values: Sequence[Any]) -> "Array":
    from arro3.core import Array

    kind = _schema().field(name).type
    if name == "at":
        return Array(array("q", values)).cast(kind)
    return Array(values if isinstance(values, list) else list(values), kind)


def _hexadecimal(text: str) -> str:
    """A text of hexadecimal characters, which alone may stand in a condition.

    Raises:
        ValueError: It holds others.
    """
    int(text, 16)
    return text


def _int64() -> Any:
    from arro3.core import DataType

    return DataType.int64()
