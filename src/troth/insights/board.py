"""What the console shows of reports: where each stands, its newest figures, and their charts, drawn once and kept."""

from typing import NamedTuple

from sqlalchemy import bindparam, select

from troth.gate import Gate, may_look
from troth.insights.charts import chart_svg, charts_available
from troth.insights.history import run_with_figures, runs_of
from troth.insights.model import Run
from troth.insights.service import HISTORY, Insights, Standing, inquiry_of, reported
from troth.insights.tables import report_chart
from troth.kernel import Clock, micros
from troth.policy import Report
from troth.storage import Database, Statement, Transaction, Upsert

_c = report_chart.c
_OF = Statement(select(_c.place, _c.svg).where(_c.run == bindparam("which")))
_KEEP = Upsert(report_chart, by=("run", "place"))
Charts = dict[str, str]
"""SVG by the place of the table that it shows; empty where there is nothing to compare."""


class Shown(NamedTuple):
    """A report as the console shows it.

    Args:
        standing: Where it stands.
        run: Its newest run with figures; None where it never had any.
        charts: Charts of that run.
        runs: Its runs, newest first; only of a report that is looked at by itself.
    """

    standing: Standing
    run: Run | None
    charts: Charts
    runs: tuple[Run, ...] = ()

    @property
    def first(self) -> int:
        """The place of the table that says most at a glance: the first that has a chart."""
        return next((int(place) for place, svg in sorted(self.charts.items()) if svg), 0)


class Board:
    """The reports of a folder for whoever may see their figures.

    Args:
        database: Holds runs and charts.
        gate: Decides and records each look.
        clock: Dates it.
        insights: Knows where each report stands.
    """

    def __init__(self, database: Database, gate: Gate, clock: Clock, insights: Insights) -> None:
        self._database, self._gate, self._clock, self._insights = database, gate, clock, insights

    def visible(self, key: str) -> list[str]:
        """Names of the reports whose figures the policy in force lets the key's holder see; nothing is looked at yet.

        Raises:
            Unauthenticated: The key does not work.
        """
        policy, actor = self._gate.policy(), self._gate.actor(key)
        now = micros(self._clock.now())
        return [
            one.name
            for one in policy.of(Report)
            if one.computed and may_look(policy, actor, inquiry_of(policy, one, key), now)
        ]

    def newest(self, key: str) -> list[Shown]:
        """Every report that may be seen, those with figures first; each look is decided and recorded.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy denies a look.
        """
        standing = {one.report.name: one for one in self._insights.standings(key)}
        found = [self._shown(key, standing[name]) for name in self.visible(key)]
        return sorted(found, key=lambda one: one.run is None)

    def report(self, key: str, name: str) -> Shown:
        """One report with its runs; the look is decided and recorded.

        Raises:
            NotFound: No such report is declared.
            Unauthenticated: The key does not work.
            Refused: The policy does not let the asker see its figures.
        """
        reported(self._gate.policy(), name)
        standing = next(one for one in self._insights.standings(key) if one.report.name == name)
        shown = self._shown(key, standing)
        with self._database.snapshot() as tx:
            return shown._replace(runs=tuple(runs_of(tx, name, HISTORY)))

    def draw(self) -> None:
        """Draw the charts of every report's newest figures, so that nobody waits for them."""
        for report in self._gate.policy().of(Report):
            with self._database.snapshot() as tx:
                run = run_with_figures(tx, report.name)
            if run is not None:
                self._charts(run)

    def _shown(self, key: str, standing: Standing) -> Shown:
        policy = self._gate.policy()
        self._gate.look(inquiry_of(policy, standing.report, key))
        with self._database.snapshot() as tx:
            run = run_with_figures(tx, standing.report.name)
        return Shown(standing, run, self._charts(run) if run is not None else {})

    def _charts(self, run: Run) -> Charts:
        """The charts of a run: as they were drawn before, or drawn and kept."""
        with self._database.snapshot() as tx:
            found = _kept(tx, run.run)
        if found or run.figures is None or not run.figures.tables or not charts_available():
            return found
        drawn = {str(place): chart_svg(table) for place, table in enumerate(run.figures.tables)}
        with self._database.transaction() as tx:
            tx.run_many(_KEEP, [(run.run, place, svg.encode()) for place, svg in drawn.items()])
        return drawn


def _kept(tx: Transaction, run: str) -> Charts:
    return {place: bytes(svg).decode() for place, svg in tx.rows(_OF, {"which": run})}
