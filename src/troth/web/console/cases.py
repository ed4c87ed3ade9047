"""The queue of cases by which staff serve people: numbers and states, and nothing of anybody; looking for one by what people quote."""

from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from troth.desk import CLOSED, OPEN, VIEWS, Place, Served
from troth.kernel import InvalidInput, NotFound, Refused, TrothError, micros
from troth.policy import CaseType
from troth.staff import Working
from troth.web.console.desk import Given, Pairs, console_page, done, shown
from troth.web.console.queue import span_left
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
CASES = "/console/cases"
PAGE = 50
_MOST = 80


class Line(NamedTuple):
    """A case as the queue shows it.

    Args:
        row: The case.
        late: Whether the day of its answer is over.
        left: How long is left, or for how long it has stood there, in words.
        holder: Name of whom it is assigned to; empty for nobody.
    """

    row: Served
    late: bool
    left: str
    holder: str


@get(CASES)
async def cases_page(request: AnyRequest) -> Response[bytes]:
    """A page of cases of one kind."""
    return await shown(request, _cases, ("kind", "view", "stage", "behind"))


@post(f"{CASES}/find", status_code=200)
async def find_case(request: AnyRequest) -> Response[bytes]:
    """Look for a case by its number, or by an order or serial number, which is an act of its own."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        text = dict(pairs).get("number", "").strip()[:_MOST]
        try:
            found = site.troth.desk.find(who.key, text)
        except (NotFound, Refused, InvalidInput) as error:
            return _page(site, who, {"number": text}, wrong=error)
        if len(found) == 1:
            return to(f"{CASES}/{found[0].number}")
        return _page(site, who, {}, found=found)

    return await done(request, do)


def worked_on(site: Site, who: Working) -> dict[str, CaseType]:
    """The types of case that somebody works on.

    Raises:
        Refused: None.
    """
    kinds = site.troth.desk.kinds(who.key)
    if not kinds:
        raise Refused(
            "Your role serves nobody by a case.",
            clause="IV.2",
            mend="What it is for stands under /console/me.",
        )
    return kinds


def _cases(site: Site, who: Working, given: Given) -> Response[bytes]:
    return _page(site, who, given)


def _page(
    site: Site,
    who: Working,
    given: Given,
    *,
    wrong: TrothError | None = None,
    found: list[Served] | None = None,
) -> Response[bytes]:
    kinds = worked_on(site, who)
    kind = given.get("kind") or next(iter(kinds))
    if kind not in kinds:
        raise NotFound("You work on no such cases.", field="kind", mend="See /console/cases.")
    view, stage = given.get("view") or OPEN, given.get("stage", "")
    rows = found
    if rows is None:
        rows = site.troth.desk.cases(
            who.key, kind, view, stage=_stage(kinds[kind], stage), behind=_place(given), most=PAGE + 1
        )
    kept = {name: text for name, text in (("kind", kind), ("view", view), ("stage", stage)) if text}
    behind = _behind(rows, view)
    return console_page(
        site,
        "console_cases.html",
        who,
        status=wrong.status if wrong is not None else HTTPStatus.OK,
        here=CASES,
        kinds=kinds,
        kind=kind,
        view=view,
        views=VIEWS,
        stage=stage,
        lines=_lines(site, rows[:PAGE]),
        wrong=wrong,
        searched=found is not None,
        sought=given.get("number", ""),
        first=f"{CASES}?{urlencode(kept)}",
        following=f"{CASES}?{urlencode({**kept, 'behind': behind})}" if behind else "",
        later=bool(given.get("behind")),
    )


def _behind(rows: list[Served], view: str) -> str:
    """Where the next page begins; empty behind the last."""
    if len(rows) <= PAGE:
        return ""
    last = rows[PAGE - 1]
    at = last.due_at or (last.ended_at if view == CLOSED else last.opened_at)
    return f"{at}.{last.case}"


def _lines(site: Site, rows: list[Served]) -> list[Line]:
    now = micros(site.troth.clock.now())
    names = site.troth.roster.titles(row.holder for row in rows)
    return [
        Line(
            row, row.late(now), span_left(row.due_at, row.ended_at or now) if row.due_at else "",
            names.get(row.holder, "a key" if row.holder else ""),
        )
        for row in rows
    ]  # fmt: skip


def _stage(declared: CaseType, stage: str) -> str | None:
    """The stage that a filter asks for; None for any. `new` stands for what no stage was reached of."""
    if not stage:
        return None
    if stage != "new" and stage not in [one.name for one in declared.stages]:
        raise InvalidInput("There is no such stage.", field="stage", mend="Choose one of the page.")
    return "" if stage == "new" else stage


def _place(given: Given) -> Place:
    at, _, case = given.get("behind", "").partition(".")
    if not at:
        return Place()
    if not (at.isascii() and at.isdigit()) or len(at) > 18:  # noqa: PLR2004  a signed 64-bit number
        raise InvalidInput("The place is none.", field="behind", mend="Begin with the first page.")
    return Place(int(at), case)


HANDLERS: list[HTTPRouteHandler] = [cases_page, find_case]
