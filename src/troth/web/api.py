"""The JSON endpoints that need no hot path: deciding, finding, cases, receipts."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.gate import Ask, Outcome
from troth.kernel import InvalidInput, NotFound, Unauthenticated, is_id
from troth.policy import Act, Policy
from troth.web.acts import bearer
from troth.web.asgi import decoded, query, read_body
from troth.web.problems import MEDIA_TYPE, error_headers, outcome_problem
from troth.web.shapes import DECODERS, CaseAnswer, CloseCaseBody, DecideBody, FindBody, Found, OpenCaseBody
from troth.web.site import Site, json_response, site_of

_ENCODER = msgspec.json.Encoder()
AnyRequest = Request[Any, Any, Any]


@post("/v1/decide")
async def decide(request: AnyRequest) -> Response[bytes]:
    """Weigh an act in the abstract; touches nobody and records nothing."""
    await asyncio.to_thread(check_key, site_of(request), request)
    body: DecideBody = await body_of(request, DecideBody)
    return json_response(await asyncio.to_thread(_weighed, site_of(request), body))


@post("/v1/people/find")
async def find_person(request: AnyRequest) -> Response[bytes]:
    """Find somebody by identifier; needs the right to use those identifiers."""
    body: FindBody = await body_of(request, FindBody)
    ask = Ask(
        act="use",
        key=bearer(request.scope),
        purpose=body.purpose,
        identify=body.identify,
        fields=tuple(body.identify),
        case=body.case,
        reason=body.reason,
    )
    outcome = await site_of(request).acting.perform(request.scope, ask)
    return refusal(outcome) or json_response(
        _ENCODER.encode(Found(person=outcome.person, entry=outcome.entry))
    )


@post("/v1/cases")
async def open_case(request: AnyRequest) -> Response[bytes]:
    """Open a case about somebody."""
    body: OpenCaseBody = await body_of(request, OpenCaseBody)
    ask = Ask(
        act="instruct",
        order="open-case",
        case_type=body.type,
        key=bearer(request.scope),
        purpose=body.purpose,
        person=body.person,
        identify=body.identify,
        reason=body.reason,
    )
    outcome = await site_of(request).acting.perform(request.scope, ask)
    return refusal(outcome) or json_response(_case(outcome, "open"), HTTPStatus.CREATED)


@post("/v1/cases/{case_id:str}/close")
async def close_case(request: AnyRequest, case_id: FromPath[str]) -> Response[bytes]:
    """Close a case; nothing is read on its strength any more."""
    check_id(case_id, "case")
    body: CloseCaseBody = await body_of(request, CloseCaseBody)
    ask = Ask(
        act="instruct",
        order="close-case",
        case=case_id,
        key=bearer(request.scope),
        purpose=body.purpose,
        person=body.person,
        reason=body.reason,
    )
    outcome = await site_of(request).acting.perform(request.scope, ask)
    return refusal(outcome) or json_response(_case(outcome, "closed"))


@get("/v1/receipts/{entry:str}", sync_to_thread=True)
def receipt(request: AnyRequest, entry: FromPath[str]) -> Response[bytes]:
    """The proof that an entry stands in the ledger; verifies offline. Whoever knows the entry's id may have it."""
    query(request.scope, ())
    check_id(entry, "entry")
    text = site_of(request).troth.receipt(entry).to_text()
    return Response(text.encode(), media_type="text/plain")


async def body_of(request: AnyRequest, shape: type[Any]) -> Any:
    """The body of a signed-in request in its shape.

    Raises:
        Unauthenticated: The request carries no API key.
        TooManyAttempts: Too many sign-ins failed.
        InvalidInput: The body or the query is malformed.
    """
    site_of(request).failures.check(request.scope, bearer(request.scope))
    query(request.scope, ())
    body = await read_body(request.scope, request.receive)
    return decoded(body, DECODERS[shape])


def check_key(site: Site, request: AnyRequest) -> None:
    """Refuse a request whose key does not work.

    Raises:
        Unauthenticated: It is missing, unknown, revoked or expired.
        TooManyAttempts: Too many sign-ins failed.
    """
    key = bearer(request.scope)
    site.failures.check(request.scope, key)
    try:
        site.troth.gate.actor(key)
    except Unauthenticated:
        site.failures.failed(request.scope, key)
        raise


def _weighed(site: Site, body: DecideBody) -> bytes:
    policy = site.troth.policy()
    act = abstract_act(body, policy, site.troth.clock.now().date().isoformat())
    return _ENCODER.encode(policy.explain(act).to_dict())


def check_id(text: str, field: str) -> None:
    """Refuse what cannot be an id.

    Raises:
        NotFound: It has not the shape of one.
    """
    if not is_id(text):
        raise NotFound(
            f"No {field} has this id.", field=field, mend="Use an id of 32 hexadecimal characters."
        )


def abstract_act(body: DecideBody, policy: Policy, today: str) -> Act:
    """The act that a body describes.

    Raises:
        InvalidInput: It names a fact that the policy does not know.
    """
    for fact in body.facts:
        if fact not in policy.facts:
            mend = "See docs/policy-format.md for the closed list."
            raise InvalidInput(f"{fact[:64]!r} is not a fact.", field="facts", mend=mend)
    return Act(
        kind=body.kind,
        actor=body.actor,
        purpose=body.purpose,
        data=tuple(sorted(set(body.data))),
        recipient=body.recipient,
        channel=body.channel,
        facts=tuple(sorted(set(body.facts))),
        on=body.on or today,
    )


def refusal(outcome: Outcome) -> Response[bytes] | None:
    """The problem of an act that was not done; None when it was."""
    problem = outcome.problem
    if problem is None:
        return None
    return Response(
        outcome_problem(outcome),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=error_headers(problem),
    )


def _case(outcome: Outcome, state: Any) -> bytes:
    return _ENCODER.encode(
        CaseAnswer(case=outcome.case, entry=outcome.entry, state=state, person=outcome.person)
    )


HANDLERS: list[HTTPRouteHandler] = [decide, find_person, open_case, close_case, receipt]
