"""Checks of reports whose figures bear noise: a budget, one table, metrics that can be shown so, and nothing that identifies."""

from collections.abc import Iterator

from troth.policy.checks.registry import Check
from troth.policy.counting import SHOWN, Report, ShownMetric
from troth.policy.draft import Draft, label
from troth.policy.model import Finding
from troth.policy.telemetry import Telemetry
from troth.policy.things import DataSet

_PARTS = ("page", "referrer", "event", "country", "device")
_EDGED = "histogram"


def _tables(draft: Draft, report: Report) -> list[DataSet]:
    sets = {one.name: one for one in draft.of(DataSet)}
    return [sets[name] for name in report.data_sets if name in sets]


def _protection(draft: Draft) -> Iterator[Finding]:
    for report in draft.of(Report):
        tables = _tables(draft, report)
        held = [one for one in tables if one.holds]
        if held and report.computed and not report.protected:
            yield draft.find(
                report,
                "report-epsilon",
                f"{label(report)} reads {label(held[0])} without noise",
                "write epsilon: with what a run may cost, such as 1.0",
            )
        elif report.protected and tables and (len(report.data_sets) != 1 or not held):
            yield draft.find(
                report,
                "report-epsilon",
                f"{label(report)} has an epsilon, and reads not one table of web events or reports",
                "name one data set that says what it `holds`, or remove epsilon",
            )


def _budgets(draft: Draft) -> Iterator[Finding]:
    for report in draft.of(Report):
        tables = _tables(draft, report)
        if not report.protected or len(tables) != 1 or not tables[0].holds:
            continue
        table, fault = tables[0], ""
        if table.budget is None:
            fault = "which has no budget"
        elif (report.epsilon or 0.0) > table.budget.epsilon:
            fault = f"whose budget of {table.budget.epsilon:g} is less than one run costs"
        elif (report.delta or 0.0) > table.budget.delta:
            fault = f"whose budget has a delta of {table.budget.delta:g}"
        if fault:
            yield draft.find(
                report,
                "report-budget",
                f"{label(report)} reads {label(table)}, {fault}",
                "write budget: {epsilon: 6, delta: 0.000001, each: month} in the data set",
            )


def _shown(draft: Draft) -> Iterator[Finding]:
    metrics = {one.name: one for one in draft.of(Telemetry)}
    for report in draft.of(Report):
        holds = {str(one.holds) for one in _tables(draft, report)}
        for fault in _faults(draft, report, holds, metrics):
            yield draft.find(
                report,
                "report-shown",
                f"{label(report)} {fault}",
                "see docs/reports.md for what can be shown of what",
            )


def _faults(draft: Draft, report: Report, holds: set[str], metrics: dict[str, Telemetry]) -> Iterator[str]:
    if report.metrics and holds != {"reports"}:
        yield "shows metrics, and reads no data set that holds reports"
    if report.protected and "reports" in holds and report.by:
        yield "groups reports by a field"
    if report.protected and holds & {"page-views", "actions"}:
        yield from _event_faults(draft, report)
    elif report.steps:
        yield "has steps, and reads no web events; steps of a product stand at its metric"
    for shown in report.metrics:
        if fault := _fault(shown, metrics.get(shown.metric)):
            yield f"shows {shown.metric!r}, {fault}"


def _event_faults(draft: Draft, report: Report) -> Iterator[str]:
    if len(report.by) != 1:
        yield "groups web events by none or by several fields"
        return
    field = draft.fields.get(report.by[0])
    if field is not None and field.part not in _PARTS:
        yield f"groups web events by {field.name!r}, which is none of {', '.join(_PARTS)}"
        return
    if field is None:
        return
    if len(report.steps) == 1 or len({*report.steps}) != len(report.steps):
        yield "is a funnel of one step, or of steps that stand twice"
    elif field.choices and not {*report.steps} <= {*field.choices}:
        yield f"has steps that are none of the values of {field.name!r}"
    elif not field.choices and not report.steps and not report.delta:
        yield "has groups that the data bring, and no delta"


def _fault(shown: ShownMetric, metric: Telemetry | None) -> str:
    """What is wrong with how a metric is shown; empty where nothing is."""
    if metric is None:
        return "which is no declared metric"
    show = shown.show or SHOWN[metric.type][0]
    if show not in SHOWN[metric.type]:
        return f"a {metric.type}, as {show}"
    if (show == _EDGED) != bool(shown.edges):
        return "with edges, and not as a histogram" if shown.edges else "as a histogram without edges"
    if list(shown.edges) != sorted({edge for edge in shown.edges if edge > 0}):
        return "with edges that do not grow"
    if (show == "funnel") != bool(shown.steps):
        return "with steps, and not as a funnel" if shown.steps else "as a funnel without steps"
    if not set(shown.steps) <= set(metric.choices) or len(set(shown.steps)) != len(shown.steps):
        return "with steps that are none of its labels, or stand twice"
    return ""


CHECKS = (
    Check(
        "report-epsilon",
        "a report over web events or telemetry without noise, or noise elsewhere",
        _protection,
    ),
    Check(
        "report-budget", "a report with noise over a data set whose budget is missing or too small", _budgets
    ),
    Check(
        "report-shown", "a report that shows a metric or an event in a way that it cannot be shown in", _shown
    ),
)
