"""What storage does when the disk is full, the server goes away, or the process is killed."""

import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.storage.shelf import ADD, ALL, TAGS, row, shelves, write_burst
from tests.support import postgres
from tests.support.waiting import wait_until
from troth.kernel import InvalidInput, TrothError, Unavailable
from troth.storage import Database, create_all, open_database
from troth.storage.sqlite import SqliteDatabase

ROOT = Path(__file__).parents[2]
BIG = secrets.token_bytes(4_000)  # random, so that PostgreSQL cannot press it together
Writer = subprocess.Popen[str]


def writer(place: str, owner: str, first: int, count: int) -> Writer:
    """A process that writes bursts and prints the number of each when it is committed."""
    command = [sys.executable, "-m", "tests.storage.shelf", place, owner, str(first), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def acknowledged(process: Writer, most: int) -> Iterator[int]:
    """Numbers of committed bursts as they come, at most so many."""
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    for _ in range(most):
        line = process.stdout.readline()
        if not line:
            return
        yield int(line)


def bursts(store: Database) -> set[str]:
    """Bursts in a store by their tag, after checking that each is whole in both tables."""
    with store.snapshot() as tx:
        tags = {tag_id: int(name.rpartition(".")[2]) for tag_id, name in tx.rows(TAGS)}
        parts: dict[str, int] = {}
        for found in tx.rows(ALL):
            parts[found[0]] = parts.get(found[0], 0) + 1
    assert parts == tags
    return set(tags)


def sound(place: str) -> None:
    """A SQLite file passes the engine's own check."""
    import apsw

    with closing(apsw.Connection(place)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_two_processes_write_to_one_store(store: Database, store_url: str) -> None:
    """Two other processes and this one write at once: every burst is there, whole, and none waits in vain."""
    processes = [writer(store_url, owner, 0, 100) for owner in ("ann", "bob")]
    for number in range(100):
        write_burst(store, "here", number, 2)
    for process in processes:
        assert list(acknowledged(process, 100)) == list(range(100))
        assert process.wait() == 0
        process.stdout.close()  # type: ignore[union-attr]
    assert bursts(store) == {f"{owner}.{number}" for owner in ("ann", "bob", "here") for number in range(100)}


@pytest.mark.slow
def test_killed_writers_lose_nothing_acknowledged(store: Database, store_url: str) -> None:
    """After kill -9 at random moments every acknowledged burst is there and none is there in part."""
    store.close()
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    known: set[str] = set()
    first = 0
    for _ in range(6):
        process = writer(store_url, "ann", first, 1_000_000)
        for number in acknowledged(process, chance.randrange(1, 60)):
            known.add(f"ann.{number}")
            first = number + 1
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        with closing(open_database(store_url)) as reopened:
            there = bursts(reopened)
            assert known <= there, f"seed {seed}"
            write_burst(reopened, "after", first, 1)
        known |= there | {f"after.{first}"}
        first = 1 + max(int(name.partition(".")[2]) for name in known)
    if not store_url.startswith("postgresql"):
        sound(store_url)


def big(owner: str, number: int) -> tuple[object, ...]:
    """A row of 4 kB."""
    return (owner, number, 0, "", BIG, None)


def fill_until_refused(store: Database, owner: str) -> tuple[int, TrothError]:
    """Commit rows until one is refused; gives the number of those that were taken, and the refusal."""
    for number in range(100_000):
        try:
            with store.transaction() as tx:
                for part in range(8):
                    tx.run(ADD, big(f"{owner}.{number}", part))
        except TrothError as error:
            return number, error
    pytest.fail("the disk never filled")


def owners(store: Database) -> set[str]:
    """Owners of all rows."""
    with store.snapshot() as tx:
        return {found[0] for found in tx.rows(ALL)}


def check_full_disk(store: Database, make_room: Callable[[], object]) -> None:
    """A full disk refuses in words, keeps what was committed, and the same store works again when there is room."""
    taken, refusal = fill_until_refused(store, "a")
    assert isinstance(refusal, Unavailable)
    assert "full" in refusal.what
    assert "nothing was stored" in refusal.what
    assert taken > 0
    assert owners(store) == {f"a.{number}" for number in range(taken)}
    with pytest.raises(Unavailable), store.transaction() as tx:
        tx.run_many(ADD, [big("still", part) for part in range(64)])
    make_room()
    with store.transaction() as tx:
        tx.run_many(ADD, [big("room", part) for part in range(64)])
    assert owners(store) == {"room", *(f"a.{number}" for number in range(taken))}


def test_full_sqlite_file(tmp_path: Path) -> None:
    """A SQLite file that may not grow refuses and recovers."""
    with SqliteDatabase(str(tmp_path / "store.db")) as store:
        create_all(store, shelves)
        connection = store._writer._connection
        connection.execute("PRAGMA max_page_count=200").fetchall()
        check_full_disk(store, lambda: connection.execute("PRAGMA max_page_count=100000").fetchall())
    sound(str(tmp_path / "store.db"))


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A file system of a few mebibytes, where the machine permits one."""
    mount = shutil.which("mount")
    folder.mkdir()
    size = ["-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    if mount is None or subprocess.run([mount, *size], capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("this account may not mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def test_full_disk_under_sqlite(tmp_path: Path) -> None:
    """A full file system refuses and recovers, whichever of SQLite's files could not grow."""
    with small_disk(tmp_path / "disk", 4) as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(2 * 2**20))
        with SqliteDatabase(str(disk / "store.db")) as store:
            create_all(store, shelves)
            check_full_disk(store, ballast.unlink)
        sound(str(disk / "store.db"))


@pytest.fixture
def own_server() -> Iterator[str]:
    """URL of a server that no other test uses: on a full disk its checkpoints fail, which all its databases feel."""
    server = postgres.Server(postgres.new_folder())
    server.ensure()
    yield server.url()
    server.stop()


@pytest.mark.postgresql
def test_full_disk_under_postgres(own_server: str, worker_name: str) -> None:
    """A PostgreSQL whose disk is full refuses and recovers."""
    name = f"{worker_name}_small"
    url = postgres.renamed(own_server, name)
    with (
        small_disk(Path("/tmp") / name, 24) as disk,
        psycopg.connect(own_server, autocommit=True) as admin,
    ):
        try:
            shutil.chown(disk, "nobody")
            admin.execute(f"CREATE TABLESPACE {name} LOCATION '{disk}'".encode())
        except (LookupError, psycopg.Error):
            pytest.skip("the server may not use the small disk")
        try:
            admin.execute(f"CREATE DATABASE {name} TABLESPACE {name} TEMPLATE template0".encode())
            ballast = disk / "ballast"
            ballast.write_bytes(bytes(8 * 2**20))
            with closing(open_database(url)) as store:
                create_all(store, shelves)
                check_full_disk(store, ballast.unlink)
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            admin.execute(f"DROP TABLESPACE {name}".encode())


def end_connections(server: str, url: str) -> None:
    """End every connection to a database, as a restart of the server does."""
    name = url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(server, autocommit=True) as admin:
        rows = admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        assert rows.fetchall()


def test_lost_connections_are_replaced(pg_url: str, postgres_server: str) -> None:
    """When the server ended the pooled connections, the next units of work run as if nothing had been."""
    with closing(open_database(pg_url)) as store:
        create_all(store, shelves)
        with store.snapshot(), store.snapshot(), store.snapshot(), store.transaction() as tx:
            tx.run(ADD, row("before", 0))
        end_connections(postgres_server, pg_url)
        for number in range(4):
            with store.transaction() as tx:
                tx.run(ADD, row("after", number))
        assert owners(store) == {"before", "after"}


def test_connection_lost_inside_a_unit_of_work(pg_url: str, postgres_server: str) -> None:
    """A unit of work whose connection is lost is refused, leaves nothing, and the next one works."""
    with closing(open_database(pg_url)) as store:
        create_all(store, shelves)
        with pytest.raises(Unavailable, match="nothing was stored"), store.transaction() as tx:  # noqa: PT012
            tx.run(ADD, row("lost", 0))
            end_connections(postgres_server, pg_url)
            tx.run(ADD, row("lost", 1))
        with pytest.raises(Unavailable, match="is not known"), store.transaction() as tx:  # noqa: PT012
            tx.run(ADD, row("lost", 2))
            end_connections(postgres_server, pg_url)
        with store.transaction() as tx:
            tx.run(ADD, row("after", 0))
        assert owners(store) == {"after"}


def comes_back(store: Database) -> bool:
    """Whether a unit of work is taken; a refusal is one in words."""
    try:
        with store.transaction() as tx:
            tx.run(ADD, row("after", 0))
    except Unavailable:
        return False
    return True


def test_server_that_takes_no_connections(
    pg_url: str, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the server turns everybody away work is refused in words; when it takes connections again, all works."""
    name = pg_url.partition("?")[0].rpartition("/")[2]
    monkeypatch.setattr("troth.storage.postgres.WAIT_SECONDS", 0.3)

    def allow(answer: str) -> None:
        with psycopg.connect(postgres_server, autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS {answer}'.encode())

    with closing(open_database(pg_url)) as store:
        create_all(store, shelves)
        allow("false")
        end_connections(postgres_server, pg_url)
        for use in (store.transaction, store.snapshot):
            with pytest.raises(Unavailable, match="cannot be reached"), use():
                pytest.fail("a connection came from nowhere")
        with pytest.raises(Unavailable, match="cannot be reached"):
            open_database(pg_url)
        allow("true")
        wait_until(lambda: comes_back(store), "the store works again")
        assert owners(store) == {"after"}


@pytest.mark.parametrize(
    "place",
    [
        "postgresql://a:pass-word@[::1/x",
        "postgresql://a:pass-word@localhost/x?nonsense=1",
    ],
)
def test_malformed_urls_are_told_without_password(place: str) -> None:
    """A URL that PostgreSQL's client cannot read is refused in words."""
    with pytest.raises(InvalidInput) as caught:
        open_database(place)
    assert "pass-word" not in str(caught.value)


def test_places_that_are_no_store(tmp_path: Path) -> None:
    """A folder, a place in no folder and a file of something else are refused in words."""
    (tmp_path / "text").write_text("not a database, but long enough to be looked at " * 100)
    for place in (tmp_path, tmp_path / "no" / "store.db", tmp_path / "text"):
        with (
            pytest.raises(Unavailable) as caught,
            closing(open_database(str(place))) as store,
            store.snapshot(),
        ):
            pytest.fail("something else was opened as a store")
        assert caught.value.mend


def test_another_process_holds_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that cannot get the file's lock is refused in words and works when the lock is free."""
    monkeypatch.setattr("troth.storage.sqlite.BUSY_MILLISECONDS", 50)
    place = str(tmp_path / "store.db")
    with SqliteDatabase(place) as store, SqliteDatabase(place) as other:
        create_all(store, shelves)
        with other.transaction(), pytest.raises(Unavailable, match="holds"), store.transaction():
            pytest.fail("two writers at once")
        write_burst(store, "free", 0, 1)
        assert bursts(other) == {"free.0"}
