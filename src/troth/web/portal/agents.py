"""Who may ask in one's name: whoever is signed in sees it, and takes an authority back."""

import asyncio
from typing import Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.kernel import NotFound, is_id, micros
from troth.rights import (
    BY_PERSON,
    DENIED,
    ENDED,
    GIVEN,
    REJECTED,
    STANDING,
    WAITS,
    Mandate,
    MatterRow,
    mandates_of,
)
from troth.web.agents import Asker, asker_of
from troth.web.asgi import query
from troth.web.portal.pages import door, is_fresh, shown
from troth.web.portal.showing import KINDS
from troth.web.sessions import OWN_FORMS, check_token, own_form, signed_in, someone, to
from troth.web.site import Site, site_of
from troth.web.speaking import Speech, speech_of

AnyRequest = Request[Any, Any, Any]
STATES = {
    WAITS: "Nobody has said yes",
    GIVEN: "May ask for you",
    REJECTED: "The written authority was not accepted",
    DENIED: "You said no",
    ENDED: "You took it back",
    "over": "It has run out",
}
_MOST = 50
_OPEN = frozenset({"identity-pending", "authority-pending"})


class ShownAgent(NamedTuple):
    """Somebody who asked, or may ask, in one's name."""

    case: str
    number: str
    asker: Asker
    what: tuple[str, ...]
    asked: str
    state: str
    holds: bool
    until: str
    may_end: bool


@get("/my/agents")
async def agents_page(request: AnyRequest) -> Response[bytes]:
    """Who asked in one's name, by what authority, and until when it holds."""
    query(request.scope, ())
    return await asyncio.to_thread(_page, request)


@post("/my/agents/{case:str}/withdraw")
async def withdraw(request: AnyRequest, case: FromPath[str]) -> Response[bytes]:
    """Take an authority back, or say no: what is not being carried out yet ends."""
    site, form = site_of(request), await own_form(request)

    def run() -> Response[bytes]:
        who = someone(site, request)
        check_token(who, form)
        one = site.troth.agents.mandate(case) if is_id(case) else None
        if one is None or one.person != who.person:
            raise NotFound(
                "Nobody asks in your name by this.", field="case", mend="See the list: /my/agents."
            )
        site.troth.agents.withdraw(who.key, case)
        return to("/my/agents")

    return await asyncio.to_thread(run)


def _page(request: AnyRequest) -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    who = signed_in(site, request)
    if who is None:
        return door(request, "/my/agents")
    with site.troth.database.snapshot() as tx:
        found = [one for one in mandates_of(tx, who.person) if one.proven_at and one.record][:_MOST]
    fresh = is_fresh(site, who)
    names = {one.case: asker_of(site, one, who.key) for one in found} if fresh else {}
    answer = shown(
        site,
        speech,
        "my_agents.html",
        who=who,
        fresh=fresh,
        agents=[_shown(site, speech, one, names.get(one.case, Asker())) for one in found],
    )
    answer.headers.update(OWN_FORMS)
    return answer


def _shown(site: Site, speech: Speech, one: Mandate, asker: Asker) -> ShownAgent:
    row: MatterRow = site.troth.rights.row(one.case)
    over = bool(one.valid_until) and one.valid_until < micros(site.troth.clock.now())
    # one's own yes holds for the one request
    lasts = one.state == GIVEN and not over and (one.basis != BY_PERSON or not row.ended_at)
    kinds = one.kinds.split() or [row.kind]
    return ShownAgent(
        case=one.case,
        number=row.number,
        asker=asker,
        what=tuple(speech.words(KINDS.get(kind, KINDS["other"])) for kind in kinds),
        asked=speech.when(one.asked_at),
        state=speech.words(STATES["over" if over and one.state == GIVEN else one.state]),
        holds=lasts,
        until=speech.when(one.valid_until) if one.valid_until else "",
        may_end=(lasts and one.basis != STANDING) or (one.state in (WAITS, REJECTED) and row.state in _OPEN),
    )


HANDLERS: list[HTTPRouteHandler] = [agents_page, withdraw]
