"""Noise: bounds hold as often as they say, one visitor more or less cannot be told, and a process that ends shows nothing.

Noise cannot be drawn anew from a seed here, so these are statistical tests: each states how often it fails although all is
right. The same tests are run on figures without noise, or with half of it, and must then find that.
"""

import math
from pathlib import Path

import pytest

from troth.insights.noise import Drawing, Groups, Noise, Vector, blur_of, noise_bound
from troth.kernel import Unavailable

DRAWS = 4_000
RARE = 1e-9
"""How often a test here fails although all is right, at most."""


def outside_allowed(draws: int, chance: float) -> int:
    """So many of some draws lie outside with a chance of less than `RARE` (Chernoff's bound)."""
    expected, allowed = draws * chance, draws * chance
    while _log_tail(draws, expected, allowed) > math.log(RARE):
        allowed += 1
    return math.ceil(allowed)


def _log_tail(draws: int, expected: float, seen: float) -> float:
    share, chance = seen / draws, expected / draws
    if share <= chance:
        return 0.0
    return -draws * (share * math.log(share / chance) + (1 - share) * math.log((1 - share) / (1 - chance)))


def drawn(value: int, l1: int, epsilon: float, draws: int = DRAWS) -> list[int]:
    """One figure with noise, many times."""
    with Noise() as noise:
        (found,) = noise.release([Vector([value] * draws, l1, epsilon)])
    return list(found)


def advantage(with_: list[int], without: list[int]) -> float:
    """How much better than a coin the best threshold tells two sets of figures apart: 0 not at all, 1 always."""
    ends = sorted({*with_, *without})
    return max(
        abs(sum(one >= end for one in with_) / len(with_) - sum(one >= end for one in without) / len(without))
        for end in ends
    )


def most_advantage(epsilon: float, draws: int) -> float:
    """What pure differential privacy leaves to somebody who wants to tell, and what chance adds in so many draws.

    The second part is the Dvoretzky-Kiefer-Wolfowitz bound for both sides at `RARE`.
    """
    return (math.exp(epsilon) - 1) / (math.exp(epsilon) + 1) + 2 * math.sqrt(math.log(4 / RARE) / (2 * draws))


@pytest.mark.parametrize(("l1", "epsilon"), [(1, 1.0), (7, 1.0), (50, 0.5)])
def test_the_truth_lies_within_the_bound_in_95_of_100(l1: int, epsilon: float) -> None:
    """Of 4,000 figures no more lie outside than 5 % and chance; with a bound of half the width too many do."""
    bound = noise_bound(l1 / epsilon)
    off = [abs(one - 1_000_000) for one in drawn(1_000_000, l1, epsilon)]
    allowed = outside_allowed(DRAWS, 0.05)
    assert sum(one > bound for one in off) <= allowed
    assert sum(one > bound // 2 for one in off) > allowed


@pytest.mark.parametrize(("l1", "epsilon"), [(1, 1.0), (7, 0.5)])
def test_two_neighbouring_figures_cannot_be_told_apart(l1: int, epsilon: float) -> None:
    """The best threshold over a figure with somebody and one without gains no more than epsilon leaves; without noise it wins."""
    with_, without = drawn(500 + l1, l1, epsilon), drawn(500, l1, epsilon)
    allowed = most_advantage(epsilon, DRAWS)
    assert allowed < 0.7
    assert advantage(with_, without) <= allowed
    assert advantage([500 + l1] * DRAWS, [500] * DRAWS) == 1.0 > allowed
    too_little = drawn(500 + l1, l1, 8 * epsilon), drawn(500, l1, 8 * epsilon)
    assert advantage(*too_little) > allowed


def test_zeros_bear_noise_too() -> None:
    """A known key with nothing behind it cannot be told from one with somebody: its figure is not always 0."""
    assert len(set(drawn(0, 1, 1.0, 200))) > 1


def test_a_group_that_only_one_person_has_is_not_shown() -> None:
    """Of 2,000 groups with one person each none is shown at a delta of 1e-8; of as many with 300, each is."""
    few = {f"few-{number}": 1 for number in range(2_000)}
    many = {f"many-{number}": 300 for number in range(2_000)}
    with Noise() as noise:
        (shown,) = noise.release([Groups(few | many, 7, 7, 7, 1.0, 1e-8)])
    assert shown.keys() == many.keys()


def test_a_process_that_ends_shows_nothing(tmp_path: Path) -> None:
    """Whether it ends at the start, or after having read the true figures, the run fails; its end names no figure."""
    for text in ("raise SystemExit(1)", "import sys; sys.stdin.readline(); raise ValueError('4711')"):
        program = tmp_path / "program.py"
        program.write_text(text, encoding="utf-8")
        with Noise(program) as noise, pytest.raises(Unavailable) as found:
            noise.release([Vector([4711], 1, 1.0)])
        assert "4711" not in str(found.value)


def test_a_task_that_cannot_be_done_ends_the_process() -> None:
    """A bound that is none draws nothing."""
    with Noise() as noise, pytest.raises(Unavailable):
        noise.release([Vector([1], -1, 1.0)])


def test_runs_that_follow_each_other_share_a_process_until_one_fails() -> None:
    """The next one after a failure gets another process; at the end none is left."""
    with Drawing() as drawing:
        first = drawing.noise()
        assert drawing.noise() is first
        with pytest.raises(Unavailable):
            first.release([Vector([1], -1, 1.0)])
        drawing.end()
        second = drawing.noise()
        assert len(second.release([Vector([1], 1, 1.0)])[0]) == 1
    assert [one._process.poll() is None for one in (first, second)] == [False, False]


def test_what_senders_blurred_is_worked_out() -> None:
    """Of 20,000 senders of whom 6,000 have it, what is told on average gives 6,000; taken as it is told, it lies far outside the bound.

    How often the bound holds is shown in `test_accuracy.py`.
    """
    blur = blur_of(1.5, 2)
    assert math.isclose(blur.same + blur.other, 1.0)
    assert math.isclose(blur.same / blur.other, math.exp(1.5))
    people, have = 20_000, 6_000
    yes = round(have * blur.same + (people - have) * blur.other)
    told = [people - yes, yes]
    assert abs(blur.true(told)[1] - have) < 2
    assert blur.bound(told, 1.0) < min(0.05 * people, abs(yes - have))
