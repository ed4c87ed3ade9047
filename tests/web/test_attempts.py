"""Limits on signing in: delays that grow, mails that do not flood, nobody locked out."""

from datetime import timedelta

import pytest

from troth.kernel import SettableClock
from troth.web.attempts import FREE, FREE_NETWORK, LONGEST, MOST_MAILS, Attempts
from troth.web.problems import TooManyAttempts

HERE, THERE = {"client": ("192.0.2.7", 1), "headers": []}, {"client": ("198.51.100.7", 1), "headers": []}


def _waits(attempts: Attempts, address: str, scope: object = THERE) -> int:
    try:
        attempts.check(scope, address)
    except TooManyAttempts as error:
        return error.seconds
    return 0


def test_delay_doubles_and_has_an_end(clock: SettableClock) -> None:
    """From the fifth failure on it doubles, up to a quarter of an hour, wherever the tries come from."""
    attempts, waits = Attempts(clock), []
    for number in range(FREE + 12):
        attempts.failed({"client": (f"192.0.{number}.7", 1), "headers": []}, "Ann@example.com")
        waits.append(_waits(attempts, " ann@EXAMPLE.com"))
    assert waits[: FREE - 1] == [0] * (FREE - 1)
    assert [one - 1 for one in waits[FREE - 1 : FREE + 2]] == [2, 4, 8]
    assert waits[-1] - 1 == LONGEST.total_seconds()
    clock.advance(LONGEST)
    assert _waits(attempts, "ann@example.com") == 0
    attempts.signed_in("ann@example.com")
    attempts.failed(HERE, "ann@example.com")
    assert _waits(attempts, "ann@example.com") == 0


def test_network_is_delayed_for_every_address(clock: SettableClock) -> None:
    """Who tries one password on many addresses waits too; others don't."""
    attempts = Attempts(clock)
    for number in range(FREE_NETWORK):
        attempts.failed(HERE, f"person{number}@example.com")
    assert _waits(attempts, "another@example.com", HERE) > 0
    assert _waits(attempts, "another@example.com", THERE) == 0


def test_mails_are_few(clock: SettableClock) -> None:
    """Five links go to an address within twenty minutes; then it may be written to again."""
    attempts = Attempts(clock)
    assert [attempts.may_write("ann@example.com") for _ in range(MOST_MAILS + 1)] == [True] * MOST_MAILS + [
        False
    ]
    assert attempts.may_write("bob@example.com")
    clock.advance(timedelta(minutes=20))
    assert attempts.may_write("ann@example.com")


@pytest.mark.parametrize("gone", [timedelta(hours=1), -timedelta(hours=1)])
def test_failures_are_forgotten(clock: SettableClock, gone: timedelta) -> None:
    """After an hour, or when the clock was set back, counting begins anew."""
    attempts = Attempts(clock)
    for _ in range(FREE):
        attempts.failed(HERE, "ann@example.com")
    clock.set(clock.now() + gone)
    attempts.failed(HERE, "ann@example.com")
    assert _waits(attempts, "ann@example.com") == 0
