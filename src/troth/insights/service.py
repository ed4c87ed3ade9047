"""Running declared reports through the gate, on demand and by schedule, and showing what they gave."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from troth.gate import Count, Gate, Inquiry, versions
from troth.insights.budget import Spending, spendings
from troth.insights.engine import EXTRAS, engine_available
from troth.insights.history import keep_run, last_due, run_of_period, runs_of
from troth.insights.model import Run, Tally, next_start, period_start, starts_between
from troth.insights.noise import Drawing
from troth.insights.periods import period_before
from troth.insights.protected import Protected, Source, definition_of, protected_inquiry
from troth.insights.readers import DUCKDB, Opener, opener
from troth.insights.sql import report_sql
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, TrothError, from_micros, micros, new_id
from troth.policy import DataSet, Policy, Report
from troth.storage import Database, Transaction, held

WAIT = timedelta(hours=6)
"""How long the schedule waits after a run with noise failed."""
HISTORY = 100
"""Most runs that are listed of a report."""
KeyOf = Callable[[str, Sequence[str]], str]
"""Gives the API key in whose name scheduled runs act, for a role and purposes."""


class Standing(NamedTuple):
    """Where a report stands.

    Args:
        report: As it is declared.
        computed: Whether anything computes it yet.
        last: Its newest run, without figures.
        missed: Runs that the schedule wanted and that did not happen, of those listed.
        late: Whether a run is due that has not happened yet.
        next_at: When the schedule wants the next one; None without a schedule.
        lacks: What must be installed before it can run; empty where nothing is missing.
    """

    report: Report
    computed: bool
    last: Run | None
    missed: int
    late: bool
    next_at: datetime | None
    lacks: str = ""


class Insights:
    """The reports of a folder.

    Args:
        database: Holds the history.
        gate: Decides, counts and records.
        clock: Tells what is due.
        key: Gives the key of scheduled runs.
        sources: The tables of reports whose figures bear noise, by what a data set `holds`.
        lock: A file that whoever computes figures with noise holds, so that two processes pay for a period once.
        engine: What adds up over them: `duckdb`, or the address of a Spark master.
    """

    def __init__(
        self,
        database: Database,
        gate: Gate,
        clock: Clock,
        key: KeyOf,
        sources: Mapping[str, Source],
        lock: Path,
        engine: str = DUCKDB,
    ) -> None:
        self._database, self._gate, self._clock, self._key = database, gate, clock, key
        self._sources, self._engine = sources, engine
        self._lock = lock

    def run(self, name: str, key: str, due_at: int = 0, engine: str = "") -> Run:
        """Run a report now and keep what it gave.

        A report whose figures bear noise is computed once for a period: asked again, it gives what is kept, by a decision
        that is recorded, and costs nothing more.

        Args:
            name: Of a declared report.
            key: API key of who asks.
            due_at: The instant (microseconds) for which a schedule wants it; 0 when somebody asks.
            engine: What adds up, instead of what the settings name; nothing for a count of people.

        Raises:
            NotFound: No such report is declared.
            InvalidInput: There is no such engine, or the report needs none.
            Conflict: Nothing computes it yet, its groups are too many, or what it needs is not installed.
            Unauthenticated: The key does not work.
            Refused: The policy denies it, its privacy budget is used up, or its table could point to somebody.
        """
        policy = self._gate.policy()
        report = reported(policy, name)
        if report.protected:
            with Drawing() as drawing:
                return self._run_protected(
                    policy, report, key, due_at, drawing, opener(engine or self._engine)
                )
        if engine:
            raise InvalidInput(
                "This report counts people one by one, by a decision about each; no engine does that.",
                field="engine",
                mend="Leave the engine out.",
            )
        if not report.by:
            raise Conflict(
                "This report is declared, and nothing computes it yet.",
                clause=report.clause,
                field="report",
                mend="Declare by: with the fields that it counts by.",
            )
        return self._run_count(report, key, due_at)

    def _run_count(self, report: Report, key: str, due_at: int) -> Run:
        begun, tally = micros(self._clock.now()), Tally(report.by)
        kept: list[Run] = []

        def conclude(tx: Transaction, count: Count) -> None:
            figures = tally.figures(report.cohort, count.left_out) if count.released else None
            state = "done" if count.released else "withheld"
            ended = micros(self._clock.now())
            run = Run(count.run, report.name, count.policy, begun, ended, due_at, state, figures)
            keep_run(tx, run)
            kept.append(run)

        self._gate.count(
            _inquiry(report, key), tally.take, lambda counted: counted >= report.cohort, conclude
        )
        return kept[-1]

    def _run_protected(
        self, policy: Policy, report: Report, key: str, due_at: int, drawing: Drawing, opened: Opener
    ) -> Run:
        period = period_before(report.schedule, self._clock.now() - report.settles)
        with self._alone():
            with self._database.snapshot() as tx:
                kept = run_of_period(tx, report.name, period.name)
            if kept is None or kept.definition != definition_of(report):
                made = Protected(
                    self._gate, self._clock, self._sources, policy, report, period, drawing, opened
                )
                return made.run(key, due_at)
        self._gate.look(inquiry_of(policy, report, key))
        if due_at:  # the schedule finds what somebody asked for before: no new noise, and no new cost
            kept = kept._replace(run=new_id(), due_at=due_at)
            with self._database.transaction() as tx:
                keep_run(tx, kept)
        return kept

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others of this machine, in this process or another, from figures with noise meanwhile."""
        self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.touch(mode=0o600)
        with held(self._lock):
            yield

    def standings(self, key: str) -> list[Standing]:
        """Where every declared report stands, without a figure.

        Raises:
            Unauthenticated: The key does not work.
        """
        self._gate.actor(key)
        policy, now = self._gate.policy(), self._clock.now()
        with self._database.snapshot() as tx:
            since = _first_posted(tx)
            return [_standing(tx, report, since, now) for report in policy.of(Report)]

    def budgets(self, key: str) -> list[Spending]:
        """What reports have spent of each data set's privacy budget; no figure.

        Raises:
            Unauthenticated: The key does not work.
        """
        self._gate.actor(key)
        declared = {one.name: one.budget for one in self._gate.policy().of(DataSet) if one.budget is not None}
        with self._database.snapshot() as tx:
            return spendings(tx, declared)

    def sql(self, name: str, dialect: str) -> tuple[str, tuple[str, ...]]:
        """What a report with noise asks of its table in its last whole period: the period's name, and statements.

        Raises:
            NotFound: No such report is declared.
            Conflict: It bears no noise, or what it needs is not installed.
            InvalidInput: There is no such dialect.
        """
        policy = self._gate.policy()
        report = reported(policy, name)
        if not report.protected:
            raise Conflict(
                "This report counts people one by one, by a decision about each; no SQL does that.",
                field="report",
                mend="Name a report with an epsilon.",
            )
        period = period_before(report.schedule, self._clock.now() - report.settles)
        return period.name, report_sql(policy, report, period, dialect)

    def runs(self, name: str, key: str) -> list[Run]:
        """The newest runs of a report with their figures, by a decision that is recorded.

        Raises:
            NotFound: No such report is declared.
            Unauthenticated: The key does not work.
            Refused: The policy does not let the asker see its figures.
        """
        policy = self._gate.policy()
        self._gate.look(inquiry_of(policy, reported(policy, name), key))
        with self._database.snapshot() as tx:
            return runs_of(tx, name, HISTORY)

    def run_due(self) -> None:
        """Run every report that its schedule wants now, and note the runs that it missed.

        One that needs what is not installed waits until it is; `standings` and `troth doctor` tell what. One that fails is noted and tried again at the next look; the others are run all the same.

        Raises:
            TrothError: The first failure.
        """
        failure: TrothError | None = None
        with Drawing() as drawing:
            for report in self._gate.policy().of(Report):
                if not report.schedule or not report.computed or report.actor is None or lacking(report):
                    continue
                try:
                    self._run_due(report, report.actor, drawing)
                except TrothError as error:
                    self._note_failure(report, error)
                    failure = failure or error
        if failure is not None:
            raise failure

    def _note_failure(self, report: Report, error: TrothError) -> None:
        """Keep in the history that a run failed; a count of people once, however often it is tried again."""
        now = micros(self._clock.now())
        with self._database.transaction() as tx:
            newest = runs_of(tx, report.name, 1)
            if report.protected or not newest or newest[0].error != error.code:
                keep_run(tx, Run(new_id(), report.name, "", now, now, 0, "failed", None, error.code))

    def _run_due(self, report: Report, role: str, drawing: Drawing) -> None:
        now = self._clock.now()
        start = period_start(report.schedule, now - report.settles)
        due_at = micros(start + report.settles)
        with self._database.transaction() as tx:
            last = last_due(tx, report.name)
            if not _due(report, last, start, _first_posted(tx)) or _failed_lately(tx, report, now):
                return
            if last:
                for missed in starts_between(report.schedule, from_micros(last) - report.settles, start):
                    wanted = micros(missed + report.settles)
                    keep_run(tx, Run(new_id(), report.name, "", micros(now), 0, wanted, "missed"))
        key = self._key(role, report.purposes)
        if report.protected:
            self._run_protected(self._gate.policy(), report, key, due_at, drawing, opener(self._engine))
        else:
            self._run_count(report, key, due_at)


def reported(policy: Policy, name: str) -> Report:
    """A declared report by name.

    Raises:
        NotFound: There is none.
    """
    found = {one.name: one for one in policy.of(Report)}
    if name not in found:
        raise NotFound(
            "The policy declares no such report.",
            field="report",
            mend=f"Use one of {', '.join(found) or '(none)'}.",
        )
    return found[name]


def lacking(report: Report) -> str:
    """What must be installed before a report can run; empty where nothing is missing."""
    return EXTRAS if report.protected and not engine_available() else ""


def inquiry_of(policy: Policy, report: Report, key: str) -> Inquiry:
    """What a report asks, in the name of a key."""
    return protected_inquiry(policy, report, key) if report.protected else _inquiry(report, key)


def _inquiry(report: Report, key: str) -> Inquiry:
    return Inquiry(key, report.purposes[0], report.by, words={"report": report.name})


def _first_posted(tx: Transaction) -> int:
    """When the first policy version was posted (microseconds)."""
    return min((one.posted_at for one in versions(tx) if one.posted_at), default=0)


def _due(report: Report, last: int, start: datetime, since: int) -> bool:
    return last < micros(start + report.settles) and since < micros(start)


def _failed_lately(tx: Transaction, report: Report, now: datetime) -> bool:
    """Whether a run that costs privacy failed so lately that the schedule waits: each try may spend the budget."""
    newest = runs_of(tx, report.name, 1) if report.protected else []
    return bool(newest) and newest[0].state == "failed" and micros(now - WAIT) < newest[0].begun_at


def _standing(tx: Transaction, report: Report, since: int, now: datetime) -> Standing:
    runs = runs_of(tx, report.name, HISTORY)
    missed = sum(1 for run in runs if run.state == "missed")
    last = runs[0]._replace(figures=None) if runs else None
    lacks = lacking(report)
    if not (report.schedule and report.computed):
        return Standing(report, report.computed, last, missed, late=False, next_at=None, lacks=lacks)
    start = period_start(report.schedule, now - report.settles)
    late = _due(report, last_due(tx, report.name), start, since)
    due = (start if late else next_start(report.schedule, start)) + report.settles
    return Standing(report, True, last, missed, late, due, lacks)  # noqa: FBT003  a named tuple's member
