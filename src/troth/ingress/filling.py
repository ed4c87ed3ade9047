"""Data points of OpenTelemetry, each put where the policy declares it. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from troth.ingress.reading import takers_of
from troth.policy import Telemetry, TelemetrySchema, release_numbers

LABEL = "label"
"""The attribute that holds a label or choice where the policy names no other."""
_DELTA, _CUMULATIVE = 1, 2
_NO_VALUE = 1
"""Flag of a data point that holds no value."""
_LARGEST = 2**53 - 1
_DAY = 86_400 * 1_000_000_000
_AHEAD = 2
_EPOCH = date(1970, 1, 1).toordinal()
_PREFERENCE = "set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta, or send its start."
_MILLISECONDS: Mapping[str, float] = {"": 1, "ms": 1, "s": 1_000, "us": 1 / 1_000, "ns": 1 / 1_000_000}
_KINDS: Mapping[str, frozenset[str]] = {
    "counter": frozenset({"rising"}),
    "labelled-counter": frozenset({"rising"}),
    "quantity": frozenset({"gauge", "level"}),
    "boolean": frozenset({"gauge"}),
    "weeks-in-use": frozenset({"gauge"}),
    "choice": frozenset({"gauge"}),
    "timing": frozenset({"histogram"}),
}
"""What fills each type of ours: a monotonic sum (rising), another sum (level), a gauge, a histogram."""


class Unfit(Exception):
    """A metric or data point that is not taken; its text tells why, and no value."""


class Told(NamedTuple):
    """Numbers to add, numbers as they are, choices, and running totals by series and start."""

    added: dict[str, int]
    latest: dict[str, int]
    words: dict[str, str]
    running: dict[tuple[str, int], int]


class Filling:
    """Collects what one request tells.

    Args:
        schema: The schema in force.
        day: The day of receipt (ISO 8601).
    """

    def __init__(self, schema: TelemetrySchema, day: str) -> None:
        self._schema, self.day = schema, date.fromisoformat(day)
        self.ahead = (self.day.toordinal() - _EPOCH + _AHEAD) * _DAY
        self.added: dict[str, int] = {}
        self.running: dict[tuple[str, int], dict[int, int]] = {}
        self.levels: dict[str, dict[int, int]] = {}
        self.words: dict[str, tuple[int, str]] = {}
        self.seen: set[tuple[str, bytes]] = set()

    @property
    def empty(self) -> bool:
        """Whether nothing was taken."""
        return not (self.added or self.running or self.levels or self.words)

    def place(self, metric: Any, release: str) -> "_Place":
        """Where the data points of a metric go.

        Raises:
            Unfit: Nowhere.
        """
        declared = self._schema.metrics.get(metric.name.replace(".", "_"))
        if declared is None:
            raise Unfit("This metric is not declared.")
        taker = takers_of(self._schema)[declared.name]
        if taker.expires <= self.day.isoformat() or taker.since > release_numbers(release):
            raise Unfit("This metric is over, or this version does not send it.")
        if declared.randomised is not None:
            raise Unfit("Only a sender that blurs it may send this metric.")
        return _Place(self, declared, metric)

    def told(self) -> Told:
        """What was taken. What stands at one time adds up; of several times the highest total and the last level counts."""
        latest = {series: levels[max(levels)] for series, levels in self.levels.items()}
        words = {name: word for name, (_, word) in self.words.items()}
        running = {key: max(totals.values()) for key, totals in self.running.items()}
        return Told(self.added, latest, words, running)


class _Place:
    """Where the data points of one metric go."""

    def __init__(self, filling: Filling, declared: Telemetry, metric: Any) -> None:
        self._filling, self._declared = filling, declared
        self._kind, data = _kind(metric)
        if self._kind not in _KINDS[declared.type]:
            raise Unfit(f"This metric is declared as {declared.type}, and sent as something else.")
        self._running = self._kind in {"rising", "histogram"} and data.aggregation_temporality == _CUMULATIVE
        if self._kind in {"rising", "histogram"} and data.aggregation_temporality not in {
            _DELTA,
            _CUMULATIVE,
        }:
            raise Unfit("The temporality is neither delta nor cumulative.")
        if self._kind == "level" and data.aggregation_temporality != _CUMULATIVE:
            raise Unfit("What rises and falls is taken as cumulative only.")
        self._scale = _MILLISECONDS.get(metric.unit)
        if self._kind == "histogram" and self._scale is None:
            raise Unfit("The unit is none of s, ms, us, ns.")
        self.points: Iterable[Any] = data.data_points

    def take(self, point: Any) -> None:
        """Take a data point; the same one twice in a request counts once.

        Raises:
            Unfit: It does not fit; nothing of it was taken.
        """
        if point.flags & _NO_VALUE:
            return
        same = (self._declared.name, point.SerializeToString(deterministic=True))
        if same in self._filling.seen:
            return
        if self._running and not 0 < point.start_time_unix_nano < self._filling.ahead:
            raise Unfit(
                f"A running total without its start cannot be told from one that was counted: {_PREFERENCE}"
            )
        if self._kind == "histogram":
            self._histogram(point)
        elif self._kind == "gauge" and self._declared.type == "choice":
            self._choice(point)
        else:
            self._number(point)
        self._filling.seen.add(same)

    def _number(self, point: Any) -> None:
        metric, value = self._declared, _whole(point)
        if self._kind == "rising":
            series = (
                f"{metric.name}/{self._word(point)}" if metric.type == "labelled-counter" else metric.name
            )
            self._count(point, {series: value})
            return
        most = metric.maximum if metric.numbered else max(1, len(metric.edges))
        if not metric.minimum <= value <= (most or 0):
            raise Unfit("A value is out of bounds.")
        levels = self._filling.levels.setdefault(metric.name, {})
        time = point.time_unix_nano
        levels[time] = value + (levels.get(time, 0) if self._kind == "level" else 0)

    def _count(self, point: Any, counts: Mapping[str, int]) -> None:
        most = _LARGEST if self._running else self._declared.maximum or 0
        if not all(0 <= value <= most for value in counts.values()):
            raise Unfit("A value is out of bounds.")
        for series, value in counts.items():
            if self._running:
                totals = self._filling.running.setdefault((series, point.start_time_unix_nano), {})
                totals[point.time_unix_nano] = totals.get(point.time_unix_nano, 0) + value
            else:
                self._filling.added[series] = self._filling.added.get(series, 0) + value

    def _choice(self, point: Any) -> None:
        word, value = self._word(point), _whole(point)
        before, _ = self._filling.words.get(self._declared.name, (0, ""))
        if value and point.time_unix_nano >= before:
            self._filling.words[self._declared.name] = point.time_unix_nano, word

    def _word(self, point: Any) -> str:
        """The label or choice that the declared attribute holds."""
        wanted = self._declared.attribute or LABEL
        found = next((one.value for one in point.attributes if one.key == wanted), None)
        word = found.string_value if found is not None and found.WhichOneof("value") == "string_value" else ""
        if word not in self._declared.choices:
            raise Unfit(f"The attribute {wanted} holds nothing that is declared.")
        return word

    def _histogram(self, point: Any) -> None:
        """The buckets in ours, each by where it begins."""
        bounds: Sequence[float] = list(point.explicit_bounds)
        counts: Sequence[int] = list(point.bucket_counts)
        if len(counts) != len(bounds) + 1 or not all(a < b for a, b in pairwise(bounds)):
            raise Unfit("The buckets do not fit their bounds.")
        name, edges = self._declared.name, self._declared.edges
        found = dict.fromkeys((f"{name}/{place}" for place in range(len(edges) + 1)), 0)
        for begins, count in zip([0.0, *bounds], counts, strict=True):
            found[f"{name}/{bisect_right(edges, begins * (self._scale or 1))}"] += count
        self._count(point, found)


def _kind(metric: Any) -> tuple[str, Any]:
    """What a metric is, and its data."""
    which = metric.WhichOneof("data") or ""
    data = getattr(metric, which) if which else None
    if which == "sum":
        return ("rising" if metric.sum.is_monotonic else "level"), data
    if which in {"gauge", "histogram"}:
        return which, data
    raise Unfit("Sums, gauges and histograms with bounds are taken.")


def _whole(point: Any) -> int:
    """The value of a data point, which must be a whole number."""
    if point.WhichOneof("value") == "as_int":
        return int(point.as_int)
    value = float(point.as_double)
    if not value.is_integer() or abs(value) > _LARGEST:
        raise Unfit("A value is no whole number.")
    return int(value)
