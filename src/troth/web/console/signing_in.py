"""Signing in at the console by name, password and code; invitations; showing again who one is; signing out."""

import asyncio
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.accounts import MOST_PASSWORD, PASSKEY, SHORTEST_PASSWORD
from troth.kernel import InvalidInput
from troth.staff import Working, WrongSignIn
from troth.web.asgi import query
from troth.web.attempts import count_attempt, count_success
from troth.web.console.desk import (
    CONFIRM,
    SIGN_IN,
    Given,
    Pairs,
    at_work,
    console_page,
    done,
    inside,
    pairs_of,
    sat_down,
    shown,
    stood_up,
)
from troth.web.console.picture import camera_code
from troth.web.devices import device_name
from troth.web.sessions import to
from troth.web.site import Site, site_of

AnyRequest = Request[Any, Any, Any]
DESK = "console"
_MOST = 200
_MOST_ID = 1_400
"""Characters of the id of a passkey, as for people."""
_WRONG = "This did not sign you in. Check name, password and code; each code counts once, for half a minute."


@get("/console/sign-in")
async def sign_in_page(request: AnyRequest) -> Response[bytes]:
    """The ways to sign in."""
    given = query(request.scope, ("next",))
    return await asyncio.to_thread(sign_in_form, site_of(request), given.get("next", ""))


@post("/console/sign-in")
async def sign_in(request: AnyRequest) -> Response[bytes]:
    """Sign in by name, password and code."""
    site, form = site_of(request), dict(await pairs_of(request))
    return await asyncio.to_thread(_sign_in, site, request, form)


@post("/console/sign-in/passkey")
async def sign_in_by_passkey(request: AnyRequest) -> Response[bytes]:
    """Sign in by passkey; the page's script fills the form in."""
    site, form = site_of(request), dict(await pairs_of(request))
    return await asyncio.to_thread(_by_passkey, site, request, form)


@get("/console/invite/{token:str}")
async def invitation_page(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """Where an invitation leads: a password, and a second factor."""
    query(request.scope, ())
    return await asyncio.to_thread(_invitation, site_of(request), token)


@post("/console/invite/{token:str}")
async def accept_invitation(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """Use an invitation; shows the recovery codes, this once."""
    site, form = site_of(request), dict(await pairs_of(request))

    def accept() -> Response[bytes]:
        try:
            codes = site.troth.roster.enrol(token, form.get("password", ""), form.get("code", "")[:_MOST])
        except InvalidInput as error:
            return _invitation(site, token, str(error), HTTPStatus.UNPROCESSABLE_ENTITY)
        return console_page(site, "console_codes.html", None, codes=codes)

    return await asyncio.to_thread(accept)


@get("/console/confirm")
async def confirm_page(request: AnyRequest) -> Response[bytes]:
    """Where who one is must be shown again, before what cannot be undone."""

    def make(site: Site, who: Working, given: Given) -> Response[bytes]:
        return _confirm(site, who, given.get("next", ""))

    return await shown(request, make, ("next",))


@post("/console/confirm")
async def confirm(request: AnyRequest) -> Response[bytes]:
    """Show again who one is."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        form = dict(pairs)
        following = form.get("next", "")
        count_attempt(site, request.scope, DESK, who.member.name)
        try:
            site.troth.staff.confirm(who, form.get("password", ""), form.get("code", "")[:_MOST])
        except WrongSignIn:
            return _confirm(site, who, following, _WRONG, HTTPStatus.UNAUTHORIZED)
        count_success(site, request.scope, DESK, who.member.name)
        return to(inside(following))

    return await done(request, do)


@post("/console/sign-out")
async def sign_out(request: AnyRequest) -> Response[bytes]:
    """End this session."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        del pairs
        site.troth.staff.end(who)
        return stood_up(site, to(SIGN_IN))

    return await done(request, do)


def sign_in_form(
    site: Site, following: str, wrong: str = "", name: str = "", status: int = HTTPStatus.OK
) -> Response[bytes]:
    """The page for signing in."""
    return console_page(
        site,
        "console_sign_in.html",
        None,
        status=status,
        following=inside(following),
        wrong=wrong,
        name=name,
        options=site.troth.staff_passkeys.signing_in(),
        provider=urlsplit(site.troth.settings.staff.company.issuer).hostname or "",
    )


def _sign_in(site: Site, request: AnyRequest, form: Given) -> Response[bytes]:
    name, following = form.get("name", "")[:_MOST], form.get("next", "")
    count_attempt(site, request.scope, DESK, name)
    try:
        key = site.troth.staff.sign_in(
            name, form.get("password", ""), form.get("code", "")[:_MOST], device_name(request.scope)
        )
    except WrongSignIn:
        return sign_in_form(site, following, _WRONG, name, HTTPStatus.UNAUTHORIZED)
    count_success(site, request.scope, DESK, name)
    return sat_down(site, request, to(inside(following)), key)


def _by_passkey(site: Site, request: AnyRequest, form: Given) -> Response[bytes]:
    following = form.get("next", "")
    try:
        credential = msgspec.json.decode(form.get("credential", ""), type=dict[str, Any])
    except msgspec.MsgspecError:
        return sign_in_form(site, following, _WRONG, status=HTTPStatus.UNAUTHORIZED)
    named = str(credential.get("id", ""))[:_MOST_ID]
    count_attempt(site, request.scope, PASSKEY, named)
    try:
        member = site.troth.staff_passkeys.signed(credential)
    except WrongSignIn:
        return sign_in_form(site, following, _WRONG, status=HTTPStatus.UNAUTHORIZED)
    count_success(site, request.scope, PASSKEY, named)
    who = at_work(site, request)
    if who is not None and who.member.staff == member.staff:  # who is here already has shown it again
        site.troth.staff.note_proven(who)
        return to(inside(following))
    key = site.troth.staff.begin(member, device_name(request.scope))
    return sat_down(site, request, to(inside(following)), key)


def _invitation(site: Site, token: str, wrong: str = "", status: int = HTTPStatus.OK) -> Response[bytes]:
    member, seed = site.troth.roster.invited(token)
    codes, company = site.troth.roster.codes, site.troth.policy().front.controller.name
    shared, address = codes.shared(seed), codes.address(seed, member.name, company)
    return console_page(
        site,
        "console_invite.html",
        None,
        status=status,
        member=member,
        address=address,
        picture=camera_code(address),
        shared=" ".join(shared[start : start + 4] for start in range(0, len(shared), 4)),
        shortest=SHORTEST_PASSWORD,
        longest=MOST_PASSWORD,
        wrong=wrong,
    )


def _confirm(
    site: Site, who: Working, following: str, wrong: str = "", status: int = HTTPStatus.OK
) -> Response[bytes]:
    return console_page(
        site,
        "console_confirm.html",
        who,
        status=status,
        following=inside(following),
        wrong=wrong,
        here=CONFIRM,
        options=site.troth.staff_passkeys.signing_in(),
        provider=urlsplit(site.troth.settings.staff.company.issuer).hostname or "",
    )


HANDLERS: list[HTTPRouteHandler] = [
    sign_in_page,
    sign_in,
    sign_in_by_passkey,
    invitation_page,
    accept_invitation,
    confirm_page,
    confirm,
    sign_out,
]
