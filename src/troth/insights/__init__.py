"""Insights: declared reports, counted through the gate; figures that show nobody, schedules, run history."""

from troth.insights.model import Figure, Figures, Run, Tally, period_start
from troth.insights.service import Insights, Standing

__all__ = ["Figure", "Figures", "Insights", "Run", "Standing", "Tally", "period_start"]
