"""The SQL of a report: as DuckDB would run it, it gives what the engine gives; as ClickHouse would, it can be read as such."""

from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from tests.insights.contract import PAGES, POLICY, REPORTS, WEEK
from tests.insights.test_accuracy import TELEMETRY, VISITORS, events_engine, numbers
from tests.support.lakes import installation, write_reports
from troth.insights.engine import REPORT_COLUMNS, Engine
from troth.insights.planning import EventPlan, parts_of
from troth.insights.sql import SECRET, event_sql, parts_sql, report_sql
from troth.kernel import InvalidInput

SEVERAL = ("future-design", "setup-funnel", "totals")
FUNNEL = PAGES._replace(steps=("page-0", "page-1", "page-2"), most=1, daily=0, days=1)
PLANS = {"pages": PAGES, "referrers": PAGES._replace(column="referrer"), "funnel": FUNNEL}


def answer(place: Path, table: str, statements: tuple[str, ...]) -> list[list[tuple[object, ...]]]:
    """What statements give over a lake."""
    with duckdb.connect() as connection:
        lake = f"read_parquet('{place}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {lake}")  # noqa: S608  a folder of the test's own
        return [connection.execute(one).fetchall() for one in statements]


@pytest.mark.parametrize("name", PLANS)
def test_what_is_shown_of_events_is_what_is_run(name: str, tmp_path: Path) -> None:
    """The same visitors, groups and steps; nobody is cut, so that chance decides nothing."""
    with events_engine(tmp_path / "lake") as engine:
        sums = engine.events(PLANS[name], WEEK, ())
    (((visitors,),), rows) = answer(tmp_path / "lake", "events", event_sql(PLANS[name], WEEK, "duckdb"))
    assert visitors == sums.visitors == VISITORS
    if name == "funnel":
        assert rows == [sums.steps]
    else:
        assert {row[0]: row[1:] for row in rows} == sums.by_key


def test_what_is_shown_of_installations_is_what_is_run(tmp_path: Path) -> None:
    """The same sums, in the same order."""
    write_reports(tmp_path / "lake", [installation(*numbers(one)) for one in range(60)])
    parts = [part for name in SEVERAL for part in parts_of(TELEMETRY[name], POLICY, WEEK)]
    sums = Engine(tmp_path / "lake", REPORT_COLUMNS).reports(parts)
    ((row,),) = answer(tmp_path / "lake", "reports", parts_sql(parts, "duckdb"))
    assert list(row) == [number for one in sums for number in one]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_clickhouse_can_read_what_is_shown_of_events(plan: EventPlan) -> None:
    """Its dialect is used: its own anti-join and MD5, an exact number of visitors, and no secret of a run."""
    statements = event_sql(plan, WEEK, "clickhouse")
    assert [one.key for one in sqlglot.parse(";".join(statements), dialect="clickhouse") if one] == [
        "select"
    ] * 2
    text = " ".join(statements)
    assert "uniq(" not in text
    assert ("LEFT ANTI JOIN" in text) == (f"MD5(CONCAT('{SECRET}'" in text) == (not plan.steps)


@pytest.mark.parametrize("name", [one for one, report in REPORTS.items() if report.protected])
def test_every_report_with_noise_can_be_shown(name: str) -> None:
    """Each is one query or two, over one of the two tables."""
    for statement in report_sql(POLICY, REPORTS[name], WEEK, "clickhouse"):
        (read,) = sqlglot.parse(statement, dialect="clickhouse")
        assert read is not None
        assert {table.name for table in read.find_all(exp.Table)} - _named(read) <= {"events", "reports"}


def _named(read: exp.Expr) -> set[str]:
    """The parts of a query that have a name within it."""
    return {one.alias for one in read.find_all(exp.CTE)}


def test_a_dialect_that_is_none_is_refused() -> None:
    """The mend names those that there are."""
    with pytest.raises(InvalidInput, match="no dialect") as found:
        event_sql(PAGES, WEEK, "oracle")
    assert "clickhouse, duckdb" in found.value.mend
