"""What every engine must give for known content: the contract of engines, as checks that each test runs on its own engine.

A check gets what opens the engine and an empty folder.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.lakes import event, installation, write_events, write_reports
from tests.support.policies import REFERENCE
from troth.ingress import ReportLake
from troth.ingress.inbox import stored
from troth.insights.engine import EVENT_COLUMNS, REPORT_COLUMNS, Engine
from troth.insights.periods import Period
from troth.insights.planning import EventPlan, event_plan, parts_of
from troth.insights.readers import Opener
from troth.policy import Report, compile_policy

POLICY = compile_policy(REFERENCE.read_text(encoding="utf-8"))
REPORTS = {one.name: one for one in POLICY.of(Report)}
WEEK = Period(date(2026, 1, 5), date(2026, 1, 12))
MONTH = Period(date(2026, 1, 1), date(2026, 2, 1))
PAGES = event_plan(REPORTS["pages-visited"], POLICY, WEEK, pages=True)
ACTIONS = event_plan(REPORTS["feature-frequency"], POLICY, WEEK, pages=False)
ANN = "a" * 32
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def events_of(
    opened: Opener,
    place: Path,
    events: list[dict[str, Any]],
    plan: EventPlan = PAGES,
    permitted: set[str] | None = None,
) -> Any:
    """The sums over a lake of these events, which are added to it."""
    if events:
        write_events(place, events)
    with Engine(place, EVENT_COLUMNS, opened) as engine:
        return engine.events(plan, WEEK, permitted or set())


def sums_of(
    opened: Opener, place: Path, name: str, reports: list[dict[str, Any]], period: Period = WEEK
) -> dict[str, dict[str, int]]:
    """The sums of a report over a lake of these reports, by part and key."""
    write_reports(place, reports)
    parts = parts_of(REPORTS[name], POLICY, period)
    with Engine(place, REPORT_COLUMNS, opened) as engine:
        found = engine.reports(parts)
    return {
        f"{part.name} {part.show}": dict(zip(part.keys, sums, strict=True))
        for part, sums in zip(parts, found, strict=True)
    }


def visitors_and_events_are_counted_by_page(opened: Opener, place: Path) -> None:
    """Who is a crawler, is not told apart, came on another day, or did something else than look at a page, is not counted."""
    events = [event(f"v{one}", f"/p{one % 2}", number) for one in range(10) for number in range(3)]
    events += [
        event("robot", "/p0", 1, robot=True),
        event("", "/p0", 2, identity="none"),
        event("late", "/p0", 3, day="2026-01-12"),
        event("early", "/p0", 4, day="2026-01-04"),
        event("doer", "/p0", 5, name="search"),
    ]
    found = events_of(opened, place, events)
    assert (found.visitors, dict(found.by_key)) == (10, {"/p0": (5, 15), "/p1": (5, 15)})
    assert dict(events_of(opened, place, [], ACTIONS).by_key) == {"search": (1, 1)}


def one_visitor_with_10000_events_moves_nothing_beyond_the_bound(opened: Opener, place: Path) -> None:
    """All sums together change by no more than the most that counts of one visitor, whatever he did; which events is chance."""
    usual = [event(f"v{one}", f"/p{one % 5}", 1) for one in range(50)]
    before = events_of(opened, place, usual)
    flood = [event("big", f"/p{number % 500}", number) for number in range(10_000)]
    kept = []
    for more in (flood, []):
        after = events_of(opened, place, more)
        change = {key: after.by_key[key][1] - before.by_key.get(key, (0, 0))[1] for key in after.by_key}
        people = {key: after.by_key[key][0] - before.by_key.get(key, (0, 0))[0] for key in after.by_key}
        assert sum(change.values()) == PAGES.most
        assert sum(people.values()) <= PAGES.most
        assert max(people.values()) <= 1
        assert after.visitors == before.visitors + 1
        kept.append(frozenset(key for key in change if change[key]))
    assert kept[0] != kept[1]  # of 500 pages the same 7 twice: once in 10^15 runs


def visitors_of_a_day_count_little_each_day(opened: Opener, place: Path) -> None:
    """Somebody who is another visitor each day gives no more in a week than anybody else; where that is nothing, he is left out."""
    days = [f"2026-01-{day:02}" for day in range(5, 12)]
    events = [event(f"d{day}", f"/p{n}", n, day=day, identity="daily") for day in days for n in range(9)]
    found = events_of(opened, place, events)
    assert sum(number for _, number in found.by_key.values()) == PAGES.most
    assert found.visitors == PAGES.days == len(days)
    assert events_of(opened, place, [], PAGES._replace(daily=0, days=1)).visitors == 0


def who_is_signed_in_counts_once_permitted_and_as_one_person(opened: Opener, place: Path) -> None:
    """Two browsers of one person are one visitor, and nobody where the person may not be counted."""
    events = [
        event(f"browser{one}", f"/p{one}", number, person=ANN) for one in range(2) for number in range(9)
    ]
    assert events_of(opened, place, events).visitors == 0
    with Engine(place, EVENT_COLUMNS, opened) as engine:
        assert engine.persons(PAGES, WEEK) == {ANN}
        found = engine.events(PAGES, WEEK, {ANN})
    assert found.visitors == 1
    assert sum(number for _, number in found.by_key.values()) == PAGES.most


def steps_count_in_their_order(opened: Opener, place: Path) -> None:
    """Of a funnel a visitor counts at a step once, and only after the one before it, however often and wherever he went."""
    paths = {
        "whole": "abxc",
        "turned": "cba",
        "late": "bab",
        "jumped": "ac",
        "stayed": "aaaa",
        "other": "x",
        "same": "bacb" * 50,
    }
    events = [
        event(name, f"/{page}", number, at=AT + timedelta(seconds=number))
        for name, path in paths.items()
        for number, page in enumerate(path)
    ]
    events += [event("daily", "/a", 1, identity="daily"), event("ann", "/a", 2, person=ANN)]
    plan = PAGES._replace(steps=("/a", "/b", "/c"), most=1, daily=0, days=1)
    assert events_of(opened, place, events, plan) == (7, {}, (6, 3, 2))
    assert events_of(opened, place, [], plan._replace(daily=1, days=7), {ANN}) == (9, {}, (8, 3, 2))
    assert events_of(opened, place, [], plan._replace(steps=("/never", "/a"))).steps == (0, 0)


def a_lake_that_nobody_wrote_has_nothing(opened: Opener, place: Path) -> None:
    """No table, or none for the days asked, gives zeros, and opens no engine."""

    def never() -> Any:
        raise AssertionError

    del opened
    engine = Engine(place, EVENT_COLUMNS, never)
    assert (engine.unknown_columns(), engine.persons(PAGES, WEEK)) == ((), set())
    assert engine.events(PAGES, WEEK, set()) == (0, {}, ())
    parts = parts_of(REPORTS["retention"], POLICY, WEEK)
    assert Engine(place, REPORT_COLUMNS, never).reports(parts) == [[0] * len(part.keys) for part in parts]


def metrics_are_added_up_as_they_are_shown(opened: Opener, place: Path) -> None:
    """Totals, means, shares, buckets, labels, funnels and histograms of three installations."""
    reports = [
        installation({"errors": 3, "crashes": 0, "search_time/0": 4, "weeks_in_use": 1, "cores": 4, "assets": 100, "setup_steps/installed": 1, "features_used/search": 2}, {"product_edition": "sensor"}),
        installation({"errors": 0, "crashes": 2, "search_time/6": 1, "weeks_in_use": 1, "cores": 64, "setup_steps/installed": 1, "setup_steps/first sensor": 1, "setup_steps/first report": 1, "features_used/export": 7}, {"product_edition": "server"}),
        installation({"weeks_in_use": 6}),
        installation({"errors": 9}, week="2026-W01"),
    ]  # fmt: skip
    quality = sums_of(opened, place, "use-and-quality", reports)
    assert quality["installations count"] == {"": 3}
    assert (quality["errors mean"], quality["errors mean-of"]) == ({"sum": 3}, {"": 2})
    assert (quality["errors reached"], quality["crashes reached"]) == ({"": 1}, {"": 1})
    times = quality["search_time timing"]
    assert (times["0 to 9"], times["5000 or more"], sum(times.values())) == (4, 1, 5)
    with Engine(place, REPORT_COLUMNS, opened) as engine:
        (_, kept), (_, steps) = (
            engine.reports(parts_of(REPORTS[name], POLICY, WEEK)) for name in ("retention", "setup-funnel")
        )
        design = parts_of(REPORTS["future-design"], POLICY, MONTH)
        sums = engine.reports([part._replace(weeks=("2026-W02",)) for part in design])
    assert kept == [0, 2, 0, 0, 0, 0, 1]
    assert steps == [2, 1, 0, 0]  # whoever lacks a step is in none behind it
    assert [part.weeks for part in design] == [("2026-W04",)] * len(design)
    found = dict(zip([f"{part.name} {part.show}" for part in design], sums, strict=True))
    assert found["product_edition shares"] == [1, 1, 0]
    assert found["cores histogram"] == [0, 0, 1, 0, 0, 1]
    assert (found["assets mean"], found["assets mean-of"]) == ([100], [1])


def odd_numbers_move_nothing_beyond_the_bound(opened: Opener, place: Path) -> None:
    """However large or odd what one installation sends is, the sums of each part change by no more than the noise is made for."""
    odd = (2.0**53, 1e300, float("inf"), float("nan"), -5.0, 0.5, 200.0)
    times = [f"search_time/{bucket}" for bucket in range(7)]
    names = (*times, "errors", "crashes", "features_used/search", "features_used/export")
    parts = [part for name in MEASURED[:2] for part in parts_of(REPORTS[name], POLICY, WEEK)]
    sums = []
    for numbers in ({}, {name: odd[number % len(odd)] for number, name in enumerate(names)}):
        write_reports(place, [installation(numbers)])
        with Engine(place, REPORT_COLUMNS, opened) as engine:
            sums.append(engine.reports(parts))
    moved = [sum(abs(b - a) for a, b in zip(*both, strict=True)) for both in zip(*sums, strict=True)]
    assert [part.name for part, change in zip(parts, moved, strict=True) if change > part.l1] == []
    assert (moved[0], min(moved[1:6])) == (1, 1)


def what_the_receiving_door_wrote_is_read(opened: Opener, place: Path) -> None:
    """A table as the door's own lake makes it has no column too many, and gives its sums."""
    start = ("example-sensor", "5.0", "2026-W02", "0" * 16, "troth")
    full = (*start, {"errors": 3.0, "crashes": 1.0}, dict[str, str](), 0)
    lines = [full] * 50 + [(*start, {}, {}, 0)]
    ReportLake(place).append([stored("b1", 1_768_089_600_000_000, ["e1"], lines)], 1)
    parts = parts_of(REPORTS["use-and-quality"], POLICY, WEEK)
    with Engine(place, REPORT_COLUMNS, opened) as engine:
        assert engine.unknown_columns() == ()
        sums = engine.reports(parts)
    found = dict(zip([f"{part.name} {part.show}" for part in parts], sums, strict=True))
    assert found["installations count"] == [51]
    assert (found["errors mean"], found["errors mean-of"], found["crashes reached"]) == ([150], [50], [50])


MEASURED = ("use-and-quality", "feature-popularity", "retention", "future-design")
CHECKS: tuple[Callable[[Opener, Path], None], ...] = (
    visitors_and_events_are_counted_by_page,
    one_visitor_with_10000_events_moves_nothing_beyond_the_bound,
    visitors_of_a_day_count_little_each_day,
    who_is_signed_in_counts_once_permitted_and_as_one_person,
    steps_count_in_their_order,
    a_lake_that_nobody_wrote_has_nothing,
    metrics_are_added_up_as_they_are_shown,
    odd_numbers_move_nothing_beyond_the_bound,
    what_the_receiving_door_wrote_is_read,
)
