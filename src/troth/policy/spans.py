"""Spans of time as people write them in policies: "30 days", "72 hours", "10 business days", "two years"."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "eighteen": 18,
    "twenty": 20, "twenty-four": 24, "thirty": 30, "thirty-six": 36, "forty": 40, "forty-five": 45,
    "forty-eight": 48, "sixty": 60, "seventy-two": 72, "ninety": 90,
}  # fmt: skip
_BASE = {
    "hour": (1, "hours"), "day": (24, "hours"), "week": (168, "hours"),
    "month": (1, "months"), "year": (12, "months"), "business day": (1, "business days"),
}  # fmt: skip
_NUMBER = r"(?P<number>\d{1,6}|" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")"
_UNIT = r"(?P<unit>(?:(?:business|working|calendar)\s)?(?:hour|day|week|month|year))s?"
_SPAN = rf"{_NUMBER}[\s-]{_UNIT}"
_IN_PROSE = rf"(?<![\w.-]){_NUMBER}(?:\s\(\d{{1,6}}\))?[\s-]{_UNIT}\b(?!\s(?:of age|old))"
_DEADLINE = (
    r"(?:within|not more than|no more than|no later than|not later than|at most|up to|in under)\s(?:the\s)?"
    + _IN_PROSE
)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """A pattern, compiled when a text is read for the first time: it takes longer than loading all the rest of this room."""
    return re.compile(pattern, re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A span of time: a count and its unit ("hours", "months" or "business days").

    Days and weeks are counted as hours (a day is 24 of them), years as months, because a calendar month has no
    fixed number of hours.
    """

    count: int
    unit: str

    def __str__(self) -> str:
        for size, unit in ((24, "days"), (12, "years")):
            if self.unit == {"days": "hours", "years": "months"}[unit] and self.count % size == 0:
                return _counted(self.count // size, unit)
        return _counted(self.count, self.unit)


_DAYS_A_BUSINESS_WEEK, _DAYS_A_WEEK = 5, 7


_WEEKEND = frozenset({5, 6})


def instant_after(start: datetime, span: Span) -> datetime:
    """The instant that lies a span after another; calendars are those of UTC."""
    if span.unit == "hours":
        return start + timedelta(hours=span.count)
    if span.unit == "months":
        year, month = divmod(start.year * 12 + start.month - 1 + span.count, 12)
        return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))
    end, left = start, span.count
    while left:
        end += timedelta(days=1)
        left -= end.weekday() not in _WEEKEND
    return end


def instant_before(end: datetime, span: Span) -> datetime:
    """The instant that lies a span before another; what is older has been kept for the whole of the span.

    Business days become a little more days of the calendar, never fewer.
    """
    if span.unit == "months":
        year, month = divmod(end.year * 12 + end.month - 1 - span.count, 12)
        return end.replace(year=year, month=month + 1, day=min(end.day, monthrange(year, month + 1)[1]))
    if span.unit == "hours":
        return end - timedelta(hours=span.count)
    weeks, rest = divmod(span.count, _DAYS_A_BUSINESS_WEEK)
    return end - timedelta(days=weeks * _DAYS_A_WEEK + rest + 2)


def _counted(count: int, units: str) -> str:
    return f"{count} {units.removesuffix('s') if count == 1 else units}"


def read_span(text: str) -> Span | None:
    """The span that a text such as "30 days" states, or None when it states none."""
    match = _expression(_SPAN).fullmatch(text.strip())
    return _span(match) if match else None


def spans_in(prose: str) -> frozenset[Span]:
    """Every span that prose mentions, ages of people left out."""
    return frozenset(_span(match) for match in _expression(_IN_PROSE).finditer(" ".join(prose.split())))


def deadlines_in(prose: str) -> frozenset[Span]:
    """The spans that prose states as a limit: "within 30 days", "not more than 90 days"."""
    return frozenset(_span(match) for match in _expression(_DEADLINE).finditer(" ".join(prose.split())))


def _span(match: re.Match[str]) -> Span:
    number = match["number"].lower()
    unit = " ".join(match["unit"].lower().split()).replace("calendar ", "").replace("working", "business")
    unit = unit if unit in _BASE else unit.rsplit(" ", maxsplit=1)[-1]
    count = _WORDS.get(number) or int(number)
    size, base = _BASE[unit]
    return Span(count * size, base)
