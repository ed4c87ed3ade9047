"""One's own sessions at the console."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from troth.kernel import from_micros
from troth.staff import Working
from troth.web.console.desk import Given, Pairs, console_page, done, shown
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
_ME = "/console/me"


@get("/console/me")
async def me_page(request: AnyRequest) -> Response[bytes]:
    """Who one is here, in which role, and where one is signed in."""
    return await shown(request, me)


@post("/console/me/sessions/end")
async def end_seat(request: AnyRequest) -> Response[bytes]:
    """End one of one's own sessions."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        site.troth.staff.end(who, dict(pairs).get("which", ""))
        return to(_ME)

    return await done(request, do)


def me(site: Site, who: Working, given: Given) -> Response[bytes]:
    """The page about oneself."""
    del given
    actor = site.troth.gate.actor(who.key)
    role = site.troth.policy().roles.get(who.member.role)
    return console_page(
        site,
        "console_me.html",
        who,
        here=_ME,
        role=(role.title if role else "") or who.member.role,
        purposes=actor.purposes,
        cases=actor.cases,
        sessions=site.troth.staff.sessions(who),
        until=from_micros(who.opened_at) + site.troth.staff.limits.longest,
    )


HANDLERS: list[HTTPRouteHandler] = [me_page, end_seat]
