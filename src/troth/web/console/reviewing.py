"""Access reviews: who can do what, who did what, what was never used; and taking access away."""

from datetime import timedelta
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from troth.gate import Ask
from troth.kernel import InvalidInput, Refused
from troth.staff import REVIEW, Working
from troth.web.console.desk import Given, Pairs, console_page, done, shown
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
_ACCESS = "/console/access"
_SPAN = timedelta(days=90)


@get("/console/access")
async def access_page(request: AnyRequest) -> Response[bytes]:
    """The access review of the last 90 days; that somebody looked is an act of its own."""

    def make(site: Site, who: Working, given: Given) -> Response[bytes]:
        _ask(site, who)
        found = site.troth.access_review(_SPAN)
        ended = given.get("ended", "")
        return console_page(
            site, "console_access.html", who, here=_ACCESS, review=found, days=_SPAN.days, ended=ended
        )

    return await shown(request, make, ("ended",))


@post("/console/access/revoke")
async def revoke(request: AnyRequest) -> Response[bytes]:
    """End a key, or shut somebody out, at once."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        form = dict(pairs)
        if form.get("person"):
            if form["person"] == who.member.name:
                raise InvalidInput(
                    "You cannot shut yourself out.", field="person", mend="Let somebody else do it."
                )
            _ask(site, who)
            site.troth.roster.disable(form["person"])
        else:
            _ask(site, who)
            site.troth.revoke_key(form.get("key", ""))
        return to(f"{_ACCESS}?ended=yes")

    return await done(request, do, grave=lambda _: True)


def _ask(site: Site, who: Working) -> None:
    """Have the policy decide whether somebody reviews access, and record that they did.

    Raises:
        Refused: It does not.
    """
    (outcome,) = site.troth.perform([Ask(act="instruct", purpose=REVIEW, key=who.key)])
    if outcome.problem is not None:
        raise Refused(outcome.problem.detail, clause=outcome.problem.clause, mend=outcome.problem.mend)


HANDLERS: list[HTTPRouteHandler] = [access_page, revoke]
