"""The gate in process on SQLite, every ledger entry on disk before the answer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter

import apsw

from benchmarks.company import RIGHTS, Company, company, done
from benchmarks.report import Report, Result, rate
from troth import Ask
from troth.kernel import new_id

CALLERS = 64
_READS = 20_000
_WRITES = 10_000
_SINGLE = 1_500
_ERASED = 300


def run(report: Report, place: Path) -> None:
    """Measure reads and writes with many callers and with one, and erasing."""
    with company(10_000, place) as made:
        raw = _raw_reads(place)
        shared = _raw_reads_through_a_batcher(place)
        reads = rate(lambda: asyncio.run(_many(made, made.read, _READS)))
        report.add(
            Result(
                "sealed read, 64 concurrent callers",
                reads,
                "/s",
                "12,000/s and a fifth of raw",
                reads >= 12_000 and reads >= raw / 5,
                f"raw point reads, one caller: {raw:,.0f}/s; by 64 callers through the same hand-over: {shared:,.0f}/s",
                f"{reads / raw:.2f} and {reads / shared:.2f} of raw",
                "one field of 10,000 people under an open ticket; SQLite, synchronous=FULL, entry on disk",
            )
        )
        writes = rate(lambda: asyncio.run(_many(made, lambda n: made.update(n, f"v{n}"), _WRITES)))
        report.add(
            Result(
                "sealed write, 64 concurrent callers",
                writes,
                "/s",
                "5,000/s",
                writes >= 5_000,
                note="one field",
            )
        )
        _single(report, made, place)
        _erasing(report, made)


async def _many(made: Company, ask: Callable[[int], Ask], acts: int) -> int:
    batcher = made.troth.batcher()
    numbers = iter(range(acts))

    async def caller() -> None:
        for number in numbers:
            done([await batcher.perform(ask(number))])

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    await batcher.close()
    return acts


def _single(report: Report, made: Company, place: Path) -> None:
    """One caller against single commits of the same bytes; in turn, because the disk's speed drifts."""
    path = place / "troth-bench-raw.db"
    connection = _raw_table(path)
    body = b"x" * 450
    asks = [made.read(number) for number in range(_SINGLE)]
    ours, commits = [], []
    for ask in asks:
        began = perf_counter()
        done(made.troth.perform([ask]))
        middle = perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO entry VALUES (?, ?)", (new_id(), body))
        connection.execute("COMMIT")
        ours.append(middle - began)
        commits.append(perf_counter() - middle)
    connection.close()
    _remove(path)
    ratio = median(commits) / median(ours)
    report.add(
        Result(
            "one caller, one act at a time",
            1 / median(ours),
            "/s",
            "80 % of single commits",
            ratio >= 0.8,
            f"single commits of 450 bytes: {1 / median(commits):,.0f}/s",
            f"{ratio:.0%}",
            "sealed reads; medians, one of each in turn",
        )
    )


def _erasing(report: Report, made: Company) -> None:
    people = made.people[-_ERASED:]
    opened = done(
        made.troth.perform(
            [
                Ask(
                    act="instruct",
                    order="open-case",
                    case_type="request",
                    purpose=RIGHTS,
                    key=made.privacy_key,
                    person=who,
                )
                for who in people
            ]
        )
    )
    spans = []
    for who, outcome in zip(people, opened, strict=True):
        ask = Ask(act="erase", purpose=RIGHTS, key=made.privacy_key, person=who, case=outcome.case)
        began = perf_counter()
        done(made.troth.perform([ask]))
        spans.append(perf_counter() - began)
    del made.people[-_ERASED:]
    del made.tickets[-_ERASED:]
    report.add(
        Result(
            "erasing one person, local part",
            median(spans) * 1e3,
            "ms",
            "under 10 ms median",
            median(spans) < 0.010,
            note="intent, keys, rows, completion: four commits in two stores, write-ahead logs cut",
        )
    )


def _raw_table(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute("PRAGMA synchronous=FULL").fetchall()
    connection.execute("CREATE TABLE entry (id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
    return connection


def _raw_reader(path: Path) -> tuple[apsw.Connection, list[str]]:
    connection = _raw_table(path)
    ids = [new_id() for _ in range(10_000)]
    with connection:
        connection.executemany("INSERT INTO entry VALUES (?, ?)", [(one, b"x" * 100) for one in ids])
    return connection, ids


def _raw_reads(place: Path) -> float:
    path = place / "troth-bench-raw.db"
    connection, ids = _raw_reader(path)
    cursor = connection.cursor()

    def read() -> int:
        for one in ids:
            cursor.execute("SELECT body FROM entry WHERE id = ?", (one,)).fetchone()
        return len(ids)

    found = rate(read)
    connection.close()
    _remove(path)
    return found


def _raw_reads_through_a_batcher(place: Path) -> float:
    """Raw point reads by 64 asynchronous callers who hand them to one thread: what the hand-over alone costs."""
    path = place / "troth-bench-raw.db"
    connection, ids = _raw_reader(path)
    cursor = connection.cursor()

    def read(keys: list[str]) -> list[bytes]:
        return [cursor.execute("SELECT body FROM entry WHERE id = ?", (one,)).get for one in keys]

    async def run() -> int:
        loop = asyncio.get_running_loop()
        waiting: list[tuple[str, asyncio.Future[bytes]]] = []
        numbers = iter(range(_READS))
        draining: list[asyncio.Task[None]] = []

        async def drain() -> None:
            while waiting:
                batch = waiting[:]
                waiting.clear()
                values = await loop.run_in_executor(worker, read, [key for key, _ in batch])
                for (_, future), value in zip(batch, values, strict=True):
                    future.set_result(value)
            draining.clear()

        async def caller() -> None:
            for number in numbers:
                future: asyncio.Future[bytes] = loop.create_future()
                waiting.append((ids[number % len(ids)], future))
                if not draining:
                    draining.append(loop.create_task(drain()))
                await future

        with ThreadPoolExecutor(1) as worker:
            await asyncio.gather(*(caller() for _ in range(CALLERS)))
        return _READS

    found = rate(lambda: asyncio.run(run()))
    connection.close()
    _remove(path)
    return found


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
