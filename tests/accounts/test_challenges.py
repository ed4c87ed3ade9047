"""Challenges of passkey ceremonies: ours, for one use, once, for ten minutes."""

from datetime import timedelta

from troth.accounts import Challenges
from troth.kernel import SettableClock


def test_challenge_is_good_once_for_its_use(clock: SettableClock) -> None:
    """It is taken back once, for the use that it was made for; altered or of another process it is nothing."""
    challenges = Challenges(clock)
    made = challenges.make("sign-in")
    assert not challenges.spend("add somebody", made)
    assert challenges.spend("sign-in", made)
    assert not challenges.spend("sign-in", made)
    other = challenges.make("sign-in")
    assert not challenges.spend("sign-in", bytes([other[0] ^ 1]) + other[1:])
    assert not challenges.spend("sign-in", b"")
    assert not Challenges(clock).spend("sign-in", other)


def test_challenge_ends(clock: SettableClock) -> None:
    """After ten minutes it is over, and what was used is forgotten only then."""
    challenges = Challenges(clock)
    used, late = challenges.make("sign-in"), challenges.make("sign-in")
    assert challenges.spend("sign-in", used)
    clock.advance(timedelta(minutes=10) - timedelta(seconds=1))
    assert not challenges.spend("sign-in", used)
    clock.advance(timedelta(seconds=1))
    assert not challenges.spend("sign-in", late)
    assert not challenges.spend("sign-in", used)
