"""What the rest of Troth knows of a database: transactions over compiled statements."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from sqlalchemy import MetaData
from sqlalchemy.schema import CreateIndex, CreateTable

from troth.kernel import Conflict, Unavailable
from troth.storage.schema import TRIGGERS_OF
from troth.storage.statements import Lookup, Parameters, Statement

Row = tuple[Any, ...]
NO_PARAMETERS: Mapping[str, Any] = {}


class Busy(Unavailable):
    """A write transaction could not begin at once; nothing was done."""


class GaveWay(Unavailable):
    """Another transaction goes first: each waited for the other, or saw an old state. Nothing was done; begin it again."""


class KeyTaken(Conflict):
    """A row with a unique key exists already: it always did, or another transaction has just committed it."""


class Transaction(Protocol):
    """One unit of work; everything in it happens, or nothing."""

    def rows(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> list[Row]:
        """All rows of a query."""

    def row(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> Row | None:
        """The first row of a query, or None."""

    def stream(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> Iterator[Row]:
        """The rows of a query one by one, in flat memory; finish before the next statement."""

    def run(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> int:
        """Execute a change and count the rows that it touched."""

    def run_many(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """Execute a change once for each set of parameters."""

    def lookup(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, Row]:
        """Rows by unique keys; a key without a row is absent from the answer."""

    def lookup_all(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, list[Row]]:
        """Rows by keys that may have several rows; a key without a row is absent."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A part of the unit of work that can fail alone: when its block raises, only the block is undone."""

    def script(self, sql: str) -> None:
        """Execute raw SQL without parameters; for schema work only."""

    def announce(self) -> None:
        """Note that this unit of work promises a job: after its commit those who listen to the database are told."""


class Database(Protocol):
    """A database that gives transactions.

    Errors of the engine come out as `Unavailable` (full disk, lost connection, lock held too long: nothing was
    done, try again; `GaveWay` where at once) or `KeyTaken`.
    """

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Name of the engine's SQL."""

    @property
    def location(self) -> str:
        """Where it is, fit for a message: a path, or a URL without its password."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A write transaction: commits at its end, rolls back when the block raises."""

    def at_once(self) -> AbstractContextManager[Transaction]:
        """A write transaction for whoever must not wait, such as an event loop.

        Raises:
            Busy: Somebody else is writing, or the engine is not in this process; nothing was done.
        """

    def snapshot(self) -> AbstractContextManager[Transaction]:
        """A consistent view for reading only."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """For reads that need not agree with each other, such as a single one: costs a server no BEGIN and no ROLLBACK."""

    def lookup(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, Row]:
        """One `Transaction.lookup` by itself, which costs less than a snapshot made for it."""

    def lookup_all(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, list[Row]]:
        """One `Transaction.lookup_all` by itself, which costs less than a snapshot made for it."""

    def scrub(self) -> None:
        """Remove the bytes of deleted rows from the engine's side files, where it keeps any.

        Raises:
            Unavailable: They are still there; repeat it.
        """

    def copy_to(self, path: str, progress: Callable[[int, int], None] | None = None) -> None:
        """A consistent copy in one file, taken while others work."""

    def listen(self, listener: Callable[[], None]) -> None:
        """Tell a listener, in the committing thread, of each commit of this process that promised a job.

        Args:
            listener: Does next to nothing and never raises, such as `Event.set`.
        """

    def close(self) -> None:
        """Close every connection; a later use fails."""


def create_all(database: Database, metadata: MetaData) -> None:
    """Create the tables of a metadata that are missing; production uses the migrations instead."""
    from troth.storage.statements import _DIALECTS

    dialect = _DIALECTS[database.dialect]()
    with database.transaction() as tx:
        for table in metadata.sorted_tables:
            tx.script(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)))
            for index in sorted(table.indexes, key=lambda one: str(one.name)):
                tx.script(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)))
        for table in metadata.sorted_tables:
            for statement in table.info.get(TRIGGERS_OF, {}).get(database.dialect, ()):
                tx.script(statement)


def open_database(url: str, *, key_store: bool = False) -> Database:
    """Open a database by its place.

    Args:
        url: A path of a SQLite file (made when missing), or a `postgresql://` URL.
        key_store: Whether it holds keys; then deleted rows are overwritten in every side file too.

    Raises:
        Unavailable: It cannot be opened; the message says why.
    """
    if url.startswith(("postgresql://", "postgres://")):
        from troth.storage.postgres import PostgresDatabase

        return PostgresDatabase(url)
    from troth.storage.sqlite import SqliteDatabase

    return SqliteDatabase(url, key_store=key_store)
