"""What comes through the receiving door. Pure."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from troth.kernel import InvalidInput
from troth.policy import TelemetrySchema

CHANNEL = "product"
"""Declared channel that reports come through."""
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_OLDEST = timedelta(days=56)
_AHEAD = timedelta(days=1)
_MONDAY = 1
_CLAUSE = "II.7"


class Portion(NamedTuple):
    """A part of a week's report, from a sender that does not gather its weeks itself.

    A series is a metric, or one label or bucket of it, written as in a report.

    Args:
        added: What came on top since the sender's last part, by series.
        latest: Numbers as they are now, by series.
        words: Choices by metric.
        running: Running totals, each the highest seen, by series and start (nanoseconds since 1970).
        mark: Digest of what was sent, the same when it is sent again.
    """

    added: dict[str, int]
    latest: dict[str, int]
    words: dict[str, str]
    running: dict[tuple[str, int], int]
    mark: bytes


class Report(NamedTuple):
    """What a report says.

    Args:
        product: Declared product.
        release: Its version.
        week: ISO week that it tells of.
        schema: Fingerprint of the schema that it was made by.
        numbers: Counters, quantities, buckets and booleans by metric, with label or bucket behind a slash.
        words: Choices by metric.
        source: Wire format: troth, glean or otlp.
        portion: Where it is only a part of a week's report: that part; numbers and words are empty then.
    """

    product: str
    release: str
    week: str
    schema: str
    numbers: dict[str, float]
    words: dict[str, str]
    source: str = "troth"
    portion: Portion | None = None


class Proof(NamedTuple):
    """What a sender shows with a report, read out of its header.

    Args:
        receipt: Keyed digest of a receipt; empty for none.
        key: Id of the key that signed a token; empty for none.
        message: The token's message.
        signature: The token's signature.
    """

    receipt: bytes = b""
    key: str = ""
    message: bytes = b""
    signature: bytes = b""


Read = Callable[[bytes, TelemetrySchema, str], "Report | None"]
"""Reads a body by the schema in force on a day (ISO 8601); None where it holds no report, and nothing is to be kept of it."""


class Upload(NamedTuple):
    """A report on its way in.

    Args:
        shown: The `Authorization` header.
        body: What was sent.
        read: Reads it; None for a report in our own format.
    """

    shown: str
    body: bytes
    read: Read | None = None


def week_of(day: date) -> str:
    """The ISO week of a day (ISO 8601)."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def monday(week: str) -> date | None:
    """The first day of an ISO week; None where it is none."""
    found = _WEEK.fullmatch(week)
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), _MONDAY) if found else None
    except ValueError:
        return None


def check_week(week: str, day: date) -> None:
    """Make sure that a report tells of a week that is about now.

    Raises:
        InvalidInput: It is no week, lies ahead, or longer ago than eight weeks.
    """
    begins = monday(week)
    if begins is None or not day - _OLDEST <= begins <= day + _AHEAD:
        raise InvalidInput(
            "The week is none of the last eight; nothing was stored.",
            clause=_CLAUSE,
            field="week",
            mend="Write the ISO week of the use, such as 2026-W48.",
        )
