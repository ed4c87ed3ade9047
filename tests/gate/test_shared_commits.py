"""Many threads at one gate: their acts share commits, and each thread gets its own outcomes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import cast

import pytest

from tests.gate.conftest import Company
from troth.gate import Ask, Outcome, SharedCommits
from troth.kernel import Conflict, Unavailable
from troth.storage import Transaction

_THREADS = 12


class _Slow:
    """A performer whose first batch waits until every other call has come."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.first = Event()
        self.go = Event()
        self.refuse = False

    def perform_along(
        self, asks: Sequence[Ask], along: Callable[[Transaction, Sequence[Outcome]], None] | None
    ) -> list[Outcome]:
        """Echo each act's reason as the person."""
        self.batches.append([ask.reason for ask in asks])
        if len(self.batches) == 1:
            self.first.set()
            assert self.go.wait(60)
        if self.refuse:
            raise Unavailable("No.")
        outcomes = [Outcome(effect="permit", person=ask.reason) for ask in asks]
        if along is not None:
            along(cast("Transaction", None), outcomes)
        return outcomes


def _ask(reason: str) -> Ask:
    """An act about a person who is called by the part of the reason before a dot."""
    return Ask(act="use", purpose="essential", key="k", reason=reason, person=reason.partition(".")[0])


class _Along:
    """What calls did along with their acts: the people that each saw, in order."""

    def __init__(self) -> None:
        self.saw: list[list[str]] = []

    def __call__(self, tx: Transaction, outcomes: Sequence[Outcome]) -> None:
        """Note whom it was given; the one called bad fails."""
        del tx
        names = [one.person for one in outcomes]
        if names == ["bad"]:
            raise Conflict("Somebody was there before.")
        self.saw.append(names)


def _together(
    slow: _Slow, shared: SharedCommits, calls: Sequence[Sequence[str]], along: _Along | None = None
) -> list[object]:
    """Send one call that is held up, then the others, then let go; gives what each got."""

    def one(names: Sequence[str]) -> object:
        try:
            done = shared.perform_along([_ask(name) for name in names], along)
            return [outcome.person for outcome in done]
        except (Unavailable, Conflict) as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        first = pool.submit(one, calls[0])
        assert slow.first.wait(60)
        rest = [pool.submit(one, call) for call in calls[1:]]
        while len(shared._waiting) < len(rest):
            pass
        slow.go.set()
        return [first.result(60), *(future.result(60) for future in rest)]


def test_waiting_calls_share_a_batch() -> None:
    """Whatever waits while a batch is committed goes into the next one, each call's acts together and in order."""
    slow = _Slow()
    calls = [["a"], ["b1", "b2"], ["c"], ["d1", "d2", "d3"]]
    assert _together(slow, SharedCommits(slow), calls) == calls
    assert len(slow.batches) == 2
    joined = slow.batches[1]
    assert sorted(joined) == ["b1", "b2", "c", "d1", "d2", "d3"]
    assert joined.index("b2") == joined.index("b1") + 1
    assert joined.index("d3") == joined.index("d1") + 2


def test_batch_has_a_limit() -> None:
    """A batch takes no more acts than the limit; what is left goes into another."""
    slow = _Slow()
    calls = [["a"], ["b", "c"], ["d", "e"], ["f", "g"]]
    assert _together(slow, SharedCommits(slow, max_batch=4), calls) == calls
    assert [len(batch) for batch in slow.batches] == [1, 4, 2]


def test_refusal_reaches_every_caller_and_no_later_one() -> None:
    """When the store refuses, all whose acts were in the batch hear of it; the next call works."""
    slow = _Slow()
    slow.refuse = True
    shared = SharedCommits(slow)
    found = _together(slow, shared, [["a"], ["b"], ["c"]])
    assert all(isinstance(one, Unavailable) for one in found)
    slow.refuse = False
    assert [one.person for one in shared.perform([_ask("d")])] == ["d"]


def test_what_is_done_along_shares_a_batch_and_sees_its_own_outcomes() -> None:
    """Calls about different people share a unit of work, and each is given what became of its own acts."""
    slow, along = _Slow(), _Along()
    calls = [["a"], ["b.1", "b.2"], ["c"]]
    assert _together(slow, SharedCommits(slow), calls, along) == calls
    assert [len(batch) for batch in slow.batches] == [1, 3]
    assert sorted(along.saw) == calls


def test_what_is_done_along_about_one_person_is_done_one_after_another() -> None:
    """Each sees what the other has done: two calls about the same person are two units of work."""
    slow, along = _Slow(), _Along()
    calls = [["a"], ["b.1"], ["b.2"]]
    assert _together(slow, SharedCommits(slow), calls, along) == calls
    assert [len(batch) for batch in slow.batches] == [1, 1, 1]


def test_one_that_fails_along_takes_no_other_with_it() -> None:
    """Nothing of the shared batch was done; each call is performed alone, and only the failing one hears of it."""
    slow, along = _Slow(), _Along()
    first, bad, good = _together(slow, SharedCommits(slow), [["a"], ["bad"], ["good"]], along)
    assert (first, good) == (["a"], ["good"])
    assert isinstance(bad, Conflict)
    assert [len(batch) for batch in slow.batches] == [1, 2, 1, 1]


@pytest.mark.parametrize("rounds", [20])
def test_threads_get_their_own_values(company: Company, rounds: int) -> None:
    """With many threads at a real gate, each act's outcome is its caller's, and all of them are in the ledger."""
    people = [company.register(number) for number in range(_THREADS)]
    key = company.key("service.collection")
    before = len(company.entries())
    shared = SharedCommits(company.gate)

    def work(number: int) -> bool:
        return all(
            shared.perform([company.registration(number, serial=f"SN-{number}-{turn}")])[0].person
            == people[number]
            for turn in range(rounds)
        )

    assert key
    with ThreadPoolExecutor(_THREADS) as pool:
        assert all(pool.map(work, range(_THREADS)))
    assert len(company.entries()) == before + _THREADS * rounds
