"""Gathers acts that wait at the asynchronous edge and hands them to the gate as one batch.

While a batch is being committed the next one gathers, so that many callers share one commit and none waits for a
timer.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import sleep
from typing import Generic, Protocol, TypeVar

from troth.gate.model import Ask, Outcome
from troth.kernel import Unavailable

MAX_BATCH = 256
MAX_WAITING = 20_000


A_contra = TypeVar("A_contra", contravariant=True)
A = TypeVar("A")
R = TypeVar("R")


class Performer(Protocol[A_contra, R]):
    """What performs a batch; the gate does."""

    def perform(self, asks: Sequence[A_contra]) -> list[R]:
        """Perform acts in one unit of work; outcomes stand in the order of the acts."""


class Batcher(Generic[A, R]):
    """An asynchronous front of a gate, or of what keeps acts by it; belongs to one event loop.

    Args:
        gate: What performs the batches.
        max_batch: Most acts in one unit of work.
        max_waiting: Most acts that may wait; more are refused at once instead of piling up.
    """

    def __init__(
        self, gate: Performer[A, R], *, max_batch: int = MAX_BATCH, max_waiting: int = MAX_WAITING
    ) -> None:
        self._gate = gate
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []
        self._draining: asyncio.Task[None] | None = None
        self._in_batches = 0
        self._closed = False
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="troth-gate")

    async def perform(self, ask: A) -> R:
        """Perform one act together with whatever else waits; returns when it is on disk.

        Raises:
            Unavailable: Too many acts wait, or the store takes no work.
        """
        self._refuse_when_full()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((ask, future))
        if self._draining is None:
            self._draining = loop.create_task(self._drain())
        return await future

    async def perform_many(self, asks: Sequence[A]) -> list[R]:
        """Perform a batch of the caller's own in one unit of work.

        Raises:
            Unavailable: Too many acts wait, or the store takes no work.
        """
        self._refuse_when_full()
        self._in_batches += len(asks)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, self._gate.perform, asks)
        finally:
            self._in_batches -= len(asks)

    async def close(self) -> None:
        """Finish what waits, then stop; acts that come from now on are refused."""
        self._closed = True
        if self._draining is not None:
            await self._draining
        self._worker.shutdown()

    def _refuse_when_full(self) -> None:
        if self._closed:
            raise Unavailable("The service is stopping; nothing was done.", mend="Send it again in a moment.")
        if len(self._waiting) + self._in_batches >= self._max_waiting:
            raise Unavailable("Too many acts wait.", mend="Send fewer at once, or in batches.")

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch = self._waiting[: self._max_batch]
                del self._waiting[: self._max_batch]
                asks = [ask for ask, _ in batch]
                try:
                    outcomes = await loop.run_in_executor(self._worker, self._gate.perform, asks)
                except Exception as error:  # noqa: BLE001  every waiting caller must hear of it
                    _fail(batch, error)
                    continue
                for (_, future), outcome in zip(batch, outcomes, strict=True):
                    if not future.done():
                        future.set_result(outcome)
        finally:
            self._draining = None


class _Call:
    """Acts that one thread waits for; `wake` is held until somebody performed them or passes the lead on."""

    __slots__ = ("asks", "error", "outcomes", "wake")

    def __init__(self, asks: Sequence[Ask]) -> None:
        self.asks = asks
        self.outcomes: list[Outcome] | None = None
        self.error: BaseException | None = None
        self.wake = Lock()
        self.wake.acquire()


class SharedCommits:
    """A gate for many threads: one leads and takes along what the others wait for, in one unit of work.

    The acts of one call stay together and in order. A thread alone leads at once and waits for nobody.

    Args:
        gate: What performs the batches.
        max_batch: Most acts in one unit of work, unless a single call has more.
    """

    def __init__(self, gate: Performer[Ask, Outcome], *, max_batch: int = MAX_BATCH) -> None:
        self._gate = gate
        self._max_batch = max_batch
        self._waiting: deque[_Call] = deque()
        self._led = False
        self._shared = False
        self._guard = Lock()

    def perform(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Perform acts; returns when they are on disk.

        Raises:
            Unavailable: The store takes no work; nothing was done.
        """
        call = _Call(asks)
        with self._guard:
            self._waiting.append(call)
            leading, self._led = not self._led, True
        if not leading:
            call.wake.acquire()
        if call.outcomes is None and call.error is None:
            self._lead()
        if call.error is not None:
            raise call.error
        return call.outcomes or []

    def _lead(self) -> None:
        """Perform what waits, the leader's own call first; then wake its callers and pass the lead on."""
        if self._shared:
            sleep(0)  # those whose acts were just done come back at once: let them
        with self._guard:
            calls = self._taken()
        self._shared = len(calls) > 1
        try:
            outcomes = self._gate.perform([ask for call in calls for ask in call.asks])
            for call in calls:
                call.outcomes, outcomes = outcomes[: len(call.asks)], outcomes[len(call.asks) :]
        except BaseException as error:  # noqa: BLE001  raised again by every caller; else they would wait for ever
            for call in calls:
                call.error = error
        with self._guard:
            following = self._waiting[0] if self._waiting else None
            self._led = following is not None
        for call in calls:
            call.wake.release()
        if following is not None:
            following.wake.release()

    def _taken(self) -> list[_Call]:
        calls = [self._waiting.popleft()]
        size = len(calls[0].asks)
        while self._waiting and size + len(self._waiting[0].asks) <= self._max_batch:
            calls.append(self._waiting.popleft())
            size += len(calls[-1].asks)
        return calls


def _fail(batch: list[tuple[A, asyncio.Future[R]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
