"""A body is read whole, and the server is not asked for more of it when all that was announced has come."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.web.asgi import MAX_BODY, whole_body
from troth.web.problems import MalformedBody, TooLarge


class Arriving:
    """A request whose body comes in pieces, as a server hands them on: after the last one it says only that it was the last.

    Args:
        pieces: The body.
        announced: What `Content-Length` says; None for no such header.
        chunked: Whether the body says itself where it ends.
        broken: Whether the connection ends after the pieces.
    """

    def __init__(
        self, pieces: list[bytes], announced: int | None, *, chunked: bool = False, broken: bool = False
    ) -> None:
        self.scope: dict[str, Any] = {"headers": []}
        if announced is not None:
            self.scope["headers"].append((b"content-length", str(announced).encode()))
        if chunked:
            self.scope["headers"].append((b"transfer-encoding", b"chunked"))
        self._messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
        ]
        last = {"type": "http.disconnect"} if broken else {"type": "http.request"}
        self._messages.append(last)
        self.asked = 0

    async def receive(self) -> dict[str, Any]:
        """The next piece."""
        self.asked += 1
        return self._messages.pop(0)

    def read(self) -> bytes:
        """The body as the service reads it."""
        return asyncio.run(whole_body(self.scope, self.receive))


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=5))
def test_nothing_is_asked_for_after_what_was_announced(pieces: list[bytes]) -> None:
    """However the body is cut up, each piece is asked for once and the end not at all."""
    body = b"".join(pieces)
    announced = Arriving(pieces, len(body))
    assert announced.read() == body
    assert announced.asked == len(pieces)


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=5), st.booleans())
def test_a_body_of_unknown_length_is_read_to_its_end(pieces: list[bytes], chunked: bool) -> None:  # noqa: FBT001
    """Where nothing announces a length, or where what says so does not count, the end is waited for."""
    body = b"".join(pieces)
    coming = Arriving(pieces, len(body) // 2 if chunked else None, chunked=chunked)
    assert coming.read() == body
    assert coming.asked == len(pieces) + 1


def test_no_body_is_not_waited_for() -> None:
    """A length of nothing."""
    nothing = Arriving([], 0)
    assert nothing.read() == b""
    assert nothing.asked == 0


def test_a_connection_that_ends_early_is_no_body() -> None:
    """Less came than was announced."""
    with pytest.raises(MalformedBody):
        Arriving([b"half"], 8, broken=True).read()


def test_too_much_is_refused_by_what_is_announced_and_by_what_comes() -> None:
    """The announcement is believed where it says too much, and never where it says less than what comes."""
    announced = Arriving([b"x"], MAX_BODY + 1)
    with pytest.raises(TooLarge):
        announced.read()
    assert announced.asked == 0
    with pytest.raises(TooLarge):
        Arriving([b"x" * MAX_BODY, b"x"], None).read()
    with pytest.raises(TooLarge):
        Arriving([b"x" * MAX_BODY, b"x"], 3).read()
