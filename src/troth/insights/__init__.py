"""Insights: declared reports, counted through the gate; figures that show nobody, schedules, run history."""

from troth.insights.changes import Changes, ProductChange
from troth.insights.model import Figure, Figures, Run, Tally, period_start
from troth.insights.service import Insights, Standing

__all__ = [
    "Changes",
    "Figure",
    "Figures",
    "Insights",
    "ProductChange",
    "Run",
    "Standing",
    "Tally",
    "period_start",
]
