"""A request is read to its end before it is refused, or the answer says that its connection ends."""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx
import pytest

from tests.support.policies import any_serial_file
from tests.web.test_serving import served
from troth.bootstrap import init_folder
from troth.web.draining import MOST, Draining, drained
from troth.web.problems import MalformedBody

REFUSED = {"type": "http.response.start", "status": 403, "headers": [(b"a", b"b")]}
DEFAULTS = dict(Draining.__init__.__kwdefaults__ or {})
ENDS = (b"connection", b"close")


def refused(
    pieces: Sequence[bytes], headers: dict[str, str], *, read: int = 0, late: bool = False
) -> tuple[int, list[tuple[bytes, bytes]]]:
    """How many pieces of a body were taken by the time it was refused, and the headers of the refusal.

    Args:
        pieces: The body as it comes.
        headers: Of the request.
        read: How many pieces are read before.
        late: Whether nothing more comes after them.
    """
    waiting = list(pieces)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            assert late, "nothing is asked for after the end"
            await asyncio.Event().wait()
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting) or late}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def handle() -> None:
        scope = {"headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
        taking, giving = drained(scope, receive, send)
        for _ in range(read):
            await taking()
        await giving(REFUSED)

    asyncio.run(handle())
    return len(pieces) - len(waiting), sent[0]["headers"]


@pytest.mark.parametrize("read", [0, 1, 2])
@pytest.mark.parametrize("headers", [{"content-length": "4"}, {"transfer-encoding": "chunked"}])
def test_a_short_body_is_read_before_the_answer(headers: dict[str, str], read: int) -> None:
    """However much of it was read before; nothing is asked for after its end, and the connection stays."""
    assert refused([b"ab", b"cd"], headers, read=read) == (2, [(b"a", b"b")])


def test_a_request_without_a_body_is_answered_at_once() -> None:
    """Nothing tells of one, so nothing is waited for."""
    assert refused([b"unasked"], {}) == (0, [(b"a", b"b")])


@pytest.mark.parametrize(
    ("pieces", "headers", "late", "taken"),
    [
        ([b"x"] * 3, {"content-length": str(MOST + 1)}, False, 0),
        ([b"x" * MOST] * 3, {"transfer-encoding": "chunked"}, False, 2),
        ([b"ab"], {"content-length": "4"}, True, 1),
        ([b"abcd"], {"content-length": "4", "expect": "100-continue"}, False, 0),
    ],
    ids=["announced as long", "long", "late", "held back"],
)
def test_what_is_not_read_ends_the_connection(
    pieces: list[bytes],
    headers: dict[str, str],
    late: bool,  # noqa: FBT001  a parameter
    taken: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is too long, does not come, or waits for our asking is left, and the answer says so."""
    monkeypatch.setattr(Draining.__init__, "__kwdefaults__", {**DEFAULTS, "seconds": 0.01})
    assert refused(pieces, headers, late=late) == (taken, [(b"a", b"b"), ENDS])


def test_a_body_that_does_not_come_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds its connection for a while and no longer; what is left of it is not waited for again."""
    monkeypatch.setattr(Draining.__init__, "__kwdefaults__", {**DEFAULTS, "body_seconds": 0.01})
    with pytest.raises(MalformedBody, match="did not come in time"):
        refused([b"ab"], {"content-length": "4"}, read=2, late=True)


@pytest.mark.slow
def test_a_refused_request_leaves_the_connection_for_the_next(tmp_path: Path) -> None:
    """Its body comes after the server has long read its head; the next request over the same connection is answered."""
    init_folder(tmp_path / "data", policy=any_serial_file(tmp_path))
    with (
        served(tmp_path / "data") as (address, _),
        httpx.Client(base_url=address, trust_env=False, timeout=60) as other,
    ):
        for path in ("/choice", "/nowhere", "/v1/acts", "/v1/telemetry/reports"):
            _refused_and_asked_again(urlsplit(address), path, other)


def _refused_and_asked_again(place: SplitResult, path: str, other: httpx.Client) -> None:
    rest = f"Host: {place.netloc}\r\nContent-Type: text/plain\r\n"
    with (
        socket.create_connection((place.hostname, place.port), timeout=30) as connection,
        connection.makefile("rb") as answers,
    ):
        connection.sendall(f"POST {path} HTTP/1.1\r\n{rest}Content-Length: 6\r\n\r\n".encode())
        assert other.get("/health").status_code == 200
        connection.sendall(b"do=all")
        assert b" 4" in _answer(answers), path
        connection.sendall(f"GET /health HTTP/1.1\r\n{rest}\r\n".encode())
        assert b" 200 " in _answer(answers), path


def _answer(answers: Any) -> bytes:
    """The first line of the next answer, read to its end."""
    first: bytes = answers.readline()
    length = 0
    while (line := answers.readline().strip().lower()) != b"":
        name, _, value = line.partition(b":")
        length = int(value) if name == b"content-length" else length
    answers.read(length)
    return first
