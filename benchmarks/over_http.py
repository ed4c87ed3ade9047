"""HTTP: reads through the gate against a raw ASGI answer by the same server."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, perf_counter

from benchmarks.company import SUPPORT, company
from benchmarks.report import Report, Result

CONNECTIONS = 64
_REQUESTS = 12_000
_WAIT = 30.0
_RAW = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"""


class _Caller(asyncio.Protocol):
    """One connection that sends a request as soon as the last was answered.

    Args:
        requests: Gives the next request, or None at the end.
        ended: Told when there is none left, or what went wrong.
        status: The status that each answer must have.
    """

    def __init__(
        self, requests: Callable[[], bytes | None], ended: asyncio.Future[None], status: int = 200
    ) -> None:
        self._requests = requests
        self._right = f"HTTP/1.1 {status}".encode()
        self._ended = ended
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) < size:
            return
        if not head.startswith(self._right):
            self._ended.set_exception(RuntimeError(f"the server answered {self._buffer[:300]!r}"))
            self._transport.close()
            return
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_exception(RuntimeError(f"the server closed a connection: {error}"))

    def _next(self) -> None:
        request = self._requests()
        if request is not None:
            self._transport.write(request)
            return
        if not self._ended.done():
            self._ended.set_result(None)
        self._transport.close()


def run(report: Report, place: Path) -> None:
    """Measure reads through the gate by 64 connections to one worker."""
    with company(10_000, place) as made:
        acts = [
            {"act": "use", "purpose": SUPPORT, "person": who, "fields": ["email"], "case": ticket}
            for who, ticket in zip(made.people, made.tickets, strict=True)
        ]
        requests = [_post("/v1/acts", made.support_key, act) for act in acts]
        made.troth.sequencer.stop()
        port = free_port()
        command = [
            str(Path(sys.executable).parent / "troth"),
            "serve",
            "--data",
            str(made.folder),
            "--port",
            str(port),
        ]
        with serving(command, port):
            rate_of(port, requests)
            reads = max(rate_of(port, requests) for _ in range(3))
    raw = _raw_rate(place)
    report.add(
        Result(
            "HTTP read through the gate, one worker, 64 connections",
            reads,
            "/s",
            "3,000/s",
            reads >= 3_000,
            f"constant answer by the same server: {raw:,.0f}/s",
            f"{reads / raw:.2f} of raw",
            "the client takes the other core; entry on disk before each answer",
        )
    )


def _raw_rate(place: Path) -> float:
    module = place / "troth_bench_raw.py"
    module.write_text(_RAW, encoding="utf-8")
    port = free_port()
    granian = str(Path(sys.executable).parent / "granian")
    options = ["--interface", "asginl", "--port", str(port), "--log-level", "error"]
    try:
        with serving([granian, *options, "troth_bench_raw:app"], port, place):
            request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
            return max(rate_of(port, [request]) for _ in range(3))
    finally:
        module.unlink()


def rate_of(port: int, requests: list[bytes], count: int = _REQUESTS, status: int = 200) -> float:
    """Answers a second to requests over 64 connections that stay open; `count` requests are sent, in turn."""
    numbers = iter(range(count))

    def following() -> bytes | None:
        number = next(numbers, None)
        return None if number is None else requests[number % len(requests)]

    async def everyone() -> None:
        loop = asyncio.get_running_loop()
        ends = [loop.create_future() for _ in range(CONNECTIONS)]
        for end in ends:
            await loop.create_connection(lambda end=end: _Caller(following, end, status), "127.0.0.1", port)  # type: ignore[misc]
        await asyncio.gather(*ends)

    began = perf_counter()
    asyncio.run(everyone())
    return count / (perf_counter() - began)


def _post(path: str, key: str, body: object) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


@contextmanager
def serving(command: list[str], port: int, folder: Path | None = None) -> Iterator[None]:
    """A server that runs until the end of the block."""
    environment = {**os.environ, "PYTHONPATH": str(folder or "")}
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, env=environment
    )
    try:
        _wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int) -> None:
    deadline = monotonic() + _WAIT
    while monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            continue
    raise RuntimeError(f"nothing listens on port {port} after {_WAIT:.0f} s")


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
