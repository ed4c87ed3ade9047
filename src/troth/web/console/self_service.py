"""One's own sessions at the console."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from troth.kernel import InvalidInput, from_micros
from troth.staff import Working
from troth.web.console.desk import Given, Pairs, console_page, done, proven, shown
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
_ME = "/console/me"


@get("/console/me")
async def me_page(request: AnyRequest) -> Response[bytes]:
    """Who one is here, in which role, and where one is signed in."""
    return await shown(request, me)


@post("/console/me/passkeys")
async def add_staff_passkey(request: AnyRequest) -> Response[bytes]:
    """Keep a passkey that the browser made; the page's script fills the form in."""
    return await done(request, _add, grave=lambda _: True)


@post("/console/me/passkeys/remove")
async def remove_staff_passkey(request: AnyRequest) -> Response[bytes]:
    """Remove a passkey."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        site.troth.staff_passkeys.remove(who, dict(pairs).get("credential", ""))
        return to(_ME)

    return await done(request, do, grave=lambda _: True)


@post("/console/me/sessions/end")
async def end_seat(request: AnyRequest) -> Response[bytes]:
    """End one of one's own sessions."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        site.troth.staff.end(who, dict(pairs).get("which", ""))
        return to(_ME)

    return await done(request, do)


def _add(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
    form = dict(pairs)
    try:
        credential = msgspec.json.decode(form.get("credential", ""), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise InvalidInput(
            "The form holds no passkey; nothing was kept.", field="credential", mend="Try again."
        ) from error
    site.troth.staff_passkeys.add(who, credential, form.get("name", ""))
    return to(_ME)


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
        passkeys=site.troth.staff_passkeys.of(who),
        adding=site.troth.staff_passkeys.adding(who) if proven(site, who) else "",
        until=from_micros(who.opened_at) + site.troth.staff.limits.longest,
    )


HANDLERS: list[HTTPRouteHandler] = [me_page, add_staff_passkey, remove_staff_passkey, end_seat]
