"""Accuracy: of every kind of report, the bound of a figure holds the truth as often as it says.

Known data are written as the doors write them, the truth is worked out here by counting, the engine adds up once, and noise is drawn in
a hundred runs. OpenDP takes no seed, so the test is one of statistics: where every bound holds with 95 %, more figures of a report
lie outside than are allowed with a chance below 1 in 10^7, so all tests here together fail by chance less than once in 10^6 runs. Each also
looks with a third of the bound (a sixth, where the bound is for the worst case), and must then find too many outside.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from tests.insights.contract import AT, MEASURED, POLICY, REPORTS, WEEK
from tests.support.lakes import event, installation, write_events, write_reports
from troth.insights.engine import EVENT_COLUMNS, REPORT_COLUMNS, Engine
from troth.insights.model import Cell, FigureTable
from troth.insights.noise import Noise
from troth.insights.planning import EventPlan, Part, event_plan, keys_of, parts_of
from troth.insights.releasing import Released, release_events, release_funnel, release_reports
from troth.policy import SHOWN, ShownMetric, Telemetry, telemetry_schema
from troth.telemetry.chance import draw

RUNS, RARE, RISK = 100, 1e-7, 0.05
INSTALLATIONS, VISITORS = 2_520, 2_400  # which 2 to 10 divide, and 8
Truths = dict[tuple[str, str], dict[str, float]]
"""What is true, by metric (or visitors, events) and how it is shown, and by key."""


@cache
def allowed_outside(figures: int) -> int:
    """So many of some figures lie outside more seldom than once in 10^7 tries, where each does with 5 %."""
    chance, certain = (1 - RISK) ** figures, 0.0
    for number in range(figures):
        certain += chance
        if 1 - certain < RARE:
            return number
        chance *= (figures - number) / (number + 1) * RISK / (1 - RISK)
    return figures


class Seen(NamedTuple):
    """Figures that were shown, those whose bound is wrong, and those whose bound would be if it were only a part as wide."""

    shown: int
    outside: int
    outside_part: int


def look(tables: Sequence[FigureTable], truths: Truths, part: int) -> Seen:
    """Hold the figures of one run against the truth."""
    shown = [
        (cell, truths[table.name, table.show][" ".join(cell.by.values())])
        for table in tables
        for cell in table.cells
        if cell.figure is not None and (table.name, table.show) in truths
    ]
    outside = sum(not (cell.low or 0) <= truth <= (cell.high or 0) for cell, truth in shown)
    return Seen(len(shown), outside, sum(_far(cell, truth, part) for cell, truth in shown))


def _far(cell: Cell, truth: float, part: int) -> bool:
    figure, low, high = cell.figure or 0, cell.low or 0, cell.high or 0
    return not figure - (figure - low) / part <= truth <= figure + (high - figure) / part


@pytest.fixture(scope="module")
def noise() -> Iterator[Noise]:
    """The process that draws the noise of all these runs: starting one takes as long as a hundred of them."""
    with Noise() as process:
        yield process


def check(truths: Truths, released: Callable[[], Released], least: int, part: int = 3) -> None:
    """A hundred runs; at least so many figures are shown in each. A bound that is only a part as wide is found wrong."""
    runs = [look(released().tables, truths, part) for _ in range(RUNS)]
    seen = Seen(*(sum(column) for column in zip(*runs, strict=True)))
    assert seen.shown >= RUNS * least
    assert seen.outside <= allowed_outside(seen.shown)
    assert seen.outside_part > allowed_outside(seen.shown)


# --- what installations report


def numbers(one: int) -> tuple[dict[str, float], dict[str, str]]:
    """What an installation reports: all of it follows from its number."""
    told: dict[str, float] = {"weeks_in_use": one % 7, "assets": one % 90, "cores": 2 ** (one % 7)}
    told |= {
        "memory_mb": 4_000 * (one % 9 + 1) ** 2,
        "events_per_second": 10 ** (one % 5),
        "crashes": one % 10 // 8,
    }
    told |= {f"search_time/{one % 7}": 3, f"search_time/{one % 3}": 4}
    told |= {f"setup_steps/{step}": 1 for step in STEPS[: one % 5]}
    told |= {
        f"features_used/{key}": place + 1 for place, key in enumerate(FEATURES) if one % (place + 1) == 0
    }
    told |= {f"plugins_in_use/{key}": 1 for place, key in enumerate(PLUGINS) if one % (place + 2) == 0}
    if one % 3:
        told["errors"] = one % 8
    return told, {"product_edition": EDITIONS[one % 3]}


def metric_of(name: str) -> Telemetry:
    """A metric of the reference policy."""
    schema = telemetry_schema(POLICY)
    assert schema is not None
    return schema.metrics[name]


STEPS, FEATURES, PLUGINS, EDITIONS = (
    metric_of(name).choices for name in ("setup_steps", "features_used", "plugins_in_use", "product_edition")
)
TOTALS = replace(
    REPORTS["use-and-quality"],
    name="totals",
    metrics=(ShownMetric(metric="errors", most=8), ShownMetric(metric="crashes", most=2)),
)
TELEMETRY = {name: REPORTS[name] for name in (*MEASURED, "setup-funnel")} | {"totals": TOTALS}


def truth_of(part: Part) -> dict[str, float]:
    """The truth of a part, by counting."""
    every = [numbers(one) for one in range(INSTALLATIONS)]
    name, keys = part.name, part.keys
    if part.show == "count":
        return {"": len(every)}
    if part.show in {"total", "mean"}:
        given = [told[name] for told, _ in every if name in told]
        return {"": sum(given) / (len(given) if part.show == "mean" else 1)}
    found: Counter[str] = Counter()
    for told, words in every:
        found.update(_shown(part, told, words))
    return {key: float(found[key]) for key in keys}


def _shown(part: Part, told: Mapping[str, float], words: Mapping[str, str]) -> Mapping[str, int]:
    name, keys = part.name, part.keys
    if part.show == "reached":
        named = [f"{name}/{key}" if key else name for key in keys]
        return {key: int(told.get(one, 0) >= 1) for key, one in zip(keys, named, strict=True)}
    if part.show == "timing":
        return {key: int(told.get(f"{name}/{place}", 0)) for place, key in enumerate(keys)}
    if part.show == "labels":
        return {key: int(told.get(f"{name}/{key}", 0)) for key in keys}
    if part.show == "funnel":
        return {
            key: int(all(f"{name}/{one}" in told for one in keys[: place + 1]))
            for place, key in enumerate(keys)
        }
    if part.show == "histogram":
        assert part.shown is not None
        return {keys[sum(told[name] >= edge for edge in part.shown.edges)]: 1}
    return {words[name] if name in words else keys[int(told[name])]: 1}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of such reports."""
    place = tmp_path_factory.mktemp("lake") / "reports"
    write_reports(place, [installation(*numbers(one)) for one in range(INSTALLATIONS)])
    return place


@pytest.mark.parametrize("name", TELEMETRY)
def test_reports_of_installations(name: str, reports: Path, noise: Noise) -> None:
    """Use and quality, crashes and errors, feature popularity, retention, the funnel of a product's steps, sizes; sums."""
    report = TELEMETRY[name]
    parts = parts_of(report, POLICY, WEEK)
    with Engine(reports, REPORT_COLUMNS) as engine:
        sums = engine.reports(parts)
    truths = {(part.name, part.show): truth_of(part) for part in parts if part.show != "mean-of"}
    check(truths, lambda: release_reports(noise, report, parts, sums), 3)


def test_every_way_to_show_a_metric_is_among_them() -> None:
    """So that a new one gets its test."""
    shown = {part.show for report in TELEMETRY.values() for part in parts_of(report, POLICY, WEEK)}
    assert shown - {"count", "mean-of"} == {one for ways in SHOWN.values() for one in ways}


# --- what senders blurred


@pytest.mark.parametrize("name", ["single_sign_on", "product_edition"])
def test_metrics_that_senders_blurred(name: str, noise: Noise) -> None:
    """Each run has the chance of its own 1,260 senders, drawn by the client's code, and our noise on top; of a choice with three values too."""
    metric = replace(metric_of(name), randomised=1.5)
    shown = ShownMetric(metric=name)
    keys = keys_of(shown, metric, "shares")
    parts = [
        Part("installations", "count", ("",), 1, WEEK.weeks),
        Part(name, "shares", keys, 1, WEEK.weeks, metric, shown),
    ]
    senders, answers = INSTALLATIONS // 2, len(keys)
    first = {(name, "shares"): {keys[0]: senders * 2 / 3}}

    def released() -> Released:
        told = Counter((one % 3 // 2 + draw(1.5, answers)) % answers for one in range(senders))
        sums = [[senders], [told[place] for place in range(answers)]]
        found = release_reports(noise, REPORTS["retention"], parts, sums)
        (table,) = [table for table in found.tables if table.name == name]
        cells = tuple(cell for cell in table.cells if cell.by[name] == keys[0])  # the others follow from it
        return found._replace(tables=(replace(table, cells=cells),))

    check(first, released, 1, part=6)


# --- what visitors did


@contextmanager
def events_engine(place: Path) -> Iterator[Engine]:
    """A lake of web events: each visitor looks at three pages, comes from somewhere, and uses two features."""
    events = [one for number in range(VISITORS) for one in _visit(number)]
    write_events(place, events)
    with Engine(place, EVENT_COLUMNS) as engine:
        yield engine


def _visit(number: int) -> Iterator[dict[str, Any]]:
    name, more = f"v{number}", {"referrer": f"from-{number % 5}", "at": AT}
    for place in range(3):
        yield event(name, f"page-{(number + place) % 8}", place, **more)
    for place in range(2):
        yield event(name, "page-0", place + 3, name=f"feature-{number % 6}", **more)


def _known(plan: EventPlan) -> Truths:
    groups: dict[str, list[str]] = {
        "page": [f"page-{(number + place) % 8}" for number in range(VISITORS) for place in range(3)],
        "referrer": [f"from-{number % 5}" for number in range(VISITORS)] * 3,
        "name": [f"feature-{number % 6}" for number in range(VISITORS)] * 2,
    }
    found = Counter(groups[plan.column])
    each = {"page": 1, "referrer": 3, "name": 2}[plan.column]  # how often one visitor has the same
    return {
        ("visitors", "count"): {"": VISITORS},
        ("visitors", "groups"): {key: number / each for key, number in found.items()},
        ("events", "groups"): {key: float(number) for key, number in found.items()},
    }


@pytest.mark.parametrize("name", ["pages-visited", "referring-pages", "feature-frequency"])
def test_reports_over_web_events(name: str, tmp_path: Path, noise: Noise) -> None:
    """Web pages, referrers, feature frequency: visitors, visitors by group, events by group."""
    report = REPORTS[name]
    plan = event_plan(report, POLICY, WEEK, pages=name != "feature-frequency")
    with events_engine(tmp_path / "lake") as engine:
        sums = engine.events(plan, WEEK, ())
    check(_known(plan), lambda: release_events(noise, report, plan, sums), 11)


def test_funnels_over_web_events(tmp_path: Path, noise: Noise) -> None:
    """Visitors at each of three pages in their order."""
    report = replace(REPORTS["pages-visited"], steps=("page-0", "page-1", "page-2"), most=1)
    plan = event_plan(report, POLICY, WEEK, pages=True)
    with events_engine(tmp_path / "lake") as engine:
        sums = engine.events(plan, WEEK, ())
    each = VISITORS / 8
    truths = {
        ("visitors", "count"): {"": float(VISITORS)},
        ("visitors", "funnel"): {"page-0": 3 * each, "page-1": 2 * each, "page-2": each},
    }
    check(truths, lambda: release_funnel(noise, report, plan, sums), 4)
