"""The history of runs, in the data database."""

import msgspec
from sqlalchemy import bindparam, func, insert, or_, select

from troth.insights.model import Figures, Run
from troth.insights.tables import report_run
from troth.storage import Row, Statement, Transaction

_c = report_run.c
_COLUMNS = (
    _c.run, _c.report, _c.policy, _c.begun_at, _c.ended_at, _c.due_at, _c.state, _c.error, _c.figures, _c.period, _c.definition,
)  # fmt: skip
_ADD = Statement(insert(report_run))
_OF = Statement(
    select(*_COLUMNS).where(_c.report == bindparam("name")).order_by(_c.run.desc()).limit(bindparam("most"))
)
_DONE = Statement(
    select(*_COLUMNS)
    .where(_c.report == bindparam("name"), _c.state == "done")
    .order_by(_c.run.desc())
    .limit(1)
)
_ONE = Statement(select(*_COLUMNS).where(_c.run == bindparam("which")))
_OF_PERIOD = Statement(
    select(*_COLUMNS)
    .where(
        _c.report == bindparam("name"),
        _c.period == bindparam("period"),
        or_(_c.state == "done", _c.state == "withheld"),
    )
    .order_by(_c.run.desc())
    .limit(1)
)
_LAST_DUE = Statement(select(func.coalesce(func.max(_c.due_at), 0)).where(_c.report == bindparam("name")))
_encode = msgspec.json.Encoder().encode
_figures = msgspec.json.Decoder(Figures).decode


def keep_run(tx: Transaction, run: Run) -> None:
    """Add a run to the history."""
    figures = _encode(run.figures) if run.figures is not None else b""
    tx.run(
        _ADD,
        (
            run.run,
            run.report,
            run.policy,
            run.begun_at,
            run.ended_at,
            run.due_at,
            run.state,
            run.error,
            figures,
            run.period,
            run.definition,
        ),
    )


def runs_of(tx: Transaction, report: str, most: int) -> list[Run]:
    """The newest runs of a report, newest first."""
    return [_run(row) for row in tx.rows(_OF, {"name": report, "most": most})]


def run_with_figures(tx: Transaction, report: str) -> Run | None:
    """The newest run of a report that gave figures."""
    row = tx.row(_DONE, {"name": report})
    return _run(row) if row else None


def run_of(tx: Transaction, run: str) -> Run | None:
    """A run by its handle."""
    row = tx.row(_ONE, {"which": run})
    return _run(row) if row else None


def run_of_period(tx: Transaction, report: str, period: str) -> Run | None:
    """The newest run of a report over a period that gave or withheld figures."""
    row = tx.row(_OF_PERIOD, {"name": report, "period": period})
    return _run(row) if row else None


def last_due(tx: Transaction, report: str) -> int:
    """The newest instant (microseconds) at which the schedule wanted a run that the history holds; 0 for none."""
    row = tx.row(_LAST_DUE, {"name": report})
    return int(row[0]) if row else 0


def _run(row: Row) -> Run:
    run, report, policy, begun_at, ended_at, due_at, state, error, figures, period, definition = row
    shown = _figures(figures) if figures else None
    return Run(run, report, policy, begun_at, ended_at, due_at, state, shown, error, period, definition)
