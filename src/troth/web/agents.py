"""Requests in somebody's name at the web's edge: the agent's link, and the page on which the person says yes or no.

Looking uses nothing up, because mail scanners open every link. What is answered is the same whether somebody is known or not.
"""

import asyncio
from typing import Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.bootstrap import agent_request, answering_key
from troth.gate import VERIFY, Ask, proven_mailbox
from troth.kernel import NotFound, is_id, micros
from troth.policy import agent_field, use_title
from troth.rights import GIVEN, REJECTED, WAITS, Mandate, MatterRow
from troth.web.asgi import query, read_form
from troth.web.origins import check_origin
from troth.web.portal.pages import RIGHTS, shown
from troth.web.portal.showing import KINDS
from troth.web.sessions import OWN_FORMS
from troth.web.site import Site, site_of
from troth.web.speaking import speech_of

AnyRequest = Request[Any, Any, Any]
_OPEN = frozenset({"identity-pending", "authority-pending"})
_STOPPABLE = _OPEN | {"verified", "planned"}


class Asker(NamedTuple):
    """Who asks in somebody's name, as they say themselves."""

    name: str = ""
    mailbox: str = ""


@get("/agents/{case:str}/{mark:str}")
async def agent_page(request: AnyRequest, case: FromPath[str], mark: FromPath[str]) -> Response[bytes]:
    """Where an agent's link leads: the button that says the mailbox is the agent's own."""
    query(request.scope, ())
    return await asyncio.to_thread(_agent_page, request, case, mark)


@post("/agents/{case:str}/{mark:str}", status_code=200)
async def prove_agent(request: AnyRequest, case: FromPath[str], mark: FromPath[str]) -> Response[bytes]:
    """Note that the mailbox is the agent's, and ask whoever it is about."""
    site = site_of(request)
    query(request.scope, ())
    site.submissions.count(request.scope)

    def run() -> Response[bytes]:
        _check_origin(site, request)
        row, _ = agent_request(site.troth, case, mark)
        site.troth.agents.prove_mailbox(answering_key(site.troth), row.case)
        return _agent_page(request, case, mark)

    return await asyncio.to_thread(run)


@get("/agents/{case:str}/person/{proof:str}")
async def person_page(request: AnyRequest, case: FromPath[str], proof: FromPath[str]) -> Response[bytes]:
    """Who asks in one's name, and for what; yes or no."""
    query(request.scope, ())
    return await asyncio.to_thread(_person_page, request, case, proof)


@post("/agents/{case:str}/person/{proof:str}", status_code=200)
async def answer_agent(request: AnyRequest, case: FromPath[str], proof: FromPath[str]) -> Response[bytes]:
    """Say yes, once, or no: then the request ends, and the agent hears only that it was not confirmed."""
    site = site_of(request)
    query(request.scope, ())
    site.submissions.count(request.scope)
    form = dict(await read_form(request.scope, request.receive))

    def run() -> Response[bytes]:
        _check_origin(site, request)
        row, _ = _asked(site, case, proof)
        if form.get("answer") == "yes":
            site.troth.rights.verify(site.troth.web_key(), row.case, proof)
            return _done(request, row, "yes")
        if form.get("answer") == "no":
            site.troth.agents.withdraw(answering_key(site.troth), row.case)
            return _done(request, row, "no")
        return _person_page(request, case, proof)

    return await asyncio.to_thread(run)


def asker_of(site: Site, one: Mandate, key: str, *, case: str = "", proof: str = "") -> Asker:
    """Who asks, as far as the policy lets whoever looks see it; empty where it does not.

    Args:
        site: The service.
        one: The request in somebody's name.
        key: Of who looks.
        case: Case that the look serves; empty for none.
        proof: Secret from the person's mailbox; empty for none.
    """
    policy = site.troth.policy()
    name, mailbox = agent_field(policy, "name"), agent_field(policy, "mailbox")
    if not name or not mailbox or not one.record:
        return Asker()
    ask = Ask(
        act="use", purpose=RIGHTS, key=key, person="" if proof else one.person, case=case, proof=proof,
        record=one.record, fields=(name, mailbox),
    )  # fmt: skip
    (found,) = site.troth.perform([ask])
    if not found.permitted or found.person != one.person:
        return Asker()
    return Asker(str(found.values.get(name) or ""), str(found.values.get(mailbox) or ""))


def _agent_page(request: AnyRequest, case: str, mark: str) -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    row, one = agent_request(site.troth, case, mark)
    answer = shown(
        site, speech, "agent_prove.html",
        number=row.number, due=speech.when(row.due_at), proven=bool(one.proven_at),
        over=bool(row.ended_at) and not row.verified_at,
    )  # fmt: skip
    answer.headers.update(OWN_FORMS)
    return answer


def _person_page(request: AnyRequest, case: str, proof: str) -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    row, one = _asked(site, case, proof)
    policy = site.troth.policy()
    answer = shown(
        site, speech, "agent_asks.html",
        number=row.number, received=speech.when(row.received_at), due=speech.when(row.due_at),
        what=speech.words(KINDS.get(row.kind, KINDS["other"])),
        uses=[use_title(policy, use) for use in row.uses.split()],
        asker=asker_of(site, one, site.troth.web_key(), case=row.case, proof=proof),
        document=bool(one.document), given=one.state == GIVEN,
        open=row.state in _OPEN and one.state in (WAITS, REJECTED),
        stoppable=row.state in _STOPPABLE, answered="",
    )  # fmt: skip
    answer.headers.update(OWN_FORMS)
    return answer


def _done(request: AnyRequest, row: MatterRow, answered: str) -> Response[bytes]:
    speech = speech_of(request)
    return shown(
        site_of(request),
        speech,
        "agent_asks.html",
        number=row.number,
        answered=answered,
        due=speech.when(row.due_at),
    )


def _asked(site: Site, case: str, proof: str) -> tuple[MatterRow, Mandate]:
    """The request of a person's link, once its agent's mailbox is proven.

    Raises:
        NotFound: The link is none, was used, is of somebody else, or its time is over.
    """
    if is_id(case):
        with site.troth.database.snapshot() as tx:
            person = proven_mailbox(tx, proof, VERIFY, micros(site.troth.clock.now()))
        one = site.troth.agents.mandate(case)
        if person and one is not None and one.person == person and one.proven_at:
            return site.troth.rights.row(case), one
    raise NotFound(
        "This link was used already, or its time is over.",
        clause="III.0",
        mend="See who may ask for you: /my/agents.",
    )


def _check_origin(site: Site, request: AnyRequest) -> None:
    check_origin(site.troth.policy(), site.troth.settings.web.public_url, request.scope)


HANDLERS: list[HTTPRouteHandler] = [agent_page, prove_agent, person_page, answer_agent]
