"""A product that reports with the published OpenTelemetry SDK and its OTLP exporter over HTTP, started twice.

Arguments: base address, a receipt for running totals (what the exporter sends by default), one for deltas.
"""

import os
import sys

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import (
    OTLPMetricExporter,
)
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

HOUR = 3_600_000


def run(exporter: OTLPMetricExporter) -> None:
    """Count, export, count more, export, and stop, which exports once more."""
    resource = Resource.create(
        {
            "service.name": "example-sensor",
            "service.version": "5.2.1",
            "service.instance.id": "zq-canary-instance",
            "host.name": "zq-canary-host",
            "process.command": "zq-canary-process",
        }
    )
    provider = MeterProvider([PeriodicExportingMetricReader(exporter, HOUR)], resource=resource)
    meter = provider.get_meter("product")
    errors, features = meter.create_counter("errors"), meter.create_counter("features.used")
    waits, strange = (
        meter.create_histogram("search_time", unit="ms"),
        meter.create_counter("zq_canary_metric"),
    )
    meter.create_observable_up_down_counter("assets", [lambda _: [Observation(42)]])
    meter.create_gauge("product_edition").set(1, {"label": "server"})
    for count in (3, 4, 5):
        errors.add(count, {"zq-canary-key": f"zq-canary-{count}"})
        features.add(1, {"feature": "search", "user.name": "zq-canary-ann"})
        features.add(1, {"feature": "zq-canary-label"})
        waits.record(20)
        waits.record(3_000 + count)
        strange.add(1)
        assert provider.force_flush()
    provider.shutdown()


def main(base: str, by_default: str, by_deltas: str) -> None:
    """Report as two installations."""
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = base
    os.environ["OTEL_EXPORTER_OTLP_HEADERS"] = f"Authorization=Receipt%20{by_default}"
    for _ in range(2):
        run(OTLPMetricExporter())
    del os.environ["OTEL_EXPORTER_OTLP_HEADERS"]
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"{base}/t/{by_deltas}"
    os.environ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"] = "delta"
    for _ in range(2):
        run(OTLPMetricExporter(compression=Compression.Gzip))


main(*sys.argv[1:4])
