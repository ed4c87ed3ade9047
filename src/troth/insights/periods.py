"""Which days and weeks a run is about, and which periods of a budget it spends from. Pure."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from troth.insights.model import period_start

_SUNDAY = 6


class Period(NamedTuple):
    """Whole days.

    Args:
        start: First day.
        end: The day behind the last.
    """

    start: date
    end: date

    @property
    def name(self) -> str:
        """The first day and the day behind the last, as ISO 8601 has intervals."""
        return f"{self.start.isoformat()}/{self.end.isoformat()}"

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    @property
    def weeks(self) -> tuple[str, ...]:
        """The ISO weeks that end in it, such as 2026-W48; oldest first."""
        found = []
        for number in range(self.days):
            day = self.start + timedelta(days=number)
            if day.weekday() == _SUNDAY:
                year, week, _ = day.isocalendar()
                found.append(f"{year}-W{week:02}")
        return tuple(found)


def period_before(schedule: str, now: datetime) -> Period:
    """The last whole week (Monday to Sunday) or month before an instant, UTC; a week where there is no schedule."""
    end = period_start(schedule, now)
    start = period_start(schedule, end - timedelta(days=1))
    return Period(start.date(), end.date())


def earlier(schedule: str, period: Period) -> Period:
    """The period before a period."""
    return period_before(
        schedule, datetime(period.start.year, period.start.month, period.start.day, tzinfo=UTC)
    )


def budget_periods(each: str, period: Period) -> tuple[str, ...]:
    """The periods of a budget from which a run takes that looks at some days: every one that it touches.

    Whole weeks of reports that end in the period may begin before it; those days count too.
    """
    first = period.start - timedelta(days=period.start.weekday())
    days = [first + timedelta(days=number) for number in range((period.end - first).days)]
    return tuple(dict.fromkeys(_name(each, day) for day in days))


def _name(each: str, day: date) -> str:
    if each == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    if each == "month":
        return f"{day.year}-{day.month:02}"
    if each == "quarter":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    return str(day.year)
