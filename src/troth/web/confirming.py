"""The link that a held submission's mailbox was sent: a page with one button, and what counts once it was pressed.

Looking at the page uses nothing up, because mail scanners open every link (clause I.9).
"""

import asyncio
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import structs

from troth.accounts import raised
from troth.gate import Waiting, waiting_by_link
from troth.kernel import NotFound, micros
from troth.policy import Point
from troth.web.asgi import query
from troth.web.devices import device_name
from troth.web.origins import check_origin
from troth.web.sessions import OWN_FORMS, begin_session, someone, to
from troth.web.site import Site, site_of
from troth.web.speaking import language_at, shown, speech_of
from troth.web.visiting import visitor_of

AnyRequest = Request[Any, Any, Any]
# Handlers that share an address are asynchronous: the framework would wrap a synchronous one twice.


@get("/confirm/{token:str}")
async def confirmation_page(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """What a link would confirm, and the button that does."""
    query(request.scope, ())
    return await asyncio.to_thread(_page, site_of(request), request, token)


@post("/confirm/{token:str}")
async def confirm(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """Make a held submission count; whoever opens an account is signed in."""
    query(request.scope, ())
    site_of(request).submissions.count(request.scope)
    return await asyncio.to_thread(_confirm, site_of(request), request, token)


def _page(site: Site, request: AnyRequest, token: str) -> Response[bytes]:
    waiting, point = _waiting(site, token)
    if point.part == "address" and not visitor_of(site, request.scope).signed_in:
        return to(f"/account/sign-in?next=/confirm/{token}")
    speech = speech_of(request)
    notice = site.troth.policy().notices.get(waiting.notice)
    told = notice.text if notice is not None else None
    answer = shown(
        request,
        "confirm.html",
        point=point,
        told=told,
        asked=speech.when(micros(waiting.asked)),
        ends=speech.when(micros(waiting.ends)),
    )
    answer.headers.update(OWN_FORMS)
    return answer


def _confirm(site: Site, request: AnyRequest, token: str) -> Response[bytes]:
    troth = site.troth
    check_origin(troth.policy(), troth.settings.web.public_url, request.scope)
    waiting, point = _waiting(site, token)
    # A new address is taken in the person's own name: who only has the mailbox, as after a slip in typing, gets nothing.
    key = someone(site, request).key if point.part == "address" else ""
    confirming = troth.collection.confirming(waiting, token)
    language = language_at(troth.policy(), request.scope)
    (outcome,) = troth.perform([structs.replace(confirming, key=key or confirming.key, language=language)])
    if outcome.problem is not None:
        raise raised(outcome.problem)
    if point.part == "address":
        return to("/account?moved=yes")
    if point.part == "account":
        key = troth.accounts.open_session(person=outcome.person, device=device_name(request.scope))
        return begin_session(site, request, to("/account?new=yes"), key)
    answer = shown(request, "confirmed.html", point=point, entry=outcome.entry, clauses=outcome.clauses)
    answer.status_code = HTTPStatus.OK
    return answer


def _waiting(site: Site, token: str) -> tuple[Waiting, Point]:
    with site.troth.database.snapshot() as tx:
        waiting = waiting_by_link(tx, token, micros(site.troth.clock.now()))
    point = site.troth.policy().points.get(waiting.point)
    if point is None:
        raise NotFound(
            "The form of this link is not used any more.", clause="I.1", mend="Look for the form that is."
        )
    return waiting, point


HANDLERS: list[HTTPRouteHandler] = [confirmation_page, confirm]
