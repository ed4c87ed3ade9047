"""Calls over HTTP: the call centre pulls them, one at a time, and tells how they went."""

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.kernel import from_micros
from troth.outreach import Call
from troth.web.acts import bearer
from troth.web.api import check_id, check_key
from troth.web.asgi import decoded, query, read_body
from troth.web.call_shapes import CallAnswer, CallsAnswer, OutcomeAnswer, OutcomeBody, PullBody
from troth.web.site import json_response, site_of

_ENCODER = msgspec.json.Encoder()
_PULL = msgspec.json.Decoder(PullBody)
_OUTCOME = msgspec.json.Decoder(OutcomeBody)
AnyRequest = Request[Any, Any, Any]


@post("/v1/calls/next", status_code=200)
async def pull_calls(request: AnyRequest) -> Response[bytes]:
    """The next calls that the call centre is to make, each decided now."""
    query(request.scope, ())
    site, key = site_of(request), bearer(request.scope)
    await asyncio.to_thread(check_key, site, request)
    body: PullBody = decoded(await read_body(request.scope, request.receive), _PULL)
    calls = await asyncio.to_thread(site.troth.calls.pull, key, body.most)
    return json_response(_ENCODER.encode(CallsAnswer(calls=[_told(one) for one in calls])))


@post("/v1/calls/{call:str}/outcome", status_code=200)
async def tell_outcome(request: AnyRequest, call: FromPath[str]) -> Response[bytes]:
    """How a call went."""
    query(request.scope, ())
    site, key = site_of(request), bearer(request.scope)
    await asyncio.to_thread(check_key, site, request)
    check_id(call, "call")
    body: OutcomeBody = decoded(await read_body(request.scope, request.receive), _OUTCOME)
    state = await asyncio.to_thread(site.troth.calls.outcome, key, call, body.outcome)
    return json_response(_ENCODER.encode(OutcomeAnswer(call=call, state=state)))


def _told(one: Call) -> CallAnswer:
    return CallAnswer(
        call=one.id,
        name=one.name,
        number=one.number,
        subject=one.subject,
        script=one.script,
        reason=one.reason,
        language=one.language,
        until=from_micros(one.until).isoformat(timespec="seconds"),
    )


HANDLERS: list[HTTPRouteHandler] = [pull_calls, tell_outcome]
