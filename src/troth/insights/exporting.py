"""Figures of runs as rows, for spreadsheets and for other programs: CSV (RFC 4180) or Parquet."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from troth.insights.model import Figures, Run
from troth.kernel import Conflict, from_micros

COLUMNS = (
    "run",
    "begun",
    "period",
    "table",
    "show",
    "unit",
    "group",
    "figure",
    "low",
    "high",
    "bound",
    "before",
)
"""Columns of an export, in this order; `figure` is empty where it is not shown."""
_NUMBERS = ("figure", "low", "high", "before")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows_of(runs: Sequence[Run]) -> Iterator[tuple[Any, ...]]:
    """A row for each figure of some runs, in the order of `COLUMNS`."""
    for run in runs:
        if run.figures is not None:
            begun = from_micros(run.begun_at).isoformat()
            for told in _figures(run.figures):
                yield (run.run, begun, run.period, *told)


def _figures(figures: Figures) -> Iterator[tuple[Any, ...]]:
    for table in figures.tables:
        for cell in table.cells:
            group = ", ".join(cell.by.values())
            yield (
                table.name,
                table.show,
                table.unit,
                group,
                cell.figure,
                cell.low,
                cell.high,
                cell.words,
                cell.before,
            )
    if figures.guarantee is None:
        yield (
            figures.counts,
            "count",
            figures.counts,
            "",
            figures.total,
            figures.total,
            figures.total,
            "",
            None,
        )
        for one in figures.groups:
            group = ", ".join(one.by.values())
            yield figures.counts, "groups", figures.counts, group, one.count, one.count, one.count, "", None


def to_csv(runs: Sequence[Run]) -> str:
    """The figures of some runs as CSV; what a spreadsheet would take for a formula stands behind an apostrophe."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for row in rows_of(runs):
        writer.writerow(["" if one is None else _plain(one) for one in row])
    return written.getvalue()


def write_parquet(runs: Sequence[Run], file: Path) -> None:
    """Write the figures of some runs to a Parquet file.

    Raises:
        Conflict: The extra `insights` is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise Conflict(
            "Writing Parquet needs the extra `insights`, which is not installed.",
            mend="Install troth[insights], or write CSV.",
        ) from error
    rows = list(rows_of(runs))
    columns = {
        name: pa.array([row[place] for row in rows], pa.int64() if name in _NUMBERS else pa.string())
        for place, name in enumerate(COLUMNS)
    }
    parquet.write_table(pa.table(columns), file)


def _plain(value: Any) -> str:
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
