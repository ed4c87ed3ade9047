"""The endpoints that trackers call, as raw ASGI in front of the framework: they answer when the events are on disk.

Whether an event was kept or the visitor had not allowed it, the answer is the same one that the client expects.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import parse_qsl

import msgspec

from troth.bootstrap import Troth
from troth.choice import read_choice
from troth.events import (
    Request,
    Sender,
    Sent,
    Sites,
    Taken,
    read_matomo,
    read_matomo_bulk,
    read_plausible,
    read_umami,
    read_umami_batch,
)
from troth.kernel import TrothError, new_id
from troth.web.asgi import JSON, Message, Receive, Scope, Send, whole_body
from troth.web.gathering import Gathering
from troth.web.guarding import FailedSignIns, security_headers
from troth.web.measuring import Metrics
from troth.web.tracker import script

GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""The transparent picture of one point that web beacons are (43 bytes)."""
PIXEL = "/p.gif"
SCRIPT = "/t.js"
KEYED = "/s/"
_NOT_KEYED = frozenset({PIXEL, SCRIPT})
_GIF_TYPE, _SCRIPT_TYPE = "image/gif", "text/javascript; charset=utf-8"
_CROSS = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
_FRESH = {"Cache-Control": "no-store"}
_PREFLIGHT = {
    **_FRESH,
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "content-type, x-umami-cache, x-umami-client",
    "Access-Control-Max-Age": "86400",
}
_ACCEPTED = (b"ok", "text/plain; charset=utf-8")
_MOST_STARTS = 64
Tracked = Callable[["Visit"], Awaitable[None]]
"""What answers one method of one address."""
_encode = msgspec.json.Encoder().encode


class Visit(msgspec.Struct, gc=False):
    """One request with its way back."""

    scope: Scope
    receive: Receive
    send: Send
    key: str = ""


class Tracking:
    """Answers trackers.

    Args:
        troth: Where events are kept.
        failures: Counts failed sign-ins of senders with a key.
        metrics: Counts events.
    """

    def __init__(self, troth: Troth, failures: FailedSignIns, metrics: Metrics) -> None:
        headers = dict(security_headers(troth.settings.web.public_url))
        headers.update({name.lower().encode(): value.encode() for name, value in _CROSS.items()})
        self._common = tuple(headers.items())
        self._gathering: Gathering[Request, Taken] = Gathering(troth.events.intake(read_choice))
        self._starts: dict[tuple[int, str, int], Message] = {}
        self._failures, self._metrics = failures, metrics
        self._troth = troth
        self._proxies = frozenset(troth.settings.events.proxies)
        self._secure = "; Secure" if troth.settings.web.public_url.startswith("https://") else ""
        self._routes: Mapping[str, Mapping[str, Tracked]] = {
            "/api/event": {"POST": self._plausible},
            "/api/send": {"POST": self._umami},
            "/api/batch": {"POST": self._umami_batch},
            "/matomo.php": {"GET": self._matomo, "POST": self._matomo_bulk},
            PIXEL: {"GET": self._pixel},
            SCRIPT: {"GET": self._script},
        }

    def methods(self, path: str) -> tuple[Mapping[str, Tracked], str] | None:
        """What a path takes, and the API key in it; None where it is none of a tracker's."""
        found = self._routes.get(path)
        if found is not None:
            return found, ""
        if path.startswith(KEYED):
            key, slash, rest = path[len(KEYED) :].partition("/")
            found = None if slash + rest in _NOT_KEYED else self._routes.get(slash + rest)
            return None if found is None else (found, key)
        return None

    async def preflight(self, visit: Visit) -> None:
        """Answer a browser that asks whether a page of another origin may send."""
        await self._answer(visit, HTTPStatus.NO_CONTENT, b"", "text/plain", _PREFLIGHT)

    async def close(self) -> None:
        """Finish what waits."""
        await self._gathering.close()

    async def _take(self, visit: Visit, request: Request) -> Taken:
        """Have events taken in; gives what became of them once they are on disk.

        Raises:
            TrothError: Nothing of the request could be read, or its sender is not known.
        """
        taken = await self._gathering.take(request)
        if isinstance(taken, TrothError):
            self._metrics.events_refused(request.source, 1)
            if taken.status == HTTPStatus.UNAUTHORIZED:
                self._failures.failed(visit.scope, visit.key)
            raise taken
        self._metrics.events_taken(request.source, taken)
        return taken

    async def _take_one(self, visit: Visit, request: Request) -> Taken:
        """The same for what is one event, whose error is the answer."""
        taken = await self._take(visit, request)
        if taken.errors and not (taken.kept or taken.repeated or taken.denied):
            raise taken.errors[0][1]
        return taken

    async def _answer(
        self, visit: Visit, status: int, body: bytes, media: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer with the headers of every response; without the wrappers of other endpoints, which cost too much here."""
        self._metrics.responded(status)
        await visit.send(self._start(status, len(body), media, headers))
        whole = b"" if visit.scope["method"] == "HEAD" else body
        await visit.send({"type": "http.response.body", "body": whole})

    def _start(self, status: int, size: int, media: str, headers: Mapping[str, str] | None) -> Message:
        """The head of an answer; made once where it says nothing of its own."""
        found = self._starts.get((status, media, size)) if headers is None else None
        if found is None:
            pairs = [
                (b"content-type", media.encode()),
                (b"content-length", str(size).encode()),
                *self._common,
            ]
            for name, value in (headers or _FRESH).items():
                pairs.append((name.lower().encode(), value.encode("latin-1")))
            found = {"type": "http.response.start", "status": status, "headers": pairs}
            if headers is None and len(self._starts) < _MOST_STARTS:
                self._starts[status, media, size] = found
        return found

    def _headers(self, taken: Taken) -> Mapping[str, str] | None:
        return {**_FRESH, "Set-Cookie": taken.cookie + self._secure} if taken.cookie else None

    async def _plausible(self, visit: Visit) -> None:
        body = await whole_body(visit.scope, visit.receive)
        taken = await self._take_one(visit, Request(self._sender(visit), body, read_plausible, "plausible"))
        await self._answer(visit, HTTPStatus.ACCEPTED, *_ACCEPTED, self._headers(taken))

    async def _umami(self, visit: Visit) -> None:
        body = await whole_body(visit.scope, visit.receive)
        request = Request(self._sender(visit), body, read_umami, "umami")
        taken = await self._take_one(visit, request)
        # Ids are made up for each answer: the client wants some, and none of them may tell visitors apart.
        answer = {"cache": "", "sessionId": new_id(), "visitId": new_id()}
        await self._answer(visit, HTTPStatus.OK, _encode(answer), JSON, self._headers(taken))

    async def _umami_batch(self, visit: Visit) -> None:
        body = await whole_body(visit.scope, visit.receive)
        request = Request(self._sender(visit), body, read_umami_batch, "umami")
        taken = await self._take(visit, request)
        errors = [{"index": place, "response": error.what} for place, error in taken.errors]
        fine = taken.kept + taken.repeated + taken.denied
        answer = {"size": fine + len(errors), "processed": fine, "errors": len(errors), "details": errors}
        answer["cache"] = ""
        await self._answer(visit, HTTPStatus.OK, _encode(answer), JSON, self._headers(taken))

    async def _matomo(self, visit: Visit) -> None:
        query = bytes(visit.scope.get("query_string", b""))
        request = Request(self._sender(visit), query, read_matomo, "matomo")
        taken = await self._take_one(visit, request)
        if b"send_image=0" in query:
            await self._answer(visit, HTTPStatus.NO_CONTENT, b"", _GIF_TYPE, self._headers(taken))
        else:
            await self._answer(visit, HTTPStatus.OK, GIF, _GIF_TYPE, self._headers(taken))

    async def _matomo_bulk(self, visit: Visit) -> None:
        body = await whole_body(visit.scope, visit.receive)
        query = bytes(visit.scope.get("query_string", b""))
        if query and not body.lstrip().startswith(b"{"):
            await self._matomo(visit)
            return
        if not body.lstrip().startswith(b"{"):  # a browser's beacon: the query as the body
            request = Request(self._sender(visit), body.removeprefix(b"?"), read_matomo, "matomo")
            taken = await self._take_one(visit, request)
            await self._answer(visit, HTTPStatus.NO_CONTENT, b"", _GIF_TYPE, self._headers(taken))
            return
        request = Request(self._sender(visit), body, read_matomo_bulk, "matomo")
        taken = await self._take(visit, request)
        fine = taken.kept + taken.repeated + taken.denied
        answer = {"status": "success", "tracked": fine, "invalid": len(taken.errors)}
        await self._answer(visit, HTTPStatus.OK, _encode(answer), JSON, self._headers(taken))

    async def _pixel(self, visit: Visit) -> None:
        """The picture, whatever becomes of its event: a page must not break on it."""
        headers: Mapping[str, str] | None = None
        request = Request(self._sender(visit), _pixel_event(visit.scope), _read_pixel, "pixel", PIXEL)
        try:
            headers = self._headers(await self._take(visit, request))
        except TrothError as error:
            if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
        await self._answer(visit, HTTPStatus.OK, GIF, _GIF_TYPE, headers)

    async def _script(self, visit: Visit) -> None:
        body, tag = script(self._troth.policy())
        headers = {"ETag": tag, "Cache-Control": "public, max-age=3600"}
        given = dict(visit.scope["headers"]).get(b"if-none-match", b"")
        if tag.encode() in given:
            await self._answer(visit, HTTPStatus.NOT_MODIFIED, b"", _SCRIPT_TYPE, headers)
        else:
            await self._answer(visit, HTTPStatus.OK, body, _SCRIPT_TYPE, headers)

    def _sender(self, visit: Visit) -> Sender:
        """Who sent a request, in one walk over its headers."""
        if visit.key:
            self._failures.check(visit.scope, visit.key)
        agent = forwarded = ""
        chosen = []
        for name, value in visit.scope["headers"]:
            if name == b"user-agent":
                agent = value.decode("latin-1")
            elif name in {b"cookie", b"sec-gpc", b"dnt"}:
                chosen.append((name, value))
            elif name == b"x-forwarded-for":
                forwarded = value.decode("latin-1")
        client = visit.scope.get("client")
        address = str(client[0]) if client else ""
        if visit.key:  # a server's own address says nothing of the visitor
            address = forwarded.partition(",")[0].strip()
        elif forwarded and address in self._proxies:
            address = forwarded.rpartition(",")[2].strip()
        return Sender(address, agent, tuple(chosen), visit.key)


def _pixel_event(scope: Scope) -> bytes:
    """The page view that a picture tells of: `d` the site, `u` the page (else the referrer), `r` the page before."""
    query = bytes(scope.get("query_string", b"")).decode("latin-1")
    try:
        given = dict(parse_qsl(query, max_num_fields=20))
    except ValueError:
        return b""
    url = given.get("u", "")
    for name, value in scope["headers"]:
        if name == b"referer" and not url:
            url = value.decode("latin-1")
    event = {"n": given.get("n", "pageview"), "u": url, "d": given.get("d", ""), "r": given.get("r", "")}
    return _encode(event)


def _read_pixel(body: bytes, sites: Sites) -> Sequence[Sent | TrothError]:
    return read_plausible(body, sites) if body and PIXEL in sites.pixels else []
