"""Gathers acts that wait at the asynchronous edge and hands them to the gate as one batch.

While a batch is being committed the next one gathers, so that many callers share one commit and none waits for a
timer.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from troth.gate.model import Ask, Outcome
from troth.kernel import Unavailable

MAX_BATCH = 256
MAX_WAITING = 20_000


class Performer(Protocol):
    """What performs a batch; the gate does."""

    def perform(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Perform acts in one unit of work; outcomes stand in the order of the acts."""


class Batcher:
    """An asynchronous front of a gate; belongs to one event loop.

    Args:
        gate: What performs the batches.
        max_batch: Most acts in one unit of work.
        max_waiting: Most acts that may wait; more are refused at once instead of piling up.
    """

    def __init__(
        self, gate: Performer, *, max_batch: int = MAX_BATCH, max_waiting: int = MAX_WAITING
    ) -> None:
        self._gate = gate
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: list[tuple[Ask, asyncio.Future[Outcome]]] = []
        self._draining: asyncio.Task[None] | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="troth-gate")

    async def perform(self, ask: Ask) -> Outcome:
        """Perform one act together with whatever else waits; returns when it is on disk.

        Raises:
            Unavailable: Too many acts wait, or the store takes no work.
        """
        if len(self._waiting) >= self._max_waiting:
            raise Unavailable("Too many acts wait.", mend="Send fewer at once, or in batches.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((ask, future))
        if self._draining is None:
            self._draining = loop.create_task(self._drain())
        return await future

    async def perform_many(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Perform a batch of the caller's own in one unit of work."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._gate.perform, asks)

    async def close(self) -> None:
        """Finish what waits, then stop."""
        if self._draining is not None:
            await self._draining
        self._worker.shutdown()

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


def _fail(batch: list[tuple[Ask, asyncio.Future[Outcome]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
