"""Metrics of OpenTelemetry (OTLP/HTTP) as parts of a week's report. Pure.

Of a resource only the name and version of the service are read; of a data point its value, its times and the one declared
attribute. Whatever else is told, such as hosts, processes, instances, traces and exemplars, goes with the request.

Source: OpenTelemetry protocol 1.10; OpenTelemetry metrics data model (temporality, resets and gaps, single writer).
"""

import hashlib
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from troth.ingress.filling import Filling, Unfit
from troth.ingress.model import Portion, Report, week_of
from troth.ingress.reading import refused, release_of, sayable
from troth.policy import TelemetrySchema

if TYPE_CHECKING:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

SOURCE = "otlp"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
MAX_POINTS = 10_000
"""Most data points of one request, and most of whatever holds them."""
_PRODUCT, _RELEASE = "service.name", "service.version"
_MOST_DEPTH = 32
_MOST_TOLD = 8
_MARK_BYTES = 16


def otlp_available() -> bool:
    """Whether the extra `otlp` is installed."""
    try:
        return find_spec("opentelemetry.proto") is not None and find_spec("google.protobuf") is not None
    except ModuleNotFoundError:  # not even the package above it
        return False


class OtlpReader:
    """Reads one request; afterwards it tells what was not taken.

    Args:
        media: Media type of the body: PROTOBUF or JSON.
    """

    def __init__(self, media: str) -> None:
        self._media = media
        self.refused = 0
        self._reasons: dict[str, str] = {}

    @property
    def message(self) -> str:
        """Why data points were refused, by metric; empty where none was. It repeats no value and no attribute."""
        told = [f"{name}: {why}" for name, why in list(self._reasons.items())[:_MOST_TOLD]]
        more = ["And others."] if len(self._reasons) > _MOST_TOLD else []
        return " ".join(told + more)

    def __call__(self, body: bytes, schema: TelemetrySchema, day: str) -> Report | None:
        """The part of a report that a request holds; None where nothing of it is taken.

        Args:
            body: The body, unpacked.
            schema: The schema in force.
            day: The day of receipt (ISO 8601).

        Raises:
            InvalidInput: It cannot be read, or is too large.
        """
        self.refused, self._reasons = 0, {}
        filling = Filling(schema, day)
        product = release = ""
        for resource, metrics in _resources(_request(body, self._media)):
            told = _texts(resource)
            name, version = told.get(_PRODUCT, ""), release_of(told.get(_RELEASE))
            why = _misfit(name, version, product, schema)
            if why:
                self._refuse(sum(_points(one) for one in metrics), *why)
                continue
            product, release = name, version
            for metric in metrics:
                self._take(filling, metric, version)
        if filling.empty:
            return None
        mark = hashlib.sha256(body).digest()[:_MARK_BYTES]
        portion = Portion(*filling.told(), mark)
        return Report(product, release, week_of(filling.day), schema.fingerprint, {}, {}, SOURCE, portion)

    def _take(self, filling: Filling, metric: Any, release: str) -> None:
        try:
            place = filling.place(metric, release)
        except Unfit as unfit:
            self._refuse(_points(metric), metric.name, str(unfit))
            return
        for point in place.points:
            try:
                place.take(point)
            except Unfit as unfit:
                self._refuse(1, metric.name, str(unfit))

    def _refuse(self, count: int, name: str, why: str) -> None:
        if count:
            self.refused += count
            self._reasons.setdefault(sayable(name), why)


def _request(body: bytes, media: str) -> "ExportMetricsServiceRequest":
    from google.protobuf import json_format
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    request = ExportMetricsServiceRequest()
    unreadable = "body", "This is no request for exporting metrics.", "Send it as an OTLP exporter makes it."
    if media == JSON and not body.lstrip().startswith(b"{"):
        raise refused(*unreadable)
    try:
        if media == JSON:
            json_format.Parse(body, request, ignore_unknown_fields=True, max_recursion_depth=_MOST_DEPTH)
        else:
            request.ParseFromString(body)
    except (json_format.ParseError, DecodeError, ValueError, TypeError, RecursionError) as error:
        raise refused(*unreadable) from error
    return request


def _resources(request: "ExportMetricsServiceRequest") -> Iterator[tuple[Any, list[Any]]]:
    """The attributes of each resource, with its metrics."""
    _check_number(len(request.resource_metrics))
    found = []
    for resource in request.resource_metrics:
        _check_number(len(resource.scope_metrics))
        metrics: list[Any] = []
        for scope in resource.scope_metrics:
            _check_number(len(metrics) + len(scope.metrics))
            metrics.extend(scope.metrics)
        found.append((resource.resource.attributes, metrics))
    _check_number(sum(_points(one) or 1 for _, metrics in found for one in metrics))
    return iter(found)


def _check_number(count: int) -> None:
    if count > MAX_POINTS:
        raise refused("body", f"The request holds more than {MAX_POINTS} data points.", "Send fewer at once.")


def _points(metric: Any) -> int:
    kind = metric.WhichOneof("data")
    return len(getattr(metric, kind).data_points) if kind else 0


def _texts(attributes: Iterable[Any]) -> dict[str, str]:
    """What names product and version."""
    return {one.key: one.value.string_value for one in attributes if one.key in {_PRODUCT, _RELEASE}}


def _misfit(name: str, release: str, product: str, schema: TelemetrySchema) -> tuple[str, str] | None:
    """What is wrong with a resource, and why."""
    if name not in schema.products:
        return _PRODUCT, "This is no product that reports."
    if product and name != product:
        return _PRODUCT, "One request tells of one product."
    if not release:
        return _RELEASE, "This is no version such as 5.2 or 5.2.1."
    return None
