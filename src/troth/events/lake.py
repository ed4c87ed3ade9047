"""The lake: a Delta Lake table of events, partitioned by day, which Spark, Trino, DuckDB and others read.

Events of signed-in people stand in files of their own, so that erasing somebody rewrites little. Neither file statistics nor
kept commits name a person: statistics are kept of the instant only, and after an erasure the log is cut to a checkpoint.
"""

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from troth.events.inbox import Batch
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
        columns = _columns(batches)
        data = Table.from_arrays([_array(name, columns[name]) for name in COLUMNS], schema=schema)
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


def _columns(batches: Sequence[Batch]) -> dict[str, Sequence[Any]]:
    """Batches turned on their side."""
    rows = [row for batch in batches for row in batch.body.rows]
    sides = list(zip(*rows, strict=True))
    names = (
        "site", "name", "page", "referrer", "properties", "visitor", "person", "country", "device", "robot",
        "identity", "source",
    )  # fmt: skip
    found: dict[str, Sequence[Any]] = dict(zip(names, sides, strict=False))
    found["robot"] = [bool(one) for one in found["robot"]]
    found["signed_in"] = [bool(one) for one in found["person"]]
    days = {batch.at: from_micros(batch.at).date().isoformat() for batch in batches}
    found["at"] = array("q", (batch.at for batch in batches for _ in batch.body.rows))
    found["day"] = [days[batch.at] for batch in batches for _ in batch.body.rows]
    found["entry"] = [batch.body.entries[row.entry] for batch in batches for row in batch.body.rows]
    found["id"] = [
        row.event_id or f"{batch.batch_id}{number:05x}"
        for batch in batches
        for number, row in enumerate(batch.body.rows)
    ]
    return found


def _array(name: str, values: Sequence[Any]) -> "Array":
    from arro3.core import Array

    kind = _schema().field(name).type
    if name == "at":
        return Array(values).cast(kind)
    if len(values) > 1 and values[0] == values[-1] and values.count(values[0]) == len(values):
        same = array("Q", bytes(8 * len(values)))
        return Array([values[0]], kind).take(Array(same))
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
