"""The engine: known content gives known sums, and one visitor or installation moves no sum beyond its bound."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.lakes import event, installation, write_events, write_reports
from tests.support.policies import REFERENCE
from troth.ingress import ReportLake
from troth.ingress.inbox import stored
from troth.insights.engine import EVENT_COLUMNS, REPORT_COLUMNS, Engine
from troth.insights.periods import Period
from troth.insights.planning import EventPlan, Part, event_plan, parts_of
from troth.policy import Report, compile_policy

POLICY = compile_policy(REFERENCE.read_text(encoding="utf-8"))
REPORTS = {one.name: one for one in POLICY.of(Report)}
WEEK = Period(date(2026, 1, 5), date(2026, 1, 12))
MONTH = Period(date(2026, 1, 1), date(2026, 2, 1))
PAGES = event_plan(REPORTS["pages-visited"], POLICY, WEEK, pages=True)
ANN = "a" * 32


def events_of(
    place: Path, events: list[dict[str, Any]], plan: EventPlan = PAGES, permitted: set[str] | None = None
) -> Any:
    """The sums over a lake of these events."""
    write_events(place, events)
    return Engine(place, EVENT_COLUMNS).events(plan, WEEK, permitted or set())


def sums_of(
    place: Path, name: str, reports: list[dict[str, Any]], period: Period = WEEK
) -> dict[str, dict[str, int]]:
    """The sums of a report over a lake of these reports, by part and key."""
    write_reports(place, reports)
    parts = parts_of(REPORTS[name], POLICY, period)
    found = Engine(place, REPORT_COLUMNS).reports(parts)
    return {
        f"{part.name} {part.show}": dict(zip(part.keys, sums, strict=True))
        for part, sums in zip(parts, found, strict=True)
    }


def test_visitors_and_events_are_counted_by_page(tmp_path: Path) -> None:
    """Who is a crawler, is not told apart, came on another day, or did something else than look at a page, is not counted."""
    events = [event(f"v{one}", f"/p{one % 2}", number) for one in range(10) for number in range(3)]
    events += [
        event("robot", "/p0", 1, robot=True),
        event("", "/p0", 2, identity="none"),
        event("late", "/p0", 3, day="2026-01-12"),
        event("early", "/p0", 4, day="2026-01-04"),
        event("doer", "/p0", 5, name="search"),
    ]
    found = events_of(tmp_path / "lake", events)
    assert (found.visitors, dict(found.by_key)) == (10, {"/p0": (5, 15), "/p1": (5, 15)})
    actions = event_plan(REPORTS["feature-frequency"], POLICY, WEEK, pages=False)
    assert dict(Engine(tmp_path / "lake", EVENT_COLUMNS).events(actions, WEEK, set()).by_key) == {
        "search": (1, 1)
    }


def test_one_visitor_with_10000_events_moves_nothing_beyond_the_bound(tmp_path: Path) -> None:
    """All sums together change by no more than the most that counts of one visitor, whatever he did; which events is chance."""
    usual = [event(f"v{one}", f"/p{one % 5}", 1) for one in range(50)]
    before = events_of(tmp_path / "without", usual)
    flood = [event("big", f"/p{number % 500}", number) for number in range(10_000)]
    kept = []
    for place in ("one", "two"):
        after = events_of(tmp_path / place, usual + flood)
        change = {key: after.by_key[key][1] - before.by_key.get(key, (0, 0))[1] for key in after.by_key}
        people = {key: after.by_key[key][0] - before.by_key.get(key, (0, 0))[0] for key in after.by_key}
        assert sum(change.values()) == PAGES.most
        assert sum(people.values()) <= PAGES.most
        assert max(people.values()) <= 1
        assert after.visitors == before.visitors + 1
        kept.append(frozenset(key for key in change if change[key]))
    assert kept[0] != kept[1]  # of 500 pages the same 7 twice: once in 10^15 runs


def test_visitors_of_a_day_count_little_each_day(tmp_path: Path) -> None:
    """Somebody who is another visitor each day gives no more in a week than anybody else; where that is nothing, he is left out."""
    days = [f"2026-01-{day:02}" for day in range(5, 12)]
    events = [event(f"d{day}", f"/p{n}", n, day=day, identity="daily") for day in days for n in range(9)]
    found = events_of(tmp_path / "lake", events)
    assert sum(number for _, number in found.by_key.values()) == PAGES.most
    assert found.visitors == PAGES.days == len(days)
    none = PAGES._replace(daily=0, days=1)
    assert Engine(tmp_path / "lake", EVENT_COLUMNS).events(none, WEEK, set()).visitors == 0


def test_who_is_signed_in_counts_once_permitted_and_as_one_person(tmp_path: Path) -> None:
    """Two browsers of one person are one visitor, and nobody where the person may not be counted."""
    events = [
        event(f"browser{one}", f"/p{one}", number, person=ANN) for one in range(2) for number in range(9)
    ]
    assert events_of(tmp_path / "lake", events).visitors == 0
    engine = Engine(tmp_path / "lake", EVENT_COLUMNS)
    assert engine.persons(PAGES, WEEK) == {ANN}
    found = engine.events(PAGES, WEEK, {ANN})
    assert found.visitors == 1
    assert sum(number for _, number in found.by_key.values()) == PAGES.most


def test_a_lake_that_nobody_wrote_has_nothing(tmp_path: Path) -> None:
    """No table, or none for the days asked, gives zeros."""
    engine = Engine(tmp_path / "nothing", EVENT_COLUMNS)
    assert (engine.unknown_columns(), engine.persons(PAGES, WEEK)) == ((), set())
    assert engine.events(PAGES, WEEK, set()) == (0, {})
    parts = parts_of(REPORTS["retention"], POLICY, WEEK)
    assert Engine(tmp_path / "none", REPORT_COLUMNS).reports(parts) == [
        [0] * len(part.keys) for part in parts
    ]


def test_a_column_that_nobody_knows_is_named(tmp_path: Path) -> None:
    """What could point to an installation is seen before anything is read."""
    write_reports(tmp_path / "lake", [installation(), installation(installation_id="x")])
    assert Engine(tmp_path / "lake", REPORT_COLUMNS).unknown_columns() == ("installation_id",)


def test_metrics_are_added_up_as_they_are_shown(tmp_path: Path) -> None:
    """Totals, means, shares, buckets, labels, funnels and histograms of three installations."""
    reports = [
        installation({"errors": 3, "crashes": 0, "search_time/0": 4, "weeks_in_use": 1, "cores": 4, "assets": 100, "setup_steps/installed": 1, "features_used/search": 2}, {"product_edition": "sensor"}),
        installation({"errors": 0, "crashes": 2, "search_time/6": 1, "weeks_in_use": 1, "cores": 64, "setup_steps/installed": 1, "setup_steps/first sensor": 1, "setup_steps/first report": 1, "features_used/export": 7}, {"product_edition": "server"}),
        installation({"weeks_in_use": 6}),
        installation({"errors": 9}, week="2026-W01"),
    ]  # fmt: skip
    quality = sums_of(tmp_path / "lake", "use-and-quality", reports)
    assert quality["installations count"] == {"": 3}
    assert (quality["errors mean"], quality["errors mean-of"]) == ({"sum": 3}, {"": 2})
    assert (quality["errors reached"], quality["crashes reached"]) == ({"": 1}, {"": 1})
    times = quality["search_time timing"]
    assert (times["0 to 9"], times["5000 or more"], sum(times.values())) == (4, 1, 5)
    engine = Engine(tmp_path / "lake", REPORT_COLUMNS)
    (_, kept), (_, steps) = (
        engine.reports(parts_of(REPORTS[name], POLICY, WEEK)) for name in ("retention", "setup-funnel")
    )
    assert kept == [0, 2, 0, 0, 0, 0, 1]
    assert steps == [2, 1, 0, 0]  # whoever lacks a step is in none behind it
    design = parts_of(REPORTS["future-design"], POLICY, MONTH)
    assert [part.weeks for part in design] == [("2026-W04",)] * len(design)
    found = dict(
        zip(
            [f"{part.name} {part.show}" for part in design],
            engine.reports([part._replace(weeks=("2026-W02",)) for part in design]),
            strict=True,
        )
    )
    assert found["product_edition shares"] == [1, 1, 0]
    assert found["cores histogram"] == [0, 0, 1, 0, 0, 1]
    assert (found["assets mean"], found["assets mean-of"]) == ([100], [1])


_VALUES = st.one_of(
    st.integers(0, 200), st.sampled_from([2.0**53, 1e300, float("inf"), float("nan"), -5.0, 0.5])
)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for lakes."""
    return tmp_path_factory.mktemp("lakes")


@pytest.mark.slow
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_installation_moves_no_part_beyond_its_bound(usual: Path, data: st.DataObject) -> None:
    """However large or odd what it sends is, the sums of each part change by no more than the noise is made for."""
    names = [
        f"{one}/{key}"
        for one, keys in {"search_time": range(7), "features_used": ("search", "export", "report")}.items()
        for key in keys
    ]
    names += ["errors", "crashes", "assets", "cores", "weeks_in_use"]
    numbers = {name: data.draw(_VALUES, label=name) for name in names}
    place = usual / f"lake-{len(list(usual.iterdir()))}"
    parts = [
        part
        for name in ("use-and-quality", "feature-popularity", "retention", "future-design")
        for part in parts_of(REPORTS[name], POLICY, WEEK)
    ]
    write_reports(place, [installation({"errors": 1}) for _ in range(3)])
    before = Engine(place, REPORT_COLUMNS).reports(parts)
    write_reports(place, [installation(numbers)])
    after = Engine(place, REPORT_COLUMNS).reports(parts)
    moved = [sum(abs(b - a) for a, b in zip(*both, strict=True)) for both in zip(before, after, strict=True)]
    assert [part.name for part, change in zip(parts, moved, strict=True) if change > part.l1] == []
    assert moved[0] == 1


def test_what_the_receiving_door_wrote_is_read(tmp_path: Path) -> None:
    """A table as the door's own lake makes it has no column too many, and gives its sums."""
    full = (
        "example-sensor",
        "5.0",
        "2026-W02",
        "0" * 16,
        "troth",
        {"errors": 3.0, "crashes": 1.0},
        dict[str, str](),
        0,
    )
    lines = [full] * 50 + [(*full[:5], {}, {}, 0)]
    ReportLake(tmp_path / "lake").append([stored("b1", 1_768_089_600_000_000, ["e1"], lines)], 1)
    engine = Engine(tmp_path / "lake", REPORT_COLUMNS)
    assert engine.unknown_columns() == ()
    parts = parts_of(REPORTS["use-and-quality"], POLICY, WEEK)
    found = {
        f"{part.name} {part.show}": sums for part, sums in zip(parts, engine.reports(parts), strict=True)
    }
    assert found["installations count"] == [51]
    assert (found["errors mean"], found["errors mean-of"], found["crashes reached"]) == ([150], [50], [50])


def test_of_several_weeks_each_counts(tmp_path: Path) -> None:
    """A month's bound is that of a week times its weeks, for what is added up over them."""
    shown = REPORTS["use-and-quality"]
    parts = {f"{one.name} {one.show}": one for one in parts_of(shown, POLICY, MONTH)}
    weeks = len(MONTH.weeks)
    assert parts["errors mean"].l1 == 100 * weeks
    assert parts["crashes reached"].l1 == weeks
    assert parts["installations count"] == Part("installations", "count", ("",), 1, MONTH.weeks[-1:])
