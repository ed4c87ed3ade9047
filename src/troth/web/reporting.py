"""Reports over HTTP: what is declared, a run on demand, the figures of runs, and product changes that rest on them."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.kernel import from_micros
from troth.policy import Product, Report
from troth.web.acts import bearer
from troth.web.api import check_key
from troth.web.asgi import decoded, query, read_body
from troth.web.pages import page
from troth.web.report_shapes import (
    ChangeBody,
    ChangesAnswer,
    ReportsAnswer,
    RunsAnswer,
    change_answer,
    report_answer,
    run_answer,
)
from troth.web.site import json_response, site_of

_ENCODER = msgspec.json.Encoder()
_CHANGE = msgspec.json.Decoder(ChangeBody)
AnyRequest = Request[Any, Any, Any]


@get("/v1/reports", sync_to_thread=True)
def reports(request: AnyRequest) -> Response[bytes]:
    """Every declared report and where it stands; no figure."""
    query(request.scope, ())
    site = site_of(request)
    check_key(site, request)
    found = site.troth.insights.standings(bearer(request.scope))
    return json_response(_ENCODER.encode(ReportsAnswer(reports=tuple(report_answer(one) for one in found))))


@get("/v1/reports/{name:str}/runs", sync_to_thread=True)
def report_runs(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """The runs of a report with their figures; the look is decided and recorded."""
    query(request.scope, ())
    site = site_of(request)
    check_key(site, request)
    runs = site.troth.insights.runs(name, bearer(request.scope))
    return json_response(
        _ENCODER.encode(RunsAnswer(report=name, runs=tuple(run_answer(one) for one in runs)))
    )


@post("/v1/reports/{name:str}/run")
async def run_report(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """Run a report now."""
    query(request.scope, ())
    site, key = site_of(request), bearer(request.scope)
    await asyncio.to_thread(check_key, site, request)
    run = await asyncio.to_thread(site.troth.insights.run, name, key)
    return json_response(_ENCODER.encode(run_answer(run)), HTTPStatus.CREATED)


@get("/v1/product-changes")
async def list_product_changes(request: AnyRequest) -> Response[bytes]:
    """The newest changes of products with the reports that led to them; public."""
    query(request.scope, ())
    found = await asyncio.to_thread(site_of(request).troth.product_changes.changes)
    return json_response(_ENCODER.encode(ChangesAnswer(changes=tuple(change_answer(one) for one in found))))


@post("/v1/product-changes")
async def note_product_change(request: AnyRequest) -> Response[bytes]:
    """Note that a product is changed because of what a report showed (clause II.5)."""
    query(request.scope, ())
    site, key = site_of(request), bearer(request.scope)
    await asyncio.to_thread(check_key, site, request)
    body: ChangeBody = decoded(await read_body(request.scope, request.receive), _CHANGE)
    noted = await asyncio.to_thread(
        site.troth.product_changes.note_change,
        key,
        product=body.product,
        text=body.text,
        report=body.report,
        run=body.run,
        release=body.release,
    )
    return json_response(_ENCODER.encode(change_answer(noted)), HTTPStatus.CREATED)


@get("/changes", sync_to_thread=True)
def changes_page(request: AnyRequest) -> Response[bytes]:
    """The log of product changes for everybody: what was changed, and which report showed that it was wanted."""
    query(request.scope, ())
    site = site_of(request)
    policy = site.troth.policy()
    products = {one.name: one.title or one.name for one in policy.of(Product)}
    declared = {one.name: one for one in policy.of(Report)}
    return page(
        site,
        "changes.html",
        place="page.changes",
        changes=site.troth.product_changes.changes(),
        products=products,
        reports=declared,
        at=from_micros,
    )


HANDLERS: list[HTTPRouteHandler] = [
    reports,
    report_runs,
    run_report,
    list_product_changes,
    note_product_change,
    changes_page,
]
