"""The written authority of an agent: staff have it handed out, add one that came by letter, and say whether it is good.

A document is never shown in a page: it is handed out as a file to be saved, under a kind that no browser opens.
"""

from base64 import b64encode
from typing import Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.collection import DEFAULT_MEDIA, UnfitFile, Upload, kept_file
from troth.gate import Ask, Outcome
from troth.kernel import InvalidInput, NotFound, Refused, micros
from troth.policy import Point, Policy, agent_field
from troth.rights import KINDS, REJECTED, WAITS, MatterRow, Told, end_of_day, take_document
from troth.staff import Working
from troth.storage import Transaction
from troth.web.asgi import MAX_BODY, query
from troth.web.console.desk import Given, Pairs, done, done_with, file_of
from troth.web.console.queue import handled_matters
from troth.web.forms.bodies import form_body
from troth.web.origins import check_origin
from troth.web.portal.pages import RIGHTS
from troth.web.sessions import to
from troth.web.site import Site, site_of

AnyRequest = Request[Any, Any, Any]
ACCEPT, REJECT = "accept-authority", "reject-authority"
ADDED = "add-authority"
_OPEN = frozenset({"identity-pending", "authority-pending"})


@post("/console/matters/{number:str}/authority", status_code=200)
async def fetch(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """Hand the document out: an act under the case, which the person can see."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        del pairs
        found = _mine(site, who, number)
        name = agent_field(site.troth.policy(), "authority")
        row = found.matter
        ask = Ask(
            act="use", purpose=RIGHTS, key=who.key, person=row.person, case=row.case, record=row.record, fields=(name,)
        )  # fmt: skip
        (outcome,) = site.troth.perform([ask])
        value = _done(outcome).values.get(name)
        if not isinstance(value, dict):
            raise NotFound("No written authority is kept here.", field="number", mend="Look at the request.")
        return file_of(value)

    return await done(request, do)


@post("/console/matters/{number:str}/authority/add", request_max_body_size=2 * MAX_BODY)
async def add(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """Add a document that came by letter or mail to the request that it belongs to."""
    site = site_of(request)
    query(request.scope, ())
    check_origin(site.troth.policy(), site.troth.settings.web.public_url, request.scope)
    body = await form_body(request)
    uploads = [value for name, value in body.pairs if name == "document" and isinstance(value, Upload)]
    form = {name: value for name, value in body.pairs if isinstance(value, str)}

    def do(site: Site, who: Working) -> Response[bytes]:
        found = _mine(site, who, number)
        if not _addable(found) or not uploads:
            raise InvalidInput(
                "No document was chosen, or none is waited for.", field="document", mend="Choose a file."
            )
        _add(site, who, found.matter, uploads[0], form.get("via", ""))
        return to(f"/console/matters/{found.matter.number}?done={ADDED}")

    return await done_with(request, form, do)


def decide(site: Site, who: Working, row: MatterRow, form: Given) -> None:
    """Say that a written authority is good, until when and for what, or that it does not do."""
    agents = site.troth.agents
    if form.get("step") == REJECT:
        agents.reject(who.key, row.case, form.get("reason", ""))
        return
    kinds = [kind for kind in KINDS if form.get(f"for.{kind}")] or [row.kind]
    until = end_of_day(form.get("until", ""))
    agents.accept(who.key, row.case, until=until, kinds=kinds, copies=bool(form.get("copies")))


def shown_mandate(found: Told) -> dict[str, Any]:
    """By what authority an agent asks, whether a document waits to be examined, and whether one may be added."""
    one = found.mandate
    waits = _addable(found)
    examined = waits and one is not None and bool(one.document and one.proven_at)
    return {"mandate": one, "may_decide": examined, "may_add": waits}


def _addable(found: Told) -> bool:
    """Whether a written authority may still be added."""
    one = found.mandate
    return one is not None and one.state in (WAITS, REJECTED) and found.matter.state in _OPEN


def _mine(site: Site, who: Working, number: str) -> Told:
    found = site.troth.rights.matter(number)
    if found.matter.matter not in handled_matters(site, who) or found.mandate is None:
        raise NotFound("No agent made such a request.", field="number", mend="See the queue.")
    return found


def _add(site: Site, who: Working, row: MatterRow, upload: Upload, via: str) -> None:
    policy = site.troth.policy()
    name = agent_field(policy, "authority")
    point = _point(policy, name)
    field = policy.fields[name]
    try:
        data = b64encode(upload.data).decode()
        value = kept_file(upload.name, upload.media, data, field.media or DEFAULT_MEDIA, field.max_length)
    except UnfitFile as error:
        raise InvalidInput(f"The document {error.reason}.", field="document", mend=error.mend) from None
    ask = Ask(
        act="collect", purpose=RIGHTS, key=who.key, person=row.person, case=row.case, record=row.record,
        point=point.name, channel=via, notice=point.notice or "", values={name: value},
    )  # fmt: skip

    actor = site.troth.gate.actor(who.key)

    def along(tx: Transaction, outcomes: Any) -> None:
        if outcomes[0].permitted:
            take_document(tx, row.case, actor.role, actor.who, micros(site.troth.clock.now()))

    (outcome,) = site.troth.gate.perform_along([ask], along)
    _done(outcome)


def _point(policy: Policy, name: str) -> Point:
    point = next((one for one in policy.points.values() if name and name in one.fields), None)
    if point is None:
        raise NotFound("The policy takes no written authority.", field="document", mend="Declare a field.")
    return point


def _done(outcome: Outcome) -> Outcome:
    if outcome.problem is not None:
        problem = outcome.problem
        raise Refused(problem.detail, clause=problem.clause, field=problem.field, mend=problem.mend)
    return outcome


HANDLERS: list[HTTPRouteHandler] = [fetch, add]
