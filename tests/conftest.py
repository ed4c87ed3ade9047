"""What every test may ask for, and the rules that hold for all of them.

Every test that asks for `database` or `keystore` runs once on SQLite and once on PostgreSQL; its id shows the engine.
Tests reach no host but this one. Warnings are errors (pyproject.toml).
"""

import gc
import importlib
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

import troth
from tests.support import mariadb, postgres
from tests.support.process import ClockFile, Troth
from troth.kernel import SettableClock
from troth.storage import Database, create_all, data_tables, key_tables, open_database

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ENGINES = ("sqlite", "postgresql")

_BASE = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
"""How long an example takes is a matter of the machine, and of what else it does."""
hypothesis.settings.register_profile("quick", _BASE, max_examples=15)
hypothesis.settings.register_profile("dev", _BASE, max_examples=50)
hypothesis.settings.register_profile("ci", _BASE, max_examples=200, print_blob=True)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
)


def pytest_configure(config: pytest.Config) -> None:
    """Name the folders of the run's servers before workers start, so that they all find the same ones."""
    config.addinivalue_line(
        "markers", "postgresql: needs a PostgreSQL server; set by the fixtures that it uses"
    )
    config.addinivalue_line("markers", "mariadb: needs a MariaDB server; set by the fixtures that it uses")
    config.addinivalue_line("markers", "migrations: runs the schema migrations; set for files named so")
    if not hasattr(config, "workerinput") and postgres.URL_VARIABLE not in os.environ:
        os.environ[postgres.FOLDER_VARIABLE] = str(postgres.new_folder())
    if not hasattr(config, "workerinput"):
        os.environ[mariadb.FOLDER_VARIABLE] = str(mariadb.new_folder())


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have failures printed when they happen, by the process that has a terminal."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(FailuresAtOnce(terminal))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's servers."""
    other = os.environ.pop(mariadb.FOLDER_VARIABLE, "") if not hasattr(config, "workerinput") else ""
    if other:
        mariadb.Server(Path(other)).stop()
    folder = os.environ.get(postgres.FOLDER_VARIABLE)
    if folder and not hasattr(config, "workerinput"):
        postgres.Server(Path(folder)).stop()
        del os.environ[postgres.FOLDER_VARIABLE]


_PROCESSES = frozenset({"clauses", "clients", "examples", "faults"})
"""Folders whose tests start whole processes, and so take seconds each."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs PostgreSQL, and put the quick tests first; among equals the random order stays."""
    for item in items:
        parameters = getattr(item, "callspec", None)
        engine = parameters.params.get("engine") if parameters else None
        if engine == "postgresql" or (
            engine is None and "postgres_server" in getattr(item, "fixturenames", ())
        ):
            item.add_marker(pytest.mark.postgresql)
        if engine == "mariadb" or (engine is None and "mariadb_url" in getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.mariadb)
        if _PROCESSES.intersection(item.path.parts):
            item.add_marker(pytest.mark.slow)
        if "migration" in item.path.name:
            item.add_marker(pytest.mark.migrations)
    items.sort(
        key=lambda item: (
            2 * bool(item.get_closest_marker("slow"))
            + bool(item.get_closest_marker("postgresql") or item.get_closest_marker("mariadb"))
        )
    )


def pytest_collection_finish() -> None:
    """Leave modules and tests, which stay to the end, out of every search for garbage."""
    gc.collect()
    gc.freeze()


class FailuresAtOnce:
    """Prints each failure when it happens: what stops a run from outside leaves no summary at its end.

    Args:
        terminal: The run's terminal.
    """

    def __init__(self, terminal: "pytest.TerminalReporter") -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print a failure in full."""
        if report.failed:
            self._terminal.ensure_newline()
            self._terminal.section(f"{report.when} of {report.nodeid} failed")
            self._terminal.line(report.longreprtext)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The database engine of this run of the test: sqlite or postgresql."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """URL of the administrator's database on the run's PostgreSQL server, which is up."""
    named = os.environ.get(postgres.URL_VARIABLE)
    if named:
        return named
    server = postgres.Server(Path(os.environ[postgres.FOLDER_VARIABLE]))
    server.ensure()
    return server.url()


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """A name of this worker, fit for the start of a database's name."""
    worker: str = getattr(request.config, "workerinput", {}).get("workerid", "main")
    return f"troth_{os.getpid()}_{worker}"


@pytest.fixture(scope="session")
def every_table() -> None:
    """All rooms' tables are on their metadata; a room that stands on one not built yet is left out."""
    package = Path(next(iter(troth.__path__)))
    for path in sorted(package.glob("*/tables.py")):
        try:
            importlib.import_module(f"troth.{path.parent.name}.tables")
        except ImportError as error:
            if not (error.name or "").startswith("troth."):
                raise


@pytest.fixture(scope="session")
def postgres_pools(postgres_server: str, worker_name: str, every_table: None) -> dict[str, postgres.Pool]:
    """This worker's PostgreSQL databases: `data` and `keys` with tables, emptied and used again."""

    def build_data(url: str) -> None:
        database = open_database(url)
        create_all(database, data_tables)
        database.close()

    def build_keys(url: str) -> None:
        database = open_database(url, key_store=True)
        create_all(database, key_tables)
        database.close()

    return {
        "data": postgres.Pool(postgres_server, f"{worker_name}_data", build_data),
        "keys": postgres.Pool(postgres_server, f"{worker_name}_keys", build_keys),
    }


@pytest.fixture(scope="session")
def sqlite_template(every_table: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this worker's `troth.db` and `keys.db` without rows: making tables takes longer than most tests."""
    folder = tmp_path_factory.mktemp("template")
    for name, tables in (("troth.db", data_tables), ("keys.db", key_tables)):
        made = open_database(str(folder / name), key_store=tables is key_tables)
        create_all(made, tables)
        made.close()
    return folder


@pytest.fixture
def pg_url(postgres_server: str, worker_name: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database, without tables, of this test's own."""
    name = f"{worker_name}_own"
    postgres.create_database(postgres_server, name)
    yield postgres.renamed(postgres_server, name)
    postgres.drop_database(postgres_server, name)


@pytest.fixture(scope="session")
def mariadb_server() -> mariadb.Server:
    """The run's MariaDB server, which is up."""
    server = mariadb.Server(Path(os.environ[mariadb.FOLDER_VARIABLE]))
    server.ensure()
    return server


@pytest.fixture
def mariadb_url(mariadb_server: mariadb.Server, worker_name: str) -> Iterator[str]:
    """URL of an empty MariaDB database of this test's own, whose text compares as the distribution has it: in any case."""
    name = f"{worker_name}_own"
    mariadb_server.run(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    yield mariadb_server.url(name)
    mariadb_server.run(f"DROP DATABASE {name}")


@pytest.fixture
def database_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Path or URL of a data database without rows, its tables made."""
    if engine == "postgresql":
        with request.getfixturevalue("postgres_pools")["data"].database() as url:
            yield url
        return
    template: Path = request.getfixturevalue("sqlite_template") / "troth.db"
    yield str(shutil.copy(template, tmp_path))


@pytest.fixture
def keystore_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Path or URL of a key store without rows, its tables made."""
    if engine == "postgresql":
        with request.getfixturevalue("postgres_pools")["keys"].database() as url:
            yield url
        return
    template: Path = request.getfixturevalue("sqlite_template") / "keys.db"
    yield str(shutil.copy(template, tmp_path))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open data database with all tables, on each engine in turn."""
    with ExitStack() as stack:
        opened = open_database(database_url)
        stack.callback(opened.close)
        yield opened


@pytest.fixture
def keystore(keystore_url: str) -> Iterator[Database]:
    """An open key store with all tables, on the same engine as `database`."""
    with ExitStack() as stack:
        opened = open_database(keystore_url, key_store=True)
        stack.callback(opened.close)
        yield opened


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands at Monday 2026-01-05 09:00 UTC until the test moves it."""
    return SettableClock(datetime(2026, 1, 5, 9, 0, tzinfo=UTC))


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """A path for a data folder; it does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
def troth_program(data_folder: Path, tmp_path: Path) -> Troth:
    """The `troth` program with a data folder (not yet made) and a clock of its own."""
    return Troth(data_folder, ClockFile(tmp_path / "clock"))


@pytest.fixture
def chromium() -> "Iterator[Browser]":
    """Debian's Chromium; `tests/support/browser.py` opens visitors in it.

    A browser for each test: its driver keeps an event loop running in this thread, in which no other test could run one.
    """
    from tests.support import browser

    with browser.chromium() as running:
        yield running
