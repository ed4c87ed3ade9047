"""The schema histories lead to exactly the tables that the rooms declare, on both engines, and back."""

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import get_args

import apsw
import psycopg
import pytest
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, bindparam, column, insert, table, update

from tests.support import postgres
from troth.kernel import Conflict, InvalidInput, NotFound, TrothError, Unavailable
from troth.storage import Statement, create_all, data_tables, key_tables, open_database
from troth.storage.migration import (
    FOLDER,
    HEADS,
    REVISIONS,
    History,
    connected,
    downgrade,
    migrate,
    open_current,
    revision,
    script_directory,
    version_table,
)

pytestmark = pytest.mark.migrations
HISTORIES: tuple[History, ...] = get_args(History)
METADATA: dict[History, MetaData] = {"data": data_tables, "keys": key_tables}
Places = Callable[[str], str]


@pytest.fixture
def places(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Places]:
    """Makes empty places for stores on the engine, by name."""
    if engine == "sqlite":
        yield lambda name: str(tmp_path / f"{name}.db")
        return
    server, worker = (request.getfixturevalue(name) for name in ("postgres_server", "worker_name"))
    made: list[str] = []

    def make(name: str) -> str:
        made.append(f"{worker}_{name}")
        postgres.create_database(server, made[-1])
        return postgres.renamed(server, made[-1])

    yield make
    for name in made:
        postgres.drop_database(server, name)


def schema(place: str) -> set[tuple[str, ...]]:
    """Everything that a store's schema holds, save the note of its revision, as the engine tells it."""
    if place.startswith("postgresql"):
        with psycopg.connect(place) as connection:
            rows = connection.execute(
                # counted anew: a dropped column leaves a gap in PostgreSQL's own numbers
                "SELECT table_name, row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position)::text,"
                " column_name, data_type, is_nullable, coalesce(column_default, '')"
                " FROM information_schema.columns WHERE table_schema = 'public'"
                " UNION ALL SELECT tablename, '', indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'"
                " UNION ALL SELECT conrelid::regclass::text, '', conname, pg_get_constraintdef(oid), '', ''"
                " FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
                " UNION ALL SELECT tgrelid::regclass::text, '', tgname, pg_get_triggerdef(oid), '', ''"
                " FROM pg_trigger WHERE NOT tgisinternal"
                " UNION ALL SELECT 'functions', '', proname, pg_get_functiondef(oid), '', ''"
                " FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            ).fetchall()
    else:
        with closing(apsw.Connection(place)) as file:
            rows = [
                (name, kind, re.sub(r"[\s\"]+", " ", sql or ""))
                for name, kind, sql in file.execute("SELECT tbl_name, type, sql FROM sqlite_master")
            ]
    return {row for row in rows if not row[0].startswith("schema_revision_")}


@pytest.fixture(params=HISTORIES)
def history(request: pytest.FixtureRequest, every_table: None) -> History:
    """Each history in turn, with every room's tables declared."""
    chosen: History = request.param
    return chosen


def test_upgrade_leads_to_the_declared_tables(places: Places, history: History) -> None:
    """A migrated store has the very schema that the declared tables make: nothing missing, nothing left over."""
    declared, migrated = places("declared"), places("migrated")
    with closing(open_database(declared)) as database:
        create_all(database, METADATA[history])
    migrate(migrated, key_store=history == "keys")
    with connected(migrated) as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": version_table(history), "compare_type": True}
        )
        missing = produce_migrations(context, METADATA[history])
    # A migration that is missing is told as a draft of it; see the head of migration.py.
    assert missing.upgrade_ops is None or missing.upgrade_ops.is_empty(), render_python_code(
        missing.upgrade_ops
    )
    assert schema(migrated) == schema(declared)


def test_downgrade_leaves_nothing_and_upgrade_works_again(places: Places, history: History) -> None:
    """Down to base the store is empty; up again it is as before. Each step may be repeated without harm."""
    place, key_store = places("store"), history == "keys"
    migrate(place, key_store=key_store)
    before = schema(place)
    assert before
    for _ in range(2):
        downgrade(place, key_store=key_store)
        assert schema(place) == set()
    with closing(open_database(place)) as database:
        assert revision(database, key_store=key_store) is None
    for _ in range(2):
        migrate(place, key_store=key_store)
        assert schema(place) == before


def test_every_step_goes_both_ways(places: Places, history: History) -> None:
    """From each revision to the one before and back the schema is the same again."""
    place, key_store = places("store"), history == "keys"
    earlier = "base"
    for known in REVISIONS[history]:
        migrate(place, key_store=key_store, to=known)
        there = schema(place)
        downgrade(place, key_store=key_store, to=earlier)
        migrate(place, key_store=key_store, to=known)
        assert schema(place) == there
        earlier = known


def test_revision_is_told(places: Places, history: History) -> None:
    """An empty store has no revision; a migrated one has the head."""
    place, key_store = places("store"), history == "keys"
    with closing(open_database(place)) as database:
        assert revision(database, key_store=key_store) is None
    migrate(place, key_store=key_store)
    with closing(open_database(place)) as database:
        assert revision(database, key_store=key_store) == HEADS[history]
        assert revision(database, key_store=not key_store) is None


def note(place: str, history: History, text: str) -> None:
    """Note a revision in a store by hand."""
    noted = table(version_table(history), column("version_num"))
    with closing(open_database(place)) as database, database.transaction() as tx:
        assert tx.run(Statement(update(noted).values(version_num=bindparam("new"))), {"new": text}) == 1


def test_a_later_store_is_refused(places: Places, history: History) -> None:
    """A store that a later version made is neither opened nor touched, and the message says what to install."""
    place, key_store = places("store"), history == "keys"
    migrate(place, key_store=key_store)
    note(place, history, "9999")
    before = schema(place)
    for attempt in (open_current, migrate, downgrade):
        with pytest.raises(Conflict, match="9999") as caught:
            attempt(place, key_store=key_store)
        assert "Install the version of Troth that made it" in caught.value.mend
        assert "nothing was changed" in caught.value.mend
    assert schema(place) == before
    note(place, history, HEADS[history])
    open_current(place, key_store=key_store).close()


def test_an_earlier_store_is_refused_until_it_is_migrated(
    places: Places, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that an earlier version made is not opened as it is; the message says how to bring it up."""
    place, key_store = places("store"), history == "keys"
    migrate(place, key_store=key_store)
    monkeypatch.setitem(HEADS, history, "0999")
    with pytest.raises(Conflict, match="earlier than 0999") as caught:
        open_current(place, key_store=key_store)
    assert "troth migrate up" in caught.value.mend


def test_mixed_up_stores_are_refused(places: Places, history: History) -> None:
    """A key store is not opened as a data database, nor the other way round, nor an empty place as either."""
    place, key_store = places("store"), history == "keys"
    if "://" not in place:
        with pytest.raises(NotFound, match="does not exist"):
            open_current(place, key_store=key_store)
        Path(place).touch(exist_ok=False)  # opening made no file
    with pytest.raises(Conflict, match="is not a"):
        open_current(place, key_store=key_store)
    migrate(place, key_store=key_store)
    with pytest.raises(Conflict, match="is not a"):
        open_current(place, key_store=not key_store)
    with closing(open_current(place, key_store=key_store)) as database:
        assert revision(database, key_store=key_store) == HEADS[history]


def test_unknown_revision_is_refused(places: Places) -> None:
    """A revision that no history has is named in the refusal."""
    place = places("store")
    for walk in (migrate, downgrade):
        with pytest.raises(InvalidInput, match="'0000'"):
            walk(place, key_store=False, to="0000")


def test_a_migration_that_fails_changes_nothing(places: Places, history: History) -> None:
    """When a table is in the way, the tables made before it are gone again and the revision is not noted."""
    place, key_store = places("store"), history == "keys"
    last = METADATA[history].sorted_tables[-1]
    obstacle = MetaData()
    last.to_metadata(obstacle)
    with closing(open_database(place)) as database:
        create_all(database, obstacle)
    before = schema(place)
    with pytest.raises(Unavailable) as caught:
        migrate(place, key_store=key_store)
    assert "as it was" in caught.value.what
    assert schema(place) == before
    with closing(open_database(place)) as database:
        assert revision(database, key_store=key_store) is None


def test_rows_outlive_a_repeated_migration(places: Places) -> None:
    """Migrating a store that is at the head already leaves its rows alone."""
    place = places("store")
    migrate(place, key_store=False)
    jobs = data_tables.tables["job"]
    with closing(open_database(place)) as database, database.transaction() as tx:
        tx.run(Statement(insert(jobs)), ("id", "topic", "", "{}", 0, 0, 0, 0, ""))
    migrate(place, key_store=False)
    with closing(open_current(place)) as database, database.snapshot() as tx:
        assert tx.row(Statement(jobs.select())) == ("id", "topic", "", "{}", 0, 0, 0, 0, "")


def test_nothing_secret_in_messages(tmp_path: Path) -> None:
    """A place that cannot be opened is named without its password."""
    for place in ("postgresql://ann:pass-word@127.0.0.1:1/none", str(tmp_path / "no" / "folder.db")):
        with pytest.raises(TrothError) as caught:
            migrate(place, key_store=False)
        assert isinstance(caught.value, Unavailable)
        assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize("one", HISTORIES)
def test_files_come_in_a_row_and_in_pairs(one: History) -> None:
    """Each file is NNNN_words.py, names its revision and the one before, and goes up and down."""
    before = None
    files = sorted((FOLDER / one / "versions").glob("*.py"))
    for number, path in enumerate(files, 1):
        assert re.fullmatch(rf"{number:04}(_[a-z0-9]+)+\.py", path.name)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree)
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert {name for name in functions if not name.startswith("_")} == {"upgrade", "downgrade"}
        assert not any(isinstance(node.body[0], ast.Pass) for node in functions.values())
        step = script_directory(one).get_revision(f"{number:04}")
        assert (step.revision, step.down_revision) == (f"{number:04}", before)
        before = step.revision
    assert tuple(path.name[:4] for path in files) == REVISIONS[one]
    assert script_directory(one).get_heads() == [HEADS[one]]
