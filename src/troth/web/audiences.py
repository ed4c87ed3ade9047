"""Audiences over HTTP: built of expressions, counted, never listed."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.web.acts import bearer
from troth.web.api import check_id, check_key
from troth.web.asgi import decoded, query, read_body
from troth.web.audience_shapes import AudienceAnswer, AudienceBody, AudienceCount
from troth.web.site import json_response, site_of

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(AudienceBody)
AnyRequest = Request[Any, Any, Any]


@post("/v1/audiences")
async def create_audience(request: AnyRequest) -> Response[bytes]:
    """Build an audience; one that could ask for children cannot be written."""
    query(request.scope, ())
    site, key = site_of(request), bearer(request.scope)
    await asyncio.to_thread(check_key, site, request)
    body: AudienceBody = decoded(await read_body(request.scope, request.receive), _DECODER)
    kept = await asyncio.to_thread(site.troth.audiences.create, key, body.name, body.expression, body.of)
    answer = AudienceAnswer(
        audience=kept.audience, of=kept.declared, name=kept.name, expression=kept.expression
    )
    return json_response(_ENCODER.encode(answer), HTTPStatus.CREATED)


@get("/v1/audiences/{audience:str}/count", sync_to_thread=True)
def count_audience(request: AnyRequest, audience: FromPath[str]) -> Response[bytes]:
    """How many people are in an audience, and how many were left out by reason."""
    query(request.scope, ())
    site = site_of(request)
    check_key(site, request)
    check_id(audience, "audience")
    size = site.troth.audiences.count(audience, bearer(request.scope))
    answer = AudienceCount(
        audience=size.audience,
        count=size.people,
        left_out=dict(size.left_out),
        cohort=size.cohort,
        run=size.run,
        entry=size.entry,
    )
    return json_response(_ENCODER.encode(answer))


HANDLERS: list[HTTPRouteHandler] = [create_audience, count_audience]
