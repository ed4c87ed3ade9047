"""PostgreSQL through psycopg 3: a pool of connections, prepared statements, arrays for batches of keys.

A server that restarts or ends a connection says so on the socket before it closes it. A connection about to be used is
therefore looked at (a microsecond), and asked only when something is there to read: a lost one is replaced before
anybody notices, and a sound one costs no round trip.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from select import POLLIN, poll
from types import TracebackType
from typing import Literal, Self

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from troth.kernel import InvalidInput, TrothError, Unavailable
from troth.storage.database import NO_PARAMETERS, Busy, GaveWay, KeyTaken, Row
from troth.storage.statements import Compiler, Lookup, Parameters, Statement

POOL_SIZE = 16
WAIT_SECONDS = 10.0
AWAY_SECONDS = 1.0
"""How long to wait for a connection while the server is known to be away: whoever asks then hears it soon."""
_ATTEMPT_SECONDS = 4.0
_PREPARED = 1_000
"""Statements that a connection keeps prepared. Troth has some hundreds; with the driver's 100 each request prepared most anew."""
# For a peer that vanishes without a word; a URL may say otherwise.
_PATIENCE = {"connect_timeout": "5", "keepalives_idle": "30", "tcp_user_timeout": "20000"}


def reported(error: psycopg.Error, location: str) -> TrothError:
    """The error to show for an engine's error."""
    if isinstance(error, psycopg.errors.UniqueViolation):
        return KeyTaken("A row with this key exists already.", mend="Read it and decide what to change.")
    if isinstance(error, psycopg.errors.DiskFull):
        return Unavailable(f"The disk of {location} is full; nothing was stored.", mend="Free some space.")
    if isinstance(error, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected):
        return GaveWay(f"{location} gave way to another transaction; nothing was stored.", mend="Try again.")
    if isinstance(error, psycopg.DataError):
        return InvalidInput(
            f"{location} cannot keep a value ({type(error).__name__}); nothing was stored.",
            mend="Leave out characters that show nothing, and keep numbers within 64 bits.",
        )
    reason = type(error).__name__
    return Unavailable(
        f"{location} cannot be reached or refused work ({reason}); nothing was stored.",
        mend="Check the server; Troth connects again by itself.",
    )


def _unsure(location: str) -> Unavailable:
    """The error when the answer to a commit was lost."""
    return Unavailable(
        f"The connection to {location} was lost at the commit; whether it was stored is not known.",
        mend="Look whether it is there before you send it again; Troth connects again by itself.",
    )


def _shown(url: str) -> str:
    """A URL without account, password and options."""
    scheme, _, rest = url.partition("://")
    place = rest.partition("?")[0]
    return f"{scheme}://{place.rpartition('@')[2]}"


def _is_lost(connection: "psycopg.Connection[Row]") -> bool:
    """Whether the server has ended a connection."""
    watched = poll()
    watched.register(connection.fileno(), POLLIN)
    if not watched.poll(0):
        return False
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.OperationalError:
        return True
    return False


def _configure(connection: "psycopg.Connection[Row]") -> None:
    """Prepare a new connection of the pool."""
    connection.prepared_max = _PREPARED
    # Whatever the server's default: locks are taken and triggers look in the belief that each statement sees what committed before.
    connection.isolation_level = IsolationLevel.READ_COMMITTED


def _turn(connection: "psycopg.Connection[Row]", *, snapshot: bool, single: bool) -> None:
    """Set what the next BEGIN of an idle connection says, or that there is none; costs no round trip."""
    if connection.autocommit is not single:
        connection.autocommit = single
    if bool(connection.read_only) is not snapshot:
        connection.read_only = snapshot or None
        connection.isolation_level = (
            IsolationLevel.REPEATABLE_READ if snapshot else IsolationLevel.READ_COMMITTED
        )


class PostgresTransaction:
    """Statements on one connection; see `Transaction`."""

    __slots__ = ("_compiler", "_cursor", "_location", "_looks", "announced")

    def __init__(
        self, connection: psycopg.Connection[Row], compiler: Compiler, location: str, *, looks: bool = False
    ) -> None:
        self.announced = False
        self._looks = looks
        self._compiler = compiler
        self._location = location
        self._cursor = connection.cursor()

    def rows(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> list[Row]:
        """See `Transaction.rows`."""
        compiled = self._compiler.statement(statement)
        return self._cursor.execute(compiled.sql, compiled.positional(parameters), prepare=True).fetchall()

    def row(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> Row | None:
        """See `Transaction.row`."""
        compiled = self._compiler.statement(statement)
        return self._cursor.execute(compiled.sql, compiled.positional(parameters), prepare=True).fetchone()

    def stream(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> Iterator[Row]:
        """See `Transaction.stream`; a server-side cursor, so memory stays flat."""
        compiled = self._compiler.statement(statement)
        with self._cursor.connection.cursor(name="troth_stream") as cursor:
            cursor.itersize = 2_000
            cursor.execute(compiled.sql, compiled.positional(parameters))
            yield from cursor

    def run(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> int:
        """See `Transaction.run`."""
        self._check_writes()
        compiled = self._compiler.statement(statement)
        self._cursor.execute(compiled.sql, compiled.positional(parameters), prepare=True)
        return max(self._cursor.rowcount, 0)

    def run_many(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """See `Transaction.run_many`."""
        self._check_writes()
        if not rows:
            return
        compiled = self._compiler.statement(statement)
        if len(rows) == 1:  # a pipeline for one row costs twice as much
            self._cursor.execute(compiled.sql, compiled.positional(rows[0]), prepare=True)
            return
        self._cursor.executemany(compiled.sql, [compiled.positional(row) for row in rows])

    def lookup(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, Row]:
        """See `Transaction.lookup`."""
        width = len(lookup.by)
        return {row[:width]: row[width:] for row in self._joined(lookup, keys)}

    def lookup_all(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, list[Row]]:
        """See `Transaction.lookup_all`."""
        width = len(lookup.by)
        found: dict[Row, list[Row]] = {}
        for row in self._joined(lookup, keys):
            found.setdefault(row[:width], []).append(row[width:])
        return found

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See `Transaction.savepoint`."""
        try:
            with self._cursor.connection.transaction():
                yield
        except psycopg.Error as error:
            raise reported(error, self._location) from error

    def script(self, sql: str) -> None:
        """See `Transaction.script`."""
        self._cursor.execute(sql)

    def announce(self) -> None:
        """See `Transaction.announce`."""
        self.announced = True

    def _check_writes(self) -> None:
        """Without a BEGIN the server would not refuse a write in a look."""
        if self._looks:
            msg = "A look changes nothing; open a transaction."
            raise RuntimeError(msg)

    def _joined(self, lookup: Lookup, keys: Sequence[Row]) -> list[Row]:
        if not keys:
            return []
        columns = [list(column) for column in zip(*dict.fromkeys(keys), strict=True)]
        sql = self._compiler.lookup(lookup).sql
        return self._cursor.execute(sql, columns, prepare=True).fetchall()


class _Borrowed:
    """A pooled connection's transaction as a context manager."""

    __slots__ = ("_connection", "_database", "_read_only", "_single", "_transaction")

    def __init__(self, database: "PostgresDatabase", *, read_only: bool, single: bool = False) -> None:
        self._database = database
        self._read_only = read_only
        self._single = single

    def __enter__(self) -> PostgresTransaction:
        database = self._database
        try:
            self._connection = database._sound_connection()
        except (psycopg.Error, PoolTimeout) as error:
            database._away = True
            raise Unavailable(
                f"{database.location} cannot be reached; nothing was stored.",
                mend="Check the server; Troth connects again by itself.",
            ) from error
        _turn(self._connection, snapshot=self._read_only, single=self._single)
        self._transaction = PostgresTransaction(
            self._connection, database._compiler, database.location, looks=self._single
        )
        return self._transaction

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        database, connection = self._database, self._connection
        try:
            if self._single:
                pass
            elif (
                error is None
            ):  # a snapshot too: after a ROLLBACK the driver forgets all that it has prepared
                connection.commit()
            elif not connection.closed:
                connection.rollback()
        except psycopg.Error as failed:
            if error is None and connection.closed and not self._read_only:
                raise _unsure(database.location) from failed
            raise reported(failed, database.location) from failed
        finally:
            database._pool.putconn(connection)
        if error is None and self._transaction.announced:
            for listener in database._listeners:
                listener()
        if isinstance(error, psycopg.Error):
            raise reported(error, database.location) from error


class PostgresDatabase:
    """A PostgreSQL database; see `Database`.

    Args:
        url: `postgresql://user:password@host:port/name`, as libpq reads it.
    """

    dialect: Literal["postgresql"] = "postgresql"

    def __init__(self, url: str) -> None:
        self.location = _shown(url)
        self._compiler = Compiler("postgresql")
        self._away = False
        self._listeners: list[Callable[[], None]] = []
        try:
            conninfo = make_conninfo("", **{**_PATIENCE, **conninfo_to_dict(url)})
        except psycopg.ProgrammingError as error:
            raise InvalidInput(
                f"{self.location} is not a URL of PostgreSQL.",
                mend="Write it like postgresql://user:password@host:5432/name.",
            ) from error
        self._pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
            conninfo,
            min_size=1,
            max_size=POOL_SIZE,
            configure=_configure,
            open=False,
            timeout=WAIT_SECONDS,
            # The pool waits twice as long after each attempt; given up soon, whoever asks next begins anew.
            reconnect_timeout=_ATTEMPT_SECONDS,
        )
        try:
            self._pool.open(wait=True, timeout=WAIT_SECONDS)
        except PoolTimeout as error:
            self._pool.close()
            raise Unavailable(
                f"{self.location} cannot be reached.", mend="Check the URL and that the server is up."
            ) from error

    def transaction(self) -> _Borrowed:
        """See `Database.transaction`."""
        return _Borrowed(self, read_only=False)

    def at_once(self) -> _Borrowed:
        """See `Database.at_once`.

        Raises:
            Busy: Always: a server is asked over a connection.
        """
        raise Busy(f"{self.location} is another process.", mend="Wait for it in a thread.")

    def snapshot(self) -> _Borrowed:
        """See `Database.snapshot`."""
        return _Borrowed(self, read_only=True)

    def reading(self) -> _Borrowed:
        """See `Database.reading`."""
        return _Borrowed(self, read_only=True, single=True)

    def lookup(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, Row]:
        """See `Database.lookup`."""
        with self.reading() as tx:
            return tx.lookup(lookup, keys)

    def lookup_all(self, lookup: Lookup, keys: Sequence[Row]) -> dict[Row, list[Row]]:
        """See `Database.lookup_all`."""
        with self.reading() as tx:
            return tx.lookup_all(lookup, keys)

    def scrub(self) -> None:
        """Nothing to do here: PostgreSQL's dead rows go with its own vacuum."""

    def copy_to(self, path: str, progress: Callable[[int, int], None] | None = None) -> None:  # noqa: ARG002
        """Not offered: PostgreSQL has `pg_dump`, which `troth backup` names.

        Raises:
            Unavailable: Always; the message says what to run.
        """
        raise Unavailable(f"{self.location} is not a file.", mend="Back it up with pg_dump.")

    def listen(self, listener: Callable[[], None]) -> None:
        """See `Database.listen`."""
        self._listeners.append(listener)

    def close(self) -> None:
        """See `Database.close`."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sound_connection(self) -> psycopg.Connection[Row]:
        """A connection that works. The pool's own check would wait a second and more after each lost one."""
        while True:
            connection = self._pool.getconn(min(AWAY_SECONDS, WAIT_SECONDS) if self._away else WAIT_SECONDS)
            if not _is_lost(connection):
                self._away = False
                return connection
            connection.close()
            self._pool.putconn(connection)
