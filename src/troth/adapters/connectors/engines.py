"""Other databases through SQLAlchemy Core: one pool each, statements that end in time, reads that cannot write.

Every statement is a construct with bound values, every name is quoted; nothing from a data-set file or a row becomes SQL text.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from troth.kernel import InvalidInput, TrothError, Unavailable

POOL_SIZE = 4
WAIT_SECONDS = 10
STATEMENT_SECONDS = 30
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_MYSQL_SESSION = (
    f"SET SESSION innodb_lock_wait_timeout = {STATEMENT_SECONDS},"
    " sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"  # what does not fit is an error, and not cut
)
_MYSQL_CLIENT = range(2000, 3000)
_MYSQL_TRIED_AGAIN = frozenset(
    {
        *(1040, 1203, 1226),  # too many connections
        *(1042, 1043, 1044, 1045, 1049, 1129, 1130, 1698),  # no way in, or no such database
        *(1053, 1077, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 4031),  # ended meanwhile
        *(1205, 1213, 1317, 1969, 3024),  # a lock, a deadlock, or too long
        *(1290, 1792, 1836),  # it only reads for now
    }
)
"""Numbers of the server's errors after which trying again may help."""
_OPS_BETWEEN_LOOKS = 100_000
WRITES = "troth_writes"


class Lost(Unavailable):
    """A database cannot be reached, or ended a statement that took too long."""

    code = "database-down"


class Rejected(Unavailable):
    """A database refused a change; nothing was changed."""

    code = "database-rejected"


def open_engine(url: str) -> Engine:
    """An engine with a pool of its own; connects when it is first used.

    Args:
        url: As SQLAlchemy reads it: `postgresql://`, `mysql://`, `mariadb://`, `sqlite:///`.

    Raises:
        InvalidInput: It is no such URL, or its driver is not installed.
    """
    made = _with_driver(url)
    options: dict[str, Any] = {"pool_pre_ping": True}
    kind = made.get_backend_name()
    if kind == "sqlite":
        options["connect_args"] = {"timeout": WAIT_SECONDS, "check_same_thread": False}
    if not (kind == "sqlite" and made.database in (None, "", ":memory:")):
        options |= {"pool_size": POOL_SIZE, "max_overflow": 0, "pool_timeout": WAIT_SECONDS}
        options["poolclass"] = sa.pool.QueuePool
    if kind == "postgresql":
        milliseconds = STATEMENT_SECONDS * 1000
        options["connect_args"] = {
            "connect_timeout": WAIT_SECONDS,
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
            f" -c idle_in_transaction_session_timeout={milliseconds * 4}",
        }
    elif kind in ("mysql", "mariadb"):
        options["connect_args"] = {
            "connect_timeout": WAIT_SECONDS,
            "read_timeout": STATEMENT_SECONDS,
            "init_command": _MYSQL_SESSION,
        }
    try:
        engine = sa.create_engine(made, hide_parameters=True, **options)
    except ImportError as error:
        raise InvalidInput(
            f"The driver for {kind} is not installed.", mend=f"Install it: pip install {_package(kind)}."
        ) from error
    if kind == "sqlite":
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _with_driver(url: str) -> URL:
    try:
        made = make_url(url)
        made = made.set(drivername=_DRIVERS.get(made.drivername, made.drivername))
        made.get_dialect()
    except ImportError as error:
        raise InvalidInput(
            "The driver for the database's URL is not installed.", field="url", mend="Install it with pip."
        ) from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise InvalidInput(
            "The database's URL cannot be read.",
            field="url",
            mend="Write it like postgresql://user:password@host:5432/name.",
        ) from error
    return made


def _package(kind: str) -> str:
    return {
        "postgresql": "'troth[postgres]'",
        "mysql": "'troth[mariadb]'",
        "mariadb": "'troth[mariadb]'",
    }.get(kind, kind)


def _sqlite_connected(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver shall not begin by itself
    connection.execute("PRAGMA foreign_keys = ON")


def _sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    raw: Any = connection.connection.driver_connection
    end = time.monotonic() + STATEMENT_SECONDS
    raw.set_progress_handler(lambda: int(time.monotonic() > end), _OPS_BETWEEN_LOOKS)
    raw.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    raw.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine, name: str) -> Iterator[Connection]:
    """A transaction that sees one moment and changes nothing.

    Args:
        engine: The database.
        name: What it is called in errors.

    Raises:
        Lost: It cannot be reached or takes too long.
    """
    kind = engine.dialect.name
    options: dict[str, Any] = {}
    if kind == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _told(name), engine.connect().execution_options(**options) as connection:
        if kind in ("mysql", "mariadb"):
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        with connection.begin() if not connection.in_transaction() else _already():
            yield connection
        connection.rollback()


@contextmanager
def writing(engine: Engine, name: str) -> Iterator[Connection]:
    """A transaction that is wholly done or not at all.

    Raises:
        Lost: It cannot be reached or takes too long; whether it was done is not known if that was at its end.
        Rejected: The database refused the change; nothing of it was done.
    """
    options: dict[str, Any] = {WRITES: True}
    if engine.dialect.name in ("mysql", "mariadb"):
        options["isolation_level"] = (
            "READ COMMITTED"  # so that looking again sees what others committed meanwhile
        )
    with _told(name), engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def _already() -> Iterator[None]:
    yield


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Errors of the driver as ours; their own text may repeat values."""
    try:
        yield
    except SQLAlchemyError as error:
        raise told(error, name) from error


def _lost(error: DBAPIError) -> bool:
    """Whether trying again may help: MySQL's driver calls a broken rule of a table an operational error, too."""
    if error.connection_invalidated:
        return True
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    if isinstance(error, sa.exc.OperationalError) and isinstance(code, int):
        return code in _MYSQL_TRIED_AGAIN or code in _MYSQL_CLIENT
    return isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError))


def told(error: SQLAlchemyError, name: str) -> TrothError:
    """What an error of the driver means; its own text is not repeated, for it may hold values."""
    if isinstance(error, DBAPIError):
        reason = type(error.orig).__name__
        if not _lost(error):
            return Rejected(
                f"The database of {name} refused ({reason}); nothing of it was changed.",
                mend=f"Run `troth connector check {name}`.",
            )
        return Lost(
            f"The database of {name} cannot be reached or took too long ({reason}).",
            mend="It is tried again by itself.",
        )
    if isinstance(error, PoolTimeout):
        return Lost(f"All connections to {name} are busy.", mend="It is tried again by itself.")
    return Rejected(
        f"The database of {name} cannot be read ({type(error).__name__}).",
        mend=f"Run `troth connector check {name}`.",
    )
