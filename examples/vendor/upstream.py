"""Troth, as the site knows it: an address on the same machine. Nothing here but HTTP."""

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from examples.vendor.wire import Answer, Asked, Headers

HOP = frozenset(
    {b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade", b"content-length"}
)
_SECONDS = 30


class Upstream:
    """A running Troth.

    Args:
        url: Its address.
    """

    def __init__(self, url: str) -> None:
        # A client would keep one visitor's cookies and send them for the next; a transport keeps nothing.
        self._url, self._transport = url, httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=64))

    async def _ask(self, method: str, path: str, headers: Headers, body: bytes = b"") -> httpx.Response:
        within = dict.fromkeys(("connect", "read", "write", "pool"), _SECONDS)
        request = httpx.Request(
            method, self._url + path, headers=headers, content=body, extensions={"timeout": within}
        )
        answer = await self._transport.handle_async_request(request)
        await answer.aread()
        return answer

    async def pass_on(self, asked: Asked) -> Answer:
        """Hand a visitor's request on and bring back the answer, cookies and all, as a reverse proxy does."""
        headers = [pair for pair in asked.headers if pair[0] not in HOP and pair[0] != b"x-forwarded-for"]
        headers.append((b"x-forwarded-for", asked.client.encode()))
        path = asked.path + (f"?{asked.query.decode('latin-1')}" if asked.query else "")
        answer = await self._ask(asked.method, path, headers, asked.body)
        given = [(key.lower(), value) for key, value in answer.headers.raw]
        kept = [pair for pair in given if pair[0] not in HOP and pair[0] != b"content-encoding"]
        return Answer(answer.status_code, kept, answer.content)

    async def text(self, path: str, cookie: str = "") -> str:
        """A page or fragment of Troth; empty when it has none there, so that the site stands without it."""
        try:
            answer = await self._ask("GET", path, [(b"cookie", cookie.encode("latin-1"))] if cookie else [])
        except httpx.TransportError:
            return ""
        return answer.text if answer.is_success else ""

    async def exit_link(self, target: str, key: str) -> str:
        """The signed way out to another site; empty when there is none, and then the page has no link."""
        path = f"/v1/exit-link?{urlencode({'to': target})}"
        answer = await self._ask("GET", path, [(b"authorization", f"Bearer {key}".encode())])
        if not answer.is_success:
            return ""
        href = urlsplit(answer.json()["href"])
        return f"{href.path}?{href.query}"

    async def send(self, path: str, body: Any, key: str) -> tuple[int, dict[str, Any]]:
        """Send JSON as the holder of an API key; gives status and answer."""
        headers = [(b"authorization", f"Bearer {key}".encode()), (b"content-type", b"application/json")]
        answer = await self._ask("POST", path, headers, json.dumps(body).encode())
        told: dict[str, Any] = answer.json()
        return answer.status_code, told
