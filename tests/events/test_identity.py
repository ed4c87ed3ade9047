"""Salts are random, few, short-lived, and in no backup; digests tell visitors apart for a day and not longer."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.events.conftest import BROWSER, USAGE, Counting
from troth.events.identity import Salts, daily_visitor, network_prefix
from troth.events.tables import event_salt
from troth.kernel import SettableClock
from troth.storage import Database, Statement


def salts_in(keystore: Database) -> list[bytes]:
    """Every salt that is kept."""
    from sqlalchemy import select

    with keystore.snapshot() as tx:
        return [bytes(row[0]) for row in tx.rows(Statement(select(event_salt.c.salt)))]


def test_salts_come_and_go(keystore: Database, clock: SettableClock) -> None:
    """One a day, the same after a restart, two at most, none after 48 hours, and the past has no say."""
    first = Salts(keystore, clock).current()
    assert Salts(keystore, clock).current() == first
    clock.advance(timedelta(days=1))
    salts = Salts(keystore, clock)
    second = salts.current()
    assert second != first
    assert set(salts_in(keystore)) == {first, second}
    clock.advance(timedelta(days=-1))
    assert salts.current() in {first, second}
    clock.advance(timedelta(days=2))
    third = salts.current()
    assert set(salts_in(keystore)) == {second, third}
    clock.advance(timedelta(hours=48))
    assert salts.destroy_old() == 0
    assert salts_in(keystore) == []
    clock.advance(timedelta(days=-400))
    assert Salts(keystore, clock).current() not in {first, second, third}


def test_digests_tell_apart_by_network_agent_and_site() -> None:
    """The last part of an address does not matter, everything else does."""
    salt = bytes(32)
    one = daily_visitor(salt, "docs", "docs.example.com", "198.51.100.7", BROWSER)
    assert one == daily_visitor(salt, "docs", "docs.example.com", "198.51.100.200", BROWSER)
    others = {
        daily_visitor(salt, "docs", "docs.example.com", "198.51.101.7", BROWSER),
        daily_visitor(salt, "www", "docs.example.com", "198.51.100.7", BROWSER),
        daily_visitor(salt, "docs", "docs.example.com", "198.51.100.7", "other"),
        daily_visitor(bytes(31) + b"1", "docs", "docs.example.com", "198.51.100.7", BROWSER),
    }
    assert len(others | {one}) == 5


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("unknown", ""),
    ],
)
def test_prefixes(address: str, prefix: str) -> None:
    """/24 of IPv4, also where it comes as IPv6, and /48 of IPv6."""
    assert network_prefix(address) == prefix


def test_daily_visitors(counting: Counting) -> None:
    """A daily site sets no cookie, knows a visitor through the day, and not the day after; a site without identity never."""
    for _ in range(2):
        for site in ("docs", "status"):
            answer = counting.send(
                {"n": "pageview", "u": f"https://{site}.example.com/", "d": f"{site}.example.com"},
                {**counting.choice(USAGE), "X-Forwarded-For": "198.51.100.7"},
            )
            assert "set-cookie" not in answer.headers
    rows = counting.rows()
    docs = [row.visitor for row in rows if row.site == "docs"]
    assert len(set(docs)) == 1
    assert all(docs)
    assert [row.visitor for row in rows if row.site == "status"] == ["", ""]
    counting.web.clock.advance(timedelta(days=1))
    counting.send(
        {"n": "pageview", "u": "https://docs.example.com/", "d": "docs.example.com"},
        {**counting.choice(USAGE), "X-Forwarded-For": "198.51.100.7"},
    )
    assert counting.rows()[-1].visitor not in docs


def test_no_copy_of_the_key_store_holds_a_salt(counting: Counting, tmp_path: Path) -> None:
    """A backup leaves them out, byte by byte; the running key store keeps them."""
    from troth.bootstrap import backup_folder

    troth = counting.web.troth
    salt = troth.events.salts.current()
    assert salt in salts_in(troth.keystore)
    backup_folder(troth, tmp_path / "d", tmp_path / "k")
    for path in [*(tmp_path / "d").rglob("*"), *(tmp_path / "k").rglob("*")]:
        assert not path.is_file() or salt not in path.read_bytes()
    assert salt in salts_in(troth.keystore)
