"""Visits of somebody who has no name here: the browser shows the cookie that they are counted by, and that is proof enough."""

import asyncio
from itertools import islice
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from troth.events import Visit
from troth.kernel import InvalidInput
from troth.web.asgi import query
from troth.web.portal.pages import shown
from troth.web.sessions import OWN_FORMS, own_form, to
from troth.web.site import site_of
from troth.web.speaking import speech_of
from troth.web.visiting import cookie_of, cookie_that_remembers

AnyRequest = Request[Any, Any, Any]
_MOST = 100
"""Visits that the page shows."""
_MOST_DIGITS = 9


@get("/my/visits")
async def visits_page(request: AnyRequest) -> Response[bytes]:
    """The visits of this browser."""
    given = query(request.scope, ("gone",))
    return await asyncio.to_thread(_page, request, given.get("gone", ""))


@post("/my/visits/erase")
async def erase_visits(request: AnyRequest) -> Response[bytes]:
    """Delete the visits of this browser, everywhere."""
    site = site_of(request)
    await own_form(request)
    site.submissions.count(request.scope)

    def run() -> Response[bytes]:
        gone = site.troth.events.erase_visitor(site.troth.web_key(), _cookie(request))
        return to(f"/my/visits?gone={gone}")

    return await asyncio.to_thread(run)


def _page(request: AnyRequest, gone: str) -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    cookie = _cookie(request)
    visits: list[Visit] = []
    if cookie:
        try:
            visits = list(islice(site.troth.events.copy(site.troth.web_key(), cookie=cookie), _MOST + 1))
        except InvalidInput:  # a value that was never made here belongs to nobody
            cookie = ""
    visits.sort(reverse=True)
    answer = shown(
        site,
        speech,
        "my_visits.html",
        known=bool(cookie),
        visits=visits[:_MOST],
        more=len(visits) > _MOST,
        gone=gone if gone.isascii() and gone.isdigit() and len(gone) <= _MOST_DIGITS else "",
    )
    answer.headers.update(OWN_FORMS)
    return answer


def _cookie(request: AnyRequest) -> str:
    name = cookie_that_remembers(site_of(request).troth.policy(), "visitor")
    return cookie_of(request.scope, name) if name else ""


HANDLERS: list[HTTPRouteHandler] = [visits_page, erase_visits]
