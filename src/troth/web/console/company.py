"""Signing in at the console by the company's own OpenID provider."""

import asyncio
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from troth.accounts import PASSKEY
from troth.adapters import LEEWAY, NotSaid
from troth.kernel import NotFound, TrothError
from troth.staff import Member, WrongSignIn
from troth.web.asgi import query
from troth.web.attempts import count_attempt, count_success
from troth.web.console.desk import Given, at_work, desk_cookie, inside, sat_down, stood_up
from troth.web.console.signing_in import sign_in_form
from troth.web.devices import device_name
from troth.web.sessions import to
from troth.web.site import Site, site_of
from troth.web.visiting import cookie_of

AnyRequest = Request[Any, Any, Any]
_BACK = "/console/sign-in/company/back"
_KEPT = "company."
_AGAIN = "again "
_MOST = 64
_SECOND = 1_000_000
_WRONG = "Your company account did not sign you in here. Ask whoever runs the service whether it may."


@get("/console/sign-in/company")
async def ask_company(request: AnyRequest) -> Response[bytes]:
    """To the company's provider; the browser keeps which question it was."""
    given = query(request.scope, ("next", "again"))
    return await asyncio.to_thread(_ask, site_of(request), request, given)


@get("/console/sign-in/company/back")
async def back_from_company(request: AnyRequest) -> Response[bytes]:
    """Back from the company's provider, with a code for who it is."""
    given = query(
        request.scope, ("state", "code", "iss", "error", "error_description", "error_uri", "session_state")
    )
    return await asyncio.to_thread(_back, site_of(request), request, given)


def _ask(site: Site, request: AnyRequest, given: Given) -> Response[bytes]:
    if site.troth.provider is None:
        raise NotFound("No provider is set.", mend="Sign in with password and code.")
    again = given.get("again") == "yes"
    since = f"{_AGAIN}{int(site.troth.clock.now().timestamp())} " if again else ""
    question = site.troth.company.ask(f"{since}{inside(given.get('next', ''))}")
    address = site.troth.provider.address(
        redirect=_redirect(site),
        state=question.state,
        nonce=question.nonce,
        verifier=question.verifier,
        again=again,
    )
    answer = to(address)
    before = at_work(site, request)
    if (
        before is not None
    ):  # the question takes the place of the session's cookie, so that session would be nobody's
        site.troth.staff.end(before)
    answer.set_cookie(Cookie(desk_cookie(site), value=f"{_KEPT}{question.kept}"))
    return answer


def _back(site: Site, request: AnyRequest, given: Given) -> Response[bytes]:
    kept = cookie_of(request.scope, desk_cookie(site))
    count_attempt(site, request.scope, PASSKEY, kept[:_MOST])
    try:
        member, at, path = _came(site, kept, given)
    except (WrongSignIn, NotSaid):
        return stood_up(site, sign_in_form(site, "", _WRONG, status=HTTPStatus.UNAUTHORIZED))
    except TrothError as error:
        return stood_up(site, sign_in_form(site, "", str(error), status=error.status))
    count_success(site, request.scope, PASSKEY, kept[:_MOST])
    key = site.troth.staff.begin(member, device_name(request.scope), proven_at=at)
    return sat_down(site, request, to(inside(path)), key)


def _came(site: Site, kept: str, given: Given) -> tuple[Member, int, str]:
    """Who came back, when they last signed in there (microseconds), and where they go on to.

    Raises:
        WrongSignIn: Nobody whom we asked about, or nobody of ours.
        NotSaid: What the provider says cannot be believed.
    """
    provider = site.troth.provider
    if provider is None or not kept.startswith(_KEPT) or given.get("error"):
        raise WrongSignIn
    question, following = site.troth.company.answered(kept.removeprefix(_KEPT), given.get("state", ""))
    said = provider.said(
        code=given.get("code", ""),
        issuer=given.get("iss", ""),
        redirect=_redirect(site),
        nonce=question.nonce,
        verifier=question.verifier,
    )
    path = following
    if following.startswith(_AGAIN):
        since, _, path = following.removeprefix(_AGAIN).partition(" ")
        if not _anew(site, said.signed_in_at, int(since)):
            raise WrongSignIn
    return site.troth.company.member(said), said.signed_in_at * _SECOND, path


def _anew(site: Site, at: int, since: int) -> bool:
    """Whether somebody signed in at the provider after we asked for it (seconds since 1970; 0 where it did not say).

    A provider that was asked with `max_age` must say when (OpenID Connect Core 1.0, section 3.1.2.1); one that does not, or
    tells of an earlier time, did not ask them anew. Its clock may differ a little from ours.
    """
    now = int(site.troth.clock.now().timestamp())
    return since - LEEWAY <= at <= now + LEEWAY


def _redirect(site: Site) -> str:
    return f"{site.troth.settings.web.public_url.rstrip('/')}{_BACK}"


HANDLERS: list[HTTPRouteHandler] = [ask_company, back_from_company]
