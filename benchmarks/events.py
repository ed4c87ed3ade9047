"""Web events: taking them in over HTTP against the same server with an empty handler, folding, erasing."""

import json
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import troth
from benchmarks.over_http import free_port, rate_of, serving
from benchmarks.report import Report, Result
from troth.bootstrap import Troth
from troth.choice import choice_value
from troth.events import Row, keep_events
from troth.kernel import micros, new_id

USAGE = "analytics.reporting.site_usage"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
EMPTY = """
import asyncio, signal, sys
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
async def main():
    server = Server(app, address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.ASGI,
                    http=HTTPModes.http1, websockets=False, backlog=1024, log_enabled=False)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()
asyncio.run(main())
"""
_BATCH = 100
_SIGNED_IN = 20
"""One event in so many is a signed-in person's."""
_PEOPLE = 10_000
_A_BATCH_ROW = 250


@contextmanager
def _folder(place: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="troth-events-", dir=place))
    try:
        troth.init_folder(folder / "data")
        yield folder / "data"
    finally:
        shutil.rmtree(folder)


def run(report: Report, place: Path, count: int) -> None:
    """Measure; `count` is the number of events that are folded, of which people are then erased."""
    _taking(report, place)
    with _folder(place) as folder:
        _folding(report, folder, count)


def _request(cookie: str, body: bytes) -> bytes:
    head = (
        "POST /api/event HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        f"User-Agent: {AGENT}\r\nCookie: {cookie}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _view(number: int) -> dict[str, object]:
    page = f"https://www.example.com/products/{number % 500}?utm_source=news"
    return {
        "n": "pageview",
        "u": page,
        "d": "www.example.com",
        "r": "https://search.example/",
        "p": {"plan": "large"},
    }


def _taking(report: Report, place: Path) -> None:
    with _folder(place) as folder:
        with troth.open(folder) as opened:
            chosen = choice_value(
                opened.policy(), on=datetime(2026, 1, 5, tzinfo=UTC).date(), allowed=[USAGE]
            )
        singles, batches = [], []
        for number in range(1_000):
            cookie = f"choice={chosen}; visit={number:032x}"
            singles.append(_request(cookie, json.dumps(_view(number)).encode()))
            many = [_view(number + one) for one in range(_BATCH)]
            batches.append(_request(cookie, json.dumps(many).encode()))
        program = str(Path(sys.executable).parent / "troth")
        mine, empty = free_port(), free_port()
        command = [program, "serve", "--data", str(folder), "--port", str(mine)]
        file = folder.parent / "empty.py"
        file.write_text(EMPTY, encoding="utf-8")
        with serving(command, mine), serving([sys.executable, str(file), str(empty)], empty):
            raw, taken = 0.0, 0.0
            for _ in range(3):  # in turn, because a shared machine changes
                raw = max(raw, rate_of(empty, singles, status=202))
                taken = max(taken, rate_of(mine, singles, status=202))
            many_a_second = max(rate_of(mine, batches, status=202, count=2_000) for _ in range(3)) * _BATCH
    ratio = taken / raw
    report.add(
        Result(
            "POST /api/event, one worker, 64 connections, each 202 on disk",
            taken,
            "/s",
            "0.60 of an empty handler",
            ratio >= 0.6,
            f"the same server, empty handler: {raw:,.0f}/s",
            f"{ratio:.2f} of empty",
            "decided, recorded, committed; the client takes the other core",
        )
    )
    report.add(
        Result(
            f"POST /api/event, {_BATCH} events a request",
            many_a_second,
            "events/s",
            "100,000/s",
            many_a_second >= 100_000,
        )
    )


def _folding(report: Report, folder: Path, count: int) -> None:
    people = [new_id() for _ in range(_PEOPLE)]
    with troth.open(folder, sequencer=False) as opened:
        _fill(opened, count, people)
        keeper = opened.events.keeper
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = perf_counter()
        folded = keeper.fold()
        rate = folded / (perf_counter() - began)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        began = perf_counter()
        gone = keeper.erase_subjects(people[:100])
        seconds = perf_counter() - began
    report.add(
        Result(
            f"folding {folded:,} events",
            rate,
            "events/s",
            "200,000/s, memory flat",
            rate >= 200_000,
            note=f"peak memory grew by {grown:,.0f} MB",
        )
    )
    report.add(
        Result(
            f"erasing 100 people ({gone:,} events) out of {folded:,} events",
            seconds,
            "s",
            "10 s",
            seconds <= 10,
            note=f"one event in {_SIGNED_IN} is a signed-in person's; bytes vacuumed",
        )
    )


def _fill(opened: Troth, count: int, people: list[str]) -> None:
    """Put events into the inbox as batches of the server do, over 30 days."""
    made, start = 0, opened.clock.now() - timedelta(days=30)
    while made < count:
        with opened.database.transaction() as tx:
            for _ in range(100):
                size = min(_A_BATCH_ROW, count - made)
                if size <= 0:
                    break
                at = micros(start + timedelta(days=30 * made / count))
                keep_events(tx, new_id(), at, [new_id()], [_row(made + one, people) for one in range(size)])
                made += size


def _row(number: int, people: list[str]) -> Row:
    person = people[number // _SIGNED_IN % len(people)] if number % _SIGNED_IN == 0 else ""
    return Row(
        site="www",
        name="pageview",
        page=f"www.example.com/products/{number % 500}?utm_source=news",
        referrer="search.example/",
        props='{"plan":"large"}',
        visitor="" if person else f"{number % 100_003:032x}",
        person=person,
        country="US",
        device="desktop",
        identity="person" if person else "cookie",
        source="plausible",
    )
