"""What recipients tell back: signed with their connector's secret, in place of an API key."""

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.adapters import WEBHOOK_HEADERS
from troth.web.asgi import header, query, read_body
from troth.web.connector_shapes import ConnectorAnswer
from troth.web.site import json_response, site_of

AnyRequest = Request[Any, Any, Any]
_ENCODER = msgspec.json.Encoder()


@post("/v1/connectors/{name:str}/ack", status_code=200)
async def acknowledge(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """Take what a recipient says of a message; the signature stands for it, and saying it again changes nothing."""
    query(request.scope, ())
    body = await read_body(request.scope, request.receive)
    headers = {one: header(request.scope, one.encode()) for one in WEBHOOK_HEADERS}
    run = await asyncio.to_thread(site_of(request).troth.connectors.heard, name, headers, body)
    return json_response(_ENCODER.encode(ConnectorAnswer(message=run.message, result=run.result)))


HANDLERS: list[HTTPRouteHandler] = [acknowledge]
