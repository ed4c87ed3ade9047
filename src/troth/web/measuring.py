"""Prometheus metrics of one application: counts, times and sizes, never a personal value."""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from troth.events import Taken
from troth.gate import Outcome

CONTENT_TYPE = "text/plain; version=0.0.4"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SIZES = (1, 2, 5, 10, 25, 50, 100, 256, 500, 1_000)


class Metrics:
    """The metrics of one application, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._acts = Counter(
            "troth_acts", "Acts that came to the gate over HTTP.", ("act", "effect"), registry=self._registry
        )
        self._act_kinds: dict[tuple[str, str], Counter] = {}
        self._requests = Counter(
            "troth_http_responses", "Responses by class of status.", ("status",), registry=self._registry
        )
        self._classes: dict[int, Counter] = {}
        self._cookies = Counter(
            "troth_cookies_not_sent",
            "Cookies that the policy kept from a browser, by reason.",
            ("reason",),
            registry=self._registry,
        )
        self._latency = Histogram(
            "troth_act_seconds",
            "Seconds from a request's arrival to its outcome on disk.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._batch = Histogram(
            "troth_batch_acts", "Acts in one request.", buckets=_SIZES, registry=self._registry
        )
        self._events = _event_counter(self._registry)
        self._event_kinds: dict[tuple[str, str], Counter] = {}
        self._reports = _report_counter(self._registry)
        self._report_taken = self._reports.labels("kept")
        self._size = Gauge("troth_ledger_entries", "Entries in the signed tree.", registry=self._registry)
        self._lag = Gauge(
            "troth_ledger_staged_entries",
            "Entries on disk that no checkpoint covers yet.",
            registry=self._registry,
        )
        self._jobs, self._late = _job_gauges(self._registry)
        self._mails = _Mails()
        self._registry.register(self._mails)

    def acted(self, kinds: Sequence[str], outcomes: Sequence[Outcome], seconds: float) -> None:
        """Count the acts of one request, in order, and the seconds that they took together."""
        for kind, outcome in zip(kinds, outcomes, strict=True):
            effect = "permit" if outcome.permitted else "deny" if outcome.entry else "error"
            counter = self._act_kinds.get((kind, effect))
            if counter is None:  # found by its labels once: that costs more than counting
                counter = self._act_kinds[kind, effect] = self._acts.labels(kind, effect)
            counter.inc()
        self._latency.observe(seconds)
        self._batch.observe(len(outcomes))

    def responded(self, status: int) -> None:
        """Count a response."""
        counter = self._classes.get(status // 100)
        if counter is None:
            counter = self._classes[status // 100] = self._requests.labels(f"{status // 100}xx")
        counter.inc()

    def cookie_stripped(self, reason: str) -> None:
        """Count a cookie that was not sent."""
        self._cookies.labels(reason).inc()

    def events_taken(self, source: str, taken: Taken) -> None:
        """Count the events of one request by what became of them."""
        if taken.kept:
            self._count_events(source, "kept", taken.kept)
        if taken.denied:
            self._count_events(source, "denied", taken.denied)
        if taken.repeated:
            self._count_events(source, "repeated", taken.repeated)
        if taken.errors:
            self._count_events(source, "refused", len(taken.errors))

    def events_refused(self, source: str, count: int) -> None:
        """Count requests of which nothing could be read."""
        self._count_events(source, "refused", count)

    def _count_events(self, source: str, effect: str, count: int) -> None:
        counter = self._event_kinds.get((source, effect))
        if counter is None:
            counter = self._event_kinds[source, effect] = self._events.labels(source, effect)
        counter.inc(count)

    def report_taken(self) -> None:
        """Count a telemetry report that is on disk."""
        self._report_taken.inc()

    def report_refused(self, code: str) -> None:
        """Count a telemetry report that was not taken, by the code of its problem."""
        self._reports.labels(code).inc()

    def text(
        self, *, entries: int, staged: int, jobs: Mapping[str, int], late: int, mails: Mapping[str, int]
    ) -> bytes:
        """Everything in the Prometheus text format.

        Args:
            entries: Entries that the newest checkpoint covers.
            staged: Entries that none covers yet.
            jobs: Waiting jobs by topic.
            late: Seconds since the oldest of them fell due.
            mails: Mails by what became of them, counted since ever.
        """
        self._mails.fates = mails
        self._jobs.clear()
        for topic, count in jobs.items():
            self._jobs.labels(topic).set(count)
        self._late.set(late)
        self._size.set(entries)
        self._lag.set(staged)
        return generate_latest(self._registry)


class _Mails(Collector):
    """Counts that outlast the process: they are read where they are kept."""

    fates: Mapping[str, int] = {}

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The counts, by fate."""
        family = CounterMetricFamily(
            "troth_mails", "Outgoing mails and copies of mass mail by what became of them.", labels=["fate"]
        )
        for fate, count in sorted(self.fates.items()):
            family.add_metric([fate], count)
        yield family


def _event_counter(registry: CollectorRegistry) -> Counter:
    about = "Web events by wire format and by what became of them."
    return Counter("troth_events", about, ("source", "effect"), registry=registry)


def _report_counter(registry: CollectorRegistry) -> Counter:
    return Counter(
        "troth_reports", "Telemetry reports by what became of them.", ("effect",), registry=registry
    )


def _job_gauges(registry: CollectorRegistry) -> tuple[Gauge, Gauge]:
    waiting = Gauge("troth_jobs_waiting", "Jobs that are not done.", ("topic",), registry=registry)
    return waiting, Gauge(
        "troth_jobs_late_seconds", "Seconds since the oldest waiting job fell due.", registry=registry
    )
