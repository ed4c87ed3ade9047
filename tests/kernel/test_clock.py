"""Clocks tell aware instants in UTC, and instants survive being stored as microseconds."""

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel import FileClock, InvalidInput, SettableClock, SystemClock, from_micros, micros

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
NAIVE = START.replace(tzinfo=None)
instants = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.timezones())  # noqa: DTZ001  bounds
"""Two days from the ends of the calendar, so that each has its date in every zone."""


@given(instants)
def test_an_instant_survives_as_microseconds(instant: datetime) -> None:
    """There and back gives the same instant, in UTC, to the microsecond, before 1970 too."""
    back = from_micros(micros(instant))
    assert back == instant.astimezone(UTC)
    assert back.tzinfo is UTC


@given(st.integers(micros(datetime.min.replace(tzinfo=UTC)), micros(datetime.max.replace(tzinfo=UTC))))
def test_microseconds_survive_as_an_instant(count: int) -> None:
    """Every count that names a date comes back exactly; no float is in between."""
    assert micros(from_micros(count)) == count


@given(instants, instants)
def test_order_is_kept(one: datetime, other: datetime) -> None:
    """Counts compare as their instants do."""
    assert (micros(one) < micros(other)) == (one.astimezone(UTC) < other.astimezone(UTC))


def test_a_naive_instant_has_no_count() -> None:
    """An instant without a zone is a programming error, not a guess."""
    with pytest.raises(TypeError):
        micros(NAIVE)


def test_the_machines_clock_tells_utc() -> None:
    """The system clock is aware, in UTC, and tells the machine's own time."""
    before = time.time_ns() // 1_000
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(micros(now) - before) < micros(from_micros(0) + timedelta(minutes=1))


def test_a_settable_clock_stands_until_it_is_set() -> None:
    """It tells what was set, forwards or backwards, in UTC."""
    clock = SettableClock(START.astimezone(timezone(timedelta(hours=5))))
    assert clock.now() == clock.now() == START
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(minutes=-30))
    assert clock.now() == START - timedelta(minutes=30)
    clock.set(START.astimezone(timezone(timedelta(hours=-8))))
    assert clock.now() == START
    assert clock.now().tzinfo is UTC


def test_a_settable_clock_takes_no_naive_instant() -> None:
    """An instant without a zone would depend on the machine's own."""
    with pytest.raises(ValueError, match="zone"):
        SettableClock(NAIVE)
    with pytest.raises(ValueError, match="zone"):
        SettableClock(START).set(NAIVE)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-05T09:00:00+00:00", START),
        ("2026-01-05T09:00:00Z\n", START),
        (" 2026-01-05 10:00+01:00 ", START),
    ],
)
def test_a_file_clock_tells_what_the_file_holds(tmp_path: Path, text: str, instant: datetime) -> None:
    """Each look reads the file anew; blank space around the instant does not matter."""
    file = tmp_path / "clock"
    file.write_text(text)
    clock = FileClock(file)
    assert clock.now() == instant
    assert clock.now().tzinfo is UTC
    file.write_text((instant - timedelta(hours=1)).isoformat())
    assert clock.now() == instant - timedelta(hours=1)


@pytest.mark.parametrize(
    "content", [b"", b"soon", b"2026-01-05T09:00:00", b"2026-13-05T09:00:00+00:00", b"\xff"]
)
def test_a_file_that_tells_no_instant_is_refused(tmp_path: Path, content: bytes) -> None:
    """Bad content and an instant without a zone are refused in words that name the file and the form."""
    file = tmp_path / "clock"
    file.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        FileClock(file).now()
    assert str(file) in caught.value.what
    assert "2015-04-16T00:00:00+00:00" in caught.value.mend


def test_a_missing_clock_file_is_refused(tmp_path: Path) -> None:
    """A clock whose file is gone does not fall back to the machine's time."""
    with pytest.raises(InvalidInput) as caught:
        FileClock(tmp_path / "clock").now()
    assert str(tmp_path / "clock") in caught.value.what
