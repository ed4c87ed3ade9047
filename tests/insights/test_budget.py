"""The budget: spent before, never twice, and never more than there is, however many spend at the same time."""

import threading
from contextlib import suppress
from datetime import date

import pytest

from troth.insights.budget import Cost, spend, spendings, spent
from troth.insights.periods import Period, budget_periods
from troth.policy import Budget
from troth.storage import Database

BUDGET = Budget(epsilon=1.0, delta=1e-6, each="week")
WEEK = Period(date(2026, 1, 5), date(2026, 1, 12))


class UsedUp(Exception):
    """Undoes what was taken."""


def take(database: Database, cost: Cost, periods: tuple[str, ...] = ("2026-W02",)) -> bool:
    """Whether a cost could be taken; undone where it could not."""
    with suppress(UsedUp), database.transaction() as tx:
        if spend(tx, "visits", periods, cost, BUDGET) is None:
            raise UsedUp
        return True
    return False


def test_it_is_used_up_exactly(database: Database) -> None:
    """Ten tenths fit, without loss by rounding, and not one more."""
    assert [take(database, Cost(0.1, 0.0)) for _ in range(11)] == [True] * 10 + [False]
    with database.snapshot() as tx:
        assert spent(tx, "visits", "2026-W02") == (1_000_000, 0)


def test_each_data_set_and_period_has_its_own(database: Database) -> None:
    """A run that touches two periods takes from both, or from neither."""
    assert take(database, Cost(0.6, 0.0), ("2026-W02",))
    assert not take(database, Cost(0.6, 0.0), ("2026-W01", "2026-W02"))
    with database.snapshot() as tx:
        assert spent(tx, "visits", "2026-W01") == (0, 0)
        assert spent(tx, "other", "2026-W02") == (0, 0)
    assert take(database, Cost(0.4, 0.0), ("2026-W01", "2026-W02"))


def test_delta_is_used_up_too(database: Database) -> None:
    """A delta beyond the budget's is refused though epsilon is left."""
    assert take(database, Cost(0.1, 1e-6))
    assert not take(database, Cost(0.1, 1e-9))


def test_runs_at_the_same_time_cannot_both_take_the_last(database: Database) -> None:
    """Of twelve threads that take a quarter each, four succeed."""
    start, found = threading.Barrier(12), []

    def run() -> None:
        start.wait()
        found.append(take(database, Cost(0.25, 0.0)))

    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 8 + [True] * 4


@pytest.mark.parametrize(
    ("each", "expected"),
    [("week", ("2026-W02",)), ("month", ("2026-01",)), ("quarter", ("2026-Q1",)), ("year", ("2026",))],
)
def test_the_periods_that_a_week_touches(each: str, expected: tuple[str, ...]) -> None:
    """A week takes from the period that holds it."""
    assert budget_periods(each, WEEK) == expected
    assert WEEK.weeks == ("2026-W02",)


def test_a_month_takes_from_every_week_whose_reports_it_reads() -> None:
    """Of March 2026, whose first day is a Sunday, the week that began in February is read too."""
    month = Period(date(2026, 3, 1), date(2026, 4, 1))
    assert month.weeks == ("2026-W09", "2026-W10", "2026-W11", "2026-W12", "2026-W13")
    assert set(month.weeks) < set(budget_periods("week", month))
    assert budget_periods("month", month) == ("2026-02", "2026-03")


def test_what_all_periods_cost_together_is_told(database: Database) -> None:
    """Each period by itself, newest first, and their sum; a data set that nobody declares any more is told too, and one without cost."""
    assert take(database, Cost(0.5, 1e-8), ("2026-W02",))
    assert take(database, Cost(0.25, 1e-8), ("2026-W02", "2026-W03"))
    with database.snapshot() as tx:
        new, visits = spendings(tx, {"new": BUDGET, "visits": BUDGET})
        (gone,) = spendings(tx, {})
    assert (new.number, new.periods, new.together, new.words) == (0, (), Cost(0.0, 0.0), "Nothing is spent.")
    assert visits.periods == (("2026-W03", Cost(0.25, 1e-8)), ("2026-W02", Cost(0.75, 2e-8)))
    assert visits.together == Cost(1.0, 3e-8)
    assert [visits.left(cost) for _, cost in visits.periods] == [0.75, 0.25]
    assert "Over 2 periods together epsilon 1 and delta 3e-08 are spent" in visits.words
    assert (gone.data_set, gone.each, gone.most, gone.together) == (
        "visits",
        "",
        Cost(0.0, 0.0),
        visits.together,
    )
