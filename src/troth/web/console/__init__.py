"""The staff console: signing in, the queue, matters, cases, what came otherwise, access reviews, reports, bulletins, campaigns, letters, calls."""

from litestar.handlers import HTTPRouteHandler

from troth.web.console import (
    authority,
    bulletins,
    calls,
    campaigns,
    case,
    cases,
    company,
    entering,
    letters,
    matter,
    queue,
    reports,
    reviewing,
    self_service,
    signing_in,
    stopping,
)

HANDLERS: list[HTTPRouteHandler] = [
    *signing_in.HANDLERS,
    *company.HANDLERS,
    *self_service.HANDLERS,
    *queue.HANDLERS,
    *matter.HANDLERS,
    *cases.HANDLERS,
    *case.HANDLERS,
    *authority.HANDLERS,
    *entering.HANDLERS,
    *stopping.HANDLERS,
    *reviewing.HANDLERS,
    *reports.HANDLERS,
    *bulletins.HANDLERS,
    *campaigns.HANDLERS,
    *letters.HANDLERS,
    *calls.HANDLERS,
]
