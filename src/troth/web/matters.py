"""Requests and disputes at the web's edge: what their senders are told, and the link by which a mailbox proves one."""

import asyncio
from typing import Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.flows import told_why
from troth.gate import Outcome
from troth.kernel import NotFound, from_micros, is_id
from troth.rights import MatterRow
from troth.web.asgi import query
from troth.web.before_after import Change, changes
from troth.web.origins import check_origin
from troth.web.pages import page
from troth.web.sessions import OWN_FORMS
from troth.web.site import Site, site_of
from troth.web.speaking import speech_of

AnyRequest = Request[Any, Any, Any]


class OpenedMatter(NamedTuple):
    """What a submission opened: its number, by when it is answered, and why then; empty where it opened nothing."""

    number: str = ""
    due: str = ""
    why: str = ""


class ShownMatter(NamedTuple):
    """A matter with the reason for its due date, and the one that it has become one with."""

    row: MatterRow
    why: str
    joined: MatterRow | None = None


def opened_matter(site: Site, outcome: Outcome) -> OpenedMatter:
    """What the sender of a submission is told of the matter that it opened."""
    shown = matter_of(site, outcome.case)
    if shown is None:
        return OpenedMatter()
    return OpenedMatter(shown.row.number, from_micros(shown.row.due_at).isoformat(), shown.why)


def matter_of(site: Site, case: str) -> ShownMatter | None:
    """The matter of a case, whose id only its sender and the staff know; None where there is none."""
    if not is_id(case):
        return None
    try:
        found = site.troth.rights.matter(case)
    except NotFound:
        return None
    why = next((one.why for one in found.duties if one.rule == found.matter.due_rule), "")
    joined = site.troth.rights.row(found.matter.joined) if found.matter.joined else None
    return ShownMatter(found.matter, why, joined)


@get("/requests/{case:str}/verify/{proof:str}")
async def verification_page(
    request: AnyRequest, case: FromPath[str], proof: FromPath[str]
) -> Response[bytes]:
    """The request of a link, and the button that says it is one's own; looking uses nothing up."""
    query(request.scope, ())
    return await asyncio.to_thread(_page, request, case, "", proof)


@post("/requests/{case:str}/verify/{proof:str}")
async def verify(request: AnyRequest, case: FromPath[str], proof: FromPath[str]) -> Response[bytes]:
    """Note that the mailbox has proven whose request it is."""
    query(request.scope, ())
    return await asyncio.to_thread(_verify, site_of(request), request, case, proof)


def _page(request: AnyRequest, case: str, done: str, proof: str = "") -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    shown = matter_of(site, case)
    if shown is None:
        raise NotFound(
            "No request has this link.", clause="III.0", mend="Use the link as it stands in the mail."
        )
    answer = page(
        site,
        "request_verify.html",
        place="",
        t=speech.words,
        speech=speech,
        shown=shown,
        why=told_why(speech.words, shown.why, speech.when),
        done=done,
        changes=_changes(site, shown.row, proof),
    )
    answer.headers.update(OWN_FORMS)
    return answer


def _changes(site: Site, row: MatterRow, proof: str) -> tuple[Change, ...]:
    """What a request to correct would change, to whoever shows the secret that only the mailbox has."""
    declared = next((c for c in site.troth.policy().cases.values() if c.matter == row.matter), None)
    if not proof or row.verified_at or declared is None or declared.purpose is None:
        return ()
    return changes(site, row, declared.purpose, site.troth.web_key(), proof)


def _verify(site: Site, request: AnyRequest, case: str, proof: str) -> Response[bytes]:
    troth = site.troth
    check_origin(troth.policy(), troth.settings.web.public_url, request.scope)
    if matter_of(site, case) is None:
        raise NotFound(
            "No request has this link.", clause="III.0", mend="Use the link as it stands in the mail."
        )
    troth.rights.verify(troth.web_key(), case, proof)
    answer = _page(request, case, "yes")
    answer.status_code = 200
    return answer


HANDLERS: list[HTTPRouteHandler] = [verification_page, verify]
