"""What came by telephone or letter: staff note it, and it is a matter like any other from then on."""

from http import HTTPStatus
from typing import Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.collection import Collection, InvalidSubmission
from troth.kernel import NotFound, TrothError
from troth.policy import Field, Point, Policy
from troth.staff import Working
from troth.web.console.desk import Given, Pairs, console_page, done, shown, told
from troth.web.console.queue import handled_matters
from troth.web.sessions import TOKEN
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
_CHANNELS = ("phone", "letter", "email")
_OWN = frozenset({TOKEN, "via"})
_LONG = 500
"""Fields that may be longer get a larger box."""


class Entry(NamedTuple):
    """A field to fill in."""

    field: Field
    title: str
    required: bool
    value: str
    long: bool
    corrects: bool = False


@get("/console/enter")
async def enter_page(request: AnyRequest) -> Response[bytes]:
    """What can be noted, and the form for it."""

    def make(site: Site, who: Working, given: Given) -> Response[bytes]:
        return _page(site, who, given.get("point", ""), {})

    return await shown(request, make, ("point",))


@post("/console/enter/{point:str}")
async def enter(request: AnyRequest, point: FromPath[str]) -> Response[bytes]:
    """Note what came in: the submission of a declared point, in the name of who notes it."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        return _enter(site, who, point, dict(pairs))

    return await done(request, do)


def points_for(policy: Policy, handled: tuple[str, ...]) -> list[Point]:
    """The points at which matters come in that somebody handles, also otherwise than over the web."""
    return [
        point
        for point in policy.points.values()
        if point.opens is not None
        and policy.cases[point.opens].matter in handled
        and set(_CHANNELS).intersection(point.channels)
    ]


def _enter(site: Site, who: Working, point: str, form: Given) -> Response[bytes]:
    declared = _point(site, who, point)
    values = {name: text for name, text in form.items() if name not in _OWN and text.strip()}
    body = {"channel": form.get("via", ""), "notice": str(declared.notice), "values": values}
    try:
        ask = Collection(site.troth.policy, who.key).submission(point, body, age_passed=declared.age_screen)
    except InvalidSubmission as error:
        return _page(site, who, point, form, [fault.reason for fault in error.errors], error.status)
    except TrothError as error:
        return _page(site, who, point, form, [told(error)], error.status)
    (outcome,) = site.troth.perform([ask])
    if outcome.problem is not None:
        problem = outcome.problem
        clause = f" (clause {problem.clause})" if problem.clause else ""
        return _page(site, who, point, form, [f"{problem.detail}{clause} {problem.mend}"], problem.status)
    row = site.troth.rights.row(outcome.case)
    return console_page(site, "console_entered.html", who, here="/console/enter", row=row)


def _point(site: Site, who: Working, name: str) -> Point:
    for point in points_for(site.troth.policy(), handled_matters(site, who)):
        if point.name == name:
            return point
    raise NotFound("Nothing is noted at such a point.", field="point", mend="See /console/enter.")


def _page(
    site: Site,
    who: Working,
    name: str,
    form: Given,
    faults: list[str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response[bytes]:
    policy = site.troth.policy()
    point = _point(site, who, name) if name else None
    return console_page(
        site,
        "console_enter.html",
        who,
        status=status,
        here="/console/enter",
        points=points_for(policy, handled_matters(site, who)),
        point=point,
        channels=[one for one in _CHANNELS if point is not None and one in point.channels],
        via=form.get("via", ""),
        entries=_entries(policy, point, form) if point is not None else (),
        faults=faults or [],
    )


def _entries(policy: Policy, point: Point, form: Given) -> list[Entry]:
    return [
        Entry(
            policy.fields[name],
            policy.fields[name].title or name.replace("_", " ").capitalize(),
            need == "required",
            form.get(name, ""),
            policy.fields[name].max_length > _LONG and policy.fields[name].type == "text",
            bool(policy.fields[name].corrects) and need != "required",
        )
        for name, need in point.fields.items()
        if policy.fields[name].type not in ("file", "order-lines") and name not in point.issued
    ]


HANDLERS: list[HTTPRouteHandler] = [enter_page, enter]
