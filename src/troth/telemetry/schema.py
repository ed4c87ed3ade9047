"""The declared metrics, as the policy's document tells them: the only things that can be recorded and sent."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

FORMAT = "troth-telemetry/1"
TYPES = frozenset((
    "counter", "labelled-counter", "quantity", "timing", "boolean", "choice", "weeks-in-use",
))  # fmt: skip
COUNTED = frozenset(("counter", "labelled-counter", "quantity", "timing"))
LISTED = frozenset(("labelled-counter", "choice"))
EDGED = frozenset(("timing", "weeks-in-use"))
BLURRED = frozenset(("boolean", "choice"))
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_LABEL = re.compile(r"[a-z0-9][a-z0-9 +_-]{0,39}")
_RELEASE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){0,2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_PARTS = 3
_LARGEST_EPSILON = 10


class TelemetryError(ValueError):
    """Something about telemetry is not as it must be. The text says what, and names the metric; it holds no value."""


class SchemaError(TelemetryError):
    """The schema document cannot be used."""


class ReportError(TelemetryError):
    """A value cannot stand in a report.

    Args:
        metric: Name of the metric, or of the part of the report.
        what: What is wrong with it.
    """

    def __init__(self, metric: str, what: str) -> None:
        super().__init__(f"{metric}: {what}")
        self.metric = metric


class Metric(NamedTuple):
    """A declared metric, as far as it decides what goes over the wire.

    Args:
        name: Lower-case words joined by underscores.
        type: One of `TYPES`.
        since: First release that sends it.
        expires: Day from which on it is not sent (ISO 8601), or `never`.
        choices: Values of a choice, labels of a labelled counter.
        edges: Where the second and further buckets begin: milliseconds of timing, weeks of weeks-in-use.
        minimum: Smallest number of a quantity.
        maximum: Largest number; of timing and labelled counters, in each bucket and under each label.
        randomised: Epsilon of the randomised response, or None for a plain answer.
        title: What people read.
        unit: What is counted.
        reason: Why it is collected.
    """

    name: str
    type: str
    since: str = "5"
    expires: str = "never"
    choices: tuple[str, ...] = ()
    edges: tuple[int, ...] = ()
    minimum: int = 0
    maximum: int = 0
    randomised: float | None = None
    title: str = ""
    unit: str = ""
    reason: str = ""

    def sent_by(self, release: str, day: str) -> bool:
        """Whether a release sends it on a day (ISO 8601)."""
        over = self.expires != "never" and self.expires <= day
        return not over and release_numbers(self.since) <= release_numbers(release)

    @property
    def answers(self) -> tuple[str | bool, ...]:
        """The values that a boolean or a choice can have."""
        return (False, True) if self.type == "boolean" else self.choices


class Schema(NamedTuple):
    """All metrics, and the products that may report.

    Args:
        fingerprint: Sixteen hexadecimal characters that tell this schema from every other; it stands in each report.
        products: Products with the first release that may report.
        metrics: The metrics by name.
        controller: Who receives the reports.
    """

    fingerprint: str
    products: Mapping[str, str]
    metrics: Mapping[str, Metric]
    controller: str = ""

    @classmethod
    def from_document(cls, document: Any) -> "Schema":
        """The schema of a document that `troth telemetry schema` printed or `GET /telemetry/schema.json` gave.

        Args:
            document: The parsed JSON.

        Raises:
            SchemaError: It has another format, or a metric is not whole; the text names it.
        """
        if not isinstance(document, Mapping) or document.get("format") != FORMAT:
            raise SchemaError(
                f"The document is no schema of the format {FORMAT}; make it with `troth telemetry schema`."
            )
        fingerprint, products = document.get("fingerprint"), document.get("products")
        if not (isinstance(fingerprint, str) and _FINGERPRINT.fullmatch(fingerprint)):
            raise SchemaError("The schema has no fingerprint of sixteen hexadecimal characters.")
        if not isinstance(products, Mapping) or not all(map(is_release, products.values())):
            raise SchemaError("The schema does not say from which release on each product reports.")
        metrics: dict[str, Metric] = {}
        for one in document.get("metrics") or ():
            metric = _metric(one)
            if metric.name in metrics:
                raise SchemaError(f"{metric.name}: it is declared twice.")
            metrics[metric.name] = metric
        return cls(fingerprint, dict(products), metrics, str(document.get("controller") or ""))

    def check_sender(self, product: str, release: str) -> None:
        """Make sure that a product may report at all in a release.

        Raises:
            ReportError: The product is not declared, or the release is below the first that reports.
        """
        first = self.products.get(product)
        if first is None:
            raise ReportError("product", "it is no product that reports; declare it with `reports_from`")
        if not is_release(release):
            raise ReportError("release", 'it is no version such as "5" or "5.2.1"')
        if release_numbers(release) < release_numbers(first):
            raise ReportError("release", f"it is below {first}, the first that reports")


def release_numbers(release: str) -> tuple[int, ...]:
    """A version as numbers that compare, of always three."""
    numbers = tuple(int(part) for part in release.split("."))
    return (*numbers, 0, 0)[:_PARTS]


def is_release(value: object) -> bool:
    """Whether something is a version such as 5 or 5.2.1, written as text."""
    return isinstance(value, str) and _RELEASE.fullmatch(value) is not None


def whole(value: object) -> bool:
    """Whether something is a whole number from 0; True and False are none."""
    return type(value) is int and value >= 0


def _metric(told: object) -> Metric:
    if not isinstance(told, Mapping) or not _NAME.fullmatch(str(told.get("name"))):
        raise SchemaError("A metric of the schema has no name of lower-case words joined by underscores.")
    name = str(told["name"])
    for what in _wrong(told):
        raise SchemaError(f"{name}: {what}.")
    given: dict[str, Any] = {key: told[key] for key in Metric._fields if key in told}
    shaped: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in given.items()}
    return Metric(**shaped)


def _wrong(told: Mapping[str, Any]) -> Iterator[str]:
    kind, choices, edges = told.get("type"), told.get("choices", ()), told.get("edges", ())
    if kind not in TYPES:
        yield "its type is none that this program knows; a newer one may"
        return
    if not isinstance(choices, list | tuple) or not all(
        isinstance(one, str) and _LABEL.fullmatch(one) for one in choices
    ):
        yield "its choices are no list of short words in lower case"
    elif bool(choices) != (kind in LISTED) or len(set(choices)) < len(choices):
        yield "its choices are missing, repeated or not wanted"
    if not isinstance(edges, list | tuple) or not all(whole(one) and one for one in edges):
        yield "its edges are no list of whole numbers from 1"
    elif bool(edges) != (kind in EDGED) or list(edges) != sorted(set(edges)):
        yield "its edges are missing, out of order or not wanted"
    yield from _wrong_bounds(told, kind)


def _wrong_bounds(told: Mapping[str, Any], kind: str) -> Iterator[str]:
    epsilon: Any = told.get("randomised")
    minimum, maximum = told.get("minimum", 0), told.get("maximum")
    if not whole(minimum) or (kind in COUNTED) != (whole(maximum) and maximum >= max(minimum, 1)):
        yield "its maximum is missing, below its minimum or not wanted"
    blurred = kind in BLURRED and type(epsilon) in {int, float} and 0 < epsilon <= _LARGEST_EPSILON
    if epsilon is not None and not blurred:
        yield "its randomised response is not between 0 and 10, or not wanted"
    expires = told.get("expires", "never")
    if not isinstance(expires, str) or not (expires == "never" or _DAY.fullmatch(expires)):
        yield "it expires on no day"
    if not is_release(told.get("since", "5")):
        yield "its first release is no version"
