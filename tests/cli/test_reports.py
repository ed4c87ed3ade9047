"""`troth report`: engines, what budgets have cost, and the SQL of a report."""

from tests.cli.conftest import Program

TELEMETRY = "analytics.reporting.telemetry"


def test_what_a_run_costs_is_told(program: Program) -> None:
    """A run on the engine that is named, then the budget by period and in all; mistakes are refused with their mend and cost nothing."""
    key = program.key("staff.analyst", TELEMETRY)
    for engine, code in (("spark://nowhere", 1), ("sqlite", 1)):
        wrong = program.run("report", "run", "retention", "--engine", engine, "--json", TROTH_KEY=key)
        assert (wrong.code, wrong.error["field"]) == (code, "engine"), wrong
    assert program.ok("report", "run", "retention", "--engine", "duckdb", TROTH_KEY=key)["period"]
    (one,) = [one for one in program.ok("report", "budget", TROTH_KEY=key)["budgets"] if one["periods"]]
    assert (one["data_set"], one["each"], one["epsilon"]) == ("telemetry-reports", "week", 10.0)
    assert [(period["epsilon"], period["left"]) for period in one["periods"]] == [(1.0, 9.0)]
    assert one["together"] == {"epsilon": 1.0, "delta": 0.0}
    told = program.run("report", "budget", TROTH_KEY=key).out
    assert "Over 1 period together epsilon 1 and delta 0 are spent" in told
    assert {one["lacks"] for one in program.ok("report", "list", TROTH_KEY=key)["reports"]} == {""}


def test_the_sql_of_a_report_is_shown(program: Program) -> None:
    """In both dialects; of a report that no SQL computes, the reason."""
    for dialect in ("duckdb", "clickhouse"):
        found = program.ok("report", "sql", "pages-visited", "--dialect", dialect)
        assert [text[:9] for text in found["statements"]] == ['WITH "t1"'] * 2
    refused = program.run("report", "sql", "registered-products", "--json")
    assert "no SQL does that" in refused.error["what"]
