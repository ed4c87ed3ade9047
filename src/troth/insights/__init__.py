"""Insights: declared reports, counted through the gate or with noise; figures that show nobody, schedules, run history."""

from troth.insights.changes import Changes, ProductChange
from troth.insights.engine import engine_available
from troth.insights.exporting import rows_of, to_csv, write_parquet
from troth.insights.model import Cell, Figure, Figures, FigureTable, Guarantee, Run, Tally, period_start
from troth.insights.protected import Source
from troth.insights.service import Insights, Standing

__all__ = [
    "Cell",
    "Changes",
    "Figure",
    "FigureTable",
    "Figures",
    "Guarantee",
    "Insights",
    "ProductChange",
    "Run",
    "Source",
    "Standing",
    "Tally",
    "engine_available",
    "period_start",
    "rows_of",
    "to_csv",
    "write_parquet",
]
