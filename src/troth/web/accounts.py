"""The account of whoever is signed in: profile, ways to sign in, closing."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from troth.accounts import MOST_PASSWORD, SHORTEST_PASSWORD, Accounts
from troth.choice import Choice, switches
from troth.kernel import InvalidInput, is_id, micros
from troth.policy import staying
from troth.relay import relay_of
from troth.web.asgi import query
from troth.web.consents import consents_of
from troth.web.objecting import with_objections
from troth.web.pages import page
from troth.web.sessions import (
    OWN_FORMS,
    TOKEN,
    SignedIn,
    check_token,
    end_session,
    fresh,
    own_form,
    signed_in,
    someone,
    to,
)
from troth.web.site import Site, site_of
from troth.web.speaking import language_at, shown, speech_of
from troth.web.visiting import visitor

AnyRequest = Request[Any, Any, Any]
_HOME = "/account"
_TOLD = ("new", "saved", "asked", "moved")
Change = Callable[[Accounts, SignedIn, dict[str, str]], None]


@get("/account", sync_to_thread=True)
def account_page(request: AnyRequest) -> Response[bytes]:
    """The profile of whoever is signed in, and the ways to sign in."""
    site, given = site_of(request), query(request.scope, _TOLD)
    who = signed_in(site, request)
    if who is None:
        return to("/account/sign-in")
    choice = with_objections(site, site.troth.policy(), visitor(request))
    told = {name: given.get(name) == "yes" for name in _TOLD}
    return _account(site, request, who, choice, told)


@post("/account/profile")
async def save_profile(request: AnyRequest) -> Response[bytes]:
    """Keep what somebody wrote into their profile."""

    def save(accounts: Accounts, who: SignedIn, form: dict[str, str]) -> None:
        accounts.save(who.key, who.person, {name: text for name, text in form.items() if name != TOKEN})

    return await _changed(request, save, sensitive=False)


@post("/account/address")
async def change_address(request: AnyRequest) -> Response[bytes]:
    """Ask for another mail address; the answer is the same whoever has it."""
    site = site_of(request)

    def ask(accounts: Accounts, who: SignedIn, form: dict[str, str]) -> None:
        address = form.get("email", "")
        if site.troth.attempts.may_write(address):
            language = language_at(site.troth.policy(), request.scope)
            accounts.change_address(who.key, who.person, address, language)

    return await _changed(request, ask, told="asked")


@post("/account/password")
async def set_password(request: AnyRequest) -> Response[bytes]:
    """Set or change the password."""

    def keep(accounts: Accounts, who: SignedIn, form: dict[str, str]) -> None:
        accounts.set_password(who.key, who.person, form.get("password", ""))

    return await _changed(request, keep)


@post("/account/password/remove")
async def remove_password(request: AnyRequest) -> Response[bytes]:
    """Remove the password."""
    return await _changed(request, lambda accounts, who, _: accounts.remove_password(who.key, who.person))


@post("/account/passkeys")
async def add_passkey(request: AnyRequest) -> Response[bytes]:
    """Keep a passkey that the browser made; the page's script fills the form in."""
    site = site_of(request)

    def add(_: Accounts, who: SignedIn, form: dict[str, str]) -> None:
        try:
            credential = msgspec.json.decode(form.get("credential", ""), type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise InvalidInput(
                "The form holds no passkey; nothing was kept.", field="credential", mend="Try again."
            ) from error
        site.troth.passkeys.add(who.key, who.person, credential, form.get("name", ""))

    return await _changed(request, add)


@post("/account/passkeys/remove")
async def remove_passkey(request: AnyRequest) -> Response[bytes]:
    """Remove a passkey."""

    def remove(accounts: Accounts, who: SignedIn, form: dict[str, str]) -> None:
        accounts.remove_passkey(who.key, who.person, form.get("record", ""))

    return await _changed(request, remove)


@post("/account/sessions/end")
async def end_other(request: AnyRequest) -> Response[bytes]:
    """End one of the sessions that are listed."""

    def end(accounts: Accounts, who: SignedIn, form: dict[str, str]) -> None:
        accounts.end_session(who.key, who.person, form.get("session", ""))

    return await _changed(request, end, sensitive=False)


@get("/account/close")
async def close_page(request: AnyRequest) -> Response[bytes]:
    """What closing the account means, and the button that does it."""
    query(request.scope, ())
    return await asyncio.to_thread(_close_page, site_of(request), request)


@post("/account/close")
async def close(request: AnyRequest) -> Response[bytes]:
    """Close the account: everything about the person is erased."""
    site, form = site_of(request), await own_form(request)

    def end() -> Response[bytes]:
        who = fresh(someone(site, request))
        check_token(who, form)
        language = language_at(site.troth.policy(), request.scope)
        closed = site.troth.accounts.close(who.key, who.person, language)
        told = "yes" if closed.told else "no"
        return end_session(site, to(f"/account/closed?entry={closed.entry}&told={told}"))

    return await asyncio.to_thread(end)


@get("/account/closed", sync_to_thread=True)
def closed_page(request: AnyRequest) -> Response[bytes]:
    """That the account is closed, whether a mail says so too, and the receipt of the erasure."""
    given = query(request.scope, ("entry", "told"))
    entry = given.get("entry", "")
    return shown(
        request,
        "closed.html",
        place="",
        entry=entry if is_id(entry) else "",
        told=given.get("told", ""),
    )


def _account(
    site: Site, request: AnyRequest, who: SignedIn, choice: Choice, told: dict[str, bool]
) -> Response[bytes]:
    accounts, policy = site.troth.accounts, site.troth.policy()
    speech = speech_of(request)
    answer = shown(
        request,
        "account.html",
        opened=lambda at: speech.when(micros(at)),
        place="page.account",
        who=who,
        profile=accounts.profile(who.key, who.person),
        adding=site.troth.passkeys.adding(who.key, who.person) if who.fresh else "",
        shortest=SHORTEST_PASSWORD,
        longest=MOST_PASSWORD,
        consents=consents_of(site, who),
        sessions=accounts.sessions(who.key, who.person),
        choice=choice,
        switches=switches(policy, choice),
        relay=relay_of(policy),
        **told,
    )
    answer.headers.update(OWN_FORMS)
    return answer


def _close_page(site: Site, request: AnyRequest) -> Response[bytes]:
    who = signed_in(site, request)
    if who is None or not who.fresh:
        return to("/account/sign-in?next=/account/close")
    stays = staying(site.troth.policy())
    answer = page(site, "close.html", place="", who=who, stays=stays, t=speech_of(request).words)
    answer.headers.update(OWN_FORMS)
    return answer


async def _changed(
    request: AnyRequest, change: Change, *, sensitive: bool = True, told: str = "saved"
) -> Response[bytes]:
    """Let somebody who is signed in change something; ways to sign in only right after signing in."""
    site, form = site_of(request), await own_form(request)

    def run() -> Response[bytes]:
        who = someone(site, request)
        check_token(who, form)
        change(site.troth.accounts, fresh(who) if sensitive else who, form)
        return to(f"{_HOME}?{told}=yes")

    return await asyncio.to_thread(run)


HANDLERS: list[HTTPRouteHandler] = [
    account_page,
    save_profile,
    change_address,
    set_password,
    remove_password,
    add_passkey,
    remove_passkey,
    end_other,
    close_page,
    close,
    closed_page,
]
