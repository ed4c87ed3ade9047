"""Running a report whose figures bear noise: fold, refuse what could point to somebody, decide, add up, spend, draw, keep."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from troth.gate import Analysis, Count, Gate, Inquiry
from troth.insights.budget import Cost, spend
from troth.insights.engine import EVENT_COLUMNS, REPORT_COLUMNS, Engine
from troth.insights.history import keep_run, run_of_period
from troth.insights.model import Figures, Run
from troth.insights.noise import Drawing, Noise
from troth.insights.periods import Period, budget_periods, earlier
from troth.insights.planning import event_plan, least, parts_of
from troth.insights.readers import Opener, open_duckdb
from troth.insights.releasing import Released, release_events, release_funnel, release_reports, with_before
from troth.kernel import Clock, Refused, micros
from troth.policy import DataSet, Policy, Report
from troth.storage import Transaction

PAGE_VIEWS, REPORTS = "page-views", "reports"
TOO_MUCH = "user.unique_id"
"""The category of a column that nobody knows: it is weighed as what points to one person or installation."""


class Source(NamedTuple):
    """A table that reports read.

    Args:
        place: Its folder.
        fold: Puts what waits into it.
    """

    place: Path
    fold: Callable[[], object]


class Protected:
    """One run of such a report.

    Args:
        gate: Decides and records.
        clock: Dates it.
        sources: The tables, by what a data set `holds`.
        policy: The version in force.
        report: As it is declared.
        period: The days that it is about.
        drawing: Has the process that draws the noise.
        opened: Opens the engine that adds up.
    """

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        sources: Mapping[str, Source],
        policy: Policy,
        report: Report,
        period: Period,
        drawing: Drawing,
        opened: Opener = open_duckdb,
    ) -> None:
        self._drawing = drawing
        self._gate, self._clock, self._policy = gate, clock, policy
        self._report, self._period = report, period
        self._set = data_set_of(policy, report)
        self._source = sources[self._set.holds]
        known = REPORT_COLUMNS if self._set.holds == REPORTS else EVENT_COLUMNS
        self._engine = Engine(self._source.place, known, opened)

    def run(self, key: str, due_at: int) -> Run:
        """Run it in the name of a key.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy denies it, the budget is used up, or a column could point to somebody.
            Unavailable: A store or the process of the noise takes no work; what was spent stays spent.
            Conflict: There are too many groups, or something that it needs is not installed.
        """
        begun = micros(self._clock.now())
        self._source.fold()
        analysis = self._gate.analysis(self._asked(key, self._engine.unknown_columns()))
        with self._engine:
            released = self._released(analysis)
        kept: list[Run] = []

        def conclude(tx: Transaction, count: Count) -> None:
            figures = self._figures(tx, released) if count.released else None
            run = Run(
                count.run, self._report.name, count.policy, begun, micros(self._clock.now()), due_at,
                "done" if figures is not None else "withheld", figures, "", self._period.name, definition_of(self._report),
            )  # fmt: skip
            keep_run(tx, run)
            kept.append(run)

        analysis.end(conclude, enough=released.total >= least(self._report))
        return kept[-1]

    def _asked(self, key: str, too_much: tuple[str, ...]) -> Inquiry:
        inquiry = protected_inquiry(self._policy, self._report, key)
        if not too_much:
            return inquiry
        asked = inquiry._replace(data=(*inquiry.data, TOO_MUCH))
        self._gate.analysis(asked)  # a policy that permits it all the same is recorded, and not followed
        raise Refused(
            f"The table has a column that is not declared: {too_much[0][:64]!r}. It could point to somebody; nothing was computed.",
            clause="II.9",
            mend="Remove the column from the table.",
        )

    def _released(self, analysis: Analysis) -> Released:
        report, policy, period = self._report, self._policy, self._period
        if self._set.holds == REPORTS:
            parts = parts_of(report, policy, period)
            sums = self._engine.reports(parts)
            with self._spent(analysis) as noise:
                return release_reports(noise, report, parts, sums)
        plan = event_plan(report, policy, period, pages=self._set.holds == PAGE_VIEWS)
        permitted = analysis.permitted(self._engine.persons(plan, period))
        found = self._engine.events(plan, period, permitted)
        with self._spent(analysis) as noise:
            released = release_funnel if plan.steps else release_events
            return released(noise, report, plan, found)

    @contextmanager
    def _spent(self, analysis: Analysis) -> Iterator[Noise]:
        """The process of the noise, once the run is paid for; it ends with a run that fails."""
        noise = self._drawing.noise()
        try:
            analysis.spend(self._take)
            yield noise
        except BaseException:
            self._drawing.end()
            raise

    def _take(self, tx: Transaction) -> Mapping[str, str] | None:
        budget, report = self._set.budget, self._report
        if budget is None or report.epsilon is None:
            return None
        periods = budget_periods(budget.each, self._period)
        left = spend(tx, self._set.name, periods, Cost(report.epsilon, report.delta or 0.0), budget)
        if left is None:
            return None
        return {
            "data_set": self._set.name,
            "period": self._period.name,
            "epsilon": f"{report.epsilon:g}",
            "left": f"{left:g}",
        }

    def _figures(self, tx: Transaction, released: Released) -> Figures:
        report = self._report
        before = run_of_period(tx, report.name, earlier(report.schedule, self._period).name)
        comparable = before is not None and before.definition == definition_of(report)
        old = before.figures.tables if before is not None and before.figures and comparable else ()
        counts = "installations" if self._set.holds == REPORTS else "visitors"
        return Figures(
            counts=counts,  # type: ignore[arg-type]
            total=released.total,
            other=None,
            cohort=least(report),
            tables=with_before(released.tables, old),
            guarantee=released.guarantee,
        )


def data_set_of(policy: Policy, report: Report) -> DataSet:
    """The one data set of a report whose figures bear noise; `troth policy check` sees to it that there is one."""
    return next(one for one in policy.of(DataSet) if one.name in report.data_sets)


def protected_inquiry(policy: Policy, report: Report, key: str) -> Inquiry:
    """What such a report asks, in the name of a key."""
    data = () if report.by else data_set_of(policy, report).data
    words = {"report": report.name}
    return Inquiry(key, report.purposes[0], report.by, words=words, data=data, budgeted=True)


def definition_of(report: Report) -> str:
    """A digest of what decides a report's figures."""
    told: tuple[object, ...] = (
        report.data_sets,
        report.by,
        report.metrics,
        report.most,
        report.epsilon,
        report.delta,
        report.cohort,
    )
    if report.steps:
        told += (report.steps,)
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]
