"""Sums of each week, in one small file: what was recorded is added to it, and reports are composed of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from troth.telemetry.chance import Below, below, blurred, draw
from troth.telemetry.report import bucket, serialize_report, wrong
from troth.telemetry.schema import Metric, Schema
from troth.telemetry.weeks import weeks_between

NAME = "sums.json"
FORMAT = "troth-sums/1"
UNDECLARED = "undeclared"
Key = tuple[str, str | None]


class Recorded(NamedTuple):
    """What a process recorded since it was last put on disk.

    Args:
        counts: Numbers to add, by metric and label or bucket.
        states: Values as they are now, by metric.
        refused: How often something was refused, by metric or `undeclared`.
    """

    counts: Mapping[Key, int]
    states: Mapping[str, Any]
    refused: Mapping[str, int]


def merge(
    stored: dict[str, Any], schema: Schema, week: str, recorded: Recorded, source: Below = below
) -> None:
    """Add what was recorded to the sums of a week, within the bounds that are declared; what goes beyond is counted as refused."""
    if stored.get("format") != FORMAT:
        stored.clear()
        stored.update({"format": FORMAT, "first": week, "weeks": {}})
    one = stored["weeks"].setdefault(week, {"values": {}, "drawn": {}, "refused": {}})
    values, refused = one["values"], one["refused"]
    for name, times in recorded.refused.items():
        refused[name] = refused.get(name, 0) + times
    for (name, label), number in recorded.counts.items():
        over = _add(values, schema.metrics[name], label, number)
        if over:
            refused[name] = refused.get(name, 0) + over
    for name, value in recorded.states.items():
        values[name] = value
        _draw_once(one["drawn"], schema.metrics[name], source)


def compose(
    stored: Mapping[str, Any],
    schema: Schema,
    *,
    product: str,
    release: str,
    week: str,
    day: str | None = None,
) -> bytes:
    """The bytes of a week's report, which `preview` shows and an upload sends.

    What the schema no longer declares, or bounds otherwise than when it was recorded, is left out.

    Raises:
        ReportError: The product or release may not report.
    """
    one = stored.get("weeks", {}).get(week, {})
    values = dict(one.get("values", {}))
    for metric in schema.metrics.values():
        if metric.type == "weeks-in-use" and one and metric.name not in values:
            values[metric.name] = bucket(metric, weeks_between(str(stored["first"]), week))
    told = {}
    for name, value in values.items():
        metric_of = schema.metrics.get(name)
        if metric_of is None or wrong(metric_of, value):
            continue
        if metric_of.randomised is not None:
            drawn = one.get("drawn", {}).get(name)
            if drawn is None or drawn[:2] != _drawn_for(metric_of):
                continue
            value = blurred(metric_of.answers, value, int(drawn[2]))  # noqa: PLW2901  the true answer must not go on
        told[name] = value
    return serialize_report(schema, product=product, release=release, week=week, values=told, day=day)


def _add(values: dict[str, Any], metric: Metric, label: str | None, number: int) -> int:
    """Add to a sum; gives how much went beyond the bounds."""
    total: int
    if metric.type == "counter":
        total = values.get(metric.name, 0) + number
        values[metric.name] = min(total, metric.maximum)
    elif metric.type == "labelled-counter":
        held = values.setdefault(metric.name, {})
        total = held.get(label, 0) + number
        held[label] = min(total, metric.maximum)
    else:
        place, size = int(label or 0), len(metric.edges) + 1
        buckets = values.get(metric.name)
        if not isinstance(buckets, list) or len(buckets) != size:
            buckets = values[metric.name] = [0] * size
        total = buckets[place] + number
        buckets[place] = min(total, metric.maximum)
    return max(total - metric.maximum, 0)


def _draw_once(drawn: dict[str, Any], metric: Metric, source: Below) -> None:
    """Draw the week's chance for a blurred metric, which then stays: looking again tells no more."""
    if metric.randomised is None:
        return
    about = _drawn_for(metric)
    if drawn.get(metric.name, [])[:2] != about:
        drawn[metric.name] = [*about, draw(metric.randomised, len(metric.answers), source)]


def _drawn_for(metric: Metric) -> list[float]:
    return [float(metric.randomised or 0), len(metric.answers)]
