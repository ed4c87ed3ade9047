"""Weeks of use. A week ends on Sunday at two in the morning, local time, and bears the name of the ISO week that it ends in."""

from datetime import date, datetime, timedelta

from troth.telemetry.report import last_day

TURN = timedelta(hours=2)
"""Past midnight of a Sunday."""
_AHEAD = timedelta(days=1) - TURN
_WEEK = timedelta(days=7)
LATE = 2
"""Weeks after its end for which a week is still sent."""


def week_of(local: datetime) -> str:
    """The week that a local moment belongs to, such as 2026-W48."""
    year, week, _ = (local + _AHEAD).isocalendar()
    return f"{year}-W{week:02d}"


def weeks_between(first: str, last: str) -> int:
    """How many weeks lie between two."""
    return (date.fromisoformat(last_day(last)) - date.fromisoformat(last_day(first))) // _WEEK


def end_of(week: str) -> datetime:
    """When a week ends, in local time without a zone."""
    return datetime.fromisoformat(last_day(week)) + TURN


def local_now() -> datetime:
    """The machine's present instant in its own zone."""
    return datetime.now().astimezone()  # noqa: TID251  the sender has no kernel; a clock can be given
