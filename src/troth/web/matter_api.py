"""Requests and disputes over HTTP: the queue, one matter, and a step with it. People see their own, staff what they handle."""

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.kernel import InvalidInput, NotFound, Refused, is_id, micros
from troth.rights import SHAPES, MatterRow, Place, end_of_day, late_count, matters_of, queue
from troth.web.acts import bearer
from troth.web.api import check_key
from troth.web.asgi import decoded, query, read_body
from troth.web.matter_shapes import MattersAnswer, StepBody, matter_answer
from troth.web.site import Site, json_response, site_of

AnyRequest = Request[Any, Any, Any]
_ENCODER = msgspec.json.Encoder()
_STEP = msgspec.json.Decoder(StepBody)
_MOST = 50
_STATES = frozenset(state for shape in SHAPES.values() for state in (*shape.moves, *shape.ends))


@get("/v1/requests", sync_to_thread=True)
def list_matters(request: AnyRequest) -> Response[bytes]:
    """A page of open matters, the most urgent first; to somebody who is signed in, their own."""
    given = query(request.scope, ("state", "handler", "behind"))
    site = site_of(request)
    check_key(site, request)
    key, now = bearer(request.scope), micros(site.troth.clock.now())
    person = site.troth.gate.actor(key).person
    return _answered(_own(site, person, now) if person else _page(site, key, given, now))


@get("/v1/requests/{number:str}", sync_to_thread=True)
def show_matter(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """A matter with its clocks and everything that happened to it."""
    query(request.scope, ())
    site = site_of(request)
    check_key(site, request)
    told = site.troth.rights.matter(number)
    check_may_see(site, bearer(request.scope), told.matter)
    return _answered(matter_answer(told.matter, micros(site.troth.clock.now()), told))


@post("/v1/requests/{number:str}/steps", status_code=200)
async def step_matter(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """Take a step with a matter; the policy decides who may, and the step is an act of its own."""
    site = site_of(request)
    site.failures.check(request.scope, bearer(request.scope))
    query(request.scope, ())
    await asyncio.to_thread(check_key, site, request)
    body: StepBody = decoded(await read_body(request.scope, request.receive), _STEP)
    return await asyncio.to_thread(_step, site_of(request), bearer(request.scope), number, body)


@post("/v1/requests/{number:str}/carry-out", status_code=202, sync_to_thread=True)
def carry_out_matter(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """Have a request carried out in the background; kinds that the policy lets go by themselves need no such call."""
    query(request.scope, ())
    site = site_of(request)
    check_key(site, request)
    key, rights = bearer(request.scope), site.troth.rights
    check_may_see(site, key, rights.row(number))
    row = rights.carry_out(key, number)
    answer = _answered(matter_answer(row, micros(site.troth.clock.now()), rights.matter(row.case)))
    answer.status_code = 202
    return answer


def _own(site: Site, person: str, now: int) -> MattersAnswer:
    with site.troth.database.snapshot() as tx:
        own = matters_of(tx, person)
    late = sum(row.late(now) and not row.ended_at for row in own)
    return MattersAnswer(matters=tuple(matter_answer(row, now) for row in own), late=late)


def _page(site: Site, key: str, given: dict[str, str], now: int) -> MattersAnswer:
    handled = site.troth.rights.handled_by(key)
    if not handled:
        raise Refused("This role handles no requests.", clause="IV.2", mend="Use a key of a role that does.")
    state, handler = given.get("state", ""), given.get("handler", "")
    if state and state not in _STATES:
        raise InvalidInput(
            "There is no such state.", field="state", mend=f"Use one of {', '.join(sorted(_STATES))}."
        )
    if handler and not is_id(handler):
        raise InvalidInput(
            "That is no key's id.", field="handler", mend="Use the id that `troth access list` shows."
        )
    with site.troth.database.snapshot() as tx:
        page = queue(tx, state=state, handler=handler, behind=_place(given), most=_MOST)
        late = late_count(tx, now)
    shown = tuple(matter_answer(row, now) for row in page if row.matter in handled)
    behind = f"{page[-1].due_at}.{page[-1].case}" if len(page) == _MOST else ""
    return MattersAnswer(matters=shown, late=late, next=behind)


def _step(site: Site, key: str, number: str, body: StepBody) -> Response[bytes]:
    rights = site.troth.rights
    check_may_see(site, key, rights.row(number))
    if body.step == "take":
        row = rights.take(key, number)
    elif body.step == "verify":
        row = rights.verify(key, number)
    elif body.step == "review":
        row = rights.review(key, number)
    elif body.step == "plan":
        site.troth.answering.plan(number, key)
        told = rights.matter(number)
        return _answered(matter_answer(told.matter, micros(site.troth.clock.now()), told))
    elif body.step == "extend":
        row = rights.extend(key, number, body.to, body.reason)
    elif body.step == "tell":
        row = rights.tell(key, number, body.to)
    elif body.step == "accept-authority":
        kinds = body.kinds or (rights.row(number).kind,)
        until = end_of_day(body.until)
        row = site.troth.agents.accept(key, number, until=until, kinds=kinds, copies=body.copies)
    elif body.step == "reject-authority":
        row = site.troth.agents.reject(key, number, body.reason)
    elif body.step == "classify":
        row = rights.classify(key, number, body.to, body.uses)
    else:
        row = rights.move(key, number, body.to, body.reason)
    return _answered(matter_answer(row, micros(site.troth.clock.now())))


def check_may_see(site: Site, key: str, row: MatterRow) -> None:
    """Refuse a matter to whom it does not concern, as if there were none.

    Raises:
        NotFound: It is somebody else's, or the role handles no such matters.
    """
    actor = site.troth.gate.actor(key)
    mine = actor.person == row.person if actor.person else row.matter in site.troth.rights.handled_by(key)
    if not mine:
        raise NotFound("No matter has this number.", field="number", mend="See the list of requests.")


def _place(given: dict[str, str]) -> Place | None:
    due, _, case = given.get("behind", "").partition(".")
    if not due:
        return None
    if not due.isascii() or not due.isdigit() or len(due) > 18:  # noqa: PLR2004  a signed 64-bit number
        raise InvalidInput("The place is none.", field="behind", mend="Use what `next` gave.")
    return Place(int(due), case)


def _answered(answer: msgspec.Struct) -> Response[bytes]:
    return json_response(_ENCODER.encode(answer))


HANDLERS: list[HTTPRouteHandler] = [list_matters, show_matter, step_matter, carry_out_matter]
