"""Reading a report strictly: whatever the schema does not name is refused, and named without its value."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from troth.ingress.errors import OtherSchema
from troth.ingress.model import Report, check_week
from troth.kernel import InvalidInput
from troth.policy import Telemetry, TelemetrySchema, release_numbers

FORMAT = "troth-report/1"
MAX_REPORT = 65_536
"""Most bytes of a report."""
_MEMBERS = frozenset({"format", "schema", "product", "release", "week", "metrics"})
_CLAUSE = "II.7"
_RELEASE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){0,2}")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_MOST_DEPTH = 4
_ANY = (10**6,)
_MOST_NAME = 64
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode
Take = Callable[[Any, dict[str, float], dict[str, str]], None]
"""Takes the value of one metric into the numbers or words of a report."""


class Taker(NamedTuple):
    """How the value of a metric is taken: the first release that sends it, its last day, and what takes it."""

    since: tuple[int, ...]
    expires: str
    take: Take


def read_report(
    body: bytes, schema: TelemetrySchema, day: str, earlier: Sequence[TelemetrySchema] = ()
) -> Report:
    """A report out of its bytes.

    Args:
        body: The bytes as sent.
        schema: The schema in force.
        day: The day of receipt (ISO 8601).
        earlier: Schemas of other versions that a sender may still have; what it reports must be declared in force too.

    Raises:
        InvalidInput: It holds something undeclared, out of bounds or of the wrong type; the field names it.
        OtherSchema: It was made by a schema that is none of these.
    """
    given = _document(body)
    known = _schema_of(_text(given, "schema", _FINGERPRINT), schema, earlier)
    product, release = _text(given, "product"), _text(given, "release", _RELEASE)
    if product not in schema.products:
        raise refused("product", "This product does not report.", "Send a product of /telemetry/schema.json.")
    check_week(_text(given, "week"), date.fromisoformat(day))
    numbers: dict[str, float] = {}
    words: dict[str, str] = {}
    takers, older = takers_of(schema), known is not schema
    # What an old version sends is not looked at: it may report nothing at all, which the policy says.
    numbered = numbers_of(release) if supported(schema, product, release) else _ANY
    for name, value in _members(given).items():
        taker = takers.get(name)
        if taker is None or (older and name not in known.metrics):
            if older and name in known.metrics:
                raise _other()
            raise refused(name, "This metric is not declared.")
        if taker.expires <= day or taker.since > numbered:
            raise refused(name, "This metric is over, or this version does not send it.")
        taker.take(value, numbers, words)
    return Report(product, release, given["week"], known.fingerprint, numbers, words)


def supported(schema: TelemetrySchema, product: str, release: str) -> bool:
    """Whether a version of a product may report (clause II.6)."""
    least = schema.products.get(product)
    return least is not None and numbers_of(release) >= numbers_of(least)


numbers_of = lru_cache(maxsize=4_096)(release_numbers)
"""The same numbers, remembered: the same few versions report again and again."""


def is_release(text: str) -> bool:
    """Whether a text is a version as the schema writes them."""
    return _RELEASE.fullmatch(text) is not None


def release_of(told: object) -> str:
    """A version without what stands behind its first three numbers; empty where it is none."""
    text = ".".join(told.split(".")[:_RELEASE_PARTS]) if isinstance(told, str) else ""
    return text if is_release(text) else ""


_RELEASE_PARTS = 3
_KNOWN: dict[str, dict[str, Taker]] = {}
_MOST_KNOWN = 16


def takers_of(schema: TelemetrySchema) -> Mapping[str, Taker]:
    """How each metric of a schema is taken, made once."""
    found = _KNOWN.get(schema.fingerprint)
    if found is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        found = _KNOWN[schema.fingerprint] = {one.name: _taker(one) for one in schema.metrics.values()}
    return found


def _taker(metric: Telemetry) -> Taker:
    expires = "9999" if metric.expires == "never" else metric.expires
    return Taker(release_numbers(metric.since), expires, _TAKES[metric.type](metric))


def refused(field: str, what: str, mend: str = "Send what /telemetry/schema.json declares.") -> InvalidInput:
    """The refusal of a part of a report: it names the part, never its value."""
    return InvalidInput(f"{what} Nothing was stored.", clause=_CLAUSE, field=sayable(field), mend=mend)


def sayable(name: str) -> str:
    """A name that somebody sent, as an answer to them may repeat it."""
    return "".join(one if one.isprintable() else "?" for one in name[:_MOST_NAME])


def _document(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_REPORT:
        raise refused("body", f"The report is longer than {MAX_REPORT} bytes.", "Send less.")
    if body.count(b"{") + body.count(b"[") > _MOST_DEPTH * _MOST_NAME:
        raise refused("body", "The report is nested too deeply.", "Send one report.")
    try:
        given = _decode(body)
        again = _encode(given)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, TypeError) as error:
        raise refused("body", "The report is not valid JSON.", "Send one JSON object in UTF-8.") from error
    if not isinstance(given, dict):
        raise refused("body", "The report is no JSON object.", "Send one JSON object.")
    if given.keys() != _MEMBERS:
        extra = sorted(given.keys() - _MEMBERS) or sorted(_MEMBERS - given.keys())
        raise refused(
            extra[0], "This member is unknown, or missing.", f"Members are {', '.join(sorted(_MEMBERS))}."
        )
    if given["format"] != FORMAT:
        raise refused("format", "The report is of another format.", f"Send {FORMAT}.")
    if again != body:
        raise refused(
            "body", "The report is not in its one form.", "Sort the keys, leave no spaces, repeat no key."
        )
    return given


def _schema_of(
    fingerprint: str, schema: TelemetrySchema, earlier: Sequence[TelemetrySchema]
) -> TelemetrySchema:
    if fingerprint == schema.fingerprint:
        return schema
    for one in earlier:
        if one.fingerprint == fingerprint:
            return one
    raise _other()


def _other() -> OtherSchema:
    return OtherSchema(
        "The report was made by a schema that is not in force; nothing was stored.",
        clause=_CLAUSE,
        field="schema",
        mend="Make it anew with /telemetry/schema.json.",
    )


def _text(given: Mapping[str, Any], name: str, form: re.Pattern[str] | None = None) -> str:
    value = given[name]
    if not isinstance(value, str) or (form is not None and not form.fullmatch(value)):
        raise refused(name, "This is not of the form that it must have.")
    return value


def _members(given: Mapping[str, Any]) -> dict[str, Any]:
    metrics = given["metrics"]
    if not isinstance(metrics, dict):
        raise refused("metrics", "The metrics are no JSON object.")
    return metrics


def whole(value: Any, least: int, most: int, field: str) -> int:
    """A whole number within its bounds; true and false are none.

    Raises:
        InvalidInput: It is something else.
    """
    if type(value) is int and least <= value <= most:
        return value
    raise refused(field, f"This is no whole number from {least} to {most}.")


def _number(metric: Telemetry) -> Take:
    name, least, most = metric.name, metric.minimum, metric.maximum or 0

    def take(value: Any, numbers: dict[str, float], _: dict[str, str]) -> None:
        numbers[name] = whole(value, least, most, name)

    return take


def _labelled(metric: Telemetry) -> Take:
    name, least, most = metric.name, metric.minimum, metric.maximum or 0
    labels = {label: f"{name}/{label}" for label in metric.choices}

    def take(value: Any, numbers: dict[str, float], _: dict[str, str]) -> None:
        if not isinstance(value, dict):
            raise refused(name, "This is no JSON object of numbers by label.")
        for label, count in value.items():
            if label not in labels:
                raise refused(f"{name}.{label}", "This label is not declared.")
            numbers[labels[label]] = whole(count, least, most, f"{name}.{label}")

    return take


def _timing(metric: Telemetry) -> Take:
    name, least, most = metric.name, metric.minimum, metric.maximum or 0
    places = [f"{name}/{place}" for place in range(len(metric.edges) + 1)]

    def take(value: Any, numbers: dict[str, float], _: dict[str, str]) -> None:
        if not isinstance(value, list) or len(value) != len(places):
            raise refused(name, f"This is no list of {len(places)} numbers.")
        for place, count in zip(places, value, strict=True):
            numbers[place] = whole(count, least, most, name)

    return take


def _weeks(metric: Telemetry) -> Take:
    name, most = metric.name, len(metric.edges)

    def take(value: Any, numbers: dict[str, float], _: dict[str, str]) -> None:
        numbers[name] = whole(value, 0, most, name)

    return take


def _boolean(metric: Telemetry) -> Take:
    name = metric.name

    def take(value: Any, numbers: dict[str, float], _: dict[str, str]) -> None:
        if not isinstance(value, bool):
            raise refused(name, "This is neither true nor false.")
        numbers[name] = int(value)

    return take


def _choice(metric: Telemetry) -> Take:
    name, choices = metric.name, frozenset(metric.choices)

    def take(value: Any, _: dict[str, float], words: dict[str, str]) -> None:
        if not isinstance(value, str) or value not in choices:
            raise refused(name, "This is none of the declared choices.")
        words[name] = value

    return take


_TAKES: Mapping[str, Callable[[Telemetry], Take]] = {
    "counter": _number,
    "quantity": _number,
    "labelled-counter": _labelled,
    "timing": _timing,
    "weeks-in-use": _weeks,
    "boolean": _boolean,
    "choice": _choice,
}
