"""The link by which a mail leads to a copy: signed, for a time, and of no use without a fresh proof of who follows it.

The link names the request and its last instant, under a MAC; it holds no secret that opens anything. Whoever follows it and is
not signed in has a link to sign in sent to the person's own mailbox, wherever the first mail went on to.
"""

import asyncio
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.bootstrap import PROOF, copy_of_link
from troth.gate import stage_mail
from troth.kernel import micros
from troth.web.asgi import query
from troth.web.portal.pages import is_fresh, shown
from troth.web.sessions import OWN_FORMS, own_form, signed_in, to
from troth.web.site import site_of
from troth.web.speaking import speech_of

AnyRequest = Request[Any, Any, Any]


@get("/my/copies/{case:str}/{mark:str}")
async def copy_link(request: AnyRequest, case: FromPath[str], mark: FromPath[str]) -> Response[bytes]:
    """Where the link of the mail leads: to the request for whoever has just signed in, else to the proof."""
    query(request.scope, ())
    return await asyncio.to_thread(_link_page, request, case, mark)


@post("/my/copies/{case:str}/{mark:str}")
async def prove(request: AnyRequest, case: FromPath[str], mark: FromPath[str]) -> Response[bytes]:
    """Have a link to sign in sent to the mailbox of whose copy it is; to nobody else."""
    site = site_of(request)
    await own_form(request)
    site.submissions.count(request.scope)

    def run() -> Response[bytes]:
        row = copy_of_link(site.troth, case, mark)
        if site.troth.attempts.may_write(row.person):
            with site.troth.database.transaction() as tx:
                now, language = micros(site.troth.clock.now()), speech_of(request).words.language
                stage_mail(tx, PROOF, person=row.person, now=now, language=language)
        return to("/account/sent")

    return await asyncio.to_thread(run)


def _link_page(request: AnyRequest, case: str, mark: str) -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    row = copy_of_link(site.troth, case, mark)
    who = signed_in(site, request)
    if who is not None and who.person == row.person and is_fresh(site, who):
        return to(f"/my/requests/{row.number}")
    answer = shown(site, speech, "my_copy.html", number=row.number)
    answer.headers.update(OWN_FORMS)
    return answer


HANDLERS: list[HTTPRouteHandler] = [copy_link, prove]
