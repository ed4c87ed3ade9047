"""The privacy budget of a data set: what reports over it have spent in each period, and no more than it may.

Spending is one statement that changes a row only while enough is left, so that runs at the same time cannot both take the
last of it. What was spent is never given back.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from troth.insights.tables import privacy_budget
from troth.policy import Budget
from troth.storage import Statement, Transaction, Upsert

EPSILON_UNITS, DELTA_UNITS = 10**6, 10**15
"""Whole numbers of these stand in the table; what is spent is rounded up, what may be spent down."""
_c = privacy_budget.c
_BEGIN = Upsert(privacy_budget, by=("data_set", "period"))
_SPEND = Statement(
    update(privacy_budget)
    .where(
        _c.data_set == bindparam("which"),
        _c.period == bindparam("when"),
        _c.epsilon + bindparam("more") <= bindparam("most"),
        _c.delta + bindparam("more_delta") <= bindparam("most_delta"),
    )
    .values(epsilon=_c.epsilon + bindparam("more"), delta=_c.delta + bindparam("more_delta"))
)
_SPENT = Statement(
    select(_c.epsilon, _c.delta).where(_c.data_set == bindparam("which"), _c.period == bindparam("when"))
)


_ALL = Statement(select(_c.data_set, _c.period, _c.epsilon, _c.delta).order_by(_c.data_set, _c.period))
NEWEST = 60
"""Most periods of a data set that are told one by one."""


class Cost(NamedTuple):
    """What a release costs: epsilon and delta (pure numbers)."""

    epsilon: float
    delta: float


class Spending(NamedTuple):
    """What reports over a data set have spent.

    Args:
        data_set: Its name.
        each: How long a period is: week, month, quarter, year; empty where nothing declares its budget any more.
        most: What a period may cost.
        periods: What each period cost, newest first; the newest 60.
        number: How many periods cost anything.
        together: What they cost in all.
    """

    data_set: str
    each: str
    most: Cost
    periods: tuple[tuple[str, Cost], ...]
    number: int
    together: Cost

    def left(self, cost: Cost) -> float:
        """What is left of a period that cost so much; never below 0."""
        return max(0.0, round(self.most.epsilon - cost.epsilon, 6))

    @property
    def words(self) -> str:
        """What is promised over all periods, in plain language."""
        if not self.number:
            return "Nothing is spent."
        periods = "1 period" if self.number == 1 else f"{self.number} periods"
        return (
            f"Over {periods} together epsilon {self.together.epsilon:g} and delta {self.together.delta:g} are spent: so much is promised to whoever "
            "was there in each of them. Whoever was there in one only has that period's promise."
        )


def spend(tx: Transaction, data_set: str, periods: Sequence[str], cost: Cost, budget: Budget) -> float | None:
    """Take a cost from the budget of each of some periods, in a unit of work that is undone when None comes back.

    Returns:
        The least epsilon that is left in one of them; None where one has too little.
    """
    more, most = math.ceil(cost.epsilon * EPSILON_UNITS), math.floor(budget.epsilon * EPSILON_UNITS)
    values = {
        "which": data_set,
        "more": more,
        "most": most,
        "more_delta": math.ceil(cost.delta * DELTA_UNITS),
        "most_delta": math.floor(budget.delta * DELTA_UNITS),
    }
    left = budget.epsilon
    for period in sorted(periods):
        tx.run(_BEGIN, (data_set, period, 0, 0))
        if not tx.run(_SPEND, {**values, "when": period}):
            return None
        left = min(left, (most - spent(tx, data_set, period)[0]) / EPSILON_UNITS)
    return left


def spent(tx: Transaction, data_set: str, period: str) -> tuple[int, int]:
    """What was spent of a period: millionths of epsilon, and 10^-15 of delta."""
    row = tx.row(_SPENT, {"which": data_set, "when": period})
    return (int(row[0]), int(row[1])) if row else (0, 0)


def spendings(tx: Transaction, budgets: Mapping[str, Budget]) -> list[Spending]:
    """What was spent of the budgets that are declared, and of those that were.

    Costs of periods add up (sequential composition), for somebody may stand in the data of all of them.
    """
    costs: dict[str, list[tuple[str, Cost]]] = {name: [] for name in budgets}
    for data_set, period, epsilon, delta in tx.rows(_ALL):
        cost = Cost(int(epsilon) / EPSILON_UNITS, int(delta) / DELTA_UNITS)
        costs.setdefault(str(data_set), []).append((str(period), cost))
    return [_spending(name, budgets.get(name), periods) for name, periods in sorted(costs.items())]


def _spending(name: str, budget: Budget | None, periods: Sequence[tuple[str, Cost]]) -> Spending:
    together = Cost(
        round(sum(cost.epsilon for _, cost in periods), 6),
        float(f"{sum(cost.delta for _, cost in periods):.9g}"),
    )
    most = Cost(budget.epsilon, budget.delta) if budget else Cost(0.0, 0.0)
    newest = tuple(reversed(periods[-NEWEST:]))
    return Spending(name, budget.each if budget else "", most, newest, len(periods), together)
