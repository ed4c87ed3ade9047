"""Where expressions are run: DuckDB inside this process, or a company's own Apache Spark. Both get the same Ibis expressions."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from troth.kernel import Conflict, InvalidInput

if TYPE_CHECKING:
    import ibis.expr.types as ir

DUCKDB = "duckdb"
SPARK = "spark://"
MOST_MEMORY = "3GB"


class Reader(Protocol):
    """A backend that is open."""

    def lake(self, place: Path, files: Sequence[str]) -> "ir.Table":
        """Some files of the Delta table in a folder."""

    def rows(self, table: "ir.Table") -> list[dict[str, Any]]:
        """What a table holds; only ever asked of sums, and of handles of people who are decided one by one."""

    def kept(self, table: "ir.Table") -> "ir.Table":
        """A table that is worked out once, and read several times."""

    def unit(self, visitor: Any) -> Any:
        """What a visitor is told apart by."""

    def digest(self, text: Any) -> Any:
        """MD5 of a text, in a form that can be sorted."""


Opener = Callable[[], AbstractContextManager[Reader]]


def opener(engine: str) -> Opener:
    """What opens an engine, by its name.

    Args:
        engine: `duckdb`, or the address of a Spark master, such as `spark://10.0.0.5:7077`.

    Raises:
        InvalidInput: There is no such engine.
        Conflict: What it needs is not installed.
    """
    if engine == DUCKDB:
        return open_duckdb
    if engine.startswith(SPARK):
        from troth.insights.spark import masters, open_spark

        masters(engine)
        if find_spec("pyspark") is None:
            raise Conflict(
                "Running reports on Spark needs the extra `spark`, which is not installed.",
                field="engine",
                mend="Install troth[spark], and Java 17 or later.",
            )
        return partial(open_spark, engine)
    raise InvalidInput(
        f"There is no engine {engine[:80]!r}.",
        field="engine",
        mend="Use `duckdb`, or the address of a Spark master: spark://HOST:PORT.",
    )


@contextmanager
def open_duckdb() -> Iterator[Reader]:
    """DuckDB inside this process; nothing is written to disk."""
    import ibis

    backend = ibis.duckdb.connect(memory_limit=MOST_MEMORY, temp_directory="")
    try:
        yield _DuckDB(backend)
    finally:
        backend.disconnect()


class _DuckDB:
    def __init__(self, backend: Any) -> None:
        self._backend, self._tables = backend, 0

    def lake(self, place: Path, files: Sequence[str]) -> "ir.Table":
        del place
        return self._backend.read_parquet(
            list(files), table_name="lake", hive_partitioning=True, hive_types_autocast=False
        )

    def rows(self, table: "ir.Table") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._backend.to_pyarrow(table).to_pylist()
        return found

    def kept(self, table: "ir.Table") -> "ir.Table":
        self._tables += 1
        return self._backend.create_table(f"kept{self._tables}", table, temp=True)

    def unit(self, visitor: Any) -> Any:
        """A number is quicker to group by. Two visitors in 10^19 share one, and count as one then."""
        return visitor.hash()

    def digest(self, text: Any) -> Any:
        return text.hexdigest("md5")
