"""Who works at the console: the session's cookie, the mark that guards its forms, and proof before what cannot be undone."""

import asyncio
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.datastructures import Cookie

from troth.kernel import TrothError, micros
from troth.policy import Cookie as DeclaredCookie
from troth.staff import Working
from troth.web.asgi import query, read_form
from troth.web.console.words import Said
from troth.web.origins import check_origin, local_path
from troth.web.problems import ForeignRequest
from troth.web.rendering import HTML
from troth.web.sessions import OWN_FORMS, TOKEN, to
from troth.web.site import Site, site_of
from troth.web.visiting import cookie_of

AnyRequest = Request[Any, Any, Any]
HOME, SIGN_IN, CONFIRM = "/console", "/console/sign-in", "/console/confirm"
CAMPAIGNS, LETTERS, CALLS = "/console/campaigns", "/console/letters", "/console/calls"
HEADERS = {**OWN_FORMS, "X-Robots-Tag": "noindex, nofollow"}
Given = dict[str, str]
Pairs = list[tuple[str, str]]


def desk_cookie(site: Site) -> str:
    """The name in the browser of the cookie that says who works here; empty where the policy declares none."""
    policy, https = site.troth.policy(), site.troth.settings.web.over_https
    found = (one.name_over(https=https) for one in policy.of(DeclaredCookie) if one.remembers == "staff")
    return next(found, "")


def at_work(site: Site, request: AnyRequest) -> Working | None:
    """Who works in the session of a request; None for nobody."""
    key = cookie_of(request.scope, desk_cookie(site))
    return site.troth.staff.working(key) if key.startswith("troth_") else None


def mark_of(who: Working) -> str:
    """The mark that forms of this session carry; tells nothing about its key."""
    return hashlib.sha256(b"console form\0" + who.key.encode()).hexdigest()


def proven(site: Site, who: Working) -> bool:
    """Whether they showed who they are a moment ago."""
    return who.proven(micros(site.troth.clock.now()))


def sat_down(site: Site, request: AnyRequest, answer: Response[bytes], key: str) -> Response[bytes]:
    """Give the browser a new session, and end the one that it had."""
    before = at_work(site, request)
    if before is not None:
        site.troth.staff.end(before)
    answer.set_cookie(Cookie(desk_cookie(site), value=key))
    return answer


def stood_up(site: Site, answer: Response[bytes]) -> Response[bytes]:
    """Take the session's cookie back."""
    answer.set_cookie(Cookie(desk_cookie(site), max_age=0))
    return answer


def console_page(
    site: Site, template: str, who: Working | None, *, status: int = HTTPStatus.OK, **values: Any
) -> Response[bytes]:
    """A page of the console; no search engine keeps it, and browsers name the origin of its forms."""
    policy = site.troth.policy()
    text = site.renderer.text(
        template,
        company=policy.front.controller.name,
        said=Said(policy),
        who=who,
        mark=mark_of(who) if who is not None else "",
        proven=who is not None and proven(site, who),
        menu=menu(site, who) if who is not None else (),
        **values,
    )
    return Response(text.encode(), status_code=status, media_type=HTML, headers=dict(HEADERS))


def menu(site: Site, who: Working) -> tuple[tuple[str, str], ...]:
    """The pages that somebody's role has a use for."""
    found = []
    if site.troth.rights.handled_by(who.key):
        found += [(HOME, "Queue"), ("/console/enter", "Call or letter")]
    if site.troth.desk.kinds(who.key):
        found.append(("/console/cases", "Cases"))
    if site.troth.board.visible(who.key):
        found.append(("/console/reports", "Reports"))
    if site.troth.bulletins.may(who.key):
        found.append(("/console/bulletins", "Bulletins"))
    if site.troth.campaigns.may(who.key):
        found.append((CAMPAIGNS, "Campaigns"))
    if site.troth.overseeing.may(who.key):
        found.append((LETTERS, "Letters sent"))
    if site.troth.overseeing_calls.may(who.key):
        found.append((CALLS, "Call lists"))
    if may_review(site, who):
        found.append(("/console/access", "Access"))
    return (*found, ("/console/me", "You"))


def may_review(site: Site, who: Working) -> bool:
    """Whether somebody's role reviews access, by the policy in force."""
    from troth.policy import Act
    from troth.staff import REVIEW

    actor = site.troth.gate.actor(who.key)
    facts = ("purpose.granted",) if actor.may_serve(REVIEW) else ()
    today = site.troth.clock.now().date().isoformat()
    return (
        site.troth.policy().decide(Act("instruct", actor.role, REVIEW, (), facts=facts, on=today)).permitted
    )


def to_sign_in(request: AnyRequest) -> Response[bytes]:
    """To the page for signing in, and back here afterwards."""
    path = str(request.scope["path"]) if request.scope["method"] == "GET" else HOME
    return to(f"{SIGN_IN}?next={quote(path)}")


async def shown(
    request: AnyRequest,
    make: Callable[[Site, Working, Given], Response[bytes]],
    known: Iterable[str] = (),
) -> Response[bytes]:
    """A page for somebody who works here; to the page for signing in for anybody else."""
    site, given = site_of(request), query(request.scope, known)

    def run() -> Response[bytes]:
        who = at_work(site, request)
        return to_sign_in(request) if who is None else make(site, who, given)

    return await asyncio.to_thread(run)


async def pairs_of(request: AnyRequest) -> Pairs:
    """The fields of a form that one of our own pages sent, in order, repeated ones too.

    Raises:
        ForeignRequest: It came from elsewhere.
    """
    site = site_of(request)
    query(request.scope, ())
    policy = await asyncio.to_thread(site.troth.policy)
    check_origin(policy, site.troth.settings.web.public_url, request.scope)
    return await read_form(request.scope, request.receive)


async def done(
    request: AnyRequest,
    do: Callable[[Site, Working, Pairs], Response[bytes]],
    *,
    grave: Callable[[Given], bool] = lambda _: False,
) -> Response[bytes]:
    """Let somebody who works here do something.

    Args:
        request: The form.
        do: Does it, and answers.
        grave: Tells from the form whether it cannot be undone, so that who they are must have been shown a moment ago.

    Raises:
        ForeignRequest: The form came from elsewhere, or belongs to another session.
    """
    pairs = await pairs_of(request)
    return await done_with(request, dict(pairs), lambda site, who: do(site, who, pairs), grave=grave)


async def done_with(
    request: AnyRequest,
    form: Given,
    do: Callable[[Site, Working], Response[bytes]],
    *,
    grave: Callable[[Given], bool] = lambda _: False,
) -> Response[bytes]:
    """The same for a form whose fields were read already; the caller has checked where it came from."""
    site = site_of(request)

    def run() -> Response[bytes]:
        who = at_work(site, request)
        if who is None:
            return to_sign_in(request)
        if not hmac.compare_digest(form.get(TOKEN, "").encode(), mark_of(who).encode()):
            raise ForeignRequest(
                "This form belongs to another session; nothing was done.", mend="Load the page again."
            )
        if grave(form) and not proven(site, who):
            return to(f"{CONFIRM}?next={quote(came_from(request))}")
        return do(site, who)

    return await asyncio.to_thread(run)


def came_from(request: AnyRequest) -> str:
    """The page of the console that a form stands on, by its own address."""
    path = str(request.scope["path"])
    for tail in (
        "/steps",
        "/written",
        "/authority",
        "/authority/add",
        "/texts",
        "/read",
        "/file",
        "/passkeys",
        "/passkeys/remove",
    ):
        path = path.removesuffix(tail)
    return {"/console/bulk": HOME, "/console/access/revoke": "/console/access"}.get(path, path)


def file_of(value: Mapping[str, Any]) -> Response[bytes]:
    """A file that somebody sent, to be saved: under a kind that no browser opens."""
    name = quote(str(value.get("name", "file")))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "no-store",
    }
    return Response(
        b64decode(str(value.get("data", ""))), media_type="application/octet-stream", headers=headers
    )


def inside(path: str) -> str:
    """A path of the console to go on to; else its first page."""
    safe = local_path(path, HOME)
    return safe if safe == HOME or safe.startswith((f"{HOME}/", f"{HOME}?")) else HOME


def told(error: TrothError) -> str:
    """An error as a line on a page."""
    return str(error)
