"""The fixtures that other tests stand on."""

import socket
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, insert, select

from tests.support.files import files_below, files_holding
from troth.storage import Database, Statement, create_all, open_database

PROBE = Table("harness_probe", MetaData(), Column("id", Text, primary_key=True), Column("n", BigInteger))
ADD = Statement(insert(PROBE))
ALL = Statement(select(PROBE.c.id, PROBE.c.n))


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_starts_without_the_rows_of_another(database: Database, turn: int) -> None:
    """A row that one test writes is not there in the next, on either engine."""
    create_all(database, PROBE.metadata)
    with database.transaction() as tx:
        assert tx.rows(ALL) == []
        tx.run_many(ADD, [("same-key", turn)])


def test_database_and_key_store_are_apart(database: Database, keystore: Database, engine: str) -> None:
    """A table of the one is not visible in the other, and both are of the engine that the test's id shows."""
    create_all(database, PROBE.metadata)
    create_all(keystore, PROBE.metadata)
    with database.transaction() as tx:
        tx.run_many(ADD, [("a", 1)])
    with keystore.snapshot() as tx:
        assert tx.rows(ALL) == []
    assert (database.dialect, keystore.dialect) == (engine, engine)


def test_an_own_postgresql_database_is_empty(pg_url: str) -> None:
    """`pg_url` leads to a database without any table."""
    database = open_database(pg_url)
    with database.transaction() as tx:
        tx.script("CREATE TABLE only_once (id text)")
    database.close()


def test_other_hosts_cannot_be_reached() -> None:
    """A test that reaches for another host fails at once."""
    with (
        socket.socket() as probe,
        pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"),
    ):
        probe.connect(("192.0.2.1", 80))


def test_a_file_that_is_removed_meanwhile_holds_nothing(tmp_path: Path) -> None:
    """Looking for something in a folder at whose files a program works ends well, and finds what is there."""
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "there").write_bytes(b"a needle")
    (tmp_path / "gone").symlink_to(tmp_path / "removed")
    assert files_below(tmp_path) == [tmp_path / "below" / "there", tmp_path / "gone"]
    assert files_holding(tmp_path, b"needle") == [tmp_path / "below" / "there"]
