"""Charts of figures as SVG, drawn on the server: bars with the bound of their noise.

A chart repeats what the table beside it says, so it is hidden from screen readers; its colours are those of the page's text.
"""

from importlib.util import find_spec
from typing import Any

import msgspec

from troth.insights.model import Cell, FigureTable

MOST_BARS = 20
"""Most bars of one chart; the table has them all."""
_WIDTH = 340
_LONGEST = 24
_INK = "currentColor"
_AXIS = {
    "labelColor": _INK,
    "titleColor": _INK,
    "domainColor": _INK,
    "tickColor": _INK,
    "gridColor": _INK,
    "gridOpacity": 0.15,
    "labelFontSize": 11,
}
_encode = msgspec.json.Encoder().encode


def charts_available() -> bool:
    """Whether the extra `charts` is installed."""
    return find_spec("vl_convert") is not None


def chart_svg(table: FigureTable) -> str:
    """A bar for each figure with the span that the truth lies in; empty where there is nothing to compare.

    Args:
        table: Figures that belong together.

    Returns:
        SVG without script, style or text of anybody: the labels are those of the policy or of large enough groups.
    """
    shown = [one for one in table.cells if one.figure is not None][:MOST_BARS]
    if len(shown) < 2 or not charts_available():  # noqa: PLR2004  one bar compares nothing
        return ""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(_encode(_specification(table, shown)).decode())
    return drawn


def _specification(table: FigureTable, shown: list[Cell]) -> dict[str, Any]:
    """The chart as Vega-Lite."""
    values = [
        {"group": label_of(one), "figure": one.figure, "low": one.low, "high": one.high, "before": one.before}
        for one in shown
    ]
    group = {"field": "group", "type": "nominal", "sort": None, "title": None}
    figure = {"field": "figure", "type": "quantitative", "title": table.unit or None}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "bar", "color": _INK, "opacity": 0.45},
            "encoding": {"y": group, "x": figure},
        },
        {
            "mark": {"type": "rule", "color": _INK, "strokeWidth": 2},
            "encoding": {"y": group, "x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}},
        },
    ]
    if any(one.before is not None for one in shown):
        layers.append(
            {
                "transform": [{"filter": "datum.before !== null"}],
                "mark": {"type": "tick", "color": _INK, "thickness": 2, "opacity": 0.9},
                "encoding": {"y": group, "x": {"field": "before", "type": "quantitative"}},
            }
        )
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": _WIDTH,
        "background": "transparent",
        "data": {"values": values},
        "layer": layers,
        "config": {
            "font": "sans-serif",
            "view": {"stroke": None},
            "axis": {**_AXIS, "labelLimit": 140},
        },
    }


def label_of(cell: Cell) -> str:
    """What a figure is called in its table: the values of its group."""
    text = ", ".join(value or "not known" for value in cell.by.values()) or "all"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
