"""Schema migrations: one history for the data database, one for the key store, each on both engines.

A change of a room's tables comes with a file `NNNN_words.py` in `migrations/<history>/versions` that makes it and takes
it back, and with its number in `REVISIONS`. `tests/storage/test_migrations.py` fails until both are there, and prints a
draft of what is missing. A file that was released is never edited.

The histories are Alembic's, in `migrations/data` and `migrations/keys`. A migration runs in one transaction with the note
of its revision: it happened, or nothing did. Alembic is imported only when there is something to migrate.

Alembic works through SQLAlchemy's own driver. SQLite locks a file for a whole process, and two copies of SQLite in one
process undo each other's locks: no `Database` of this process may have the file open meanwhile.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Column, MetaData, Table, Text, column, func, select, table

from troth.kernel import Conflict, InvalidInput, NotFound, Unavailable
from troth.storage.database import Database, open_database
from troth.storage.statements import Statement

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection, Engine

History = Literal["data", "keys"]

REVISIONS: Mapping[History, tuple[str, ...]] = {
    "data": (
        "0001",
        "0002",
        "0003",
        "0004",
        "0005",
        "0006",
        "0007",
        "0008",
        "0009",
        "0010",
        "0011",
        "0012",
        "0013",
        "0014",
        "0015",
        "0016",
        "0017",
        "0018",
        "0019",
        "0020",
        "0021",
        "0022",
        "0023",
        "0024",
        "0025",
        "0026",
        "0027",
        "0028",
        "0029",
        "0030",
        "0031",
        "0032",
        "0033",
        "0034",
        "0035",
        "0036",
        "0037",
        "0038",
        "0039",
        "0040",
        "0041",
        "0042",
        "0043",
        "0044",
        "0045",
        "0046",
        "0047",
    ),
    "keys": ("0001", "0002", "0003"),
}
"""Revisions that this version knows, oldest first; a constant, so that opening a store needs no Alembic."""

HEADS: Mapping[History, str] = {history: known[-1] for history, known in REVISIONS.items()}
"""The revision that this version works with."""

FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x74726F7468  # of PostgreSQL's advisory locks; any number that all versions of Troth agree on
_WAIT_SECONDS = 15.0


def version_table(history: History) -> str:
    """Name of the table that notes the revision; each history has its own, so that stores cannot be mixed up."""
    return f"schema_revision_{history}"


def _is_there(history: History) -> Statement:
    def build(dialect: str) -> Any:
        if dialect == "sqlite":
            return select(column("name")).select_from(table("sqlite_master")).where(column("name") == name)
        listed: Any = select(column("tablename")).select_from(table("pg_tables"))
        return listed.where(column("tablename") == name, column("schemaname") == func.current_schema())

    name = version_table(history)
    return Statement(build)


def _noted(history: History) -> Statement:
    noted = Table(version_table(history), MetaData(), Column("version_num", Text))
    return Statement(select(noted.c.version_num))


_THERE: Mapping[History, Statement] = {"data": _is_there("data"), "keys": _is_there("keys")}
_NOTED: Mapping[History, Statement] = {"data": _noted("data"), "keys": _noted("keys")}


def revision(database: Database, *, key_store: bool = False) -> str | None:
    """The revision of an open store, or None when it holds no schema of this history."""
    history = _history(key_store=key_store)
    with database.snapshot() as tx:
        if tx.row(_THERE[history]) is None:
            return None
        row = tx.row(_NOTED[history])
    return None if row is None else str(row[0])


def open_current(url: str, *, key_store: bool = False) -> Database:
    """Open a store whose schema is the one that this version works with.

    Args:
        url: A path of a SQLite file, or a `postgresql://` URL.
        key_store: Whether it holds keys.

    Raises:
        NotFound: There is no such file; none was made.
        Conflict: It has no schema of this kind, or that of an earlier or later version; nothing was changed.
        Unavailable: It cannot be opened.
    """
    if "://" not in url and not Path(url).exists():
        raise NotFound(
            f"{url} does not exist.",
            mend="Check the settings [data] and [keys], or restore it from its backup with `troth restore`.",
        )
    database = open_database(url, key_store=key_store)
    try:
        _refuse_unless_current(database, _history(key_store=key_store))
    except BaseException:
        database.close()
        raise
    return database


def migrate(url: str, *, key_store: bool, to: str = "head") -> None:
    """Bring a store's schema up to a revision; an empty one gets all its tables.

    Args:
        url: A path of a SQLite file (made when missing), or a `postgresql://` URL. No `Database` of this process may
            have the file open.
        key_store: Whether it holds keys.
        to: A revision, or "head" for the latest.

    Raises:
        Conflict: The store was made by a later version of Troth; nothing was changed.
        InvalidInput: There is no such revision.
        Unavailable: It cannot be opened or does not take the change; nothing was changed.
    """
    _walk(url, _history(key_store=key_store), to, lambda script, rev, goal: script._upgrade_revs(goal, rev))


def downgrade(url: str, *, key_store: bool, to: str = "base") -> None:
    """Take a store's schema back to a revision; whatever the later ones added is lost.

    Args:
        url: As for `migrate`.
        key_store: Whether it holds keys.
        to: A revision, or "base" for an empty store.

    Raises:
        Conflict: The store was made by a later version of Troth; nothing was changed.
        InvalidInput: There is no such revision.
        Unavailable: It cannot be opened or does not take the change; nothing was changed.
    """
    _walk(url, _history(key_store=key_store), to, lambda script, rev, goal: script._downgrade_revs(goal, rev))


def script_directory(history: History) -> "ScriptDirectory":
    """Alembic's view of a history."""
    from alembic.script import ScriptDirectory

    folder = FOLDER / history
    return ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])


@contextmanager
def connected(url: str) -> "Iterator[Connection]":
    """A connection of SQLAlchemy's own in one write transaction, alone among those who migrate.

    Raises:
        Unavailable: The store cannot be opened or does not take the change; nothing was changed.
    """
    from sqlalchemy.exc import DBAPIError

    engine = _engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield connection
    except DBAPIError as error:
        reason = type(error.orig).__name__
        raise Unavailable(
            f"The schema of {engine.url.render_as_string()} could not be changed ({reason}); it is as it was.",
            mend="Check that the place can be written and that no other process uses it, then try again.",
        ) from error
    finally:
        engine.dispose()


def _walk(url: str, history: History, to: str, steps: "Callable[[ScriptDirectory, Any, str], Any]") -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    if to not in {*REVISIONS[history], "head", "base"}:
        raise InvalidInput(
            f"There is no schema revision {to[:64]!r}.",
            field="to",
            mend=f"Use one of {', '.join(REVISIONS[history])}.",
        )
    script = script_directory(history)
    walk = EnvironmentContext(Config(), script, fn=lambda rev, _: steps(script, rev, to), destination_rev=to)
    with connected(url) as connection, walk:
        walk.configure(connection=connection, version_table=version_table(history), transactional_ddl=True)
        found = walk.get_context().get_current_revision()
        if found is not None and found not in REVISIONS[history]:
            raise _unfit(connection.engine.url.render_as_string(), history, found)
        walk.run_migrations()


def _engine(url: str) -> "Engine":
    from sqlalchemy import create_engine, event
    from sqlalchemy.engine import URL, make_url
    from sqlalchemy.pool import NullPool

    if url.startswith(("postgresql://", "postgres://")):
        return create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    place = URL.create("sqlite+pysqlite", database=url)
    engine = create_engine(place, poolclass=NullPool, connect_args={"timeout": _WAIT_SECONDS})

    def connect(connection: Any, _record: object) -> None:
        # The driver's own transactions leave schema changes out, so it is told to make none.
        connection.isolation_level = None
        connection.execute("PRAGMA secure_delete=ON")

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _history(*, key_store: bool) -> History:
    return "keys" if key_store else "data"


def _refuse_unless_current(database: Database, history: History) -> None:
    found = revision(database, key_store=history == "keys")
    if found != HEADS[history]:
        raise _unfit(database.location, history, found)


def _unfit(place: str, history: History, found: str | None) -> Conflict:
    if found is None:
        noun = "key store" if history == "keys" else "data database"
        return Conflict(
            f"{place} is not a {noun} of Troth.",
            mend="Check the settings [data] and [keys]; `troth init` makes a new folder.",
        )
    if found in REVISIONS[history]:
        return Conflict(
            f"{place} has schema revision {found}, earlier than {HEADS[history]}, with which this version works.",
            mend="Back it up, then run `troth migrate up`; nothing was changed.",
        )
    return Conflict(
        f"{place} has schema revision {found}, later than {HEADS[history]}, the latest this version of Troth knows.",
        mend="Install the version of Troth that made it, or a later one; nothing was changed.",
    )
