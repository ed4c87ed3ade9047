"""Campaigns over HTTP: drafted, counted, started and stopped; told of by counts (clause II.13)."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.campaigns import Campaign, read_rate
from troth.web.acts import bearer
from troth.web.api import check_id, check_key
from troth.web.asgi import decoded, query, read_body
from troth.web.campaign_shapes import (
    CampaignBody,
    CampaignsAnswer,
    CampaignSize,
    CampaignStepBody,
    campaign_answer,
    campaign_status,
)
from troth.web.site import Site, json_response, site_of

AnyRequest = Request[Any, Any, Any]
_ENCODER = msgspec.json.Encoder()
_DRAFT = msgspec.json.Decoder(CampaignBody)
_STEP = msgspec.json.Decoder(CampaignStepBody)


@get("/v1/campaigns")
async def list_campaigns(request: AnyRequest) -> Response[bytes]:
    """The newest campaigns."""
    query(request.scope, ())

    def told(site: Site, key: str) -> CampaignsAnswer:
        site.troth.campaigns.check_may(key)
        return CampaignsAnswer(
            campaigns=tuple(campaign_answer(one) for one in site.troth.campaigns.campaigns())
        )

    return json_response(_ENCODER.encode(await asyncio.to_thread(told, *await _who(request))))


@post("/v1/campaigns")
async def draft_campaign(request: AnyRequest) -> Response[bytes]:
    """Draft a campaign; nothing is sent before its start."""
    query(request.scope, ())
    site, key = await _who(request)
    body: CampaignBody = decoded(await read_body(request.scope, request.receive), _DRAFT)
    made = await asyncio.to_thread(_draft, site, key, body)
    return json_response(_ENCODER.encode(campaign_answer(made)), HTTPStatus.CREATED)


@get("/v1/campaigns/{campaign:str}", sync_to_thread=True)
def show_campaign(request: AnyRequest, campaign: FromPath[str]) -> Response[bytes]:
    """How far a campaign is, by counts."""
    query(request.scope, ())
    site = site_of(request)
    check_key(site, request)
    site.troth.campaigns.check_may(bearer(request.scope))
    check_id(campaign, "campaign")
    return json_response(_ENCODER.encode(campaign_status(site.troth.campaigns.progress(campaign))))


@get("/v1/campaigns/{campaign:str}/count", sync_to_thread=True)
def count_campaign(request: AnyRequest, campaign: FromPath[str]) -> Response[bytes]:
    """Count whom a campaign would go to; nobody is listed."""
    query(request.scope, ())
    site = site_of(request)
    check_key(site, request)
    check_id(campaign, "campaign")
    size = site.troth.campaigns.count(bearer(request.scope), campaign)
    answer = CampaignSize(
        campaign=campaign, count=size.people, left_out=dict(size.left_out), cohort=size.cohort
    )
    return json_response(_ENCODER.encode(answer))


@post("/v1/campaigns/{campaign:str}/steps", status_code=200)
async def step_campaign(request: AnyRequest, campaign: FromPath[str]) -> Response[bytes]:
    """Start, pause, resume or stop a campaign; the very next copy heeds it."""
    query(request.scope, ())
    check_id(campaign, "campaign")
    site, key = await _who(request)
    body: CampaignStepBody = decoded(await read_body(request.scope, request.receive), _STEP)
    done = await asyncio.to_thread(getattr(site.troth.campaigns, body.step), key, campaign)
    return json_response(_ENCODER.encode(campaign_answer(done)))


async def _who(request: AnyRequest) -> tuple[Site, str]:
    """The site and the key of a request, which works."""
    site = site_of(request)
    await asyncio.to_thread(check_key, site, request)
    return site, bearer(request.scope)


def _draft(site: Site, key: str, body: CampaignBody) -> Campaign:
    site.troth.campaigns.check_may(key)
    return site.troth.campaigns.draft(
        key,
        name=body.name,
        message=body.message,
        expression=body.expression,
        of=body.of,
        starts=body.starts,
        ends=body.ends,
        per_hour=read_rate(body.rate),
    )


HANDLERS: list[HTTPRouteHandler] = [
    list_campaigns,
    draft_campaign,
    show_campaign,
    count_campaign,
    step_campaign,
]
