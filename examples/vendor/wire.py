"""Requests and answers of the demonstration's two sites, read and written whole (ASGI)."""

import asyncio
import signal
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

MOST = 1_000_000
"""Bytes that a body may have; what is longer is read no further, and refused by whoever looks at it."""
Headers = list[tuple[bytes, bytes]]


class Asked(NamedTuple):
    """A request of a visitor, read to its end."""

    method: str
    path: str
    query: bytes
    headers: Headers
    body: bytes
    client: str

    def header(self, name: bytes) -> str:
        """A header's value; empty when it was not sent."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")

    @property
    def asked_for(self) -> dict[str, str]:
        """What stands in the query."""
        return dict(parse_qsl(self.query.decode("latin-1")))

    @property
    def form(self) -> dict[str, str]:
        """The form that was sent; empty when none was."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"))) if self.method == "POST" else {}


class Answer(NamedTuple):
    """What goes back to the visitor."""

    status: int
    headers: Headers
    body: bytes


async def read(scope: dict[str, Any], receive: Any) -> Asked:
    """The request of a scope, its body up to a little more than the limit."""
    body = b""
    while len(body) <= MOST:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            break
    client = (scope.get("client") or ("127.0.0.1", 0))[0]
    return Asked(scope["method"], scope["path"], scope["query_string"], list(scope["headers"]), body, client)


async def write(send: Any, asked: Asked, answer: Answer) -> None:
    """Send an answer."""
    headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if asked.method == "HEAD" else answer.body})


async def serve(site: Any, port: int) -> None:
    """Serve a site on this machine until it is interrupted."""
    server = Server(
        site, address="127.0.0.1", port=port, interface=Interfaces.ASGI, http=HTTPModes.http1,
        websockets=False, log_enabled=False,
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    await server.serve()
