"""Runs the mixes: one load, then each mix on the plain client and on Troth in turn, answers held against an oracle."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Barrier, Thread
from time import perf_counter
from typing import Any, NamedTuple, Protocol

from rich.console import Console

from benchmarks.gdprbench.mix import PER_USER, TERMS, WORKLOADS, Meta, Operation, operations, parts
from benchmarks.gdprbench.oracle import Oracle
from benchmarks.gdprbench.ours import Ours
from benchmarks.gdprbench.plain import Plain
from benchmarks.gdprbench.server import Server, server
from benchmarks.report import Report, Result

ENGINES = {"sqlite": 5.0, "postgresql": 1.0}
"""Engines of Troth, with the multiple of the plain client that is asked for."""
_CHANGING = ("customer", "controller")


class Client(Protocol):
    """What does operations."""

    def do(self, operation: Operation) -> Any:
        """Do one and give its answer."""

    def everything(self) -> dict[int, tuple[str, Meta]]:
        """Every record that is there."""


class Side(NamedTuple):
    """One of those measured: a client for each thread, and what its answers must be."""

    name: str
    clients: Sequence[Client]
    oracle: Oracle


class Measured(NamedTuple):
    """What a side did of a mix: operations a second, and the share of its answers that are right."""

    rate: float
    correct: float
    slowest: str


def run(
    report: Report,
    place: Path,
    *,
    records: int = 100_000,
    count: int = 10_000,
    threads: int = 4,
    engines: Sequence[str] = tuple(ENGINES),
    mixes: Sequence[str] = WORKLOADS,
    indexed: bool = True,
) -> None:
    """Measure the four mixes.

    Args:
        report: Takes the results.
        place: Folder on the disk to measure.
        records: How many records to load; a multiple of 10,000.
        count: How many operations a mix has.
        threads: How many threads do them.
        engines: Engines of Troth to measure: sqlite, postgresql.
        mixes: Which mixes, in order; all over one load.
        indexed: Whether the plain table has an index on each metadata column.

    Raises:
        ValueError: The number of records does not suit the classes of the mix.
    """
    if records % (PER_USER * TERMS):
        raise ValueError(f"The number of records must be a multiple of {PER_USER * TERMS}.")
    with _sides(place, records, threads, engines, indexed=indexed) as (plain, *ours):
        for workload in mixes:
            dealt = parts(workload, records, operations(workload, records, count), threads)
            baseline = _measure(workload, plain, dealt)
            for side in ours:
                measured = _measure(workload, side, dealt)
                report.add(_result(workload, side.name, measured, baseline, records, count, threads, indexed))


@contextmanager
def _sides(
    place: Path, records: int, threads: int, engines: Sequence[str], *, indexed: bool
) -> Iterator[list[Side]]:
    users = records // PER_USER
    folder = Path(tempfile.mkdtemp(prefix="troth-bench-", dir=place))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        postgres = stack.enter_context(server(place))
        url = postgres.database("plain")
        clients = [stack.enter_context(Plain(url, users)) for _ in range(threads)]
        _say("load plain", lambda: clients[0].load(records, indexed=indexed))
        sides = [Side("plain", clients, Oracle(records, users, normalised=False))]
        for engine in engines:
            ours = stack.enter_context(_ours(folder, postgres, engine, users))
            _say(f"load {engine}", lambda ours=ours: ours.load(records))  # type: ignore[misc]
            sides.append(Side(engine, [ours] * threads, Oracle(records, users, normalised=True)))
        yield sides


def _ours(folder: Path, postgres: Server, engine: str, users: int) -> Ours:
    if engine == "sqlite":
        return Ours(folder / engine, users)
    return Ours(folder / engine, users, postgres.database("data"), postgres.database("keystore"))


def _measure(workload: str, side: Side, dealt: list[list[Operation]]) -> Measured:
    answers: list[list[tuple[Any, float]]] = [[] for _ in dealt]
    failures: list[Exception] = []
    barrier = Barrier(len(dealt) + 1)

    def work(client: Client, todo: list[Operation], mine: list[tuple[Any, float]]) -> None:
        barrier.wait()
        try:
            for operation in todo:
                began = perf_counter()
                answer = client.do(operation)
                mine.append((answer, perf_counter() - began))
        except Exception as error:  # noqa: BLE001  the main thread raises it
            failures.append(error)

    threads = [Thread(target=work, args=given) for given in zip(side.clients, dealt, answers, strict=True)]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = perf_counter()
    for thread in threads:
        thread.join()
    spent = perf_counter() - began
    if failures:
        raise failures[0]
    right, compared, times = _compared(side.oracle, dealt, answers)
    if workload in _CHANGING:
        held = side.clients[0].everything()
        wanted = {key: (data, side.oracle.meta[key]) for key, data in side.oracle.data.items()}
        right += sum(held.get(key) == one for key, one in wanted.items())
        compared += len(wanted | held)
    measured = Measured(sum(map(len, dealt)) / spent, right / compared, _slowest(times))
    _tell(
        f"{workload} {side.name}: {measured.rate:,.0f}/s, {measured.correct:.2%} of {compared:,} right; {measured.slowest}"
    )
    return measured


def _compared(
    oracle: Oracle, dealt: list[list[Operation]], answers: list[list[tuple[Any, float]]]
) -> tuple[int, int, dict[str, list[float]]]:
    """Right answers, answers compared, and how long each kind of operation took."""
    right = compared = 0
    times: dict[str, list[float]] = {}
    for todo, given in zip(dealt, answers, strict=True):
        for operation, (answer, span) in zip(todo, given, strict=True):
            wanted = oracle.answer(operation)
            compared += 1
            right += answer == wanted
            times.setdefault(operation.name, []).append(span)
    return right, compared, times


def _slowest(times: dict[str, list[float]]) -> str:
    """Mean time of each kind of operation, by the time that all of them took."""
    ordered = sorted(times.items(), key=lambda one: -sum(one[1]))
    return ", ".join(f"{name} {sum(spans) / len(spans) * 1e3:.1f} ms" for name, spans in ordered)


def _result(
    workload: str,
    engine: str,
    ours: Measured,
    plain: Measured,
    records: int,
    count: int,
    threads: int,
    indexed: bool,  # noqa: FBT001  one of the run's settings
) -> Result:
    ratio, wanted = ours.rate / plain.rate, ENGINES[engine]
    return Result(
        f"GDPRbench {workload}, Troth on {engine}",
        ours.rate,
        "/s",
        f"{wanted:.0f}x plain PostgreSQL, all answers right",
        ratio >= wanted and ours.correct == 1,
        f"plain PostgreSQL, {'every column' if indexed else 'key only'} indexed: {plain.rate:,.0f}/s "
        f"({plain.correct:.2%} right)",
        f"{ratio:.2f}x, {ours.correct:.2%} right",
        f"{records:,} records, {count:,} operations, {threads} threads; {ours.slowest}",
    )


def _say(what: str, work: Callable[[], None]) -> None:
    began = perf_counter()
    work()
    _tell(f"{what}: {perf_counter() - began:.1f} s")


def _tell(text: str) -> None:
    Console(stderr=True).print(text, highlight=False)
