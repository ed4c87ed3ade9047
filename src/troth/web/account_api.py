"""Accounts as JSON, for apps and for a company's own pages.

Who asks is the session's key in `Authorization`, never a cookie: a page of another site can make a browser send a cookie, and
cannot make it send this header. So no request here needs a mark against forgery, and nothing here sets a cookie.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.accounts import PASSKEY, PASSWORD, Accounts
from troth.kernel import Unauthenticated
from troth.web.account_api_shapes import (
    AccountAnswer,
    AccountBody,
    AddressBody,
    ClosedAnswer,
    FieldAnswer,
    NewSession,
    PasskeyAnswer,
    PasskeyBody,
    PasswordBody,
    SessionAnswer,
    SessionsAnswer,
    SignInBody,
)
from troth.web.acts import bearer
from troth.web.asgi import JSON, decoded, query, read_body
from troth.web.attempts import count_attempt, count_success
from troth.web.devices import device_name
from troth.web.sessions import SignedIn, fresh, known
from troth.web.site import Site, json_response, site_of
from troth.web.speaking import language_at

AnyRequest = Request[Any, Any, Any]
_ENCODE = msgspec.json.Encoder().encode
_DECODERS: dict[type[Any], Any] = {
    shape: msgspec.json.Decoder(shape)
    for shape in (AddressBody, SignInBody, AccountBody, PasswordBody, PasskeyBody)
}
_MOST_ID = 1_400
Change = Callable[[Accounts, SignedIn], None]


@post("/v1/account/link")
async def send_link(request: AnyRequest) -> Response[bytes]:
    """Have a link to sign in sent; the answer is the same whoever has the address."""
    site, body = site_of(request), await _body(request, AddressBody)
    site.submissions.count(request.scope)

    def ask() -> None:
        if site.troth.attempts.may_write(body.email):
            site.troth.accounts.ask_link(body.email, language_at(site.troth.policy(), request.scope))

    await asyncio.to_thread(ask)
    return _nothing(HTTPStatus.ACCEPTED)


@get("/v1/account/challenge", sync_to_thread=True)
def sign_in_challenge(request: AnyRequest) -> Response[bytes]:
    """What a browser signs with a passkey to sign in."""
    query(request.scope, ())
    return json_response(site_of(request).troth.passkeys.signing_in().encode())


@post("/v1/account/sessions")
async def open_session(request: AnyRequest) -> Response[bytes]:
    """Sign in by the secret of a link, a password or a passkey; gives the session's key."""
    site, body = site_of(request), await _body(request, SignInBody)
    return await asyncio.to_thread(_open, site, request, body)


@get("/v1/account/sessions")
async def list_sessions(request: AnyRequest) -> Response[bytes]:
    """Where one is signed in."""
    query(request.scope, ())
    return await asyncio.to_thread(_listed, site_of(request), request)


@delete("/v1/account/sessions", status_code=HTTPStatus.OK)
async def end_sessions(request: AnyRequest) -> Response[bytes]:
    """Sign out everywhere."""
    return await _change(
        request, lambda accounts, who: accounts.sign_out(who.key, who.person, everywhere=True)
    )


@delete("/v1/account/sessions/{session:str}", status_code=HTTPStatus.OK)
async def end_session(request: AnyRequest, session: FromPath[str]) -> Response[bytes]:
    """End one session."""
    return await _change(request, lambda accounts, who: accounts.end_session(who.key, who.person, session))


@get("/v1/account")
async def read_account(request: AnyRequest) -> Response[bytes]:
    """One's own profile, and the ways to sign in."""
    query(request.scope, ())
    site = site_of(request)
    return await asyncio.to_thread(lambda: _told(site, _own(site, request)))


@patch("/v1/account")
async def change_account(request: AnyRequest) -> Response[bytes]:
    """Change fields of the profile; an empty one is erased, one that is not named stays."""
    site, body = site_of(request), await _body(request, AccountBody)

    def save() -> Response[bytes]:
        who = _own(site, request)
        accounts = site.troth.accounts
        profile = accounts.profile(who.key, who.person)
        there = {one.field.name: one.value for one in profile.fields if one.required}
        accounts.save(who.key, who.person, {**there, **body.values})
        return _told(site, who)

    return await asyncio.to_thread(save)


@post("/v1/account/address")
async def move_account(request: AnyRequest) -> Response[bytes]:
    """Ask for another mail address; the answer is the same whoever has it."""
    body = await _body(request, AddressBody)
    troth = site_of(request).troth

    def ask(accounts: Accounts, who: SignedIn) -> None:
        if troth.attempts.may_write(body.email):
            language = language_at(troth.policy(), request.scope)
            accounts.change_address(who.key, who.person, body.email, language)

    return await _change(request, ask, sensitive=True, status=HTTPStatus.ACCEPTED)


@put("/v1/account/password")
async def put_password(request: AnyRequest) -> Response[bytes]:
    """Set or change the password; other sessions end."""
    body = await _body(request, PasswordBody)

    def keep(accounts: Accounts, who: SignedIn) -> None:
        accounts.set_password(who.key, who.person, body.password)

    return await _change(request, keep, sensitive=True)


@delete("/v1/account/password", status_code=HTTPStatus.OK)
async def delete_password(request: AnyRequest) -> Response[bytes]:
    """Remove the password; other sessions end."""

    def remove(accounts: Accounts, who: SignedIn) -> None:
        accounts.remove_password(who.key, who.person)

    return await _change(request, remove, sensitive=True)


@get("/v1/account/passkeys/challenge", sync_to_thread=True)
def new_passkey_challenge(request: AnyRequest) -> Response[bytes]:
    """What a browser makes a new passkey of."""
    query(request.scope, ())
    site = site_of(request)
    who = fresh(_own(site, request))
    return json_response(site.troth.passkeys.adding(who.key, who.person).encode())


@post("/v1/account/passkeys", status_code=HTTPStatus.OK)
async def post_passkey(request: AnyRequest) -> Response[bytes]:
    """Keep a passkey that a browser made."""
    body = await _body(request, PasskeyBody)
    passkeys = site_of(request).troth.passkeys

    def add(_: Accounts, who: SignedIn) -> None:
        passkeys.add(who.key, who.person, body.credential, body.name)

    return await _change(request, add, sensitive=True)


@delete("/v1/account/passkeys/{record:str}", status_code=HTTPStatus.OK)
async def delete_passkey(request: AnyRequest, record: FromPath[str]) -> Response[bytes]:
    """Remove a passkey; other sessions end."""

    def remove(accounts: Accounts, who: SignedIn) -> None:
        accounts.remove_passkey(who.key, who.person, record)

    return await _change(request, remove, sensitive=True)


@delete("/v1/account", status_code=HTTPStatus.OK)
async def delete_account(request: AnyRequest) -> Response[bytes]:
    """Close the account: everything about the person is erased."""
    query(request.scope, ())
    site = site_of(request)

    def end() -> Response[bytes]:
        who = fresh(_own(site, request))
        language = language_at(site.troth.policy(), request.scope)
        closed = site.troth.accounts.close(who.key, who.person, language)
        return json_response(_ENCODE(ClosedAnswer(entry=closed.entry, told=closed.told)))

    return await asyncio.to_thread(end)


def _listed(site: Site, request: AnyRequest) -> Response[bytes]:
    who = _own(site, request)
    found = tuple(
        SessionAnswer(session=one.session, device=one.device, opened=one.opened, ends=one.ends, own=one.own)
        for one in site.troth.accounts.sessions(who.key, who.person)
    )
    return json_response(_ENCODE(SessionsAnswer(sessions=found)))


def _open(site: Site, request: AnyRequest, body: SignInBody) -> Response[bytes]:
    accounts, scope, device = site.troth.accounts, request.scope, device_name(request.scope)
    if body.way == "link":
        key = accounts.sign_in_by_link(body.token, device)
    elif body.way == "password":
        count_attempt(site, scope, PASSWORD, body.email)
        key = accounts.sign_in_by_password(body.email, body.password, device)
        count_success(site, scope, PASSWORD, body.email)
    else:
        credential = body.credential or {}
        named = str(credential.get("id", ""))[:_MOST_ID]
        count_attempt(site, scope, PASSKEY, named)
        key = site.troth.passkeys.sign_in(credential, device)
        count_success(site, scope, PASSKEY, named)
    person = site.troth.gate.actor(key).person
    return json_response(_ENCODE(NewSession(session=key, person=person)), HTTPStatus.CREATED)


def _told(site: Site, who: SignedIn) -> Response[bytes]:
    profile = site.troth.accounts.profile(who.key, who.person)
    answer = AccountAnswer(
        person=profile.person,
        fields=tuple(
            FieldAnswer(
                name=one.field.name,
                title=one.field.title or one.field.name,
                value=one.value,
                required=one.required,
            )
            for one in profile.fields
        ),
        has_password=profile.has_password,
        passkeys=tuple(
            PasskeyAnswer(record=one.record, name=one.name, added=one.added) for one in profile.passkeys
        ),
        fresh=who.fresh,
    )
    return json_response(_ENCODE(answer))


async def _change(
    request: AnyRequest, change: Change, *, sensitive: bool = False, status: int = HTTPStatus.OK
) -> Response[bytes]:
    """Let the owner of a session change something; ways to sign in only right after signing in."""
    query(request.scope, ())
    site = site_of(request)

    def run() -> Response[bytes]:
        who = _own(site, request)
        change(site.troth.accounts, fresh(who) if sensitive else who)
        return _nothing(status)

    return await asyncio.to_thread(run)


async def _body(request: AnyRequest, shape: type[Any]) -> Any:
    query(request.scope, ())
    return decoded(await read_body(request.scope, request.receive), _DECODERS[shape])


def _own(site: Site, request: AnyRequest) -> SignedIn:
    """Who is signed in by the session's key in the header.

    Raises:
        Unauthenticated: The key is missing, over, or no session's.
    """
    key = bearer(request.scope)
    site.failures.check(request.scope, key)
    try:
        person = site.troth.gate.actor(key).person
    except Unauthenticated:
        site.failures.failed(request.scope, key)
        raise
    if not person:
        raise Unauthenticated(
            "This key is no session.", mend="Sign in with POST /v1/account/sessions, and send its key."
        )
    return known(site, person, key)


def _nothing(status: int) -> Response[bytes]:
    """An answer that tells only that it was done."""
    return Response(b"{}", status_code=status, media_type=JSON)


HANDLERS: list[HTTPRouteHandler] = [
    send_link,
    sign_in_challenge,
    open_session,
    list_sessions,
    end_sessions,
    end_session,
    read_account,
    change_account,
    move_account,
    put_password,
    delete_password,
    new_passkey_challenge,
    post_passkey,
    delete_passkey,
    delete_account,
]
