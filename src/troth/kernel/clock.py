"""Time comes from a Clock, so that a test or a drill can steer it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from troth.kernel.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The machine's present instant in UTC."""
        return datetime.now(UTC)  # noqa: TID251  the one place that asks the machine


class SettableClock:
    """A clock that stands still until it is set.

    Args:
        start: The first instant it tells; must be aware.

    Raises:
        ValueError: An instant without a zone was given, here or to `set`.
    """

    def __init__(self, start: datetime) -> None:
        self._now = _in_utc(start)

    def now(self) -> datetime:
        """The instant last set."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Set the clock, forwards or backwards."""
        self._now = _in_utc(instant)

    def advance(self, span: timedelta) -> None:
        """Move the clock by a span."""
        self._now += span


class FileClock:
    """A clock whose instant stands in a file (ISO 8601, aware), so that another process can steer it.

    Args:
        path: The file; it is read at every look.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """The instant in the file.

        Raises:
            InvalidInput: The file cannot be read, or holds no aware ISO 8601 instant.
        """
        try:
            return _in_utc(datetime.fromisoformat(self._path.read_text(encoding="utf-8").strip()))
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"The clock file {self._path} tells no instant with a zone ({type(error).__name__}).",
                mend="Write one into it like 2015-04-16T00:00:00+00:00, or unset TROTH_CLOCK_FILE.",
            ) from error


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        msg = "An instant without a zone was given."
        raise ValueError(msg)
    return instant.astimezone(UTC)


def micros(instant: datetime) -> int:
    """Microseconds from 1970-01-01T00:00:00Z to an aware instant."""
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(count: int) -> datetime:
    """The instant (UTC) that lies `count` microseconds after 1970-01-01T00:00:00Z."""
    return _EPOCH + timedelta(microseconds=count)
