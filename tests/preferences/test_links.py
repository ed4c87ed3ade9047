"""Links to stop, and addresses that name a message: nobody makes or changes one; mail that comes back is counted by a stated rule."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel import SettableClock
from troth.preferences import CENTRE, LIFE, LINK, BadToken, Envelopes, Preferences, StopTokens
from troth.storage import Database
from troth.vault import open_sealed, seal_briefly

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SECRET, OTHER = bytes(range(32)), bytes(range(1, 33))
MESSAGE = "019a0c2e7d1c7a40b1d2c3e4f5a6071b"
SAID = ("019a0c2e7d1c7a40b1d2c3e4f5a60718", "marketing", "news", "email", MESSAGE, "email:" + "ab" * 32)


def _tokens(clock: SettableClock, secret: bytes = SECRET, use: str = "links") -> StopTokens:
    return StopTokens(partial(seal_briefly, secret, use), partial(open_sealed, secret, use), clock)


def test_a_link_says_what_was_put_in_it_until_it_ends(clock: SettableClock) -> None:
    """It tells nothing of itself, another key or use opens it not, and each kind has its own life."""
    tokens = _tokens(clock)
    for kind in (LINK, CENTRE):
        made = tokens.issue(*SAID, kind)
        said = tokens.read(made)
        assert tuple(said)[1:7] == SAID
        assert said.fresh is (kind == CENTRE)
        assert not any(part in made for part in SAID)
        for others in (_tokens(clock, OTHER), _tokens(clock, use="others")):
            with pytest.raises(BadToken):
                others.read(made)
        clock.advance(LIFE[kind] - timedelta(seconds=1))
        assert tokens.read(made) == said
        clock.advance(timedelta(seconds=1))
        with pytest.raises(BadToken):
            tokens.read(made)


@given(place=st.integers(0), flip=st.integers(1, 255), junk=st.text(max_size=40))
def test_a_changed_link_is_none(place: int, flip: int, junk: str) -> None:
    """Any byte changed, cut off or made up: 400, never another error."""
    import base64

    tokens = _tokens(SettableClock(START))
    sealed = bytearray(base64.urlsafe_b64decode(tokens.issue(*SAID) + "=="))
    sealed[place % len(sealed)] ^= flip
    for wrong in (
        base64.urlsafe_b64encode(bytes(sealed)).decode().rstrip("="),
        junk,
        tokens.issue(*SAID)[:-4],
    ):
        with pytest.raises(BadToken):
            tokens.read(wrong)


def test_an_address_names_a_message_of_ours_only() -> None:
    """Made for one use and one message; in any case of letters, because servers change it; at most 64 characters (RFC 5321)."""
    ours = Envelopes(SECRET, lambda: "example.com")
    bounce, stop = ours.bounce(MESSAGE), ours.stop(MESSAGE)
    assert ours.message(bounce) == ours.message(stop.upper()) == MESSAGE
    assert len(bounce.partition("@")[0]) <= 64
    for wrong in (
        bounce.replace("bounce+", "stop+"),
        bounce.replace(MESSAGE, MESSAGE[:-1] + "c"),
        bounce.replace("example.com", "example.org"),
        Envelopes(OTHER, lambda: "example.com").bounce(MESSAGE),
        "ann@example.com",
        "",
    ):
        assert ours.message(wrong) == ""


@pytest.mark.parametrize(
    ("days", "counts"), [((0, 1, 2, 3), False), ((0, 2, 4, 7), True), ((0, 25, 28, 31), False)]
)
def test_mail_that_comes_back_often_counts_for_good(
    database: Database,
    clock: SettableClock,
    days: tuple[int, ...],
    counts: bool,  # noqa: FBT001
) -> None:
    """Four messages within 30 days, the first and last a week apart; the same message twice counts once; erased, forgotten."""
    kept = _preferences(database, clock)
    begun = clock.now()
    found = []
    for number, day in enumerate(days):
        clock.set(begun + timedelta(days=day))
        with database.transaction() as tx:
            kept.came_back(tx, "ann", str(number))
            found.append(kept.came_back(tx, "ann", str(number)))
    assert found == [False, False, False, counts]
    kept.forget("ann")
    with database.transaction() as tx:
        assert not kept.came_back(tx, "ann", "9")


def _preferences(database: Database, clock: SettableClock) -> Preferences:
    unused: Callable[..., Any] = lambda *_: None  # noqa: E731
    return Preferences(
        database=database, clock=clock, policy=unused, perform_along=unused, key=unused, blind=unused
    )
