"""Sums over web events as Ibis expressions, each bounded by what one visitor may add."""

import secrets
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from troth.insights.model import LONGEST_VALUE
from troth.insights.planning import EventPlan

if TYPE_CHECKING:
    import ibis.expr.types as ir

_PAGE_VIEW = "pageview"
_SECRET_BYTES = 16


class Keeper(Protocol):
    """What of a reader the expressions need: they are written without one, too."""

    def kept(self, table: "ir.Table") -> "ir.Table":
        """A table that is worked out once, and read several times."""

    def unit(self, visitor: Any) -> Any:
        """What a visitor is told apart by."""

    def digest(self, text: Any) -> Any:
        """MD5 of a text, in a form that can be sorted."""


def wanted_events(events: "ir.Table", plan: EventPlan) -> "ir.Table":
    """The events that a plan is about; none of crawlers."""
    kind = events.name == _PAGE_VIEW if plan.pages else events.name != _PAGE_VIEW
    return events.filter(kind & ~events.robot)


def bounded_events(
    keeper: Keeper, events: "ir.Table", plan: EventPlan, permitted: Collection[str], secret: str = ""
) -> "ir.Table":
    """A row for each visitor and group with the number of events, no more of one visitor than the plan lets count.

    Whoever has more is drawn from: the order is that of a keyed hash under a secret that lives as long as this run, so that times
    and ids decide nothing, and nobody who chooses ids can steer it. All others are taken as they are, which saves the drawing.
    """
    rows = known_events(keeper, events, plan, permitted)
    pairs = keeper.kept(rows.group_by("unit", "key", "most").aggregate(number=rows.count()))
    whole = pairs.group_by("unit", "most").aggregate(together=pairs.number.sum())
    over = keeper.kept(whole.filter(whole.together > whole.most))
    within = pairs.anti_join(over, "unit").select("unit", "key", "number")
    drawn = _drawn(keeper, rows.semi_join(over, "unit"), secret or secrets.token_hex(_SECRET_BYTES))
    return keeper.kept(within.union(drawn))


def sums_by_key(pairs: "ir.Table") -> "ir.Table":
    """Visitors and their events by group."""
    return pairs.group_by("key").aggregate(people=pairs.count(), events=pairs.number.sum())


def visitors(rows: "ir.Table") -> "ir.Table":
    """How many visitors there are; not by `nunique`, which ClickHouse only guesses."""
    units = rows.select("unit").distinct()
    return units.aggregate(visitors=units.count())


def funnel(
    keeper: Keeper, events: "ir.Table", plan: EventPlan, permitted: Collection[str]
) -> tuple["ir.Table", "ir.Table"]:
    """How many visitors there are, and how many reached each step of a plan after the one before it; a row each.

    A visitor adds at most 1 to each step, however often it was reached, so that nothing need be drawn.
    """
    import ibis

    rows = known_events(keeper, events, plan, permitted, more=("at",))
    steps = rows.filter(rows.key.isin(plan.steps)).select("unit", "key", "at")
    before: Any = None
    for place, step in enumerate(plan.steps):
        here = steps.key == step
        here = here if before is None else here & (steps.at >= before)
        first = ibis.ifelse(here, steps.at, ibis.null(steps.at.type())).min()
        steps = steps.mutate(**{f"s{place}": first.over(group_by=steps.unit)})
        before = steps[f"s{place}"]
    names = [f"s{place}" for place in range(len(plan.steps))]
    each = steps.select("unit", *names).distinct()
    return visitors(rows), each.aggregate(
        **{name: each[name].notnull().cast("int64").sum() for name in names}
    )


def known_events(
    keeper: Keeper,
    events: "ir.Table",
    plan: EventPlan,
    permitted: Collection[str],
    more: Collection[str] = (),
) -> "ir.Table":
    """The events of visitors who are told apart and may be counted, with how many of one visitor count."""
    import ibis

    known = events.filter((events.visitor != "") | (events.person != ""))
    known = known.filter((known.person == "") | known.person.isin(list(permitted) or [""]))
    if not plan.daily:
        known = known.filter(known.identity != "daily")
    return known.select(
        "id",
        *more,
        unit=keeper.unit(ibis.ifelse(known.person != "", known.person, known.visitor)),
        key=known[plan.column].left(LONGEST_VALUE),
        most=ibis.ifelse(known.identity == "daily", plan.daily, plan.most),
    )


def _drawn(keeper: Keeper, rows: "ir.Table", secret: str) -> "ir.Table":
    """As many of each visitor's events as count."""
    import ibis

    hashed = rows.mutate(drawn=keeper.digest(ibis.literal(secret) + rows.id))
    place = ibis.row_number().over(group_by=hashed.unit, order_by=hashed.drawn)
    placed = hashed.mutate(place=place)
    kept = placed.filter(placed.place < placed.most)
    return kept.group_by("unit", "key").aggregate(number=kept.count())
