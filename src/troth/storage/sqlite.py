"""SQLite through apsw: one writer, readers beside it, every commit on disk before it returns.

WAL with synchronous=FULL: a commit that returned survives a power cut. `secure_delete` overwrites deleted content with
zeros, so that an erased row does not linger in free pages.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import Literal, Self

import apsw

from troth.kernel import TrothError, Unavailable
from troth.storage.database import NO_PARAMETERS, Busy, KeyTaken, Row
from troth.storage.statements import Compiler, Lookup, Parameters, Statement

BUSY_MILLISECONDS = 15_000
_CACHE_KIBIBYTES = 65_536
_READER_CACHE_KIBIBYTES = 8_192
_LOG_LIMIT_BYTES = 67_108_864
_COPY_PAGES = 1_000
_FOLDED_ELSEWHERE_SECONDS = 0.01
"""Between two tries: SQLite waits for readers, and never for another connection that folds the log just then."""
_DOUBLES = frozenset(
    {apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY, apsw.SQLITE_CONSTRAINT_ROWID}
)


def reported(error: apsw.Error, location: str) -> TrothError:
    """The error to show for an engine's error."""
    if isinstance(error, apsw.ConstraintError) and getattr(error, "extendedresult", 0) in _DOUBLES:
        return KeyTaken("A row with this key exists already.", mend="Read it and decide what to change.")
    if isinstance(error, apsw.FullError):
        return Unavailable(
            f"The disk that holds {location} is full; nothing was stored.",
            mend="Free some space; no restart is needed.",
        )
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return Unavailable(
            f"Another process holds {location} for too long; nothing was stored.",
            mend="Try again, or stop the other process.",
        )
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return Unavailable(
            f"{location} is damaged ({error}).", mend="Run `troth doctor`, then `troth restore`."
        )
    return Unavailable(
        f"{location} refused work ({type(error).__name__}: {error}).", mend="Run `troth doctor`."
    )


class SqliteTransaction:
    """Statements on one connection; see `Transaction`."""

    __slots__ = ("_compiler", "_connection", "_cursor", "_location", "announced")

    def __init__(self, connection: apsw.Connection, compiler: Compiler, location: str) -> None:
        self.announced = False
        self._connection = connection
        self._location = location
        self._compiler = compiler
        self._cursor = connection.cursor()

    def rows(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> list[Row]:
        """See `Transaction.rows`."""
        compiled = self._compiler.statement(statement)
        return self._cursor.execute(compiled.sql, compiled.positional(parameters)).fetchall()

    def row(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> Row | None:
        """See `Transaction.row`."""
        compiled = self._compiler.statement(statement)
        return self._cursor.execute(compiled.sql, compiled.positional(parameters)).fetchone()

    def stream(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> Iterator[Row]:
        """See `Transaction.stream`."""
        compiled = self._compiler.statement(statement)
        yield from self._connection.execute(compiled.sql, compiled.positional(parameters))

    def run(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> int:
        """See `Transaction.run`."""
        compiled = self._compiler.statement(statement)
        before = self._connection.total_changes()
        self._cursor.execute(compiled.sql, compiled.positional(parameters)).fetchall()
        # The total counts rows that triggers wrote too; the other number does not, but is left alone where nothing changed.
        return self._connection.changes() if self._connection.total_changes() != before else 0

    def run_many(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """See `Transaction.run_many`."""
        compiled = self._compiler.statement(statement)
        if rows and not isinstance(rows[0], tuple):
            rows = [compiled.positional(row) for row in rows]
        self._cursor.executemany(compiled.sql, rows)

    def lookup(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, Row]:
        """See `Transaction.lookup`."""
        sql = self._compiler.lookup(lookup).sql
        execute = self._cursor.execute
        found: dict[Row, Row] = {}
        for key in keys:
            row = execute(sql, key).fetchone()
            if row is not None:
                found[key] = row
        return found

    def lookup_all(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, list[Row]]:
        """See `Transaction.lookup_all`."""
        sql = self._compiler.lookup(lookup).sql
        execute = self._cursor.execute
        found: dict[Row, list[Row]] = {}
        for key in keys:
            rows = execute(sql, key).fetchall()
            if rows:
                found[key] = rows
        return found

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See `Transaction.savepoint`."""
        self._cursor.execute("SAVEPOINT part")
        try:
            yield
        except BaseException as error:
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK TO part")
                self._cursor.execute("RELEASE part")
            if isinstance(error, apsw.Error):
                raise reported(error, self._location) from error
            raise
        self._cursor.execute("RELEASE part")

    def script(self, sql: str) -> None:
        """See `Transaction.script`."""
        self._cursor.execute(sql).fetchall()

    def announce(self) -> None:
        """See `Transaction.announce`."""
        self.announced = True


class _Writing:
    """The one writer's transaction as a context manager."""

    __slots__ = ("_database", "_wait")

    def __init__(self, database: "SqliteDatabase", *, wait: bool = True) -> None:
        self._database, self._wait = database, wait

    def __enter__(self) -> SqliteTransaction:
        return self._database._begin() if self._wait else self._database._begin_at_once()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database._end(error)


class _Reading:
    """A reader's snapshot as a context manager."""

    __slots__ = ("_database", "_reader")

    def __init__(self, database: "SqliteDatabase") -> None:
        self._database = database

    def __enter__(self) -> SqliteTransaction:
        self._reader = self._database._borrow()
        self._reader.script("BEGIN")
        return self._reader

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        reader, location = self._reader, self._database.location
        try:
            if reader._connection.in_transaction:
                reader._cursor.execute("ROLLBACK")
        except apsw.Error as failed:
            reader._connection.close(True)  # noqa: FBT003  apsw's own signature: force
            raise reported(failed, location) from failed
        self._database._give_back(reader)
        if isinstance(error, apsw.Error):
            raise reported(error, location) from error


class SqliteDatabase:
    """A SQLite file; see `Database`.

    Args:
        path: The file; made when missing.
        key_store: Whether deleted rows must also leave the write-ahead log at once (`scrub`).
    """

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, path: str, *, key_store: bool = False) -> None:
        self.location = str(path)
        self.key_store = key_store
        self._compiler = Compiler("sqlite")
        self._lock = threading.Lock()
        self._owner = 0
        self._readers: deque[SqliteTransaction] = deque()
        self._closed = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        self._writer = SqliteTransaction(self._connect(), self._compiler, self.location)

    def transaction(self) -> _Writing:
        """See `Database.transaction`."""
        return _Writing(self)

    def at_once(self) -> _Writing:
        """See `Database.at_once`."""
        return _Writing(self, wait=False)

    def snapshot(self) -> _Reading:
        """See `Database.snapshot`."""
        return _Reading(self)

    def reading(self) -> _Reading:
        """See `Database.reading`; a snapshot costs next to nothing here."""
        return _Reading(self)

    def lookup(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, Row]:
        """See `Database.lookup`."""
        return {key: rows[0] for key, rows in self.lookup_all(lookup, keys).items()}

    def lookup_all(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, list[Row]]:
        """See `Database.lookup_all`; the read of one key is a snapshot of its own."""
        if len(keys) != 1:
            with self.snapshot() as tx:
                return tx.lookup_all(lookup, keys)
        reader = self._borrow()
        try:
            found = reader.lookup_all(lookup, keys)
        except apsw.Error as error:
            reader._connection.close(True)  # noqa: FBT003  apsw's own signature: force
            raise reported(error, self.location) from error
        self._give_back(reader)
        return found

    def scrub(self) -> None:
        """Fold the write-ahead log into the file and cut it to nothing; waits for those who read it or fold it.

        Raises:
            Unavailable: Somebody reads for too long; the log still holds old bytes. Repeat it.
        """
        ends = monotonic() + BUSY_MILLISECONDS / 1000
        while not self._fold():
            if monotonic() > ends:
                raise Unavailable(
                    f"Somebody reads {self.location} for too long; bytes of deleted rows are still in its log.",
                    mend="Try again.",
                )
            self._closed.wait(_FOLDED_ELSEWHERE_SECONDS)

    def _fold(self) -> bool:
        """Cut the log to nothing; False where a reader kept it for all of the busy time, or another folds it now."""
        with self._lock:
            self._refuse_when_closed()
            try:
                ((busy, _, _),) = self._writer._connection.execute(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                ).fetchall()
            except apsw.Error as error:
                raise reported(error, self.location) from error
        return not busy

    def copy_to(self, path: str, progress: Callable[[int, int], None] | None = None) -> None:
        """See `Database.copy_to`; uses SQLite's online backup.

        It copies inside a snapshot: without one SQLite starts again at the first page after every commit, and a busy
        store would never be copied.
        """
        with self.snapshot() as source:
            source.script("SELECT 1 FROM sqlite_master LIMIT 1")  # a snapshot begins with its first read
            try:
                target = apsw.Connection(path)
                try:
                    with target.backup("main", source._connection, "main") as copying:
                        while not copying.done:
                            copying.step(_COPY_PAGES)
                            if progress is not None:
                                progress(copying.page_count - copying.remaining, copying.page_count)
                    target.execute("PRAGMA journal_mode=DELETE").fetchall()
                finally:
                    target.close()
            except apsw.Error as error:
                raise reported(error, path) from error

    def listen(self, listener: Callable[[], None]) -> None:
        """See `Database.listen`."""
        self._listeners.append(listener)

    def close(self) -> None:
        """See `Database.close`."""
        with self._lock:
            self._closed.set()
            while True:
                try:
                    self._readers.pop()._connection.close()
                except IndexError:
                    break
            self._writer._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connect(self) -> apsw.Connection:
        try:
            connection = apsw.Connection(self.location)
            connection.set_busy_timeout(BUSY_MILLISECONDS)
            # Else a range is planned anew for each value bound to it, which costs more than reading it.
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "secure_delete=ON",
                "foreign_keys=ON",
                "trusted_schema=OFF",
                f"cache_size=-{_CACHE_KIBIBYTES}",
                "temp_store=MEMORY",
                f"journal_size_limit={_LOG_LIMIT_BYTES}",
            ):
                connection.execute(f"PRAGMA {pragma}").fetchall()
        except apsw.Error as error:
            raise reported(error, self.location) from error
        return connection

    def _begin(self) -> SqliteTransaction:
        me = threading.get_ident()
        if self._owner == me:
            msg = "A transaction is open in this thread already; pass it on instead of opening a second one."
            raise RuntimeError(msg)
        self._lock.acquire()
        return self._begin_locked(me)

    def _begin_at_once(self) -> SqliteTransaction:
        """Begin, unless another thread or another process writes.

        Raises:
            Busy: One does.
        """
        if not self._lock.acquire(blocking=False):
            raise Busy(f"{self.location} is being written.", mend="Wait for it in a thread.")
        connection = self._writer._connection
        connection.set_busy_timeout(0)
        try:
            return self._begin_locked(threading.get_ident())
        except Unavailable as error:
            if isinstance(error.__cause__, apsw.BusyError | apsw.LockedError):
                raise Busy(f"{self.location} is being written.", mend="Wait for it in a thread.") from error
            raise
        finally:
            connection.set_busy_timeout(BUSY_MILLISECONDS)

    def _begin_locked(self, me: int) -> SqliteTransaction:
        """Begin; the lock is held, and let go when it fails."""
        try:
            self._refuse_when_closed()
            self._writer._cursor.execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            self._lock.release()
            raise reported(error, self.location) from error
        except BaseException:
            self._lock.release()
            raise
        self._owner = me
        self._writer.announced = False
        return self._writer

    def _end(self, error: BaseException | None) -> None:
        told = self._listeners if error is None and self._writer.announced else ()
        try:
            if error is None:
                self._writer._cursor.execute("COMMIT")
            else:
                self._roll_back()
        except apsw.Error as failed:
            self._roll_back()
            raise reported(failed, self.location) from failed
        finally:
            self._owner = 0
            self._lock.release()
        for listener in told:
            listener()
        if isinstance(error, apsw.Error):
            raise reported(error, self.location) from error

    def _roll_back(self) -> None:
        """Undo; a connection that cannot even do that is replaced, so that the next transaction works again."""
        connection = self._writer._connection
        if not connection.in_transaction:
            return
        try:
            connection.execute("ROLLBACK")
        except apsw.Error:
            connection.close(True)  # noqa: FBT003  apsw's own signature: force
            self._writer = SqliteTransaction(self._connect(), self._compiler, self.location)

    def _refuse_when_closed(self) -> None:
        if self._closed.is_set():
            raise Unavailable(f"{self.location} is closed.", mend="Open it again.")

    def _borrow(self) -> SqliteTransaction:
        self._refuse_when_closed()
        try:
            return self._readers.pop()
        except IndexError:
            connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
            connection.execute(f"PRAGMA cache_size=-{_READER_CACHE_KIBIBYTES}").fetchall()
            return SqliteTransaction(connection, self._compiler, self.location)

    def _give_back(self, reader: SqliteTransaction) -> None:
        if self._closed.is_set():
            reader._connection.close()
        else:
            self._readers.append(reader)
