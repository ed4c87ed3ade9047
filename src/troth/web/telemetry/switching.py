"""Switching telemetry on and off over HTTP, tokens, keys, and the schema as a document."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from troth.adapters import public_numbers
from troth.ingress import NotOptedIn, SigningKey, encoded, read_receipt
from troth.ingress import decoded as unpacked
from troth.kernel import NotFound
from troth.policy import schema_document
from troth.web.asgi import decoded, header, query, read_body
from troth.web.site import Site, json_response, site_of

AnyRequest = Request[Any, Any, Any]
SUITE = "RSABSSA-SHA384-PSS-Randomized"
_encode = msgspec.json.Encoder().encode
_EXPONENT_BYTES = 3


class OptIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Switch an installation's telemetry on.

    Args:
        product: Declared product.
        release: Its version.
    """

    product: str
    release: str


class OptOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Switch it off; `token` gives back this week's token."""

    token: str | None = None


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for this week's token: a blinded message (base64), the id of the key it was blinded for, and the version."""

    blinded: str
    key: str
    release: str


_OPT_IN = msgspec.json.Decoder(OptIn)
_OPT_OUT = msgspec.json.Decoder(OptOut)
_TOKEN = msgspec.json.Decoder(TokenRequest)


@post("/telemetry/opt-in")
async def opt_in(request: AnyRequest) -> Response[bytes]:
    """Switch an installation's telemetry on; the receipt is shown this once."""
    site = site_of(request)
    query(request.scope, ())
    site.opt_ins.count(request.scope)
    body = decoded(await read_body(request.scope, request.receive), _OPT_IN)
    found = await asyncio.to_thread(site.troth.telemetry.switching.opt_in, body.product, body.release)
    return json_response(_encode(found._asdict()), HTTPStatus.CREATED)


@post("/telemetry/opt-out")
async def opt_out(request: AnyRequest) -> Response[bytes]:
    """Switch it off at once. The answer is the same whether the receipt was known or not."""
    site = site_of(request)
    query(request.scope, ())
    receipt = read_receipt(site.troth.vault.keys.blind, header(request.scope, b"authorization"))
    body = decoded(await read_body(request.scope, request.receive), _OPT_OUT)
    await asyncio.to_thread(site.troth.telemetry.switching.opt_out, receipt, body.token)
    return Response(b"", status_code=HTTPStatus.NO_CONTENT)


@post("/telemetry/tokens")
async def token(request: AnyRequest) -> Response[bytes]:
    """This week's token, signed blindly (RFC 9474): whoever signs cannot tell later to whom it was given."""
    site = site_of(request)
    query(request.scope, ())
    shown = header(request.scope, b"authorization")
    receipt = read_receipt(site.troth.vault.keys.blind, shown)
    site.failures.check(request.scope, shown)
    body = decoded(await read_body(request.scope, request.receive), _TOKEN)
    arguments = (receipt, body.key, unpacked(body.blinded), body.release)
    try:
        signature = await asyncio.to_thread(site.troth.telemetry.switching.token, *arguments)
    except NotOptedIn:
        site.failures.failed(request.scope, shown)
        raise
    return json_response(_encode({"signature": encoded(signature)}))


@get("/telemetry/keys", sync_to_thread=True)
def keys(request: AnyRequest) -> Response[bytes]:
    """The public signing keys by week, so that installations can compare that all are given the same."""
    site = site_of(request)
    query(request.scope, ())
    _declared(site)
    told = [_told(one) for one in site.troth.telemetry.keys.listed()]
    return json_response(_encode({"suite": SUITE, "keys": told}))


@get("/telemetry/schema.json", sync_to_thread=True)
def schema(request: AnyRequest) -> Response[bytes]:
    """Everything that an installation may report, as the door checks it (clause II.8)."""
    site = site_of(request)
    query(request.scope, ())
    return json_response(_encode(_declared(site)))


def _declared(site: Site) -> dict[str, Any]:
    found = schema_document(site.troth.policy())
    if found is None:
        raise NotFound("The policy declares no telemetry.")
    return found


def _told(key: SigningKey) -> dict[str, str]:
    numbers = public_numbers(key.public)
    size = (numbers.n.bit_length() + 7) // 8
    return {
        "key": key.key_id,
        "week": key.week,
        "state": key.state,
        "n": encoded(numbers.n.to_bytes(size, "big")),
        "e": encoded(numbers.e.to_bytes(_EXPONENT_BYTES, "big")),
        "public": encoded(key.public),
    }


HANDLERS: list[HTTPRouteHandler] = [opt_in, opt_out, token, keys, schema]
