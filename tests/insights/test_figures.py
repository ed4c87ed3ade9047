"""Figures: nobody in a group smaller than the cohort can be made out, not even by subtracting."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.insights import Figures, Tally, period_start
from troth.insights.model import next_start, starts_between

PEOPLE = st.lists(st.frozensets(st.sampled_from("abcde"), max_size=3), max_size=60)
COHORTS = st.integers(2, 12)


def counted(people: list[frozenset[str]], cohort: int) -> Figures:
    """The figures of people who each have some things."""
    tally = Tally(["thing"])
    for things in people:
        tally.take({str(number): {"thing": thing} for number, thing in enumerate(sorted(things))})
    return tally.figures(cohort, {})


@given(PEOPLE, COHORTS)
def test_no_number_is_that_of_a_small_group(people: list[frozenset[str]], cohort: int) -> None:
    """Every number shown is zero or at least the cohort, what is left over by subtracting too."""
    figures = counted(people, cohort)
    numbers = [figures.total, figures.other, *(group.count for group in figures.groups)]
    assert all(number is None or number == 0 or number >= cohort for number in numbers)
    shown = {group.by["thing"] for group in figures.groups}
    outside = sum(1 for things in people if not things & shown)
    assert outside == 0 or outside >= cohort or not shown


@given(PEOPLE, COHORTS)
def test_what_is_shown_is_true(people: list[frozenset[str]], cohort: int) -> None:
    """Each group has as many people as have that thing, once each."""
    for group in counted(people, cohort).groups:
        assert group.count == sum(1 for things in people if group.by["thing"] in things)


def test_somebody_with_a_thing_twice_counts_once() -> None:
    """Two records of one product make no second person."""
    tally = Tally(["thing"])
    for _ in range(3):
        tally.take({"first": {"thing": "a"}, "second": {"thing": "a"}})
    (group,) = tally.figures(2, {"objected": 1, "child": 4}).groups
    assert group.count == 3


@pytest.mark.parametrize(
    ("schedule", "start", "following"),
    [("weekly", "2026-01-05", "2026-01-12"), ("monthly", "2026-01-01", "2026-02-01")],
)
def test_periods_begin_on_monday_and_on_the_first(schedule: str, start: str, following: str) -> None:
    """A period holds its first instant and not its last."""
    first, second = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (start, following))
    assert period_start(schedule, first) == first
    assert period_start(schedule, second.replace(day=second.day)) == second
    assert next_start(schedule, first) == second
    assert starts_between(schedule, first, second) == []
    assert starts_between(schedule, first, next_start(schedule, second)) == [second]
