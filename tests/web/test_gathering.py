"""Requests with events are gathered, committed by the loop while that holds nobody up, and by a thread otherwise."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from troth.events import Intake, Request, Sender, Taken
from troth.kernel import TrothError, Unavailable
from troth.storage import Busy, open_database
from troth.web.gathering import MAX_INLINE_BYTES, Gathering


class Taking(Intake):
    """An intake that keeps nothing; tells which thread took each batch."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, str, bool]] = []
        self.busy = False
        self.fail: Exception | None = None
        self.forgotten = 0

    def perform(self, requests: Sequence[Request], *, wait: bool = True) -> list[Taken | TrothError]:
        """Answer each request with the number in its body."""
        if self.busy and not wait:
            raise Busy("Somebody writes.")
        self.batches.append((len(requests), threading.current_thread().name, wait))
        if self.fail is not None:
            raise self.fail
        return [Taken(int(request.body.split()[0])) for request in requests]

    def forget(self) -> None:
        """Count."""
        self.forgotten += 1


def request(number: int, size: int = 0) -> Request:
    """A request whose body is its number, and as long as is asked."""
    return Request(Sender("", ""), b"%d %s" % (number, b"x" * size), lambda _body, _sites: [], "script")


def taken(intake: Taking, requests: Sequence[Request]) -> list[Taken | TrothError | BaseException]:
    """What becomes of requests that come at once."""

    async def run() -> list[Taken | TrothError | BaseException]:
        gathering = Gathering(intake)
        try:
            found = await asyncio.gather(*(gathering.take(one) for one in requests), return_exceptions=True)
            return list(found)
        finally:
            await gathering.close()

    return asyncio.run(run())


def test_what_comes_together_is_one_commit_of_the_loop() -> None:
    """Each gets its own outcome; nothing waits for a thread."""
    intake = Taking()
    found = taken(intake, [request(number) for number in range(50)])
    assert found == [Taken(number) for number in range(50)]
    assert intake.batches == [(50, "MainThread", False)]


def test_the_thread_commits_when_somebody_else_writes() -> None:
    """The loop does not wait for a writer; what it tried goes to the thread, in order and once."""
    intake = Taking()
    intake.busy = True
    assert taken(intake, [request(number) for number in range(3)]) == [Taken(number) for number in range(3)]
    ((count, thread, wait),) = intake.batches
    assert (count, wait) == (3, True)
    assert thread.startswith("troth-events")


def test_the_thread_takes_what_is_long_to_read() -> None:
    """Large batches of events are not read by the loop."""
    intake = Taking()
    assert taken(intake, [request(1, MAX_INLINE_BYTES + 1)]) == [Taken(1)]
    assert intake.batches[0][1].startswith("troth-events")


def test_a_failed_batch_fails_every_caller_and_the_next_works() -> None:
    """Each caller hears of it, whoever committed."""
    intake = Taking()
    intake.fail = Unavailable("The disk is full.")
    for busy in (False, True):
        intake.busy = busy
        found = taken(intake, [request(number) for number in range(3)])
        assert [type(one) for one in found] == [Unavailable] * 3
    intake.fail = None
    assert taken(intake, [request(7)]) == [Taken(7)]


def test_what_waits_is_finished_at_the_end_and_no_more_comes_in() -> None:
    """Closing takes in what waits, and refuses the rest."""

    async def run() -> None:
        intake = Taking()
        gathering = Gathering(intake)
        waiting = [gathering.take(request(number)) for number in range(300)]
        await gathering.close()
        assert await asyncio.gather(*waiting) == [Taken(number) for number in range(300)]
        with pytest.raises(Unavailable):
            gathering.take(request(1))

    asyncio.run(run())


def test_too_many_are_refused() -> None:
    """What would pile up is refused at once."""

    async def run() -> None:
        gathering = Gathering(Taking(), max_waiting=2)
        first = [gathering.take(request(number)) for number in range(2)]
        with pytest.raises(Unavailable):
            gathering.take(request(3))
        assert await asyncio.gather(*first) == [Taken(0), Taken(1)]
        await gathering.close()

    asyncio.run(run())


def test_writing_at_once_waits_for_nobody(tmp_path: Path) -> None:
    """Neither another thread's transaction nor another process's is waited for; without them it commits."""
    path = str(tmp_path / "one.db")
    with open_database(path) as mine, open_database(path) as other:  # type: ignore[attr-defined]
        with mine.at_once() as tx:
            tx.script("CREATE TABLE t (x)")
        with other.transaction() as tx:
            tx.script("INSERT INTO t VALUES (1)")
            with pytest.raises(Busy), mine.at_once():
                pass
        with mine.at_once() as tx:
            tx.script("INSERT INTO t VALUES (2)")
