"""`troth report`: declared reports, their runs and figures."""

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.frame import command, group
from troth.cli.report_text import budget_document, budgets_text, figures_text, run_document
from troth.cli.say import Say, table
from troth.cli.sources import KeyFile, api_key, moment

if TYPE_CHECKING:
    from troth.insights import ProductChange, Standing

app = group("report", "Reports: counts of people for a declared purpose, without those who objected.")


class Form(enum.Enum):
    """How figures are written."""

    CSV = "csv"
    PARQUET = "parquet"


class Dialect(enum.Enum):
    """Whose SQL."""

    CLICKHOUSE = "clickhouse"
    DUCKDB = "duckdb"


Name = Annotated[str, typer.Argument(metavar="REPORT", help="Name of a declared report.")]
_RUN = {
    "run": "handle that its ledger entries bear",
    "state": "done; withheld, when no group was large enough; missed; failed",
    "begun": "when",
    "due": "when the schedule wanted it; empty when somebody asked",
    "period": "the days that its figures are about; empty for a count of people",
    "figures": "counts, total, groups, other, left_out and cohort, null in place of a number: some, and fewer than the cohort; of a report "
    "with noise tables (name, show, title, unit, cells: by, figure, low, high, words, before) and guarantee",
}


_CHANGE = {
    "change": "its id",
    "product": "as it was given",
    "release": "as it was given",
    "text": "what changes and why",
    "report": "the report that led to it",
    "run": "the run that it rests on",
    "counted": "when that run began",
    "noted": "when the change was noted",
}


@command(
    app,
    "list",
    example="troth report list --key-file analyst.key",
    gives={
        "reports": "name, title, schedule, computed, last, missed, late, next and lacks (what must be installed before it runs) of each"
    },
)
def list_(say: Say, *, key_file: KeyFile = None) -> None:
    """List every declared report with its last run, the runs that were missed, and whether one is late."""
    key = api_key(key_file)
    with say.open() as troth:
        found = troth.insights.standings(key)
    heads = ("report", "schedule", "last run", "missed", "next")
    cells = [
        (one.report.name, one.report.schedule or "on demand", _last(one), one.missed, _next(one))
        for one in found
    ]
    say.answer({"reports": [_standing(one) for one in found]}, table(heads, cells))


@command(app, "run", example="troth report run registered-products --key-file analyst.key", gives=_RUN)
def run(
    say: Say,
    name: Name,
    *,
    engine: Annotated[
        str,
        typer.Option(
            help="Of a report with noise, what adds up: `duckdb`, or the address of a Spark master such as `spark://10.0.0.5:7077` "
            "(extra `spark`); left out: the setting `insights.engine`."
        ),
    ] = "",
    key_file: KeyFile = None,
) -> None:
    """Run a report now. Whoever objected, restricted this use or is a child is left out.

    A report with noise is computed once for a period; run again, it shows what is kept.
    """
    key = api_key(key_file)
    with say.open() as troth:
        done = troth.insights.run(name, key, engine=engine)
    say.answer(run_document(done), figures_text(done))


@command(
    app,
    "show",
    example="troth report show registered-products --key-file analyst.key",
    gives={"report": "its name", "runs": "its runs, newest first: run, state, begun, due, figures"},
)
def show(say: Say, name: Name, *, key_file: KeyFile = None) -> None:
    """Show the runs of a report with their figures; the look is decided and recorded."""
    key = api_key(key_file)
    with say.open() as troth:
        runs = troth.insights.runs(name, key)
    text = "\n\n".join(figures_text(one) for one in runs) or "It was never run."
    say.answer({"report": name, "runs": [run_document(one) for one in runs]}, text)


@command(
    app,
    "sql",
    example="troth report sql pages-visited --dialect clickhouse",
    gives={
        "report": "its name",
        "dialect": "as asked",
        "period": "the days of its last whole period",
        "statements": "the SQL",
    },
)
def sql(
    say: Say,
    name: Name,
    *,
    dialect: Annotated[
        Dialect, typer.Option(help="The dialect of DuckDB, which runs it, or of ClickHouse.")
    ] = Dialect.DUCKDB,
) -> None:
    """Show what a report with noise asks of its table, as SQL. Nothing is run.

    What a statement gives are true sums: whoever runs one elsewhere shows nobody its answer.
    """
    with say.open() as troth:
        period, statements = troth.insights.sql(name, dialect.value)
    document = {"report": name, "dialect": dialect.value, "period": period, "statements": list(statements)}
    say.answer(document, ";\n\n".join(statements) + ";")


@command(
    app,
    "budget",
    example="troth report budget --key-file analyst.key",
    gives={
        "budgets": "of each data set: data_set, each, epsilon and delta of a period; periods with what is spent and left; together: what is "
        "spent over all periods"
    },
)
def budget(say: Say, *, key_file: KeyFile = None) -> None:
    """Show what reports with noise have spent of the privacy budgets, by period and over all periods together."""
    key = api_key(key_file)
    with say.open() as troth:
        found = troth.insights.budgets(key)
    say.answer({"budgets": [budget_document(one) for one in found]}, budgets_text(found))


@command(
    app,
    "export",
    example="troth report export registered-products figures.csv --key-file analyst.key",
    gives={"file": "what was written", "rows": "how many figures", "format": "csv or parquet"},
)
def export(
    say: Say,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Written anew.")],
    *,
    form: Annotated[Form, typer.Option("--format", help="csv, or parquet (extra `insights`).")] = Form.CSV,
    key_file: KeyFile = None,
) -> None:
    """Write the figures of every kept run of a report, with their bounds; the look is decided and recorded."""
    from troth.insights import rows_of, to_csv, write_parquet

    key = api_key(key_file)
    with say.open() as troth:
        runs = troth.insights.runs(name, key)
    if form is Form.CSV:
        file.write_text(to_csv(runs), encoding="utf-8", newline="")
    else:
        write_parquet(runs, file)
    rows = len(list(rows_of(runs)))
    say.answer({"file": str(file), "rows": rows, "format": form.value}, f"Wrote {rows} figures to {file}.")


@command(
    app,
    "note-change",
    example="troth report note-change example-sensor --because registered-products --text 'Search opens first.' --key-file analyst.key",
    gives=_CHANGE,
)
def note_change(
    say: Say,
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="A declared product.")],
    *,
    because: Annotated[
        str, typer.Option(help="The report that led to the change; you must be allowed to see its figures.")
    ],
    text: Annotated[str, typer.Option(help="What changes and why, in plain language.")],
    of_run: Annotated[
        str, typer.Option("--run", help="The run it rests on; left out: the newest with figures.")
    ] = "",
    release: Annotated[str, typer.Option(help="The version that brings the change.")] = "",
    key_file: KeyFile = None,
) -> None:
    """Note in the public log that a product is changed because of what a report showed (clause II.5)."""
    key = api_key(key_file)
    with say.open() as troth:
        noted = troth.product_changes.note_change(
            key, product=product, text=text, report=because, run=of_run, release=release
        )
    say.answer(_change(noted), f"Noted {noted.change}: it rests on run {noted.run} of {noted.report}.")


@command(
    app,
    "changes",
    example="troth report changes",
    gives={
        "changes": "the newest changes of products: change, product, release, text, report, run, counted, noted"
    },
)
def changes(say: Say) -> None:
    """List the changes of products with the reports that led to them."""
    with say.open() as troth:
        found = troth.product_changes.changes()
    cells = [(moment(one.noted_at), one.product, one.release, one.report, one.text) for one in found]
    say.answer(
        {"changes": [_change(one) for one in found]},
        table(("noted", "product", "release", "report", "change"), cells),
    )


def _change(one: "ProductChange") -> dict[str, Any]:
    told = {name: getattr(one, name) for name in ("change", "product", "release", "text", "report", "run")}
    return told | {"counted": moment(one.counted_at), "noted": moment(one.noted_at)}


def _standing(one: "Standing") -> dict[str, Any]:
    return {
        "name": one.report.name,
        "title": one.report.title,
        "schedule": one.report.schedule,
        "computed": one.computed,
        "last": run_document(one.last) if one.last else None,
        "missed": one.missed,
        "late": one.late,
        "next": one.next_at.isoformat() if one.next_at else "",
        "lacks": one.lacks,
    }


def _last(one: "Standing") -> str:
    if not one.computed:
        return "not computed yet"
    return f"{moment(one.last.begun_at)} {one.last.state}" if one.last else "never"


def _next(one: "Standing") -> str:
    if one.lacks:
        return f"cannot run: install {one.lacks}"
    when = one.next_at.isoformat() if one.next_at else ""
    return f"{when} (late)" if one.late else when
