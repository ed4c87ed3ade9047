"""The privacy budget of a data set: what reports over it have spent in each period, and no more than it may.

Spending is one statement that changes a row only while enough is left, so that runs at the same time cannot both take the
last of it. What was spent is never given back.
"""

import math
from collections.abc import Sequence
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


class Cost(NamedTuple):
    """What a release costs: epsilon and delta (pure numbers)."""

    epsilon: float
    delta: float


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
