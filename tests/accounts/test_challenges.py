"""Challenges of passkey ceremonies: ours, for one use, once, for ten minutes, whichever process is asked."""

from datetime import timedelta

from troth.accounts import Challenges
from troth.kernel import SettableClock
from troth.storage import Database

SECRET = b"s" * 32


def test_challenge_is_good_once_for_its_use(database: Database, clock: SettableClock) -> None:
    """It is taken back once, for the use that it was made for; altered or made under another key it is nothing."""
    challenges = Challenges(database, clock, SECRET)
    made = challenges.make("sign-in")
    assert not challenges.spend("add somebody", made)
    assert challenges.spend("sign-in", made)
    assert not challenges.spend("sign-in", made)
    other = challenges.make("sign-in")
    assert not challenges.spend("sign-in", bytes([other[0] ^ 1]) + other[1:])
    assert not challenges.spend("sign-in", b"")
    assert not Challenges(database, clock, b"t" * 32).spend("sign-in", other)


def test_another_process_takes_it_back(database: Database, clock: SettableClock) -> None:
    """One that this process made is good in another, and only in one of them."""
    here, there = (Challenges(database, clock, SECRET) for _ in range(2))
    made = here.make("sign-in")
    assert there.spend("sign-in", made)
    assert not here.spend("sign-in", made)


def test_challenge_ends(database: Database, clock: SettableClock) -> None:
    """After ten minutes it is over, and what was used is forgotten only then."""
    challenges = Challenges(database, clock, SECRET)
    used, late = challenges.make("sign-in"), challenges.make("sign-in")
    assert challenges.spend("sign-in", used)
    clock.advance(timedelta(minutes=10) - timedelta(seconds=1))
    assert not challenges.spend("sign-in", used)
    assert challenges.clear() == 0
    clock.advance(timedelta(seconds=1))
    assert not challenges.spend("sign-in", late)
    assert challenges.clear() == 1
    assert not challenges.spend("sign-in", used)
