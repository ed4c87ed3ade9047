"""The forum's pages (clauses II.30 and II.31): anybody reads; whoever is signed in writes, after a warning each time."""

import asyncio
import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.collection import found_in
from troth.forum import Board, Posting, kinds_found, marked, one_form, plain_summary, posting_html
from troth.kernel import Conflict, InvalidInput, TrothError, Unauthenticated
from troth.policy import Policy
from troth.web.asgi import query, read_form
from troth.web.origins import check_origin
from troth.web.pages import page
from troth.web.relaying import may_write
from troth.web.rendering import HTML
from troth.web.shapes import PostingForm
from troth.web.site import Site, site_of
from troth.web.visiting import Visitor, visitor

AnyRequest = Request[Any, Any, Any]
FORUM = "/forum"
SIGN_IN = "/account/sign-in"
_PLACE = "point.{point}"
_OWN = {"Referrer-Policy": "same-origin"}
"""So that browsers name the origin of the forms on these pages; other sites still learn nothing."""
_SAID = {
    "published": "Published. Everybody can read it now.",
    "changed": "Changed. Everybody reads the new text now.",
    "removed": "Removed here, and destroyed with its text and your name on it. What others copied, quoted, archived or "
    "found by a search engine before may survive elsewhere; we cannot reach it. Our own backups can't be opened at it once "
    "their time is over.",
}


class Draft(NamedTuple):
    """What the form of a posting holds, and what is wrong with it."""

    name: str = ""
    text: str = ""
    previewed: bool = False
    error: TrothError | None = None


class _Visit(NamedTuple):
    """One request to the forum."""

    site: Site
    policy: Policy
    board: Board
    who: Visitor


# Handlers that share an address are asynchronous: the framework would wrap a synchronous one twice.
@get(FORUM, sync_to_thread=True)
def forum_page(request: AnyRequest) -> Response[bytes]:
    """The postings, newest first; for anybody, without signing in."""
    visit, given = _visit(request), query(request.scope, ("before", "said"))
    before = given.get("before", "")
    found = visit.board.page(before)
    return _page(
        visit,
        "forum.html",
        postings=[(one, plain_summary(one.text)) for one in found.postings],
        after=found.after,
        first=not before,
        said=_SAID.get(given.get("said", ""), ""),
    )


@get("/forum/new")
async def new_posting(request: AnyRequest) -> Response[bytes]:
    """The form of a posting; without a session, the way to one."""
    return await asyncio.to_thread(_new, request)


@post("/forum/new")
async def submit_posting(request: AnyRequest) -> Response[bytes]:
    """Preview a posting, or publish it when it was previewed as it is and the warning was acknowledged."""
    return await _submitted(request, "")


@get("/forum/{posting:str}", sync_to_thread=True)
def posting_page(request: AnyRequest, posting: FromPath[str]) -> Response[bytes]:
    """One posting; for anybody, without signing in."""
    visit, given = _visit(request), query(request.scope, ("said",))
    found = visit.board.posting(posting)
    return _page(
        visit,
        "posting.html",
        posting=found,
        html=_html(visit, found.text),
        mine=visit.who.person == found.person,
        reachable=may_write(visit.site, visit.who.person, found.person),
        said=_SAID.get(given.get("said", ""), ""),
    )


@get("/forum/{posting:str}/edit")
async def edit_posting(request: AnyRequest, posting: FromPath[str]) -> Response[bytes]:
    """The form of a posting of one's own."""
    return await asyncio.to_thread(_edit, request, posting)


@post("/forum/{posting:str}/edit")
async def submit_edit(request: AnyRequest, posting: FromPath[str]) -> Response[bytes]:
    """Preview the new text of a posting of one's own, or publish it, warned again."""
    return await _submitted(request, posting)


@get("/forum/{posting:str}/delete")
async def ask_removal(request: AnyRequest, posting: FromPath[str]) -> Response[bytes]:
    """Asks before a posting is removed, and says what may survive elsewhere."""
    return await asyncio.to_thread(_asked_removal, request, posting)


@post("/forum/{posting:str}/delete")
async def remove_posting(request: AnyRequest, posting: FromPath[str]) -> Response[bytes]:
    """Remove a posting of one's own."""
    query(request.scope, ())
    if await read_form(request.scope, request.receive):
        raise _no_form()
    return await asyncio.to_thread(_removed, request, posting)


def _new(request: AnyRequest) -> Response[bytes]:
    visit = _visit(request)
    query(request.scope, ())
    if not visit.who.signed_in:
        return _page(visit, "posting_form.html", **_form(visit, Draft(), None))
    name = visit.board.name_used(visit.who.key, visit.who.person)
    return _page(visit, "posting_form.html", **_form(visit, Draft(name=name), None))


def _edit(request: AnyRequest, record: str) -> Response[bytes]:
    visit = _signed_in(request)
    query(request.scope, ())
    found = visit.board.own(record, visit.who.person)
    return _page(visit, "posting_form.html", **_form(visit, Draft(found.author, found.text), found))


def _asked_removal(request: AnyRequest, record: str) -> Response[bytes]:
    visit = _signed_in(request)
    query(request.scope, ())
    found = visit.board.own(record, visit.who.person)
    return _page(visit, "posting_delete.html", posting=found, html=_html(visit, found.text))


def _removed(request: AnyRequest, record: str) -> Response[bytes]:
    visit = _signed_in(request, sent=True)
    visit.board.remove(visit.who.key, visit.board.own(record, visit.who.person))
    return _to(FORUM, "removed")


async def _submitted(request: AnyRequest, record: str) -> Response[bytes]:
    query(request.scope, ())
    visit = await asyncio.to_thread(_signed_in, request, sent=True)
    form = _read(await read_form(request.scope, request.receive))
    return await asyncio.to_thread(_take, visit, form, record)


def _take(visit: _Visit, form: PostingForm, record: str) -> Response[bytes]:
    """Publish what a form holds, or show it again with its preview and what is wrong."""
    found = visit.board.own(record, visit.who.person) if record else None
    name = found.author if found else form.name
    draft = Draft(name, one_form(form.text), previewed=True)
    if form.do == "preview":
        return _page(visit, "posting_form.html", **_form(visit, draft, found))
    try:
        _check_previewed(form, draft)
        made = visit.board.publish(
            visit.who.key,
            visit.who.person,
            author=name,
            text=draft.text,
            acknowledged=form.acknowledged,
            record=record,
        )
    except (InvalidInput, Conflict) as error:
        answer = _page(visit, "posting_form.html", **_form(visit, draft._replace(error=error), found))
        answer.status_code = error.status
        return answer
    return _to(f"{FORUM}/{made}", "changed" if record else "published")


def _check_previewed(form: PostingForm, draft: Draft) -> None:
    """Refuse a text that its author has not seen in the preview.

    Raises:
        InvalidInput: The text is another one.
    """
    if form.previewed != _mark_of(draft.text):
        raise InvalidInput(
            "The text was changed after its preview; nothing was published.",
            field="previewed",
            mend="Look at it once more below, then confirm.",
        )


def _form(visit: _Visit, draft: Draft, posting: Posting | None) -> dict[str, Any]:
    """What the form's template shows: the draft, its preview with what was recognised in it, the warning."""
    forum = visit.board.forum
    findings = found_in(draft.text) if draft.previewed else []
    action = f"{FORUM}/{posting.record}/edit" if posting else f"{FORUM}/new"
    return {
        "draft": draft,
        "posting": posting,
        "action": action,
        "forum": forum,
        "sign_in": f"{SIGN_IN}?{urlencode({'next': action})}",
        "warning": visit.policy.notices[str(forum.point.notice)],
        "html": _html(visit, draft.text) if draft.previewed else "",
        "marks": marked(draft.text, findings),
        "kinds": kinds_found(findings),
        "mark_of": _mark_of(draft.text),
        "at_fault": draft.error.field if draft.error else "",
    }


def _read(pairs: list[tuple[str, str]]) -> PostingForm:
    """The form in its shape.

    Raises:
        InvalidInput: It has a part that is unknown, given twice or too long, or asks for nothing.
    """
    form = dict(pairs)
    try:
        read = msgspec.convert(form, PostingForm)
    except msgspec.ValidationError as error:
        raise _no_form() from error
    if len(form) != len(pairs):
        raise _no_form()
    return read


def _no_form() -> InvalidInput:
    return InvalidInput(
        "The form is not that of a posting; nothing was published.", field="do", mend=f"Use {FORUM}/new."
    )


def _mark_of(text: str) -> str:
    """What a form carries to show which text was previewed."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _visit(request: AnyRequest) -> _Visit:
    site = site_of(request)
    policy = site.troth.policy()
    board = Board(policy, site.troth.perform, site.troth.web_key())
    return _Visit(site, policy, board, visitor(request))


def _signed_in(request: AnyRequest, *, sent: bool = False) -> _Visit:
    """A visit of whoever is signed in; of a form that was sent, from a page of ours.

    Raises:
        Unauthenticated: Nobody is signed in.
        ForeignRequest: A page of another site sent it.
    """
    visit = _visit(request)
    if sent:
        check_origin(visit.policy, visit.site.troth.settings.web.public_url, request.scope)
    if not visit.who.signed_in:
        raise Unauthenticated(
            "Only people who are signed in can post.", clause=visit.board.forum.point.clause, mend="Sign in."
        )
    return visit


def _html(visit: _Visit, text: str) -> str:
    return posting_html(text, _outward(visit))


def _outward(visit: _Visit) -> Callable[[str], str]:
    """Leads links to other sites by way of the exit page."""
    troth = visit.site.troth
    here = urlsplit(troth.settings.web.public_url).hostname or ""
    return lambda html: troth.exits.rewritten(visit.policy, html, here)


def _page(visit: _Visit, template: str, **values: Any) -> Response[bytes]:
    place = _PLACE.format(point=visit.board.forum.point.name) if template == "posting_form.html" else ""
    answer = page(
        visit.site,
        template,
        place=place,
        signed_in=visit.who.signed_in,
        clause=visit.board.forum.point.clause,
        **values,
    )
    answer.headers.update(_OWN)
    answer.status_code = HTTPStatus.OK
    return answer


def _to(path: str, said: str) -> Response[bytes]:
    where = {"Location": f"{path}?said={said}"}
    return Response(b"", status_code=HTTPStatus.SEE_OTHER, media_type=HTML, headers=where)


HANDLERS: list[HTTPRouteHandler] = [
    forum_page,
    new_posting,
    submit_posting,
    posting_page,
    edit_posting,
    submit_edit,
    ask_removal,
    remove_posting,
]
