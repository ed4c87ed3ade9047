"""What a report with noise asks of the tables: the sums to add up, and how far one person or installation can move each. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from troth.insights.periods import Period
from troth.policy import SHOWN, Policy, Report, ShownMetric, Telemetry, telemetry_schema

INSTALLATIONS = "installations"
LEAST = 10
"""Smallest figure that is shown, whatever a report declares."""


class Part(NamedTuple):
    """Sums over the reports of installations that are released together.

    Args:
        name: Metric, or `installations`.
        show: How it is shown.
        keys: What each sum is called, in order.
        l1: Most that one installation changes all sums together.
        weeks: The ISO weeks whose reports count.
        metric: As it is declared; None for the number of installations.
        shown: As the report shows it; None for the same.
    """

    name: str
    show: str
    keys: tuple[str, ...]
    l1: int
    weeks: tuple[str, ...]
    metric: Telemetry | None = None
    shown: ShownMetric | None = None

    @property
    def most(self) -> int:
        """Most that one installation adds in one week."""
        return self.shown.most if self.shown is not None else 1


def least(report: Report) -> int:
    """The smallest figure that a report shows."""
    return max(LEAST, report.cohort)


def parts_of(report: Report, policy: Policy, period: Period) -> list[Part]:
    """The parts of a report over installations; the first counts them.

    What an installation is (sizes, choices, weeks in use) is read from the newest week, what it did from all of them: an
    installation sends one report a week, and its bound grows by the weeks that count.
    """
    schema = telemetry_schema(policy)
    metrics = schema.metrics if schema is not None else {}
    newest = period.weeks[-1:]
    parts = [Part(INSTALLATIONS, "count", ("",), 1, newest)]
    for shown in report.metrics:
        metric = metrics[shown.metric]
        parts += _parts(shown, metric, period.weeks, newest)
    return parts


def _parts(
    shown: ShownMetric, metric: Telemetry, weeks: tuple[str, ...], newest: tuple[str, ...]
) -> list[Part]:
    show = shown.show or SHOWN[metric.type][0]
    used = newest if show in {"shares", "histogram"} or metric.type == "quantity" else weeks
    times = len(used)
    if show == "mean":
        return [
            Part(metric.name, "mean", ("sum",), shown.most * times, used, metric, shown),
            Part(metric.name, "mean-of", ("",), times, used, metric, shown),
        ]
    keys = keys_of(shown, metric, show)
    each = {"shares": 1, "histogram": 1, "reached": len(keys), "funnel": len(keys)}.get(show, shown.most)
    return [Part(metric.name, show, keys, each * times, used, metric, shown)]


def keys_of(shown: ShownMetric, metric: Telemetry, show: str) -> tuple[str, ...]:
    """What the figures of a metric are called."""
    if show == "histogram":
        return buckets(shown.edges)
    if metric.type in {"timing", "weeks-in-use"}:
        return buckets(metric.edges)
    if metric.type == "boolean":
        return ("no", "yes")
    if show == "funnel":
        return shown.steps
    return metric.choices or ("",)


def buckets(edges: tuple[int, ...]) -> tuple[str, ...]:
    """The buckets that begin at 0 and at some edges, in words."""
    if not edges:
        return ("0 or more",)
    ends = zip((0, *edges[:-1]), edges, strict=True)
    return (
        *(f"{low} to {high - 1}" if high - low > 1 else f"{low}" for low, high in ends),
        f"{edges[-1]} or more",
    )


class EventPlan(NamedTuple):
    """What a report over web events asks.

    Args:
        column: The column that it groups by.
        field: The field that stands for it in the policy.
        pages: Whether page views count; otherwise all other events do.
        keys: The groups, where the policy declares them.
        most: Most events of one visitor that count.
        daily: Most events that count of a visitor who is told apart for a day only; 0 leaves such visitors out.
        days: Most days that such a visitor appears on as somebody else.
        steps: Of a funnel: the groups in the order of its steps.
    """

    column: str
    field: str
    pages: bool
    keys: tuple[str, ...]
    most: int
    daily: int
    days: int
    steps: tuple[str, ...] = ()


COLUMNS: Mapping[str, str] = {
    "page": "page",
    "referrer": "referrer",
    "event": "name",
    "country": "country",
    "device": "device",
}
"""Columns of the events that may be grouped by, by the part of an event that a field holds."""


def event_plan(report: Report, policy: Policy, period: Period, *, pages: bool) -> EventPlan:
    """What a report over web events asks of the lake."""
    field = policy.fields[report.by[0]]
    daily = report.most // period.days
    return EventPlan(
        COLUMNS[field.part or ""],
        field.name,
        pages,
        field.choices,
        report.most,
        daily,
        period.days if daily else 1,
        report.steps,
    )
