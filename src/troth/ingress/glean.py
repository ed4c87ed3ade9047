"""Pings of Mozilla's Glean SDK as reports. Pure.

What tells installations apart, and what tells times, is not even read: client ids, sequence numbers, session and profile
data, experiments. A metric of Glean is ours when the policy declares its name, with the category before it or without.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec

from troth.ingress.inflating import inflated
from troth.ingress.model import Read, Report, check_week, week_of
from troth.ingress.reading import refused, release_of, takers_of
from troth.policy import Telemetry, TelemetrySchema, release_numbers

SOURCE = "glean"
DELETION = "deletion-request"
OWN_PINGS = frozenset({"baseline", "events", "health", DELETION})
"""Pings that the SDK sends of itself; nothing of them is kept."""
_OWN = "glean."
"""Categories that the SDK fills by itself: `glean.error`, `glean.internal` and others."""
_OTHER = "__other__"
_MILLION = 1_000_000
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_TYPES: Mapping[str, frozenset[str]] = {
    "counter": frozenset({"counter"}),
    "quantity": frozenset({"quantity", "weeks-in-use"}),
    "labeled_counter": frozenset({"labelled-counter"}),
    "boolean": frozenset({"boolean"}),
    "string": frozenset({"choice"}),
    "timing_distribution": frozenset({"timing"}),
    "custom_distribution": frozenset({"timing"}),
}
"""Types of Glean, and those of ours that they fill."""


class Ping(NamedTuple):
    """Where a ping was sent: application, its name, and its document id."""

    app: str
    name: str
    document: str


def read_path(path: str) -> Ping | None:
    """A ping's address: `/submit/<app>/<ping>/1/<uuid>`; None where it is none."""
    parts = path.strip("/").split("/")
    if len(parts) != 5 or parts[0] != "submit" or parts[3] != "1" or not all(parts):  # noqa: PLR2004  as Glean has it
        return None
    return Ping(parts[1], parts[2], parts[4])


def glean_reader(ping: Ping, encoding: str) -> Read:
    """What reads the body of a ping.

    Args:
        ping: Its address.
        encoding: Header `Content-Encoding`.
    """

    def read(body: bytes, schema: TelemetrySchema, day: str) -> Report | None:
        return read_glean(body, ping, encoding, schema, day)

    return read


def read_glean(body: bytes, ping: Ping, encoding: str, schema: TelemetrySchema, day: str) -> Report | None:
    """The report that a ping holds; None for the SDK's own pings, and for one in which nothing is declared.

    Args:
        body: As sent.
        ping: Its address.
        encoding: Header `Content-Encoding`.
        schema: The schema in force.
        day: The day of receipt (ISO 8601).

    Raises:
        InvalidInput: It cannot be read, or holds something undeclared or out of bounds; the field names it.
    """
    if ping.name in OWN_PINGS:
        return None
    if ping.app not in schema.products:
        raise refused("app", "This application does not report.", "Use a declared product as application id.")
    given = _document(inflated(body, encoding))
    release = _release(_part(given, "client_info").get("app_display_version"))
    week = _week(_part(given, "ping_info").get("end_time"))
    check_week(week, date.fromisoformat(day))
    if given.get("events"):
        raise refused("events", "Events are not declared; only metrics are.", "Send metrics.")
    numbers: dict[str, float] = {}
    words: dict[str, str] = {}
    takers = takers_of(schema)
    for metric, kind, value in _metrics(given, schema):
        if metric.randomised is not None:
            raise refused(metric.name, "Only a sender that blurs it may send this metric.")
        taker = takers[metric.name]
        if taker.expires <= day or taker.since > release_numbers(release):
            raise refused(metric.name, "This metric is over, or this version does not send it.")
        taker.take(_ours(metric, kind, value), numbers, words)
    return (
        Report(ping.app, release, week, schema.fingerprint, numbers, words, SOURCE)
        if numbers or words
        else None
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise refused("body", "The ping is no JSON object.", "Send it as the SDK makes it.") from error


def _part(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = given.get(name, {})
    if not isinstance(found, dict):
        raise refused(name, "This is no JSON object.")
    return found


def _release(told: object) -> str:
    release = release_of(told)
    if not release:
        raise refused("client_info.app_display_version", "This is no version.", "Set it as 5.2 or 5.2.1.")
    return release


def _week(told: object) -> str:
    """The ISO week in which a ping ended; its time is not kept."""
    try:
        return week_of(date.fromisoformat(told[:10])) if isinstance(told, str) else ""
    except ValueError:
        return ""


def _metrics(given: Mapping[str, Any], schema: TelemetrySchema) -> Iterator[tuple[Telemetry, str, Any]]:
    """Each declared metric with its type in Glean and its value."""
    for kind, values in _part(given, "metrics").items():
        if not isinstance(values, dict):
            raise refused(f"metrics.{kind}", "This is no JSON object.")
        for name, value in values.items():
            if name.startswith(_OWN):
                continue
            metric = schema.metrics.get(name.replace(".", "_")) or schema.metrics.get(name.rpartition(".")[2])
            if metric is None or metric.type not in _TYPES.get(kind, frozenset()):
                raise refused(name, "This metric is not declared, or is of another type.")
            yield metric, kind, value


def _ours(metric: Telemetry, kind: str, value: Any) -> Any:
    """A value in the form that a report of ours has."""
    if kind == "labeled_counter" and isinstance(value, dict):
        return {label: count for label, count in value.items() if label != _OTHER}
    if kind in {"timing_distribution", "custom_distribution"}:
        return _buckets(metric, value, _MILLION if kind == "timing_distribution" else 1)
    return value


def _buckets(metric: Telemetry, value: Any, divisor: int) -> list[int]:
    """The buckets of a distribution in ours, each by where it begins; those of timing begin at nanoseconds."""
    told = value.get("values") if isinstance(value, dict) else None
    found = [0] * (len(metric.edges) + 1)
    for begins, count in told.items() if isinstance(told, dict) else ():
        if not begins.isdigit() or len(begins) > 20 or type(count) is not int or count < 0:  # noqa: PLR2004  of 64 bits
            raise refused(metric.name, "This is no distribution.")
        found[bisect_right(metric.edges, int(begins) / divisor)] += count
    return found
