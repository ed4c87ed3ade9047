"""A table of Delta Lake in a folder, partitioned by day, which Spark, Trino, DuckDB and others read."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from troth.kernel import Unavailable, from_micros

if TYPE_CHECKING:
    from arro3.core import Array, Schema
    from deltalake import DeltaTable

CONFIGURATION: Mapping[str, str | None] = {
    "delta.logRetentionDuration": "interval 0 seconds",
    "delta.deletedFileRetentionDuration": "interval 0 seconds",
}
_LISTED_LOG = 50
"""Commits after which the log is cut to a checkpoint."""


class Condition(NamedTuple):
    """What the table holds: its version, the last folding in it, rows, files and their bytes."""

    version: int
    folded: int
    events: int
    files: int
    size: int


def lake_available() -> bool:
    """Whether the extra `lake` is installed."""
    return find_spec("deltalake") is not None and find_spec("arro3") is not None


@lru_cache(maxsize=4_096)
def day_of(at: int) -> str:
    """The day (ISO 8601) of an instant (microseconds)."""
    return from_micros(at).date().isoformat()


class DeltaFolder(ABC):
    """A table in a folder.

    Args:
        place: The folder.
        name: What the table is called.
        partitions: Columns that part its files; one of them is `day`.
        configuration: Of the table, beside what all have.
    """

    def __init__(
        self,
        place: Path,
        name: str,
        partitions: Sequence[str],
        configuration: Mapping[str, str | None],
    ) -> None:
        self.place = place
        self._name, self._app = name, f"troth.{name}"
        self._partitions, self._configuration = list(partitions), {**CONFIGURATION, **configuration}
        self._opened: DeltaTable | None = None

    @abstractmethod
    def schema(self) -> "Schema":
        """The columns."""

    @property
    def exists(self) -> bool:
        """Whether the table was made."""
        return (self.place / "_delta_log").is_dir()

    def folded(self) -> int:
        """The number of the last folding that is in the table; 0 for none."""
        if not self.exists:
            return 0
        return self.table().transaction_version(self._app) or 0

    def write(self, columns: "Sequence[Array]", number: int) -> None:
        """Put rows into the table as one folding, in one commit that bears its number.

        Raises:
            Unavailable: The table cannot be written; nothing of it was.
        """
        from arro3.core import Table
        from deltalake import CommitProperties, Transaction, write_deltalake

        data = Table.from_arrays(columns, schema=self.schema())
        mark = CommitProperties(app_transactions=[Transaction(self._app, number)])
        with self.reported():
            table = self.table()
            write_deltalake(table, data, mode="append", commit_properties=mark)
            if table.version() % _LISTED_LOG == 0:
                self._cut_log(table)

    def delete(self, conditions: Sequence[str]) -> int:
        """Remove the rows that conditions are true of, and their bytes; gives how many went.

        Raises:
            Unavailable: The table cannot be written; repeat it.
        """
        if not self.exists or not conditions:
            return 0
        gone = 0
        with self.reported():
            table = self.table()
            for condition in conditions:
                gone += int(table.delete(condition)["num_deleted_rows"] or 0)
            if gone:
                self._remove_bytes(table)
        return gone

    def holding(self, entries: frozenset[str], since: int) -> set[str]:
        """Which of some ledger entries stand in it, from the day of an instant (microseconds) on."""
        if not self.exists or not entries:
            return set()
        found: set[str] = set()
        for batch in self.table().scan(columns=["entry"], predicate=f"day >= '{day_of(since)}'"):
            found |= entries.intersection(batch.column("entry").to_pylist())
        return found

    def tidy(self) -> None:
        """Put small files together and remove what is no longer part of the table."""
        if not self.exists:
            return
        with self.reported():
            table = self.table()
            table.optimize.compact()
            self._remove_bytes(table)

    def condition(self) -> Condition:
        """What the table holds."""
        if not self.exists:
            return Condition(0, 0, 0, 0, 0)
        table = self.table()
        files = [Path(one.removeprefix("file://")) for one in table.file_uris()]
        size = sum(one.stat().st_size for one in files if one.is_file())
        return Condition(table.version(), self.folded(), table.count(), len(files), size)

    def table(self) -> "DeltaTable":
        """The table as it is now; made when there is none."""
        from deltalake import DeltaTable

        if self._opened is None:
            if self.exists:
                self._opened = DeltaTable(str(self.place))
            else:
                self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._opened = DeltaTable.create(
                    str(self.place),
                    self.schema(),
                    partition_by=self._partitions,
                    name=self._name,
                    configuration=self._configuration,
                )
        self._opened.update_incremental()
        return self._opened

    @contextmanager
    def reported(self) -> Iterator[None]:
        """The errors of the table as ours.

        Raises:
            Unavailable: Something could not be written or read.
        """
        from deltalake.exceptions import DeltaError

        try:
            yield
        except (DeltaError, OSError) as error:
            raise Unavailable(
                f"The lake in {self.place} takes no work ({type(error).__name__}); what waits stays in the inbox.",
                mend="Look for room on the disk; it goes on by itself.",
            ) from error

    def _remove_bytes(self, table: "DeltaTable") -> None:
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
        self._cut_log(table)

    def _cut_log(self, table: "DeltaTable") -> None:
        table.update_incremental()
        table.create_checkpoint()
        table.cleanup_metadata()
        self._opened = None
