"""Bulletins over HTTP: written, approved by a second member of staff, started, followed by counts (clause II.16)."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.bulletins import Bulletin
from troth.web.acts import bearer
from troth.web.api import check_id, check_key
from troth.web.asgi import decoded, query, read_body
from troth.web.bulletin_shapes import (
    BulletinBody,
    BulletinChecked,
    BulletinsAnswer,
    BulletinStepBody,
    BulletinTextsBody,
    PromotionFound,
    bulletin_answer,
    bulletin_shown,
    bulletin_status,
    draft_of,
    texts_of,
)
from troth.web.site import Site, json_response, site_of

AnyRequest = Request[Any, Any, Any]
_ENCODER = msgspec.json.Encoder()
_BODY = msgspec.json.Decoder(BulletinBody)
_TEXTS = msgspec.json.Decoder(BulletinTextsBody)
_STEP = msgspec.json.Decoder(BulletinStepBody)


@get("/v1/bulletins")
async def list_bulletins(request: AnyRequest) -> Response[bytes]:
    """Bulletins, the newest first."""
    query(request.scope, ())
    site, key = await _who(request)
    found = await asyncio.to_thread(site.troth.bulletins.newest, key)
    return json_response(
        _ENCODER.encode(BulletinsAnswer(bulletins=tuple(bulletin_answer(one) for one in found)))
    )


@post("/v1/bulletins")
async def write_bulletin(request: AnyRequest) -> Response[bytes]:
    """Write a bulletin, which then waits for a second member of staff."""
    query(request.scope, ())
    site, key = await _who(request)
    body: BulletinBody = decoded(await read_body(request.scope, request.receive), _BODY)
    made = await asyncio.to_thread(site.troth.bulletins.write, key, draft_of(body))
    return json_response(_ENCODER.encode(bulletin_answer(made)), HTTPStatus.CREATED)


@post("/v1/bulletins/check", status_code=200)
async def check_bulletin(request: AnyRequest) -> Response[bytes]:
    """Check a draft: product, versions, reason, texts, and every place that counts as promotion. Nothing is kept."""
    query(request.scope, ())
    site, key = await _who(request)
    body: BulletinBody = decoded(await read_body(request.scope, request.receive), _BODY)

    def check() -> BulletinChecked:
        site.troth.bulletins.check_may(key)
        found = site.troth.bulletins.check(draft_of(body))
        return BulletinChecked(found=tuple(PromotionFound(**one._asdict()) for one in found))

    return json_response(_ENCODER.encode(await asyncio.to_thread(check)))


@get("/v1/bulletins/{bulletin:str}", sync_to_thread=True)
def show_bulletin(request: AnyRequest, bulletin: FromPath[str]) -> Response[bytes]:
    """What a bulletin says, with the digest that an approval names."""
    _, found = _found(request, bulletin)
    return json_response(_ENCODER.encode(bulletin_shown(found)))


@get("/v1/bulletins/{bulletin:str}/status", sync_to_thread=True)
def follow_bulletin(request: AnyRequest, bulletin: FromPath[str]) -> Response[bytes]:
    """How far delivery is, by counts."""
    site, found = _found(request, bulletin)
    return json_response(_ENCODER.encode(bulletin_status(found, site.troth.delivering.progress(found.case))))


@put("/v1/bulletins/{bulletin:str}/texts")
async def revise_bulletin(request: AnyRequest, bulletin: FromPath[str]) -> Response[bytes]:
    """Give a bulletin other texts; an approval that it had is void."""
    query(request.scope, ())
    check_id(bulletin, "bulletin")
    site, key = await _who(request)
    body: BulletinTextsBody = decoded(await read_body(request.scope, request.receive), _TEXTS)
    made = await asyncio.to_thread(site.troth.bulletins.revise, key, bulletin, texts_of(body.texts))
    return json_response(_ENCODER.encode(bulletin_answer(made)))


@post("/v1/bulletins/{bulletin:str}/steps", status_code=200)
async def step_bulletin(request: AnyRequest, bulletin: FromPath[str]) -> Response[bytes]:
    """Approve a bulletin as a second person, start its delivery, or stop it."""
    query(request.scope, ())
    check_id(bulletin, "bulletin")
    site, key = await _who(request)
    body: BulletinStepBody = decoded(await read_body(request.scope, request.receive), _STEP)

    def step() -> Bulletin:
        bulletins = site.troth.bulletins
        if body.step == "approve":
            return bulletins.approve(key, bulletin, body.digest)
        return bulletins.start(key, bulletin) if body.step == "start" else bulletins.stop(key, bulletin)

    return json_response(_ENCODER.encode(bulletin_answer(await asyncio.to_thread(step))))


async def _who(request: AnyRequest) -> tuple[Site, str]:
    """The site and the key of a request, which works."""
    site = site_of(request)
    await asyncio.to_thread(check_key, site, request)
    return site, bearer(request.scope)


def _found(request: AnyRequest, bulletin: str) -> tuple[Site, Bulletin]:
    query(request.scope, ())
    site = site_of(request)
    check_key(site, request)
    check_id(bulletin, "bulletin")
    return site, site.troth.bulletins.show(bearer(request.scope), bulletin)


HANDLERS: list[HTTPRouteHandler] = [
    list_bulletins,
    write_bulletin,
    check_bulletin,
    show_bulletin,
    follow_bulletin,
    revise_bulletin,
    step_bulletin,
]
