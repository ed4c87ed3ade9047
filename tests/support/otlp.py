"""Metrics of OpenTelemetry as JSON, made by hand as the protocol describes them."""

import gzip
import json
from typing import Any

import httpx

from tests.support.telemetry import Installed

SECOND = 1_000_000_000
START = 1_767_600_000 * SECOND
"""Monday 2026-01-05, 08:00 UTC: the hour in which the tests' clock begins."""
DELTA, CUMULATIVE = 1, 2
PATH = "/v1/metrics"


def attributes(values: dict[str, str]) -> list[dict[str, Any]]:
    """Attributes as a list of keys and values."""
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def point(value: float, seconds: int = 60, *, start: int = START, **more: str) -> dict[str, Any]:
    """A data point so many seconds after its start; 64-bit numbers stand as text. Dots in attributes are written `__`."""
    told = attributes({key.replace("__", "."): text for key, text in more.items()})
    number = {"asInt": str(value)} if isinstance(value, int) else {"asDouble": value}
    times = {"startTimeUnixNano": str(start), "timeUnixNano": str(start + seconds * SECOND)}
    return {**number, **times, "attributes": told}


def total(
    name: str, *points: dict[str, Any], temporality: Any = CUMULATIVE, rises: bool = True
) -> dict[str, Any]:
    """A sum."""
    told = {"dataPoints": list(points), "aggregationTemporality": temporality, "isMonotonic": rises}
    return {"name": name, "sum": told}


def gauge(name: str, *points: dict[str, Any]) -> dict[str, Any]:
    """A gauge."""
    return {"name": name, "gauge": {"dataPoints": list(points)}}


def histogram(
    name: str,
    counts: list[int],
    bounds: list[float],
    *,
    temporality: Any = CUMULATIVE,
    unit: str = "ms",
    seconds: int = 60,
) -> dict[str, Any]:
    """A histogram with one data point."""
    one = point(0, seconds)
    del one["asInt"]
    one |= {
        "count": str(sum(counts)),
        "sum": 1.5,
        "bucketCounts": [str(count) for count in counts],
        "explicitBounds": bounds,
    }
    return {
        "name": name,
        "unit": unit,
        "histogram": {"dataPoints": [one], "aggregationTemporality": temporality},
    }


def request(
    *metrics: dict[str, Any], product: str = "example-sensor", release: str = "5.2.1", **more: str
) -> dict[str, Any]:
    """A request of one resource."""
    named = {"service.name": product, "service.version": release}
    named |= {key.replace("__", "."): text for key, text in more.items()}
    scope = {"scope": {"name": "product"}, "metrics": list(metrics)}
    return {"resourceMetrics": [{"resource": {"attributes": attributes(named)}, "scopeMetrics": [scope]}]}


def export(
    one: Installed,
    told: dict[str, Any] | bytes,
    *,
    packed: bool = False,
    path: str = PATH,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """Send a request with the installation's receipt."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    shown = {"Content-Type": "application/json", **(one.shown() if path == PATH else {}), **(headers or {})}
    if packed:
        body, shown = gzip.compress(body), {**shown, "Content-Encoding": "gzip"}
    return one.send("POST", path, content=body, headers=shown)
