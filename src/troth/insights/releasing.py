"""From true sums to figures that may be seen: the noise is drawn in its own process, the bound is put into words. Nothing is kept."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from troth.insights.engine import EventSums
from troth.insights.model import Cell, FigureTable, Guarantee
from troth.insights.noise import Groups, Noise, Vector, blur_of, noise_bound
from troth.insights.planning import EventPlan, Part, least
from troth.policy import Report

EVENT_RELEASES, FUNNEL_RELEASES = 3, 2
"""Visitors of all, visitors by group, events by group; of a funnel, visitors of all and by step."""
WHOEVER = (
    "Whoever sees these figures, and all others over the same data within the budget, cannot tell whether"
)


class Released(NamedTuple):
    """Figures that bear noise: how many stand behind them, the tables, the promise."""

    total: int
    tables: tuple[FigureTable, ...]
    guarantee: Guarantee


def release_reports(
    noise: Noise, report: Report, parts: Sequence[Part], sums: Sequence[Sequence[int]]
) -> Released:
    """Figures of a report over installations.

    Raises:
        Unavailable: The noise could not be drawn.
    """
    each = (report.epsilon or 0.0) / len(parts)
    vectors = [Vector(values, part.l1, each) for part, values in zip(parts, sums, strict=True)]
    drawn = noise.release(vectors)
    smallest, tables = least(report), []
    for number, part in enumerate(parts):
        if part.show == "mean":
            cells = [_mean(drawn[number][0], vectors[number], drawn[number + 1][0], vectors[number + 1])]
        elif part.show == "mean-of":
            continue
        else:
            cells = _cells(part, vectors[number], drawn[number], smallest)
        tables.append(_table(part, cells))
    promise = (
        f"{WHOEVER} an installation sent a report.",
        "An installation sends one report a week; what it adds to a figure is cut at the most that the report declares.",
    )
    guarantee = Guarantee(
        epsilon=report.epsilon or 0.0, delta=0.0, protects="installation", most=0, words=promise
    )
    return Released(max(0, drawn[0][0]), tuple(tables), guarantee)


def release_events(noise: Noise, report: Report, plan: EventPlan, sums: EventSums) -> Released:
    """Figures of a report over web events: groups are shown of which enough visitors are left after the noise.

    Raises:
        Unavailable: The noise could not be drawn.
    """
    each = (report.epsilon or 0.0) / EVENT_RELEASES
    apart = min(plan.days, plan.most)
    whole = Vector([sums.visitors], plan.days, each)
    people = {key: found[0] for key, found in sums.by_key.items()}
    if plan.keys:
        known = Vector([people.get(key, 0) for key in plan.keys], plan.most, each)
        (total,), told = noise.release([whole, known])
        shown, scale = dict(zip(plan.keys, told, strict=True)), known.scale
    else:
        groups = Groups(people, plan.most, plan.most, apart, each, report.delta or 0.0)
        (total,), shown = noise.release([whole, groups])
        scale = groups.scale
    smallest = least(report)
    keys = sorted(
        (key for key, number in shown.items() if number >= smallest), key=lambda key: (-shown[key], key)
    )
    events = Vector([sums.by_key.get(key, (0, 0))[1] for key in keys], plan.most, each)
    drawn = noise.release([events])[0] if keys else []
    total = max(0, total)
    bound = noise_bound(whole.scale)
    tables = (
        _visitors(_cell({}, total, bound, smallest)),
        FigureTable(
            name="visitors", show="groups", title=f"Visitors by {plan.field}", unit="visitors",
            cells=_groups(plan, keys, [shown[key] for key in keys], noise_bound(scale), smallest),
        ),
        FigureTable(
            name="events", show="groups", title=f"Events by {plan.field}", unit="events",
            cells=_groups(plan, keys, drawn, noise_bound(events.scale), smallest),
        ),
    )  # fmt: skip
    guarantee = Guarantee(
        epsilon=report.epsilon or 0.0,
        delta=0.0 if plan.keys else report.delta or 0.0,
        protects="visitor",
        most=plan.most,
        words=_promise(plan),
    )
    return Released(total, tables, guarantee)


def release_funnel(noise: Noise, report: Report, plan: EventPlan, sums: EventSums) -> Released:
    """Figures of a funnel over web events: all visitors, and those who reached each step after the one before it.

    Raises:
        Unavailable: The noise could not be drawn.
    """
    each = (report.epsilon or 0.0) / FUNNEL_RELEASES
    whole = Vector([sums.visitors], plan.days, each)
    steps = Vector(sums.steps, len(plan.steps) * plan.days, each)
    (total,), drawn = noise.release([whole, steps])
    smallest, total = least(report), max(0, total)
    tables = (
        _visitors(_cell({}, total, noise_bound(whole.scale), smallest)),
        FigureTable(
            name="visitors", show="funnel", title=f"Visitors by step of {plan.field}", unit="visitors",
            cells=_groups(plan, plan.steps, drawn, noise_bound(steps.scale), smallest),
        ),
    )  # fmt: skip
    guarantee = Guarantee(
        epsilon=report.epsilon or 0.0, delta=0.0, protects="visitor", most=plan.most, words=_promise(plan)
    )
    return Released(total, tables, guarantee)


def with_before(tables: Iterable[FigureTable], before: Iterable[FigureTable]) -> tuple[FigureTable, ...]:
    """Tables with the figures of the period before beside their own."""
    known = {
        (table.name, table.show, tuple(sorted(cell.by.items()))): cell.figure
        for table in before
        for cell in table.cells
    }
    return tuple(
        _replaced(
            table,
            [
                _earlier(cell, known.get((table.name, table.show, tuple(sorted(cell.by.items())))))
                for cell in table.cells
            ],
        )
        for table in tables
    )


def bound_words(low: int, high: int) -> str:
    """A bound in words."""
    return f"exactly {low:,}" if low == high else f"between {low:,} and {high:,}, 95 %"


def _visitors(cell: Cell) -> FigureTable:
    return FigureTable(name="visitors", show="count", title="Visitors", unit="visitors", cells=(cell,))


def _promise(plan: EventPlan) -> tuple[str, ...]:
    each = "" if plan.steps else f", with {plan.daily} of their events a day"
    daily = (
        f"Visitors who are told apart for a day only count as somebody else each day{each}."
        if plan.daily
        else "Visitors who are told apart for a day only are left out."
    )
    counts = (
        "A visitor counts once for each step that he reached after the one before it"
        if plan.steps
        else f"At most {plan.most} events of one visitor count, drawn by chance"
    )
    return (
        f"{WHOEVER} a visitor was there.",
        f"{counts}; a visitor is known anew at each site and by each browser.",
        daily,
        "Visitors who are not told apart, crawlers, and whoever objected are left out.",
    )


def _cells(part: Part, vector: Vector, drawn: Sequence[int], smallest: int) -> list[Cell]:
    blurred = part.metric.randomised if part.metric is not None and part.show == "shares" else None
    if blurred is None:
        bound = noise_bound(vector.scale)
        figures: Sequence[int] = drawn
    else:
        blur = blur_of(blurred, len(part.keys))
        bound, figures = blur.bound(drawn, vector.scale), [round(one) for one in blur.true(drawn)]
        bound += 1  # the figure is rounded
    return [
        _cell({part.name: key} if key else {}, figure, bound, smallest)
        for key, figure in zip(part.keys, figures, strict=True)
    ]


def _cell(by: Mapping[str, str], figure: int, bound: int, smallest: int) -> Cell:
    """A figure and its bound; what is smaller than the least shown is not shown."""
    if figure < smallest:
        return Cell(
            by=dict(by), figure=None, low=None, high=None, words=f"fewer than {smallest}, or too few to tell"
        )
    low, high = max(0, figure - bound), figure + bound
    return Cell(by=dict(by), figure=figure, low=low, high=high, words=bound_words(low, high))


def _mean(total: int, sum_: Vector, number: int, count: Vector) -> Cell:
    """A mean out of two figures that bear noise, each of which keeps to its bound with 97.5 %."""
    certain = 0.975
    off, off_count = noise_bound(sum_.scale, certain), noise_bound(count.scale, certain)
    if number - off_count < 1:
        return Cell(figure=None, low=None, high=None, words="too few to tell")
    low = max(0, math.floor((total - off) / (number + off_count)))
    high = max(0, math.ceil((total + off) / (number - off_count)))
    figure = min(high, max(low, round(total / number)))
    return Cell(figure=figure, low=low, high=high, words=bound_words(low, high))


def _groups(
    plan: EventPlan, keys: Sequence[str], figures: Sequence[int], bound: int, smallest: int
) -> tuple[Cell, ...]:
    return tuple(
        _cell({plan.field: key}, figure, bound, smallest) for key, figure in zip(keys, figures, strict=True)
    )


_UNITS = {
    "reached": "installations",
    "funnel": "installations",
    "shares": "installations",
    "histogram": "installations",
}


def _table(part: Part, cells: Sequence[Cell]) -> FigureTable:
    if part.metric is None:
        title, unit = "Installations that reported", "installations"
    else:
        title = part.metric.title or part.metric.name.replace("_", " ").capitalize()
        unit = _UNITS.get(part.show, "times" if part.show == "timing" else part.metric.unit)
    return FigureTable(name=part.name, show=part.show, title=title, unit=unit, cells=tuple(cells))


def _replaced(table: FigureTable, cells: Sequence[Cell]) -> FigureTable:
    return FigureTable(
        name=table.name, show=table.show, title=table.title, unit=table.unit, cells=tuple(cells)
    )


def _earlier(cell: Cell, before: int | None) -> Cell:
    return Cell(by=cell.by, figure=cell.figure, low=cell.low, high=cell.high, words=cell.words, before=before)
