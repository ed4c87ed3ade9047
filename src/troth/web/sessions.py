"""The session of whoever is signed in: its cookie, the mark that guards its forms, and whether it is fresh."""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

from litestar import Request, Response
from litestar.datastructures import Cookie

from troth.gate import session_opened
from troth.kernel import Unauthenticated, micros
from troth.web.asgi import query, read_form
from troth.web.objecting import with_objections
from troth.web.origins import check_origin
from troth.web.problems import ForeignRequest
from troth.web.rendering import HTML
from troth.web.site import Site, site_of
from troth.web.visiting import session_cookie, visitor_of

AnyRequest = Request[Any, Any, Any]
OWN_FORMS = {"Referrer-Policy": "same-origin"}
"""So that browsers name the origin of the forms on a page; other sites still learn nothing."""
FRESH = timedelta(minutes=10)
"""How long ago somebody must have signed in to close the account or change how to sign in."""
TOKEN = "csrf"  # noqa: S105  the name of a form field


class SignedIn(NamedTuple):
    """Somebody who is signed in.

    Args:
        person: Handle.
        key: The session's key.
        fresh: Whether they signed in a moment ago.
    """

    person: str
    key: str
    fresh: bool

    @property
    def token(self) -> str:
        """The mark that forms of this session carry; tells nothing about its key."""
        return hashlib.sha256(b"form\0" + self.key.encode()).hexdigest()


def signed_in(site: Site, request: AnyRequest) -> SignedIn | None:
    """Who is signed in; None when nobody is."""
    who = visitor_of(site, request.scope)
    return known(site, who.person, who.key) if who.signed_in else None


def known(site: Site, person: str, key: str) -> SignedIn:
    """Somebody who was made out by the key of a session."""
    with site.troth.database.snapshot() as tx:
        opened = session_opened(tx, key)
    age = micros(site.troth.clock.now()) - opened
    return SignedIn(person, key, 0 <= age < FRESH // timedelta(microseconds=1))


def someone(site: Site, request: AnyRequest) -> SignedIn:
    """Who is signed in.

    Raises:
        Unauthenticated: Nobody is.
    """
    who = signed_in(site, request)
    if who is None:
        raise Unauthenticated("Nobody is signed in.", mend="Sign in first: /account/sign-in.")
    return who


def fresh(who: SignedIn) -> SignedIn:
    """Somebody who signed in a moment ago.

    Raises:
        Unauthenticated: It was longer ago.
    """
    if not who.fresh:
        raise Unauthenticated(
            "For this you must have signed in within the last ten minutes; nothing was changed.",
            clause="I.4",
            mend="Sign in again: /account/sign-in.",
        )
    return who


async def own_form(request: AnyRequest) -> dict[str, str]:
    """The fields of a form that one of our own pages sent, each given once.

    Raises:
        ForeignRequest: It came from elsewhere.
    """
    site = site_of(request)
    query(request.scope, ())
    policy = await asyncio.to_thread(site.troth.policy)
    check_origin(policy, site.troth.settings.web.public_url, request.scope)
    return dict(await read_form(request.scope, request.receive))


def check_token(who: SignedIn, form: Mapping[str, str]) -> None:
    """Refuse a form that was not made for this session.

    Raises:
        ForeignRequest: Its mark is missing or another.
    """
    if not hmac.compare_digest(form.get(TOKEN, "").encode(), who.token.encode()):
        raise ForeignRequest(
            "This form belongs to another session; nothing was done.", mend="Load the page again."
        )


def to(path: str) -> Response[bytes]:
    """An answer that leads to another page."""
    return Response(b"", status_code=HTTPStatus.SEE_OTHER, media_type=HTML, headers={"Location": path})


def begin_session(site: Site, request: AnyRequest, answer: Response[bytes], key: str) -> Response[bytes]:
    """Give the browser a new session, and end the one that it had: no session outlives a sign-in (no fixation).

    A browser that says no by itself says it for the account too, from this moment on (clause I.17).
    """
    before = visitor_of(site, request.scope)
    if before.signed_in and before.key != key:
        site.troth.accounts.sign_out(before.key, before.person)
    answer.set_cookie(Cookie(session_cookie(site), value=key))
    now = before._replace(person=site.troth.gate.actor(key).person, key=key)
    with_objections(site, site.troth.policy(), now)
    return answer


def end_session(site: Site, answer: Response[bytes]) -> Response[bytes]:
    """Take the session's cookie back."""
    answer.set_cookie(Cookie(session_cookie(site), max_age=0))
    return answer
