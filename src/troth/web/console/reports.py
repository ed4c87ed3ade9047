"""Reports at the console: the page for Monday mornings, one report with its runs, and the change that it led to."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.insights import Run
from troth.kernel import TrothError
from troth.policy import Product
from troth.staff import Working
from troth.web.console.desk import Given, Pairs, console_page, done, shown
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
REPORTS = "/console/reports"


@get(REPORTS)
async def reports_page(request: AnyRequest) -> Response[bytes]:
    """Every report that the asker may see, newest figures first; each look is an act of its own."""

    def make(site: Site, who: Working, _: Given) -> Response[bytes]:
        found = site.troth.board.newest(who.key)
        return console_page(
            site,
            "console_reports.html",
            who,
            here=REPORTS,
            reports=found,
            lacks=next((one.standing.lacks for one in found if one.standing.lacks), ""),
            late=[
                one for one in found if (one.standing.late or one.standing.missed) and not one.standing.lacks
            ],
            budgets=[one for one in site.troth.insights.budgets(who.key) if found],
        )

    return await shown(request, make)


@get(REPORTS + "/{name:str}")
async def report_page(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """One report: its figures with their bounds, its runs, and the changes that rest on it."""

    def make(site: Site, who: Working, given: Given) -> Response[bytes]:
        return _report(site, who, name, noted=given.get("noted", ""))

    return await shown(request, make, ("noted",))


@post(REPORTS + "/{name:str}/run")
async def run_now(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """Run a report now; what is computed once for a period costs nothing more."""

    def do(site: Site, who: Working, _: Pairs) -> Response[bytes]:
        try:
            site.troth.insights.run(name, who.key)
        except TrothError as error:
            return _report(site, who, name, error=str(error), status=error.status)
        return to(f"{REPORTS}/{name}")

    return await done(request, do)


@post(REPORTS + "/{name:str}/changes")
async def note_change(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """Note that a product is changed because of what the report showed (clause II.5)."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        form = dict(pairs)
        try:
            site.troth.product_changes.note_change(
                who.key,
                product=form.get("product", ""),
                text=form.get("text", ""),
                report=name,
                release=form.get("release", ""),
            )
        except TrothError as error:
            return _report(site, who, name, error=str(error), status=error.status, form=form)
        return to(f"{REPORTS}/{name}?noted=yes#changes")

    return await done(request, do)


def _report(
    site: Site,
    who: Working,
    name: str,
    *,
    error: str = "",
    status: int = 200,
    noted: str = "",
    form: dict[str, str] | None = None,
) -> Response[bytes]:
    found = site.troth.board.report(who.key, name)
    changes = [one for one in site.troth.product_changes.changes() if one.report == name]
    return console_page(
        site,
        "console_report.html",
        who,
        status=status,
        here=REPORTS,
        one=found,
        trend=_trend(found.runs),
        products=[(one.name, one.title or one.name) for one in site.troth.policy().of(Product)],
        titles={one.name: one.title or one.name for one in site.troth.policy().of(Product)},
        changes=changes,
        error=error,
        noted=noted,
        form=form or {},
    )


def _trend(runs: Sequence[Run]) -> list[Run]:
    """The runs that say something: each period once, newest first."""
    seen: set[str] = set()
    told = []
    for run in runs:
        mark = run.period or run.run
        if mark not in seen:
            seen.add(mark)
            told.append(run)
    return told


HANDLERS: list[HTTPRouteHandler] = [reports_page, report_page, run_now, note_change]
