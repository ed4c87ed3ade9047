"""Call lists at the console: those that are open, by numbers. Nobody stands there, and no number is given out."""

from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from troth.kernel import micros
from troth.outreach import SOONEST
from troth.staff import Working
from troth.web.console.desk import CALLS, Given, console_page, shown
from troth.web.console.letters import place_of, where_of
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
PAGE = 50


@get(CALLS)
async def calls_page(request: AnyRequest) -> Response[bytes]:
    """Open call lists, the soonest to end first."""
    return await shown(request, _overview, ("behind",))


def _overview(site: Site, who: Working, given: Given) -> Response[bytes]:
    lists, following = site.troth.overseeing_calls.lists(who.key, place_of(given, SOONEST), PAGE)
    return console_page(
        site,
        "console_calls.html",
        who,
        here=CALLS,
        lists=lists,
        following=f"{CALLS}?behind={following.at}.{following.id}" if following else "",
        later=bool(given.get("behind")),
        now=micros(site.troth.clock.now()),
        where=where_of(site, who),
        centres={one.name: one.title or one.name for one in site.troth.policy().recipients.values()},
    )


HANDLERS: list[HTTPRouteHandler] = [calls_page]
