"""Checks of what may be counted: no report and no audience looks at what singles somebody out, or at children."""

from collections.abc import Iterator

from troth.policy.checks.customising import SENSITIVE
from troth.policy.checks.registry import Check
from troth.policy.counting import Audience, Report
from troth.policy.draft import Draft, label
from troth.policy.model import Finding
from troth.policy.things import DataSet, Field

GROUPING = ("choice", "country", "boolean", "text", "integer")
CHOOSING = ("choice", "country", "boolean", "text")
"""Types of field by whose values people are counted, and chosen. A number could be an age, and so chooses nobody."""


def _reports(draft: Draft) -> Iterator[Finding]:
    sets = {one.name: one for one in draft.of(DataSet)}
    for report in draft.of(Report):
        data = [key for name in report.data_sets if name in sets for key in sets[name].data]
        for name in report.by:
            field = draft.fields.get(name)
            fault = _unfit(field, GROUPING)
            if field is not None and not fault and not _within(field.category, data):
                fault = "which is in none of its data sets"
            if fault:
                yield draft.find(
                    report,
                    "report-field",
                    f"{label(report)} counts by {name!r}, {fault}",
                    "count by a declared field of its data sets that names nobody",
                )


def _unmanned(draft: Draft) -> Iterator[Finding]:
    for report in draft.of(Report):
        if report.computed and report.schedule and report.actor is None:
            yield draft.find(
                report,
                "report-actor",
                f"{label(report)} is scheduled, and no role runs it",
                "write actor: with a role",
            )


def _audiences(draft: Draft) -> Iterator[Finding]:
    for audience in draft.of(Audience):
        for name in audience.attributes:
            field = draft.fields.get(name)
            fault = _unfit(field, CHOOSING)
            if field is not None and not fault and _within(field.category, SENSITIVE):
                fault = f"which is {field.category}"
            if fault:
                yield draft.find(
                    audience,
                    "audience-attribute",
                    f"{label(audience)} chooses people by {name!r}, {fault}",
                    "choose by what people use or registered; never by age, children's or sensitive data",
                )


def _unfit(field: Field | None, types: tuple[str, ...]) -> str:
    if field is None:
        return "which is no declared field"
    if field.identifier or field.unique:
        return "which singles somebody out"
    return "" if field.type in types else f"which is a {field.type}"


def _within(category: str, keys: tuple[str, ...] | list[str]) -> bool:
    return any(category == one or category.startswith(f"{one}.") for one in keys)


CHECKS = (
    Check(
        "report-field",
        "a report that counts by what is not in its data sets, or singles somebody out",
        _reports,
    ),
    Check("report-actor", "a scheduled report that no role runs", _unmanned),
    Check("audience-attribute", "an audience chosen by age, children's or sensitive data", _audiences),
)
