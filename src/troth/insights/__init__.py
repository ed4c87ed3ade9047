"""Insights: declared reports, counted through the gate or with noise; figures that show nobody, schedules, run history."""

from troth.insights.board import Board, Shown
from troth.insights.budget import Spending
from troth.insights.changes import Changes, ProductChange
from troth.insights.engine import EVENT_COLUMNS, Engine
from troth.insights.exporting import rows_of, to_csv, write_parquet
from troth.insights.model import Cell, Figure, Figures, FigureTable, Guarantee, Run, Tally, period_start
from troth.insights.periods import period_before
from troth.insights.planning import event_plan
from troth.insights.protected import Source
from troth.insights.service import Insights, Standing, lacking, reported
from troth.insights.spark import open_spark

__all__ = [
    "EVENT_COLUMNS",
    "Board",
    "Cell",
    "Changes",
    "Engine",
    "Figure",
    "FigureTable",
    "Figures",
    "Guarantee",
    "Insights",
    "ProductChange",
    "Run",
    "Shown",
    "Source",
    "Spending",
    "Standing",
    "Tally",
    "event_plan",
    "lacking",
    "open_spark",
    "period_before",
    "period_start",
    "reported",
    "rows_of",
    "to_csv",
    "write_parquet",
]
