"""Checks of telemetry: one point that takes it, metrics that are complete, and nothing that could point to somebody."""

import re
from collections.abc import Iterator
from datetime import date

from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label
from troth.policy.model import Finding
from troth.policy.products import Product
from troth.policy.telemetry import Telemetry
from troth.policy.things import Point

_POINTS_TO_SOMEBODY = frozenset((
    "account", "addr", "address", "cert", "certificate", "customer", "device", "dir", "directory", "domain",
    "email", "file", "filename", "fingerprint", "folder", "guid", "hash", "host", "hostname", "id",
    "identifier", "imei", "installation", "ip", "key", "licence", "license", "login", "mac", "mail",
    "message", "name", "network", "password", "path", "person", "phone", "query", "secret", "serial",
    "session", "subnet", "system", "tenant", "text", "title", "token", "uri", "url", "user", "username",
    "uuid",
))  # fmt: skip
"""Words that no metric and no label may have as one of its own: what they name tells one installation or person from others."""
_NUMBERISH = re.compile(r"[0-9a-f]{8}|[0-9]{4}")


def _point(draft: Draft) -> Iterator[Finding]:
    points = [one for one in draft.of(Point) if one.telemetry]
    metrics = list(draft.of(Telemetry))
    for point in points[1:]:
        yield draft.find(
            point, "telemetry-point", f"{label(point)} is a second point for telemetry", "keep one of them"
        )
    for point in points[:1]:
        if point.fields or point.form or point.events:
            yield draft.find(
                point,
                "telemetry-point",
                f"{label(point)} takes telemetry and something else",
                "leave out `fields` and `events`, and write `form: false`; it takes every declared metric",
            )
        if not metrics or not any(one.reports_from for one in draft.of(Product)):
            yield draft.find(
                point,
                "telemetry-point",
                f"{label(point)} takes telemetry, and nothing could send any",
                "declare metrics with `declare: telemetry`, and a product with `reports_from`",
            )
    for metric in metrics:
        if not points:
            yield draft.find(
                metric,
                "telemetry-point",
                f"{label(metric)} has no point that takes it",
                "write `telemetry: true` in a point",
            )
        elif other := [one for one in metric.purposes if one not in points[0].purposes]:
            yield draft.find(
                metric,
                "telemetry-point",
                f"{label(metric)} serves {other[0]}, which {label(points[0])} does not collect for",
                "add the purpose to the point, or remove it here",
            )


def _metrics(draft: Draft) -> Iterator[Finding]:
    for metric in draft.of(Telemetry):
        for what, mend in _incomplete(metric):
            yield draft.find(metric, "telemetry-metric", f"{label(metric)} {what}", mend)


def _incomplete(metric: Telemetry) -> Iterator[tuple[str, str]]:
    listed, edged = metric.type in {"choice", "labelled-counter"}, metric.type in {"timing", "weeks-in-use"}
    if listed != bool(metric.choices) or len(set(metric.choices)) < len(metric.choices):
        yield (
            f"is a {metric.type} whose choices are missing, repeated or not wanted",
            "write `choices` for a choice or a labelled counter, each once",
        )
    if edged != bool(metric.edges) or list(metric.edges) != sorted({one for one in metric.edges if one > 0}):
        yield (
            f"is a {metric.type} whose edges are missing, out of order or not wanted",
            "write `edges` for timing or weeks in use: whole numbers from 1, ascending",
        )
    if metric.numbered != (metric.maximum is not None) or metric.minimum > (metric.maximum or metric.minimum):
        yield (
            f"is a {metric.type} whose maximum is missing, too small or not wanted",
            "write `maximum` for what is a number, not below its minimum",
        )
    if metric.minimum and metric.type != "quantity":
        yield f"is a {metric.type} with a minimum", "remove `minimum`; what is counted starts at 0"
    if metric.randomised is not None and metric.type not in {"boolean", "choice"}:
        yield (
            f"is a {metric.type}, which no randomised response can blur",
            "remove `randomised`, or report a boolean or a choice",
        )
    if metric.attribute is not None and not listed:
        yield (
            f"is a {metric.type}, which takes nothing from an attribute",
            "remove `attribute`; a labelled counter or a choice may have one",
        )
    if metric.expires != "never" and not _is_day(metric.expires):
        yield (
            f"expires on {metric.expires}, which no calendar has",
            "write a day such as 2026-12-31, or never",
        )


def points_to_somebody(text: str) -> str:
    """The part of a metric's or label's name that may point to an installation or person; empty for none."""
    found = sorted(_POINTS_TO_SOMEBODY.intersection(re.split(r"[^a-z0-9]+", text)))
    return next(iter([*found, *_NUMBERISH.findall(text)]), "")


def _identity(draft: Draft) -> Iterator[Finding]:
    for metric in draft.of(Telemetry):
        for text in (metric.name, *metric.choices):
            if found := points_to_somebody(text):
                yield draft.find(
                    metric,
                    "telemetry-identity",
                    f"{label(metric)} reports {text!r}, and {found!r} may point to somebody",
                    "count or measure something, and call it by what is counted",
                )
        if metric.category == "user" or metric.category.startswith("user."):
            yield draft.find(
                metric,
                "telemetry-identity",
                f"{label(metric)} has the category {metric.category}, which is about a person",
                "report about the machine and the product only: a category below `system`",
            )


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


CHECKS = (
    Check("telemetry-point", "telemetry without a point, or a point that takes telemetry and more", _point),
    Check("telemetry-metric", "a metric that lacks what its type needs, or has what it cannot use", _metrics),
    Check("telemetry-identity", "a metric or label that could point to an installation or person", _identity),
)
