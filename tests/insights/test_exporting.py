"""Figures as rows: every figure once, with its bound, in CSV and in Parquet."""

import csv
import io
from pathlib import Path

from pyarrow import parquet

from troth.insights import Cell, Figures, FigureTable, Guarantee, Run, rows_of, to_csv, write_parquet

CELLS = (
    Cell(
        by={"page_address": "=1+1"},
        figure=120,
        low=100,
        high=140,
        words="between 100 and 140, 95 %",
        before=90,
    ),
    Cell(
        by={"page_address": "/b"}, figure=None, low=None, high=None, words="fewer than 10, or too few to tell"
    ),
)
TABLE = FigureTable(name="visitors", show="groups", title="Visitors", unit="visitors", cells=CELLS)
PROMISE = Guarantee(epsilon=1.0, delta=0.0, protects="visitor", most=1, words=())
RUNS = [
    Run("r1", "pages", "p", 1, 2, 0, "done", Figures(counts="visitors", total=200, cohort=10, tables=(TABLE,), guarantee=PROMISE), period="2026-01-05/2026-01-12"),
    Run("r0", "pages", "p", 1, 2, 0, "withheld"),
]  # fmt: skip


def test_csv_holds_every_figure_and_no_formula() -> None:
    """What is not shown is empty; what a spreadsheet would compute is text."""
    first, second = csv.DictReader(io.StringIO(to_csv(RUNS)))
    assert (first["group"], first["figure"], first["low"], first["high"], first["before"]) == (
        "'=1+1",
        "120",
        "100",
        "140",
        "90",
    )
    assert (second["group"], second["figure"], second["bound"]) == (
        "/b",
        "",
        "fewer than 10, or too few to tell",
    )
    assert first["period"] == "2026-01-05/2026-01-12"


def test_parquet_holds_the_same(tmp_path: Path) -> None:
    """Numbers are numbers, and what is not shown is null."""
    write_parquet(RUNS, tmp_path / "figures.parquet")
    found = parquet.read_table(tmp_path / "figures.parquet").to_pydict()
    assert found["figure"] == [120, None]
    assert list(zip(*found.values(), strict=True)) == list(rows_of(RUNS))
