"""The links of messages that count how often they are followed; they are the same for everybody and lead only where the message does."""

import asyncio
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.kernel import Log, NotFound, TrothError
from troth.web.asgi import ONLY_HEAD, header, query
from troth.web.objecting import with_objections
from troth.web.rendering import HTML
from troth.web.site import Site, site_of
from troth.web.visiting import visitor

AnyRequest = Request[Any, Any, Any]
_log = Log("troth.web")
_AWAY = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_MOST_DIGITS = 4


@get("/go/{version:str}/{link:str}")
async def follow(request: AnyRequest, version: FromPath[str], link: FromPath[str]) -> Response[bytes]:
    """On to a link of a kept message; counted only where the visitor's own choice allows it."""
    query(request.scope, ())
    if not (link.isascii() and link.isdigit() and len(link) <= _MOST_DIGITS):
        raise NotFound("No message has this link.", mend="Use the link as it stands in the message.")
    address = await asyncio.to_thread(_follow, site_of(request), request, version, int(link))
    return Response(
        b"", status_code=HTTPStatus.SEE_OTHER, media_type=HTML, headers={**_AWAY, "Location": address}
    )


def _follow(site: Site, request: AnyRequest, version: str, link: int) -> str:
    clicks = site.troth.campaigns.clicks
    address = clicks.target(version, link)
    ahead = header(request.scope, b"sec-purpose") or header(request.scope, b"purpose")
    if ahead or ONLY_HEAD in request.scope:
        return address  # fetched ahead, or only looked at: nobody followed it yet
    try:
        who = visitor(request)
        if who.choice.made:
            clicks.follow(version, link, with_objections(site, site.troth.policy(), who))
    except TrothError as error:  # whoever follows a link gets on, counted or not
        _log.warning("click_not_counted", code=error.code)
    return address


HANDLERS: list[HTTPRouteHandler] = [follow]
