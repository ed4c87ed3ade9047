"""Gathers requests with events or reports that wait, and has them taken in together.

While they wait, the loop looks once more whether others come, then commits them itself: handing them to a thread and back
costs more than the commit, because the threads take the interpreter from each other. It does so only where that cannot hold
up other visitors: when nobody else is writing at this moment, and as long as commits are quick. Otherwise a thread does it.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

from troth.kernel import TrothError, Unavailable
from troth.storage import Busy

MAX_REQUESTS = 128
"""Most requests with events in one unit of work; each may hold hundreds."""
MAX_WAITING = 50_000
MAX_INLINE_BYTES = 65_536
"""Most bytes of events that the loop takes in by itself; reading more would hold it up."""
SLOW_SECONDS = 0.004
"""A commit that takes longer goes to the thread, and those after it."""
_LOOK_AGAIN = 64
"""Commits by the thread after which the loop tries one itself."""
_LOOKS = 3
"""How often the loop looks for others before it commits."""
FORGET_SECONDS = 600.0
"""After so long nothing is remembered of who sent events."""


class Bodied(Protocol):
    """A request with a body."""

    @property
    def body(self) -> bytes:
        """What was sent."""


Asked = TypeVar("Asked", bound=Bodied)
Answer = TypeVar("Answer")
_Asked_contra = TypeVar("_Asked_contra", contravariant=True)
_Out = TypeVar("_Out")


class Intake(Protocol[_Asked_contra, _Out]):
    """Takes requests in, many in one unit of work."""

    def perform(self, requests: Sequence[_Asked_contra], /, *, wait: bool = True) -> list[_Out | TrothError]:
        """Take requests in; gives what became of each, in order."""

    def forget(self) -> None:
        """Forget what was remembered of senders."""


class Gathering(Generic[Asked, Answer]):
    """An asynchronous front of the intake; belongs to one event loop.

    Args:
        intake: Takes events in.
        max_waiting: Most requests that may wait; more are refused at once instead of piling up.
    """

    def __init__(self, intake: Intake[Asked, Answer], *, max_waiting: int = MAX_WAITING) -> None:
        self._intake = intake
        self._max_waiting = max_waiting
        self._waiting: list[tuple[Asked, asyncio.Future[Answer | TrothError]]] = []
        self._bytes = 0
        self._looked = 0
        self._looks = 0
        self._gathering = False
        self._threaded: asyncio.Task[None] | None = None
        self._turns = 0
        self._closed = False
        self._forgetting: asyncio.TimerHandle | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="troth-events")

    def take(self, request: Asked) -> "asyncio.Future[Answer | TrothError]":
        """Have a request taken in with whatever else waits; done when its events are on disk.

        Raises:
            Unavailable: Too many requests wait.
        """
        if self._closed:
            raise Unavailable("The service is stopping; nothing was done.", mend="Send it again in a moment.")
        if len(self._waiting) >= self._max_waiting:
            raise Unavailable("Too many events wait.", mend="Send fewer at once, or in batches.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer | TrothError] = loop.create_future()
        self._waiting.append((request, future))
        self._bytes += len(request.body)
        if not self._gathering:
            self._gathering = True
            self._looked, self._looks = 1, 0
            loop.call_soon(self._look)
        return future

    async def close(self) -> None:
        """Finish what waits, then stop; events that come from now on are refused."""
        self._closed = True
        if self._threaded is not None:
            await self._threaded
        while self._waiting:
            await self._commit_in_thread()
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._worker.shutdown()

    def _look(self) -> None:
        """Wait while others come, then commit."""
        if not self._waiting:  # the service is stopping, and they were committed
            self._gathering = False
            return
        count = len(self._waiting)
        loop = asyncio.get_running_loop()
        if count > self._looked and count < MAX_REQUESTS and self._looks < _LOOKS:
            self._looked, self._looks = count, self._looks + 1
            loop.call_soon(self._look)
        elif self._turns or self._bytes > MAX_INLINE_BYTES or not self._committed_here():
            self._threaded = loop.create_task(self._drain())
        else:
            self._go_on()

    def _committed_here(self) -> bool:
        """Commit in the loop; false when somebody else is writing, and nothing was done."""
        loop = asyncio.get_running_loop()
        batch, began = self._next(), loop.time()
        try:
            results = self._intake.perform([request for request, _ in batch], wait=False)
        except Busy:
            self._waiting[:0] = batch
            self._bytes += _size(batch)
            return False
        except Exception as error:  # noqa: BLE001  every waiting caller must hear of it
            _fail(batch, error)
        else:
            _tell(batch, results)
        if loop.time() - began > SLOW_SECONDS:
            self._turns = _LOOK_AGAIN
        return True

    async def _drain(self) -> None:
        """Have the thread commit; what comes meanwhile makes the next batch."""
        while self._waiting:
            await self._commit_in_thread()
            self._turns = max(0, self._turns - 1)
            if not self._turns:
                break
        self._threaded = None
        self._go_on()

    async def _commit_in_thread(self) -> None:
        batch = self._next()
        requests = [request for request, _ in batch]
        try:
            loop = asyncio.get_running_loop()
            results = await loop.run_in_executor(self._worker, self._intake.perform, requests)
        except Exception as error:  # noqa: BLE001  every waiting caller must hear of it
            _fail(batch, error)
        else:
            _tell(batch, results)

    def _go_on(self) -> None:
        """Begin anew with what came meanwhile."""
        loop = asyncio.get_running_loop()
        if self._forgetting is None:
            self._forgetting = loop.call_later(FORGET_SECONDS, self._forget)
        self._gathering = bool(self._waiting) and not self._closed
        if self._gathering:
            self._looked, self._looks = 0, 0
            loop.call_soon(self._look)

    def _next(self) -> "list[tuple[Asked, asyncio.Future[Answer | TrothError]]]":
        batch = self._waiting[:MAX_REQUESTS]
        del self._waiting[:MAX_REQUESTS]
        self._bytes -= _size(batch)
        return batch

    def _forget(self) -> None:
        """Have the intake forget who sent events; the next ones start the time anew."""
        self._forgetting = None
        if self._threaded is None:
            self._intake.forget()
        else:
            self._forgetting = asyncio.get_running_loop().call_later(1.0, self._forget)


def _size(batch: "Sequence[tuple[Asked, asyncio.Future[Answer | TrothError]]]") -> int:
    return sum(len(request.body) for request, _ in batch)


def _tell(
    batch: "Sequence[tuple[Asked, asyncio.Future[Answer | TrothError]]]",
    results: Sequence[Answer | TrothError],
) -> None:
    for (_, future), result in zip(batch, results, strict=True):
        if not future.done():
            future.set_result(result)


def _fail(batch: "Sequence[tuple[Asked, asyncio.Future[Answer | TrothError]]]", error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
