"""The lake: a Delta Lake table of events, partitioned by day, which Spark, Trino, DuckDB and others read.

Events of signed-in people stand in files of their own, so that erasing somebody rewrites little. Neither file statistics nor
kept commits name a person: statistics are kept of the instant only, and after an erasure the log is cut to a checkpoint.
"""

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from troth.events.inbox import Batch, decode_shape
from troth.kernel import Unavailable, from_micros

if TYPE_CHECKING:
    from arro3.core import Array, Schema
    from deltalake import DeltaTable

APP = "troth.events"
PARTITIONS = ["day", "signed_in"]
COLUMNS = (
    "id", "at", "day", "signed_in", "site", "name", "page", "referrer", "properties", "visitor", "person", "country",
    "device", "robot", "identity", "source", "entry",
)  # fmt: skip
"""Columns of the table, in this order."""
_NUMBERS = {"at", "robot", "signed_in"}
_CONFIGURATION: dict[str, str | None] = {
    "delta.dataSkippingStatsColumns": "at",
    "delta.logRetentionDuration": "interval 0 seconds",
    "delta.deletedFileRetentionDuration": "interval 0 seconds",
}
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
_LISTED_LOG = 50
"""Commits after which the log is cut to a checkpoint."""


class Condition(NamedTuple):
    """What the table holds: its version, the last folding in it, events, files and their bytes."""

    version: int
    folded: int
    events: int
    files: int
    size: int


def lake_available() -> bool:
    """Whether the extra `lake` is installed."""
    return find_spec("deltalake") is not None and find_spec("arro3") is not None


class Lake:
    """The table of events.

    Args:
        place: Its folder.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._opened: DeltaTable | None = None

    @property
    def exists(self) -> bool:
        """Whether the table was made."""
        return (self.place / "_delta_log").is_dir()

    def folded(self) -> int:
        """The number of the last folding that is in the table; 0 for none."""
        if not self.exists:
            return 0
        return self._table().transaction_version(APP) or 0

    def append(self, batches: Sequence[Batch], number: int) -> None:
        """Put batches into the table as one folding, in one commit that bears its number.

        Raises:
            Unavailable: The table cannot be written; nothing of it was.
        """
        from arro3.core import Table
        from deltalake import CommitProperties, Transaction, write_deltalake

        schema = _schema()
        data = Table.from_arrays(_columns(batches), schema=schema)
        mark = CommitProperties(app_transactions=[Transaction(APP, number)])
        with _reported(self.place):
            table = self._table()
            write_deltalake(table, data, mode="append", commit_properties=mark)
            if table.version() % _LISTED_LOG == 0:
                self._cut_log(table)

    def erase(self, column: str, values: Sequence[str]) -> int:
        """Remove the events with certain values of a column, and their bytes; gives how many went.

        Args:
            column: `person` or `visitor`.
            values: Handles or digests: hexadecimal characters only.

        Raises:
            Unavailable: The table cannot be written; repeat it.
        """
        if not self.exists or not values:
            return 0
        gone = 0
        only = " AND signed_in = true" if column == "person" else ""
        with _reported(self.place):
            table = self._table()
            for start in range(0, len(values), _AT_ONCE):
                named = ", ".join(f"'{_hexadecimal(one)}'" for one in values[start : start + _AT_ONCE])
                gone += table.delete(f"{column} IN ({named}){only}")["num_deleted_rows"] or 0
            self._remove_bytes(table)
        return gone

    def count_visitors(self, visitors: Sequence[str]) -> int:
        """How many events visitors have, by their digests: hexadecimal characters only."""
        if not self.exists or not visitors:
            return 0
        named = ", ".join(f"'{_hexadecimal(one)}'" for one in visitors)
        rows = self._table().scan(columns=["visitor"], predicate=f"visitor IN ({named})")
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
        for batch in self._table().scan(columns=list(_READ), predicate=f"{column} IN ({named}){only}"):
            instants = batch.column("at").cast(_int64()).to_pylist()
            others = [batch.column(name).to_pylist() for name in _READ[1:]]
            yield from zip(instants, *others, strict=True)

    def dispose(self, before: int) -> int:
        """Remove events from before an instant (microseconds), and their bytes; gives how many went."""
        if not self.exists:
            return 0
        instant = from_micros(before)
        condition = f"day < '{instant.date().isoformat()}' OR (day = '{instant.date().isoformat()}' AND at < arrow_cast({before}, 'Timestamp(Microsecond, Some(\"UTC\"))'))"
        with _reported(self.place):
            table = self._table()
            gone = int(table.delete(condition)["num_deleted_rows"] or 0)
            if gone:
                self._remove_bytes(table)
        return gone

    def count_before(self, before: int) -> int:
        """How many events are older than an instant (microseconds)."""
        if not self.exists:
            return 0
        day = from_micros(before).date().isoformat()
        rows = self._table().scan(columns=["at"], predicate=f"day <= '{day}'")
        return sum(
            sum(1 for at in batch.column("at").cast(_int64()).to_pylist() if at < before) for batch in rows
        )

    def holding(self, entries: frozenset[str], since: int) -> set[str]:
        """Which of some ledger entries stand in the table, among events from the day of an instant (microseconds) on."""
        if not self.exists or not entries:
            return set()
        found: set[str] = set()
        for batch in self._table().scan(columns=["entry"], predicate=f"day >= '{_day(since)}'"):
            found |= entries.intersection(batch.column("entry").to_pylist())
        return found

    def tidy(self) -> None:
        """Put small files together and remove what is no longer part of the table."""
        if not self.exists:
            return
        with _reported(self.place):
            table = self._table()
            table.optimize.compact()
            self._remove_bytes(table)

    def condition(self) -> Condition:
        """What the table holds."""
        if not self.exists:
            return Condition(0, 0, 0, 0, 0)
        table = self._table()
        files = [Path(one.removeprefix("file://")) for one in table.file_uris()]
        size = sum(one.stat().st_size for one in files if one.is_file())
        return Condition(table.version(), self.folded(), table.count(), len(files), size)

    def _table(self) -> "DeltaTable":
        from deltalake import DeltaTable

        if self._opened is None:
            if self.exists:
                self._opened = DeltaTable(str(self.place))
            else:
                self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._opened = DeltaTable.create(
                    str(self.place),
                    _schema(),
                    partition_by=PARTITIONS,
                    name="events",
                    configuration=_CONFIGURATION,
                )
        self._opened.update_incremental()
        return self._opened

    def _remove_bytes(self, table: "DeltaTable") -> None:
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
        self._cut_log(table)

    def _cut_log(self, table: "DeltaTable") -> None:
        table.update_incremental()
        table.create_checkpoint()
        table.cleanup_metadata()
        self._opened = None


@contextmanager
def _reported(place: Path) -> Iterator[None]:
    """The errors of the lake as ours.

    Raises:
        Unavailable: Something could not be written or read.
    """
    from deltalake.exceptions import DeltaError

    try:
        yield
    except (DeltaError, OSError) as error:
        raise Unavailable(
            f"The lake in {place} takes no work ({type(error).__name__}); what waits stays in the inbox.",
            mend="Look for room on the disk; it goes on by itself.",
        ) from error


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
    found["day"] = _taken([_day(batch.at) for batch in batches], "day", of_batch)
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


@lru_cache(maxsize=4_096)
def _day(at: int) -> str:
    return from_micros(at).date().isoformat()


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
