"""Signing in and out: by a link to the mailbox, a password or a passkey; nothing tells whether an address is known."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.accounts import PASSKEY, PASSWORD, WrongCredentials, point_of
from troth.gate import SIGN_IN, link_opens
from troth.kernel import NotFound, micros
from troth.rights import matters_of
from troth.web.asgi import query
from troth.web.attempts import count_attempt, count_success
from troth.web.devices import device_name
from troth.web.origins import local_path
from troth.web.sessions import (
    OWN_FORMS,
    begin_session,
    check_token,
    end_session,
    own_form,
    someone,
    to,
)
from troth.web.site import Site, site_of
from troth.web.speaking import language_at, shown, speech_of

AnyRequest = Request[Any, Any, Any]
_HOME = "/account"
_MOST_ID = 1_400
"""Characters of the id of a passkey: at most 1,023 bytes (WebAuthn Level 3, section 4), in base64url."""
_WRONG = "This did not sign you in. Check what you typed, or have a link sent to your mailbox."


@get("/account/sign-up", sync_to_thread=True)
def sign_up(request: AnyRequest) -> Response[bytes]:
    """Leads to the form by which an account is opened."""
    point = point_of(site_of(request).troth.policy(), "account")
    return to(f"/forms/{point.name}")


@get("/account/sign-in")
async def sign_in_page(request: AnyRequest) -> Response[bytes]:
    """The ways to sign in."""
    given = query(request.scope, ("next",))
    return await asyncio.to_thread(_page, request, given.get("next", ""))


@post("/account/sign-in")
async def sign_in(request: AnyRequest) -> Response[bytes]:
    """Sign in by password."""
    site, form = site_of(request), await own_form(request)
    return await asyncio.to_thread(_by_password, site, request, form)


@post("/account/sign-in/link")
async def ask_link(request: AnyRequest) -> Response[bytes]:
    """Have a link sent, if somebody has the address; the answer is the same when nobody has."""
    site, form = site_of(request), await own_form(request)
    await asyncio.to_thread(_ask, site, request, form.get("email", ""))
    return to("/account/sent")


@post("/account/sign-in/passkey")
async def sign_in_by_passkey(request: AnyRequest) -> Response[bytes]:
    """Sign in by passkey; the page's script fills the form in."""
    site, form = site_of(request), await own_form(request)
    return await asyncio.to_thread(_by_passkey, site, request, form)


@get("/account/sent", sync_to_thread=True)
def sent_page(request: AnyRequest) -> Response[bytes]:
    """What is said to everybody who asked for a message."""
    query(request.scope, ())
    return shown(request, "sent.html", place="page.recovery")


@get("/account/link/{token:str}")
async def link_page(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """The page that a link leads to; only its button signs in, because mail scanners open every link."""
    query(request.scope, ())
    return await asyncio.to_thread(_link_page, site_of(request), request, token)


@post("/account/link/{token:str}")
async def use_link(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """Sign in by a link."""
    site = site_of(request)
    await own_form(request)

    def use() -> Response[bytes]:
        key = site.troth.accounts.sign_in_by_link(token, device_name(request.scope))
        return begin_session(site, request, to(_home(site, key)), key)

    return await asyncio.to_thread(use)


@post("/account/sign-out")
async def sign_out(request: AnyRequest) -> Response[bytes]:
    """End this session, or all of them."""
    site, form = site_of(request), await own_form(request)

    def end() -> Response[bytes]:
        who = someone(site, request)
        check_token(who, form)
        site.troth.accounts.sign_out(who.key, who.person, everywhere=form.get("everywhere") == "yes")
        return end_session(site, to("/account/sign-in"))

    return await asyncio.to_thread(end)


def _page(
    request: AnyRequest, following: str, *, email: str = "", wrong: str = "", status: int = HTTPStatus.OK
) -> Response[bytes]:
    speech = speech_of(request)
    answer = shown(
        request,
        "sign-in.html",
        place="page.sign-in",
        options=site_of(request).troth.passkeys.signing_in(),
        following=local_path(following, ""),
        email=email,
        wrong=speech.words(wrong) if wrong else "",
    )
    answer.status_code = status
    answer.headers.update(OWN_FORMS)
    return answer


def _by_password(site: Site, request: AnyRequest, form: dict[str, str]) -> Response[bytes]:
    address, following = form.get("email", "")[:400], form.get("next", "")
    count_attempt(site, request.scope, PASSWORD, address)
    try:
        given, device = form.get("password", ""), device_name(request.scope)
        key = site.troth.accounts.sign_in_by_password(address, given, device)
    except WrongCredentials:
        return _page(request, following, email=address, wrong=_WRONG, status=HTTPStatus.UNAUTHORIZED)
    count_success(site, request.scope, PASSWORD, address)
    return begin_session(site, request, to(local_path(following, _HOME)), key)


def _by_passkey(site: Site, request: AnyRequest, form: dict[str, str]) -> Response[bytes]:
    following = form.get("next", "")
    try:
        credential = msgspec.json.decode(form.get("credential", ""), type=dict[str, Any])
    except msgspec.MsgspecError:
        return _page(request, following, wrong=_WRONG, status=HTTPStatus.UNAUTHORIZED)
    named = str(credential.get("id", ""))[:_MOST_ID]
    count_attempt(site, request.scope, PASSKEY, named)
    try:
        key = site.troth.passkeys.sign_in(credential, device_name(request.scope))
    except WrongCredentials:
        return _page(request, following, wrong=_WRONG, status=HTTPStatus.UNAUTHORIZED)
    count_success(site, request.scope, PASSKEY, named)
    return begin_session(site, request, to(local_path(following, _HOME)), key)


def _home(site: Site, key: str) -> str:
    """Where somebody goes on: to the requests where there are any, else to the account."""
    with site.troth.database.snapshot() as tx:
        asked = matters_of(tx, site.troth.gate.actor(key).person)
    return "/my" if asked else _HOME


def _ask(site: Site, request: AnyRequest, address: str) -> None:
    if site.troth.attempts.may_write(address):
        site.troth.accounts.ask_link(address, language_at(site.troth.policy(), request.scope))


def _link_page(site: Site, request: AnyRequest, token: str) -> Response[bytes]:
    with site.troth.database.snapshot() as tx:
        good = link_opens(tx, token, SIGN_IN, micros(site.troth.clock.now()))
    if not good:
        raise NotFound(
            "This link was used already, or its time is over.",
            clause="I.4",
            mend="Have a new one sent to your mailbox: /account/sign-in.",
        )
    answer = shown(request, "sign-in-link.html", place="page.sign-in")
    answer.headers.update(OWN_FORMS)
    return answer


HANDLERS: list[HTTPRouteHandler] = [
    sign_up,
    sign_in_page,
    sign_in,
    ask_link,
    sign_in_by_passkey,
    sent_page,
    link_page,
    use_link,
    sign_out,
]
