"""What is left in SQLite's files, and copies of them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from sqlalchemy import delete

from tests.storage.shelf import ADD, ALL, row, shelves, thing
from troth.kernel import Unavailable
from troth.storage import Database, Statement, create_all, open_database
from troth.storage.sqlite import SqliteDatabase

CANARY = b"canary-4711-canary"
DROP = Statement(delete(thing))


def holding(folder: Path) -> set[str]:
    """Files of a folder that hold the canary."""
    return {path.name for path in folder.iterdir() if CANARY in path.read_bytes()}


def write_and_drop(store: Database) -> None:
    """Commit a canary and delete it again."""
    with store.transaction() as tx:
        tx.run(ADD, ("a", 1, 0, "", CANARY * 50, None))
    with store.transaction() as tx:
        tx.run(DROP)


def test_scrubbing_removes_deleted_bytes(tmp_path: Path) -> None:
    """After `scrub` no byte of a deleted row is in the file, its log or any other file beside it."""
    with SqliteDatabase(str(tmp_path / "keys.db"), key_store=True) as store:
        create_all(store, shelves)
        write_and_drop(store)
        assert holding(tmp_path) == {"keys.db-wal"}
        store.scrub()
        assert holding(tmp_path) == set()


def test_scrubbing_that_readers_prevent_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody reads an older state the bytes cannot go, and `scrub` says so; afterwards it works."""
    monkeypatch.setattr("troth.storage.sqlite.BUSY_MILLISECONDS", 20)
    with SqliteDatabase(str(tmp_path / "keys.db"), key_store=True) as store:
        create_all(store, shelves)
        with store.snapshot() as before:
            before.rows(ALL)
            write_and_drop(store)
            with pytest.raises(Unavailable, match="still in its log"):
                store.scrub()
        store.scrub()
        assert holding(tmp_path) == set()


def test_scrubbing_waits_for_another_that_scrubs(tmp_path: Path) -> None:
    """Two processes may scrub at once: the second waits until the first, which waits for a reader, is through."""
    path = str(tmp_path / "keys.db")
    with (
        SqliteDatabase(path, key_store=True) as first,
        SqliteDatabase(path, key_store=True) as second,
        ThreadPoolExecutor(2) as pool,
    ):
        create_all(first, shelves)
        tried = threading.Event()
        second._writer._connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, lambda _: tried.set())
        with first.snapshot() as before:
            before.rows(ALL)
            write_and_drop(first)
            waiting = pool.submit(first.scrub)
            with closing(apsw.Connection(path)) as looking:
                while not looking.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()[0][0]:
                    assert not waiting.done()
            behind = pool.submit(second.scrub)
            assert tried.wait(60)
        waiting.result()
        behind.result()
        assert holding(tmp_path) == set()


def test_a_copy_is_whole_while_others_write(tmp_path: Path) -> None:
    """A copy holds one state of the store, in one file that needs no log, and tells its progress."""
    with SqliteDatabase(str(tmp_path / "store.db")) as store:
        create_all(store, shelves)
        with store.transaction() as tx:
            tx.run_many(ADD, [row("a", number, "x" * 400) for number in range(20_000)])
        told: list[tuple[int, int]] = []

        def progress(done: int, of: int) -> None:
            told.append((done, of))
            with store.transaction() as tx:
                tx.run(ADD, row("b", len(told)))

        (tmp_path / "copy").mkdir()
        store.copy_to(str(tmp_path / "copy" / "store.db"), progress)
    assert len(told) > 1
    assert told[-1][0] == told[-1][1]
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["store.db"]
    with SqliteDatabase(str(tmp_path / "copy" / "store.db")) as copied, copied.snapshot() as snapshot:
        rows = snapshot.rows(ALL)
    assert [one[1] for one in rows if one[0] == "a"] == list(range(20_000))
    later = [one[1] for one in rows if one[0] == "b"]
    assert later == list(range(1, len(later) + 1))


def test_a_copy_to_nowhere_is_refused(tmp_path: Path) -> None:
    """A copy that cannot be written is refused in words, and the store goes on working."""
    with SqliteDatabase(str(tmp_path / "store.db")) as store:
        create_all(store, shelves)
        with pytest.raises(Unavailable):
            store.copy_to(str(tmp_path / "no" / "copy.db"))
        write_and_drop(store)


def test_postgres_is_copied_by_its_own_program(pg_url: str) -> None:
    """A PostgreSQL store is no file; the refusal names the program that copies it, and scrubbing has nothing to do."""
    with closing(open_database(pg_url)) as store:
        with pytest.raises(Unavailable) as caught:
            store.copy_to("anywhere")
        assert "pg_dump" in caught.value.mend
        store.scrub()
