"""Clocks: by when a matter must be acknowledged, answered or brought to somebody, and why then.

All instants are UTC. A promise in days is that many times 24 hours from receipt. A law that counts calendar months ends
with the last day of its term (Regulation (EEC, Euratom) 1182/71, article 3: a month without such a day ends with its last
day, and a term that ends on a day off ends with the next working day). Business days begin to count on the day after
receipt, and end with the last of them. Verifying who asks pauses none of them.
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple

from troth.kernel import micros
from troth.policy import Span
from troth.rights.calendars import Calendar, Weekdays, working_day_after, working_day_from

Does = Literal["acknowledge", "remind", "answer"]
_DAY = timedelta(days=1)
_TOLD = "%d %B %Y, %H:%M UTC"
_AND = " and another "
_UNITS = "(?:business )?days?|hours?|months?|years?"
_WHY = re.compile(
    r"(?:Acknowledge|Remind|Answer) by (?:[^:]+:\d\d UTC): "
    rf"(?P<spans>\d+ (?:{_UNITS})(?:{_AND}\d+ (?:{_UNITS}))?)"
    r" from receipt on (?P<start>[^:]+:\d\d UTC)(?P<whole> to the end of that day)?"
    r"(?:, counted by (?P<calendar>[^.(]+))?\. (?P<rule>\S+) \((?P<source>.+)\)\."
)


class Rule(NamedTuple):
    """What sets a clock.

    Args:
        name: Of the policy's rule, or of the law's clock.
        does: What must be done by then.
        span: How long from receipt.
        source: Clause or article that says so.
        place: Whose calendar of working days counts; empty where none does.
        rolls: Whether a term that ends on a day off ends with the next working day.
        whole_days: Whether it ends with the last day, not to the minute.
        extension: How much longer it may take, with notice and reasons; None for no longer.
        remind: Role that is reminded.
    """

    name: str
    does: Does
    span: Span
    source: str
    place: str = ""
    rolls: bool = False
    whole_days: bool = False
    extension: Span | None = None
    remind: str = ""


class Due(NamedTuple):
    """An instant that a rule sets, and the reason for it in plain language."""

    at: datetime
    rule: Rule
    why: str


class Reason(NamedTuple):
    """A reason for a due date, taken apart.

    Args:
        spans: How long from receipt, the longer time that was taken after the usual one: count and unit each.
        start: Receipt (microseconds).
        whole_days: Whether it ends with the last day.
        calendar: What counts as a working day, in words; empty where that does not matter.
        rule: Name of the rule or of the law's clock.
        source: Clause or article.
    """

    spans: tuple[tuple[int, str], ...]
    start: int
    whole_days: bool
    calendar: str
    rule: str
    source: str


def due(rule: Rule, received: datetime, calendar: Calendar | None = None, *, extended: bool = False) -> Due:
    """When a clock runs out.

    Args:
        rule: What sets it.
        received: Instant of receipt, with its zone.
        calendar: Working days that count; Monday to Friday where left out.
        extended: Whether the longer time of the rule was taken, with notice.

    Raises:
        ValueError: The instant has no zone, or the rule knows no longer time.
    """
    if received.tzinfo is None:
        raise ValueError("an instant needs its zone")
    if extended and rule.extension is None:
        raise ValueError(f"{rule.name} knows no longer time")
    counted = calendar or Weekdays()
    start = received.astimezone(UTC)
    spans = [rule.span, rule.extension] if extended and rule.extension else [rule.span]
    at = start
    for span in _joined(spans):
        at = _after(at, span, counted)
    if rule.whole_days:
        last = at.date() if rule.span.unit != "business days" else (at - _DAY).date()
        at = _end_of(working_day_from(last, counted) if rule.rolls else last)
    return Due(at, rule, _why(rule, spans, start, at, counted))


def _joined(spans: list[Span]) -> list[Span]:
    """Months and more months are one term from receipt: the end of a short month in between shortens nothing."""
    if all(span.unit == "months" for span in spans):
        return [Span(sum(span.count for span in spans), "months")]
    return spans


def _after(start: datetime, span: Span, calendar: Calendar) -> datetime:
    if span.unit == "hours":
        return start + timedelta(hours=span.count)
    if span.unit == "months":
        return _months_after(start, span.count)
    return _end_of(working_day_after(start.date(), span.count, calendar))


def _months_after(start: datetime, count: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


def _end_of(day: date) -> datetime:
    return datetime.combine(day + _DAY, time(), UTC)


def _why(rule: Rule, spans: list[Span], start: datetime, at: datetime, calendar: Calendar) -> str:
    verb = {"acknowledge": "Acknowledge", "remind": "Remind", "answer": "Answer"}[rule.does]
    length = _AND.join(str(span) for span in spans)
    days = f", counted by {calendar.name}" if rule.rolls or rule.span.unit == "business days" else ""
    ends = " to the end of that day" if rule.whole_days or rule.span.unit == "business days" else ""
    return f"{verb} by {told(at)}: {length} from receipt on {told(start)}{ends}{days}. {rule.name} ({rule.source})."


def reason_of(why: str) -> Reason | None:
    """What a reason says, as `due` gives it and as it is kept with a matter; None for a text of another form."""
    found = _WHY.fullmatch(why)
    if found is None:
        return None
    start = datetime.strptime(found["start"], _TOLD).replace(tzinfo=UTC)
    spans = [one.partition(" ") for one in found["spans"].split(_AND)]
    return Reason(
        tuple((int(count), unit) for count, _, unit in spans),
        micros(start),
        found["whole"] is not None,
        found["calendar"] or "",
        found["rule"],
        found["source"],
    )


def told(at: datetime) -> str:
    """An instant as people read it, in UTC."""
    return at.astimezone(UTC).strftime("%-d %B %Y, %H:%M UTC")


def strictest(found: list[Due], does: Does) -> Due | None:
    """The earliest of those that ask for the same; None where none does."""
    return min((one for one in found if one.rule.does == does), key=lambda one: one.at, default=None)
