"""Working days: which days count when a law counts business days."""

from collections.abc import Container
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

_WEEKEND = frozenset({5, 6})
_DAY = timedelta(days=1)


class Calendar(Protocol):
    """Tells working days from others."""

    @property
    def name(self) -> str:
        """Whose calendar it is, as people read it."""

    def works(self, day: date) -> bool:
        """Whether people work on a day."""


class Weekdays:
    """Monday to Friday. Public holidays count as working days here, so a due date is never later than the law's."""

    name = "weekdays, public holidays not taken out"

    def works(self, day: date) -> bool:
        """Whether a day is none of a weekend."""
        return day.weekday() not in _WEEKEND


class PublicHolidays:
    """Monday to Friday without the public holidays of a country or a part of it.

    Args:
        place: ISO 3166-1 code of the country, with `-` and the part of it where that has holidays of its own (`US-CA`).
        holidays: Its public holidays; days in it do not count.
    """

    def __init__(self, place: str, holidays: Container[date]) -> None:
        self.name = f"working days of {place}"
        self._holidays = holidays

    def works(self, day: date) -> bool:
        """Whether a day is neither of a weekend nor a public holiday."""
        return day.weekday() not in _WEEKEND and day not in self._holidays


@lru_cache(maxsize=64)
def calendar_of(place: str) -> Calendar:
    """The calendar of a place; weekdays alone where none is known, or the extra `calendars` is not installed.

    Args:
        place: ISO 3166-1 code, optionally with a part (`US-CA`).
    """
    try:
        from holidays import country_holidays
    except ImportError:
        return Weekdays()
    country, _, part = place.partition("-")
    try:
        return PublicHolidays(place, country_holidays(country, subdiv=part or None))
    except NotImplementedError:
        return Weekdays()


def working_day_from(day: date, calendar: Calendar) -> date:
    """The day itself where people work on it, else the next one."""
    while not calendar.works(day):
        day += _DAY
    return day


def working_day_after(day: date, count: int, calendar: Calendar) -> date:
    """The working day that is the given number of working days after a day."""
    while count:
        day += _DAY
        count -= calendar.works(day)
    return day
