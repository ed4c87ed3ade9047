"""Stopping what one hears of: the one-step link, the preference centre, and asking for a link to it (clause II.14).

Whoever holds a link needs no account, no cookie and no mark: the link itself says what it stops. Looking at it changes nothing,
because mail scanners open every link; a POST does, from a mail program (RFC 8058) or from the button of the page.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import structs

from troth.accounts import point_of, raised
from troth.collection import Collection, InvalidSubmission
from troth.gate import mailbox_hash
from troth.policy import Policy
from troth.preferences import CENTRE, BadToken, Stop, mail_field, told
from troth.web.asgi import FORM, header, query, whole_body
from troth.web.sessions import OWN_FORMS, own_form, to
from troth.web.site import Site, site_of
from troth.web.speaking import language_at, shown
from troth.web.visiting import visitor_of

AnyRequest = Request[Any, Any, Any]
HOME = "/preferences"
ONE_CLICK = "one-click"
_MULTIPART = re.compile(
    rb'name="?List-Unsubscribe"?\s*\r?\n(?:[^\r\n]+\r?\n)*\r?\n\s*One-Click', re.IGNORECASE
)
_MOST_FIELDS = 300
_MOST_MULTIPART = 10_000
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_WRONG = "This is no mail address. Check what you typed."


@get("/stop/{token:str}")
async def stop_page(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """What a link would stop, and the button that does; shows no address."""
    return await _with_link(request, token, lambda site, said: _stop_page(site, request, said))


@post("/stop/{token:str}", status_code=HTTPStatus.OK)
async def stop(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """Stop what a link is about, at once: from a mail program in one click, or from the page."""
    given = await _sent(request)
    return await _with_link(request, token, lambda site, said: _stop(site, request, token, said, given))


@get("/preferences/{token:str}")
async def centre(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """What somebody hears of, per topic and channel."""
    set_now = "set" in dict(parse_qsl(request.scope.get("query_string", b"").decode("latin-1")))
    return await _with_link(
        request, token, lambda site, said: _centre(site, request, token, said, set_now=set_now)
    )


@post("/preferences/{token:str}")
async def set_preferences(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """Set what somebody hears of, or stop everything."""
    given = await _sent(request)
    return await _with_link(request, token, lambda site, said: _set(site, request, token, said, given))


@get(HOME)
async def ask_page(request: AnyRequest) -> Response[bytes]:
    """Where one asks for a link; whoever is signed in gets there at once."""
    given = query(request.scope, ("said",))
    return await asyncio.to_thread(_ask_page, site_of(request), request, given.get("said", ""))


@post(HOME)
async def ask(request: AnyRequest) -> Response[bytes]:
    """Have a link sent to a mailbox, or everything stopped for an address; the answer is the same for every address."""
    site, form = site_of(request), await own_form(request)
    site.opt_ins.count(request.scope)
    return await asyncio.to_thread(_ask, site, request, form)


async def _with_link(
    request: AnyRequest, token: str, answer: Callable[[Site, Stop], Response[bytes]]
) -> Response[bytes]:
    """Answer somebody who holds a link; who holds none of ours is told what else works."""
    site = site_of(request)

    def run() -> Response[bytes]:
        try:
            said = site.troth.stop_tokens.read(token)
        except BadToken as error:
            return _no_link(site, request, error)
        found = answer(site, said)
        found.headers.update(_PRIVATE)
        return found

    return await asyncio.to_thread(run)


async def _sent(request: AnyRequest) -> Mapping[str, str]:
    """What was sent with a POST; mail programs send a form in either of two encodings (RFC 8058, section 3.2)."""
    body = await whole_body(request.scope, request.receive)
    media = header(request.scope, b"content-type").partition(";")[0].strip().lower()
    if media == "multipart/form-data":
        return {"List-Unsubscribe": "One-Click"} if _MULTIPART.search(body[:_MOST_MULTIPART]) else {}
    if media != FORM:
        return {}
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def _stop_page(site: Site, request: AnyRequest, said: Stop) -> Response[bytes]:
    policy = site.troth.policy()
    return shown(request, "stop.html", what=told(policy, said), clause=_clause(policy))


def _stop(
    site: Site, request: AnyRequest, token: str, said: Stop, given: Mapping[str, str]
) -> Response[bytes]:
    by_program = given.get("List-Unsubscribe", "").lower() == ONE_CLICK
    site.troth.preferences.stop(
        said,
        "one-click" if by_program else "page",
        everything=given.get("what") == "everything",
        language=language_at(site.troth.policy(), request.scope),
    )
    if not by_program:
        return to(f"{HOME}/{token}?set=yes")
    answer = shown(request, "stopped.html", what=told(site.troth.policy(), said), token=token)
    answer.status_code = HTTPStatus.OK
    return answer


def _centre(site: Site, request: AnyRequest, token: str, said: Stop, *, set_now: bool) -> Response[bytes]:
    known, wishes = site.troth.preferences.of(said)
    topics = [
        (topic, [one for one in wishes if one.topic is topic])
        for topic in site.troth.policy().topics.values()
    ]
    return shown(
        request,
        "preferences.html",
        token=token,
        topics=topics,
        known=known,
        fresh=said.fresh,
        some=any(one.on for one in wishes),
        set_now=set_now,
        clause=_clause(site.troth.policy()),
    )


def _clause(policy: Policy) -> str:
    """Id of the clause that declares the topics; empty where none does."""
    return next((topic.clause for topic in policy.topics.values()), "")


def _set(
    site: Site, request: AnyRequest, token: str, said: Stop, given: Mapping[str, str]
) -> Response[bytes]:
    preferences = site.troth.preferences
    if given.get("do") == "everything":
        language = language_at(site.troth.policy(), request.scope)
        preferences.stop(said, "centre", everything=True, language=language)
    elif given.get("do") == "save":
        preferences.change(said, {name.removeprefix("on-") for name in given if name.startswith("on-")})
    return to(f"{HOME}/{token}?set=yes")


def _ask_page(
    site: Site, request: AnyRequest, told_now: str = "", wrong: str = "", status: int = HTTPStatus.OK
) -> Response[bytes]:
    who = visitor_of(site, request.scope)
    if who.signed_in:
        with site.troth.database.snapshot() as tx:
            hashed = mailbox_hash(tx, site.troth.policy(), who.person)
        if hashed:
            token = site.troth.stop_tokens.issue(who.person, "", "", "", "", hashed, CENTRE)
            answer = to(f"{HOME}/{token}")
            answer.headers.update(_PRIVATE)
            return answer
    contact = site.troth.policy().front.contact
    answer = shown(
        request, "preferences_ask.html", said=told_now, wrong=wrong, contact=contact, place="page.preferences"
    )
    answer.headers.update(OWN_FORMS)
    answer.status_code = status
    return answer


def _ask(site: Site, request: AnyRequest, form: Mapping[str, str]) -> Response[bytes]:
    troth, address = site.troth, form.get("email", "").strip()
    language, stops = language_at(troth.policy(), request.scope), form.get("do") == "stop"
    field, point = mail_field(troth.policy()), point_of(troth.policy(), "preferences")
    body = {"channel": point.channels[0], "notice": str(point.notice), "values": {field: address}}
    try:
        asked = Collection(troth.policy, troth.web_key()).submission(point.name, body)
    except InvalidSubmission as error:
        return _ask_page(site, request, wrong=_WRONG, status=error.status)
    if stops:
        troth.preferences.stop_address({field: asked.values[field]}, language=language)
    else:
        (outcome,) = troth.perform([structs.replace(asked, language=language)])
        if outcome.problem is not None:
            raise raised(outcome.problem)
    return to(f"{HOME}?said={'stopped' if stops else 'sent'}")


def _no_link(site: Site, request: AnyRequest, error: BadToken) -> Response[bytes]:
    """What helps whoever comes with a link that is none of ours, or too old; a program is told as by any other error."""
    site.submissions.count(request.scope)
    if "text/html" not in header(request.scope, b"accept"):
        raise error
    contact = site.troth.policy().front.contact
    answer = shown(request, "stop_bad.html", contact=contact, wrong="", old="over" in error.what)
    answer.headers.update({**OWN_FORMS, **_PRIVATE})
    answer.status_code = error.status
    return answer


HANDLERS: list[HTTPRouteHandler] = [stop_page, stop, centre, set_preferences, ask_page, ask]
