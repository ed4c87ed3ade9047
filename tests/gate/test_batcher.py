"""The batcher lets many callers share a commit and keeps their outcomes apart."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from tests.gate.conftest import SUPPORT, Company
from tests.support.waiting import wait_until
from troth.gate import Ask, Batcher, Outcome, SharedCommits
from troth.kernel import Unavailable


class Held:
    """A gate whose first batch waits until it is let go; counts its batches."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.batches: list[int] = []
        self.fail: Exception | None = None

    def perform(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Answer each ask with its own person."""
        self.let_go.wait(60)
        self.batches.append(len(asks))
        if self.fail is not None:
            raise self.fail
        return [Outcome(effect="permit", person=ask.person) for ask in asks]


def _ask(number: int) -> Ask:
    return Ask(act="use", purpose="p", key="k", person=str(number))


def test_callers_share_batches_and_get_their_own_outcome() -> None:
    """Acts that arrive while a batch is committed go together in the next one."""

    async def run() -> tuple[list[str], list[int]]:
        held = Held()
        batcher = Batcher(held, max_batch=50)
        tasks = [asyncio.create_task(batcher.perform(_ask(number))) for number in range(101)]
        await asyncio.sleep(0)
        held.let_go.set()
        outcomes = await asyncio.gather(*tasks)
        await batcher.close()
        return [outcome.person for outcome in outcomes], held.batches

    persons, batches = asyncio.run(run())
    assert persons == [str(number) for number in range(101)]
    assert sum(batches) == 101
    assert max(batches) == 50
    assert len(batches) <= 4


def test_failed_batch_fails_every_caller_and_the_next_works() -> None:
    """Each caller of a batch that failed hears of it; the batcher goes on."""

    async def run() -> None:
        held = Held()
        held.let_go.set()
        held.fail = Unavailable("full")
        batcher = Batcher(held)
        failed = await asyncio.gather(*(batcher.perform(_ask(n)) for n in range(3)), return_exceptions=True)
        assert all(isinstance(one, Unavailable) for one in failed)
        held.fail = None
        assert (await batcher.perform(_ask(7))).person == "7"
        await batcher.close()

    asyncio.run(run())


def test_caller_that_gives_up_disturbs_nobody() -> None:
    """A cancelled caller's act still happens; the others get their outcomes."""

    async def run() -> None:
        held = Held()
        batcher = Batcher(held)
        tasks = [asyncio.create_task(batcher.perform(_ask(number))) for number in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        held.let_go.set()
        first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(first, Outcome)
        assert isinstance(second, asyncio.CancelledError)
        assert isinstance(third, Outcome)
        await batcher.close()

    asyncio.run(run())


def test_too_many_waiting_acts_are_refused_at_once() -> None:
    """Beyond the limit an act is refused instead of piling up."""

    async def run() -> None:
        held = Held()
        batcher = Batcher(held, max_waiting=2)
        tasks = [asyncio.create_task(batcher.perform(_ask(number))) for number in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        more = [asyncio.create_task(batcher.perform(_ask(number))) for number in range(2, 7)]
        results = asyncio.gather(*more, return_exceptions=True)
        await asyncio.sleep(0)
        held.let_go.set()
        refused = [one for one in await results if isinstance(one, Unavailable)]
        assert len(refused) == 3
        await asyncio.gather(*tasks)
        await batcher.close()

    asyncio.run(run())


@pytest.mark.parametrize("callers", [1, 64])
def test_real_gate_behind_the_batcher(company: Company, callers: int) -> None:
    """Concurrent readers each get their own person's value, and every read has an entry."""
    people = [company.register(number) for number in range(5)]
    cases = [company.open_case("ticket", "staff.support", SUPPORT, who) for who in people]
    before = len(company.entries())

    async def run() -> list[Outcome]:
        batcher = Batcher(company.gate)
        asks = [
            company.ask(
                "use", "staff.support", SUPPORT, person=people[n % 5], fields=("email",), case=cases[n % 5]
            )
            for n in range(callers)
        ]
        outcomes = await asyncio.gather(*(batcher.perform(ask) for ask in asks))
        await batcher.close()
        return list(outcomes)

    outcomes = asyncio.run(run())
    assert [one.values["email"] for one in outcomes] == [f"person{n % 5}@example.com" for n in range(callers)]
    assert {entry.id for entry in company.entries()[before:]} == {one.entry for one in outcomes}


def test_closed_batcher_refuses_and_says_so() -> None:
    """An act that comes while the service stops is refused as unavailable, not lost and not a failure of the program."""

    async def run() -> None:
        held = Held()
        held.let_go.set()
        batcher = Batcher(held)
        assert (await batcher.perform(_ask(1))).person == "1"
        await batcher.close()
        for late in (batcher.perform(_ask(2)), batcher.perform_many([_ask(3)])):
            with pytest.raises(Unavailable):
                await late
        assert held.batches == [1]

    asyncio.run(run())


def test_callers_own_batches_count_as_waiting() -> None:
    """Batches of callers' own cannot pile up without limit either."""

    async def run() -> None:
        held = Held()
        batcher = Batcher(held, max_waiting=5)
        first = asyncio.create_task(batcher.perform_many([_ask(number) for number in range(5)]))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await batcher.perform_many([_ask(6)])
        held.let_go.set()
        assert len(await first) == 5
        assert len(await batcher.perform_many([_ask(number) for number in range(9)])) == 9
        await batcher.close()

    asyncio.run(run())


class Interrupted:
    """A gate that is held at its first batch, and interrupted at the next one."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.batches: list[int] = []

    def perform_along(self, asks: Sequence[Ask], along: object) -> list[Outcome]:  # noqa: ARG002  as gates have it
        """Answer the first batch once it is let go, and every one of a single ask."""
        self.batches.append(len(asks))
        if len(self.batches) == 1:
            assert self.let_go.wait(60)
        elif len(asks) > 1:
            raise KeyboardInterrupt
        return [Outcome(effect="permit", person=ask.person) for ask in asks]


def test_an_interrupt_is_no_reason_to_try_again() -> None:
    """Whoever interrupts a shared unit of work is heard: it is not done once more, call by call, as after an error."""
    held, heard = Interrupted(), list[BaseException]()
    shared = SharedCommits(held)

    def call(number: int) -> None:
        try:
            shared.perform_along([_ask(number)], lambda _, __: None)
        except KeyboardInterrupt as error:
            heard.append(error)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(3)]
    threads[0].start()
    wait_until(lambda: held.batches == [1], "the first is under way")
    for thread in threads[1:]:
        thread.start()
    wait_until(lambda: len(shared._waiting) == 2, "two wait")
    held.let_go.set()
    for thread in threads:
        thread.join(60)
    assert (held.batches, len(heard)) == ([1, 2], 2)
