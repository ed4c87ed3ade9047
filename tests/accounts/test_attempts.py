"""Limits on signing in: delays that grow, mails that do not flood, nobody locked out, the same in every process."""

from datetime import timedelta

import pytest

from troth.accounts import PASSKEY, PASSWORD, Attempts
from troth.accounts.attempts import FREE, FREE_NETWORK, LONGEST, MOST_MAILS
from troth.accounts.tables import sign_in_attempt
from troth.kernel import SettableClock
from troth.storage import Database, Statement

HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"
ANN = "ann@example.com"


@pytest.fixture
def attempts(database: Database, clock: SettableClock) -> Attempts:
    """Nothing was tried yet."""
    return Attempts(database, clock, b"s" * 32)


def test_delay_doubles_and_has_an_end(attempts: Attempts, clock: SettableClock) -> None:
    """From the fifth failure on it doubles, up to a quarter of an hour, wherever the tries come from."""
    waits = []
    for number in range(FREE + 12):
        assert attempts.begin(PASSWORD, "Ann@example.com", f"192.0.{number}.0/24") == 0
        waits.append(attempts.begin(PASSWORD, " ann@EXAMPLE.com", THERE) if number >= FREE - 1 else 0)
        clock.advance(timedelta(seconds=waits[-1]))
    assert [one - 1 for one in waits[FREE - 1 : FREE + 2]] == [2, 4, 8]
    assert waits[-1] - 1 == LONGEST.total_seconds()


def test_success_forgets(attempts: Attempts) -> None:
    """Whoever has shown to be there starts anew, and the network's count is as before."""
    for _ in range(FREE):
        assert attempts.begin(PASSWORD, ANN, HERE) == 0
    assert attempts.begin(PASSWORD, ANN, HERE) > 0
    attempts.signed_in(PASSWORD, ANN, HERE)
    assert attempts.begin(PASSWORD, ANN, HERE) == 0


def test_success_does_not_count_for_the_network(attempts: Attempts) -> None:
    """An office in which many sign in is not held back."""
    for number in range(FREE_NETWORK + 1):
        address = f"person{number}@example.com"
        assert attempts.begin(PASSWORD, address, HERE) == 0
        attempts.signed_in(PASSWORD, address, HERE)


def test_network_is_delayed_for_every_address_and_way(attempts: Attempts) -> None:
    """Who tries one password on many addresses waits too, with passkeys as well; others don't."""
    for number in range(FREE_NETWORK):
        assert attempts.begin(PASSWORD, f"person{number}@example.com", HERE) == 0
    assert attempts.begin(PASSWORD, "another@example.com", HERE) > 0
    assert attempts.begin(PASSKEY, "some-id", HERE) > 0
    assert attempts.begin(PASSWORD, "another@example.com", THERE) == 0
    assert attempts.begin(PASSWORD, "another@example.com", "") == 0


def test_passkeys_are_limited_like_passwords(attempts: Attempts) -> None:
    """Each by its id, apart from passwords."""
    assert [attempts.begin(PASSKEY, "some-id", "") > 0 for _ in range(FREE + 1)] == [False] * FREE + [True]
    assert attempts.begin(PASSWORD, "some-id", "") == 0
    assert attempts.begin(PASSKEY, "other-id", "") == 0


def test_another_process_knows(attempts: Attempts, database: Database, clock: SettableClock) -> None:
    """The count is shared by the processes of a site and outlives a restart."""
    for _ in range(FREE):
        assert attempts.begin(PASSWORD, ANN, "") == 0
    assert Attempts(database, clock, b"s" * 32).begin(PASSWORD, ANN, "") > 0


def test_mails_are_few(attempts: Attempts, clock: SettableClock) -> None:
    """Five links go to an address within twenty minutes; then it may be written to again."""
    assert [attempts.may_write(ANN) for _ in range(MOST_MAILS + 1)] == [True] * MOST_MAILS + [False]
    assert attempts.may_write("bob@example.com")
    clock.advance(timedelta(minutes=20))
    assert attempts.may_write(ANN)


@pytest.mark.parametrize("gone", [timedelta(hours=1), -timedelta(hours=1)])
def test_failures_are_forgotten(attempts: Attempts, clock: SettableClock, gone: timedelta) -> None:
    """After an hour, or when the clock was set back, counting begins anew."""
    for _ in range(FREE):
        assert attempts.begin(PASSWORD, ANN, HERE) == 0
    clock.set(clock.now() + gone)
    assert [attempts.begin(PASSWORD, ANN, HERE) > 0 for _ in range(2)] == [False, False]


def test_rows_hold_no_address_and_go(attempts: Attempts, database: Database, clock: SettableClock) -> None:
    """What is kept is a keyed hash, and it is removed when its hour is over."""
    attempts.begin(PASSWORD, ANN, HERE)
    attempts.may_write(ANN)
    with database.snapshot() as tx:
        rows = tx.rows(Statement(sign_in_attempt.select()))
    assert len(rows) == 3
    assert all(len(bytes(row[0])) == 32 for row in rows)
    clock.advance(timedelta(minutes=20))
    assert attempts.clear() == 1
    clock.advance(timedelta(minutes=40))
    assert attempts.clear() == 2
