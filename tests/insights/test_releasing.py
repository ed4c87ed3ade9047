"""Figures that may be seen: of no use to whoever looks for one person.

Each test states how often it fails although all is right; `test_noise.py` has the bounds of chance. Sums are made by hand here: that
the engine adds up right, and within the bounds, is shown in `test_engine.py`; that figures are right within theirs, in `test_accuracy.py`.
"""

from collections.abc import Callable
from datetime import date

import pytest
from msgspec.structs import replace

from tests.insights.test_noise import most_advantage, outside_allowed
from tests.support.policies import REFERENCE
from troth.insights.engine import EventSums
from troth.insights.model import Cell, FigureTable
from troth.insights.noise import Noise
from troth.insights.periods import Period
from troth.insights.planning import Part, event_plan, least, parts_of
from troth.insights.releasing import bound_words, release_events, release_reports, with_before
from troth.policy import Report, compile_policy

POLICY = compile_policy(REFERENCE.read_text(encoding="utf-8"))
REPORTS = {one.name: one for one in POLICY.of(Report)}
WEEK = Period(date(2026, 1, 5), date(2026, 1, 12))
SEEDS = 100


def by_key(table: FigureTable) -> dict[str, Cell]:
    """The figures of a table by what they are grouped by."""
    return {" ".join(cell.by.values()): cell for cell in table.cells}


def known(parts: list[Part]) -> list[list[int]]:
    """Sums that a thousand installations could have."""
    return [[700 + 40 * place for place, _ in enumerate(part.keys)] for part in parts]


def told_apart(guess: Callable[[int], bool], tries: int) -> float:
    """How much better than a coin a guess is: it is asked so often with somebody there, and so often without."""
    right = sum(guess(1) for _ in range(tries)) / tries
    wrong = sum(guess(0) for _ in range(tries)) / tries
    return right - wrong


@pytest.mark.slow
def test_a_differencing_attack_on_two_runs_learns_nothing() -> None:
    """Whoever sees one report before and another after somebody's objection cannot tell whether he was in the group.

    Both reports together cost two epsilons; the guess gains no more than that leaves, and chance (1 in 10^9). On figures without noise
    the same guess is always right.
    """
    report = replace(REPORTS["setup-funnel"], epsilon=0.4)
    parts = parts_of(report, POLICY, WEEK)
    sums = known(parts)
    tries = 1_500

    def differ(before: list[list[int]], after: list[list[int]], noise: Noise) -> int:
        first, second = (release_reports(noise, report, parts, one).tables[1] for one in (before, after))
        return sum((a.figure or 0) - (b.figure or 0) for a, b in zip(first.cells, second.cells, strict=True))

    without = [[number - 1 for number in one] for one in sums]
    with Noise() as noise:
        gained = told_apart(lambda there: differ(sums, without if there else sums, noise) >= 2, tries)
    assert gained <= most_advantage(2 * 0.4, tries) < 0.6
    exact = sum(sums[1]) - sum(without[1])
    assert told_apart(lambda there: (exact if there else 0) >= 2, tries) == 1.0


@pytest.mark.slow
def test_a_membership_attack_on_a_page_learns_nothing() -> None:
    """Whoever knows every visitor of a page but one, and puts up pages of his own, cannot tell whether that one was there.

    The guess sees all figures of the run; it gains no more than its epsilon leaves, and chance (1 in 10^9). Without noise it is always right.
    A group that only the victim has is not shown in any of the runs.
    """
    report = replace(REPORTS["pages-visited"], epsilon=0.9)
    plan = event_plan(report, POLICY, WEEK, pages=True)
    tries = 1_500
    usual = {f"/page-{n}": (4_000, 7_000) for n in range(4)}
    victim = {**usual, "/page-0": (4_001, 7_006), "/secret": (1, 1)}
    seen: set[str] = set()

    def score(total: int, people: int | None, events: int | None) -> bool:
        return total - 16_000 + (people or 0) - 4_000 + (events or 0) - 7_000 >= 4

    def guess(there: int, noise: Noise) -> bool:
        sums = EventSums(16_000 + there, victim if there else usual)
        found = release_events(noise, report, plan, sums)
        _, people, events = (by_key(table) for table in found.tables)
        seen.update(people)
        return score(found.total, people["/page-0"].figure, events["/page-0"].figure)

    with Noise() as noise:
        gained = told_apart(lambda there: guess(there, noise), tries)
    assert gained <= most_advantage(0.9, tries) < 0.7
    assert told_apart(lambda there: score(16_000 + there, 4_000 + there, 7_000 + 6 * there), tries) == 1.0
    assert seen == set(usual)


def test_what_is_too_small_is_not_shown() -> None:
    """A figure below the report's least has no number at all; one short of a least of 20 is shown in less than half of the runs."""
    report = REPORTS["retention"]
    parts = parts_of(report, POLICY, WEEK)
    sums = [[400], [19, 0, 100, 19, 100, 100, 62]]
    shown = 0
    with Noise() as noise:
        for _ in range(SEEDS):
            cells = by_key(release_reports(noise, report, parts, sums).tables[1])
            shown += cells["0"].figure is not None
            for cell in cells.values():
                assert cell.figure is None or cell.figure >= least(report) == 20
                assert (cell.figure is None) == (cell.low is None) == (cell.high is None)
    assert shown <= outside_allowed(SEEDS, 0.4)


def test_figures_stand_beside_those_of_the_period_before() -> None:
    """A group that was shown before has its figure then; another has none."""
    cell = Cell(by={"page": "/a"}, figure=50, low=40, high=60, words=bound_words(40, 60))
    table = FigureTable(name="events", show="groups", title="Events", unit="events", cells=(cell,))
    (told,) = with_before([table], [table])
    assert told.cells[0].before == 50
    assert with_before([table], [])[0].cells[0].before is None
    assert cell.words == "between 40 and 60, 95 %"
    assert bound_words(4_900, 5_140) == "between 4,900 and 5,140, 95 %"
