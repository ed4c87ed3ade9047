"""Shapes of reports and their runs."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from troth.insights import Figures, ProductChange, Run, Standing
from troth.kernel import from_micros


class RunAnswer(Struct, frozen=True, kw_only=True):
    """One run of a report. No figure stands for fewer people than the report's cohort."""

    run: Annotated[str, Meta(description="handle that its ledger entries bear")]
    state: Literal["done", "withheld", "missed", "failed"]
    begun: Annotated[str, Meta(description="instant; of a missed run, when it was noticed")]
    due: Annotated[str, Meta(description="when the schedule wanted it; empty when somebody asked for it")] = (
        ""
    )
    policy: Annotated[str, Meta(description="SHA-256 of the version that decided")] = ""
    error: Annotated[str, Meta(description="code of the problem of a failed run")] = ""
    period: Annotated[
        str, Meta(description="the days that its figures are about; empty for a count of people")
    ] = ""
    figures: Figures | None = None


class ReportAnswer(Struct, frozen=True, kw_only=True):
    """A declared report and where it stands."""

    name: str
    title: str
    question: str
    clause: str
    purposes: tuple[str, ...]
    by: tuple[str, ...]
    cohort: Annotated[int, Meta(description="the smallest number of people that is shown")]
    schedule: str
    computed: Annotated[bool, Meta(description="whether anything computes it yet")]
    late: Annotated[bool, Meta(description="whether a run is due that has not happened yet")]
    missed: Annotated[int, Meta(description="runs that the schedule wanted and that did not happen")]
    next: Annotated[str, Meta(description="when the schedule wants the next run; empty without one")] = ""
    lacks: Annotated[
        str, Meta(description="what must be installed before it can run; empty where nothing is missing")
    ] = ""
    last: RunAnswer | None = None


class ReportsAnswer(Struct, frozen=True, kw_only=True):
    """Every declared report."""

    reports: tuple[ReportAnswer, ...]


class RunsAnswer(Struct, frozen=True, kw_only=True):
    """The runs of a report, newest first."""

    report: str
    runs: tuple[RunAnswer, ...]


class ChangeBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a product, and the report that led to it."""

    product: Annotated[str, Meta(max_length=80, description="a declared product")]
    text: Annotated[str, Meta(max_length=2000, description="what changes and why, in plain language")]
    report: Annotated[str, Meta(max_length=80, description="a declared report whose figures you may see")]
    run: Annotated[
        str, Meta(max_length=40, description="the run that it rests on; left out: the newest with figures")
    ] = ""
    release: Annotated[str, Meta(max_length=40, description="the version that brings it")] = ""


class ChangeAnswer(Struct, frozen=True, kw_only=True):
    """A change of a product with what showed that it was wanted."""

    change: str
    product: str
    release: str
    text: str
    report: str
    run: str
    counted: Annotated[str, Meta(description="when the run began")]
    noted: str


class ChangesAnswer(Struct, frozen=True, kw_only=True):
    """Changes of products, newest first."""

    changes: tuple[ChangeAnswer, ...]


def change_answer(one: ProductChange) -> ChangeAnswer:
    """A change as it is told."""
    counted, noted = _instant(one.counted_at), _instant(one.noted_at)
    return ChangeAnswer(
        change=one.change,
        product=one.product,
        release=one.release,
        text=one.text,
        report=one.report,
        run=one.run,
        counted=counted,
        noted=noted,
    )


def run_answer(run: Run) -> RunAnswer:
    """A run as it is told."""
    return RunAnswer(
        run=run.run,
        state=run.state,  # type: ignore[arg-type]
        begun=_instant(run.begun_at),
        due=_instant(run.due_at),
        policy=run.policy,
        error=run.error,
        period=run.period,
        figures=run.figures,
    )


def report_answer(one: Standing) -> ReportAnswer:
    """A report as it is told."""
    report = one.report
    return ReportAnswer(
        name=report.name,
        title=report.title,
        question=report.question,
        clause=report.clause,
        purposes=report.purposes,
        by=report.by,
        cohort=report.cohort,
        schedule=report.schedule,
        computed=one.computed,
        late=one.late,
        missed=one.missed,
        next=one.next_at.isoformat() if one.next_at else "",
        lacks=one.lacks,
        last=run_answer(one.last) if one.last else None,
    )


def _instant(at: int) -> str:
    return from_micros(at).isoformat() if at else ""
