"""What a run of a report gives: figures that no single person stands behind, and when runs are due. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from troth.kernel import Conflict

MOST_GROUPS = 50_000
"""Most sets of groups that people may fall into; memory is bounded by it."""
LONGEST_VALUE = 200
UNKNOWN = ""
"""Stands for a value that somebody did not give."""

Group = tuple[str, ...]
State = Literal["done", "withheld", "missed", "failed"]
SCHEDULES = ("weekly", "monthly")


class Figure(msgspec.Struct, frozen=True):
    """A group and how many people stand behind it."""

    by: dict[str, str]
    count: int


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One figure that bears noise.

    Args:
        by: The group, by name of what it is grouped by; empty for a figure of everybody.
        figure: The figure; None where it is smaller than the least that is shown.
        low: The truth is at least this, with 95 % certainty; None where the figure is not shown.
        high: The truth is at most this, with 95 % certainty.
        words: The same in words.
        before: The figure of the period before, where it was shown.
    """

    by: dict[str, str] = {}
    figure: int | None
    low: int | None
    high: int | None
    words: str
    before: int | None = None


class FigureTable(msgspec.Struct, frozen=True, kw_only=True):
    """Figures that belong together.

    Args:
        name: What is counted: a metric, `installations`, `visitors` or `events`.
        show: How it is shown: count, total, mean, histogram, labels, reached, funnel, timing or shares.
        title: What people call it.
        unit: What the figures count.
        cells: The figures; of groups that the data bring, largest first.
    """

    name: str
    show: str
    title: str
    unit: str
    cells: tuple[Cell, ...] = ()


class Guarantee(msgspec.Struct, frozen=True, kw_only=True):
    """What the noise promises, and to whom.

    Args:
        epsilon: What the run cost.
        delta: Chance that it does not hold.
        protects: What one is whose presence cannot be told: visitor or installation.
        most: Most events of one visitor that count; 0 where each figure has a bound of its own.
        words: The promise in plain language, with what was left out.
    """

    epsilon: float
    delta: float
    protects: str
    most: int
    words: tuple[str, ...]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a run shows; None stands for fewer than the cohort, but not none.

    Args:
        counts: What the numbers count.
        total: All that were counted.
        groups: The groups that are large enough, largest first.
        other: Those who are in none of the groups shown.
        left_out: People left out, by reason.
        cohort: The smallest number shown.
        tables: Of a report whose figures bear noise: the figures.
        guarantee: Of the same: what the noise promises.
    """

    counts: Literal["people", "visitors", "installations"]
    total: int | None
    groups: tuple[Figure, ...] = ()
    other: int | None = 0
    left_out: dict[str, int | None] = {}
    cohort: int
    tables: tuple[FigureTable, ...] = ()
    guarantee: Guarantee | None = None


class Run(NamedTuple):
    """A run in a report's history. Instants in microseconds, 0 for none.

    Args:
        run: Handle; its ledger entries bear it.
        report: Name of the report.
        policy: SHA-256 of the version that decided.
        begun_at: When it began; of a missed run, when it was noticed.
        ended_at: When it ended.
        due_at: When the schedule wanted it; 0 for a run that somebody asked for.
        state: done; withheld, when no group was large enough; missed; failed.
        figures: What it shows; None unless done.
        error: Code of what went wrong.
        period: The days that its data are of, such as 2026-01-05/2026-01-12; empty for a count of people.
        definition: Digest of how the report was declared; the same one is computed once for a period.
    """

    run: str
    report: str
    policy: str
    begun_at: int
    ended_at: int
    due_at: int
    state: str
    figures: Figures | None = None
    error: str = ""
    period: str = ""
    definition: str = ""


class Tally:
    """Counts people by the groups that they fall into; holds numbers and group values, and nobody's handle.

    Args:
        by: Names of the fields to group by.
    """

    def __init__(self, by: Sequence[str]) -> None:
        self._by = tuple(by)
        self._sets: Counter[frozenset[Group]] = Counter()

    def take(self, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Count one person, once in each group.

        Args:
            values: By record, the values by field name.

        Raises:
            Conflict: There are too many groups.
        """
        groups = frozenset(
            tuple(_text(record.get(name)) for name in self._by)
            for record in values.values()
            if any(name in record for name in self._by)
        )
        self._sets[groups] += 1
        if len(self._sets) > MOST_GROUPS:
            raise Conflict(
                f"People fall into more than {MOST_GROUPS} groups.",
                field="by",
                mend="Group by a field with fewer values.",
            )

    def figures(self, cohort: int, left_out: Mapping[str, int]) -> Figures:
        """What may be shown when a group needs at least so many people.

        Where those outside the groups shown are too few themselves, the smallest group joins them, so that nobody finds
        them by subtracting.
        """
        sizes: Counter[Group] = Counter()
        for groups, number in self._sets.items():
            for group in groups:
                sizes[group] += number
        shown = sorted((g for g, n in sizes.items() if n >= cohort), key=lambda g: (-sizes[g], g))
        while shown and 0 < self._outside(shown) < cohort:
            shown.pop()
        total = sum(self._sets.values())
        return Figures(
            counts="people",
            total=at_least(total, cohort),
            groups=tuple(Figure(dict(zip(self._by, group, strict=True)), sizes[group]) for group in shown),
            other=at_least(self._outside(shown), cohort),
            left_out={reason: at_least(number, cohort) for reason, number in sorted(left_out.items())},
            cohort=cohort,
        )

    def _outside(self, shown: Iterable[Group]) -> int:
        known = frozenset(shown)
        return sum(number for groups, number in self._sets.items() if known.isdisjoint(groups))


def at_least(number: int, cohort: int) -> int | None:
    """A number of people as it may be shown: None where there are some, and fewer than the cohort."""
    return number if number >= cohort or number == 0 else None


def period_start(schedule: str, now: datetime) -> datetime:
    """When the week (Monday) or month that holds an instant began, UTC."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(day=1) if schedule == "monthly" else day - timedelta(days=day.weekday())


def next_start(schedule: str, start: datetime) -> datetime:
    """When the period behind one begins."""
    return period_start(schedule, start + timedelta(days=32 if schedule == "monthly" else 7))


def starts_between(schedule: str, after: datetime, before: datetime) -> list[datetime]:
    """The starts of periods strictly between two starts; the newest hundred where there are more."""
    found = []
    start = next_start(schedule, after)
    while start < before:
        found.append(start)
        start = next_start(schedule, start)
    return found[-100:]


def _text(value: Any) -> str:
    """A value as a group is called; what is not given is unknown."""
    if value is None:
        return UNKNOWN
    return " ".join(str(value).split())[:LONGEST_VALUE]
