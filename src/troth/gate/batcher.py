"""Gathers acts that wait at the asynchronous edge and hands them to the gate as one batch.

While a batch is being committed the next one gathers, so that many callers share one commit and none waits for a
timer.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import sleep
from typing import Generic, Protocol, TypeVar

from troth.gate.model import Ask, Outcome
from troth.kernel import Unavailable
from troth.storage import Transaction

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


Along = Callable[[Transaction, Sequence[Outcome]], None]


class AlongPerformer(Protocol):
    """What performs a batch together with something of the caller's own; the gate does."""

    def perform_along(self, asks: Sequence[Ask], along: Along | None) -> list[Outcome]:
        """Perform acts in one unit of work, and do the caller's own in it before the commit."""


class _Call:
    """Acts that one thread waits for; `wake` is held until somebody performed them or passes the lead on."""

    __slots__ = ("along", "asks", "error", "outcomes", "wake")

    def __init__(self, asks: Sequence[Ask], along: Along | None) -> None:
        self.asks = asks
        self.along = along
        self.outcomes: list[Outcome] | None = None
        self.error: BaseException | None = None
        self.wake = Lock()
        self.wake.acquire()

    @property
    def concerns(self) -> set[str]:
        """The people and cases that it names."""
        return {name for ask in self.asks for name in (ask.person, ask.case) if name}


class SharedCommits:
    """A gate for many threads: one leads and takes along what the others wait for, in one unit of work.

    The acts of one call stay together and in order. A thread alone leads at once and waits for nobody. A call that does
    something of its own along with its acts shares a unit of work only with calls about other people and cases, and where
    one such call fails, each is performed alone.

    Args:
        gate: What performs the batches.
        max_batch: Most acts in one unit of work, unless a single call has more.
    """

    def __init__(self, gate: AlongPerformer, *, max_batch: int = MAX_BATCH) -> None:
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
        return self.perform_along(asks, None)

    def perform_along(self, asks: Sequence[Ask], along: Along | None) -> list[Outcome]:
        """Perform acts together with something of the caller's own; see `Gate.perform_along`.

        Another thread may do what is `along`; it must use the unit of work that it is given, and no gate.

        Raises:
            Unavailable: The store takes no work; nothing was done.
        """
        call = _Call(asks, along)
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
        self._perform_calls(calls)
        with self._guard:
            following = self._waiting[0] if self._waiting else None
            self._led = following is not None
        for call in calls:
            call.wake.release()
        if following is not None:
            following.wake.release()

    def _perform_calls(self, calls: Sequence[_Call]) -> None:
        """Perform calls together; each gets its outcomes, or the error that it would have met alone."""
        alongs = any(call.along is not None for call in calls)

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            for call, some in _parted(calls, outcomes):
                if call.along is not None:
                    call.along(tx, some)

        try:
            done = self._gate.perform_along(
                [ask for call in calls for ask in call.asks], along if alongs else None
            )
            for call, some in _parted(calls, done):
                call.outcomes = some
        except BaseException as error:  # noqa: BLE001  raised again by every caller; else they would wait for ever
            foreseen = isinstance(error, Exception) and not isinstance(error, Unavailable)
            if alongs and len(calls) > 1 and foreseen:  # who interrupts wants no second try
                for call in calls:
                    self._perform_calls([call])
                return
            for call in calls:
                call.error = error

    def _taken(self) -> list[_Call]:
        calls = [self._waiting.popleft()]
        size = len(calls[0].asks)
        while self._waiting and size + len(self._waiting[0].asks) <= self._max_batch:
            if not _may_share(calls, self._waiting[0]):
                break
            calls.append(self._waiting.popleft())
            size += len(calls[-1].asks)
        return calls


def _may_share(calls: Sequence[_Call], other: _Call) -> bool:
    """Whether a call may stand in a unit of work with others."""
    if other.along is None and all(call.along is None for call in calls):
        return True
    named = other.concerns
    return bool(named) and not any(not call.concerns or named & call.concerns for call in calls)


def _parted(calls: Sequence[_Call], outcomes: Sequence[Outcome]) -> Iterator[tuple[_Call, list[Outcome]]]:
    """Each call with its own outcomes."""
    start = 0
    for call in calls:
        yield call, list(outcomes[start : start + len(call.asks)])
        start += len(call.asks)


def _fail(batch: list[tuple[A, asyncio.Future[R]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
