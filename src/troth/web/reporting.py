"""Reports over HTTP: what is declared, a run on demand, and the figures of runs."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.web.acts import bearer
from troth.web.api import check_key
from troth.web.asgi import query
from troth.web.report_shapes import ReportsAnswer, RunsAnswer, report_answer, run_answer
from troth.web.site import json_response, site_of

_ENCODER = msgspec.json.Encoder()
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


HANDLERS: list[HTTPRouteHandler] = [reports, report_runs, run_report]
