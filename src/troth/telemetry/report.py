"""A report: the exact bytes that tell of one week. Sender, preview and public sample are made by this one serializer.

Keys are sorted, nothing stands between them, UTF-8. No time, no installation, no network address and no free text has a
place in it.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from typing import Any

from troth.telemetry.schema import Metric, ReportError, Schema, whole

FORMAT = "troth-report/1"
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_SUNDAY = 7
Value = int | bool | str | Mapping[str, int] | list[int]


def serialize_report(
    schema: Schema,
    *,
    product: str,
    release: str,
    week: str,
    values: Mapping[str, Any],
    day: str | None = None,
) -> bytes:
    """The report of a week, as it goes over the wire.

    Metrics that are over on the day, or that a later release begins to send, are left out.

    Args:
        schema: What may stand in it.
        product: Product that reports.
        release: Its version.
        week: ISO week of the use that it tells of, such as 2026-W48.
        values: By metric: counters, quantities and the bucket of weeks-in-use as whole numbers, labelled counters as numbers by
            label, timing as a number for each bucket (one more than its edges), booleans and choices as such.
        day: Day on which it is sent (ISO 8601); the last of the week when left out.

    Raises:
        ReportError: The product or release may not report, the week is none, or a value is undeclared or out of bounds. The
            error names the metric.
    """
    schema.check_sender(product, release)
    day = day or last_day(week)
    told: dict[str, Any] = {}
    for name, value in values.items():
        metric = schema.metrics.get(name)
        if metric is None:
            raise ReportError(name, "it is not declared")
        if what := wrong(metric, value):
            raise ReportError(name, what)
        if metric.sent_by(release, day):
            told[name] = value
    document = {
        "format": FORMAT,
        "schema": schema.fingerprint,
        "product": product,
        "release": release,
        "week": week,
        "metrics": told,
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sample_report(schema: Schema, product: str, release: str, week: str, *, day: str | None = None) -> bytes:
    """A report with made-up, plausible values for every metric that would be sent: always the same for the same arguments.

    Source: clause II.7.

    Raises:
        ReportError: As `serialize_report`.
    """
    values = {metric.name: _sample(metric, place) for place, metric in enumerate(schema.metrics.values())}
    return serialize_report(schema, product=product, release=release, week=week, values=values, day=day)


def wrong(metric: Metric, value: object) -> str:
    """What is wrong with a value in a report; empty when it may be sent."""
    if metric.type in {"counter", "quantity"}:
        return (
            ""
            if _within(metric, value)
            else f"it is no whole number from {metric.minimum} to {metric.maximum}"
        )
    if metric.type == "labelled-counter":
        if not isinstance(value, Mapping) or not all(label in metric.choices for label in value):
            return "it has a label that is not declared"
        within = all(_within(metric, one) for one in value.values())
        return "" if within else f"it counts no whole numbers from 0 to {metric.maximum}"
    if metric.type == "timing":
        buckets = isinstance(value, list | tuple) and len(value) == len(metric.edges) + 1
        within = buckets and all(_within(metric, one) for one in value)  # type: ignore[attr-defined]
        return (
            ""
            if within
            else f"it is no list of {len(metric.edges) + 1} whole numbers from 0 to {metric.maximum}"
        )
    if metric.type == "weeks-in-use":
        return "" if whole(value) and value <= len(metric.edges) else "it is no bucket"  # type: ignore[operator]
    if metric.type == "boolean":
        return "" if isinstance(value, bool) else "it is neither true nor false"
    return "" if isinstance(value, str) and value in metric.choices else "it is none of its choices"


def bucket(metric: Metric, number: float) -> int:
    """The bucket that a duration in milliseconds, or a number of weeks, falls in."""
    return bisect_right(metric.edges, number)


def last_day(week: str) -> str:
    """The Sunday of an ISO week (ISO 8601).

    Raises:
        ReportError: It is no ISO week.
    """
    found = _WEEK.fullmatch(week)
    try:
        if found is not None:
            return date.fromisocalendar(int(found[1]), int(found[2]), _SUNDAY).isoformat()
    except ValueError:
        found = None
    raise ReportError("week", "it is no ISO week such as 2026-W48")


def _within(metric: Metric, value: object) -> bool:
    return whole(value) and metric.minimum <= value <= metric.maximum  # type: ignore[operator]


def _sample(metric: Metric, place: int) -> Value:
    """A number that a small company might have, the same for the same place in the schema."""
    if metric.type in {"counter", "quantity"}:
        middle = (1 << metric.maximum.bit_length() * (2 + place % 3) // 8) + place
        return min(max(metric.minimum, middle), metric.maximum)
    if metric.type == "labelled-counter":
        return {
            label: min((place + 5 * nth) % 23, metric.maximum) for nth, label in enumerate(metric.choices)
        }
    if metric.type == "timing":
        middle = len(metric.edges) // 2
        return [min(64 >> 2 * abs(nth - middle), metric.maximum) for nth in range(len(metric.edges) + 1)]
    if metric.type == "weeks-in-use":
        return bucket(metric, 9)
    return metric.answers[place % len(metric.answers)]
