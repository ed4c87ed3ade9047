"""A case: where it stands, to whom it is assigned, what can be done; what anybody wrote is opened by an act only."""

from http import HTTPStatus
from typing import Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.desk import TICKET, Read, Shown, reasons_of
from troth.kernel import InvalidInput, TrothError, micros
from troth.policy import CaseType, Policy
from troth.staff import Working
from troth.web.console.cases import CASES, worked_on
from troth.web.console.desk import Given, Pairs, console_page, done, file_of, shown, told
from troth.web.console.queue import span_left
from troth.web.console.values import said_value
from troth.web.console.words import CASE_DONE, Said
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
_STEPS = ("take", "put-back", "hand-over", "stage", "answer", "close", "reopen")
_MORE = " Denied too: "
"""From here on a denial lists categories by their keys, which stand in the ledger and tell a reader nothing."""


class Entry(NamedTuple):
    """A value of a record: its title, what it says, and the name of the field where it is a file to be saved."""

    title: str
    text: str
    file: str = ""


class Opened(NamedTuple):
    """What stands in a case, for a reader.

    Args:
        records: For each record with something in it, its place among those of the case and its values.
        withheld: Names of the fields that the role is not given.
        refused: Why nothing is shown.
        clause: Clause of the policy that decided so.
    """

    records: tuple[tuple[int, tuple[Entry, ...]], ...] = ()
    withheld: tuple[str, ...] = ()
    refused: str = ""
    clause: str = ""


class Label(NamedTuple):
    """What was given to a recipient, and its name."""

    recipient: str
    entries: tuple[Entry, ...]


@get(CASES + "/{number:str}")
async def case_page(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """A case with everything but what anybody wrote."""

    def make(site: Site, who: Working, given: Given) -> Response[bytes]:
        return _page(site, who, number, done=CASE_DONE.get(given.get("done", ""), ""))

    return await shown(request, make, ("done",))


@post(CASES + "/{number:str}/read", status_code=200)
async def read_case(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """Open what stands in a case: an act under it, which its person can see."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        del pairs
        return _page(site, who, number, read=site.troth.desk.read(who.key, number))

    return await done(request, do)


@post(CASES + "/{number:str}/file", status_code=200)
async def case_file(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """Hand a file out: an act under the case; it comes as a file to be saved, and no page shows it."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        form = dict(pairs)
        place = form.get("place", "")
        known = place.isascii() and place.isdigit() and len(place) < 6  # noqa: PLR2004  far more than anybody sends
        return file_of(
            site.troth.desk.file(who.key, number, int(place) if known else -1, form.get("field", ""))
        )

    return await done(request, do)


@post(CASES + "/{number:str}/steps", status_code=200)
async def step_case(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """Take a step with a case: an act of its own."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        form = dict(pairs)
        try:
            return _step(site, who, number, form)
        except TrothError as error:
            return _page(site, who, number, wrong=told(error), status=error.status, form=form)

    return await done(request, do)


def _step(site: Site, who: Working, number: str, form: Given) -> Response[bytes]:
    desk, key, name, after = site.troth.desk, who.key, form.get("step", ""), number
    if name == "take":
        desk.take(key, number)
    elif name == "put-back":
        desk.hand_over(key, number, "")
    elif name == "hand-over":
        desk.hand_over(key, number, _colleague(site, who, number, form.get("to", "")))
    elif name == "answer":
        desk.answer(key, number, form.get("answer", ""))
    elif name == "close":
        desk.close(key, number, form.get("reason", ""))
    elif name == "reopen":
        after = desk.reopen(key, number).number
    elif name == "stage":
        return _reached(site, who, number, form)
    else:
        raise InvalidInput("There is no such step.", field="step", mend=f"Use one of {', '.join(_STEPS)}.")
    return to(f"{CASES}/{after}?done={name}")


def _reached(site: Site, who: Working, number: str, form: Given) -> Response[bytes]:
    """Bring a case to its next stage; what a recipient was given with it is shown this once."""
    stage, policy = site.troth.desk.case(who.key, number).following, site.troth.policy()
    noted = {field: form[f"note.{field}"] for field in _noted(site, who, number) if form.get(f"note.{field}")}
    _, given = site.troth.desk.reach(who.key, number, form.get("to", ""), noted)
    if not given or stage is None:
        return to(f"{CASES}/{number}?done=stage")
    label = Label(policy.recipients[stage.to or ""].title, _entries(policy, given))
    return _page(site, who, number, done=CASE_DONE["stage"], label=label)


def _noted(site: Site, who: Working, number: str) -> tuple[str, ...]:
    """The fields that are noted with the stage that follows."""
    after = site.troth.desk.case(who.key, number).following
    point = site.troth.policy().points.get(after.notes or "") if after is not None else None
    return tuple(point.fields) if point is not None else ()


def _page(
    site: Site,
    who: Working,
    number: str,
    *,
    read: Read | None = None,
    label: Label | None = None,
    done: str = "",
    wrong: str = "",
    form: Given | None = None,
    status: int = HTTPStatus.OK,
) -> Response[bytes]:
    worked_on(site, who)
    found, policy = site.troth.desk.case(who.key, number), site.troth.policy()
    return console_page(
        site,
        "console_case.html",
        who,
        status=status,
        here=CASES,
        **_standing(site, found),
        **_next_stage(policy, found),
        colleagues=_colleagues(site, who, found),
        opened=_opened(policy, read) if read is not None else None,
        label=label,
        done=done,
        wrong=wrong,
        form=form or {},
    )


def _standing(site: Site, found: Shown) -> dict[str, Any]:
    """Where a case stands, and what happened to it."""
    row, now = found.row, micros(site.troth.clock.now())
    return {
        "row": row,
        "case": found.declared,
        "ticket": found.declared.matter == TICKET,
        "own": found.own,
        "late": row.late(now),
        "left": span_left(row.due_at, row.ended_at or now) if row.due_at else "",
        "steps": found.steps,
        "names": site.troth.roster.titles({row.holder, *(one.key for one in found.steps)}),
        "reasons": reasons_of(found.declared),
    }


def _next_stage(policy: Policy, found: Shown) -> dict[str, Any]:
    """The stage that follows, who is given something with it, and what is noted with it."""
    after = found.following
    point = policy.points.get(after.notes or "") if after is not None else None
    return {
        "following": after,
        "may": found.may,
        "followed_by": " and ".join(Said(policy).role(one) for one in after.by) if after is not None else "",
        "recipient": policy.recipients.get(after.to or "") if after is not None else None,
        "noted": [policy.fields[name] for name in point.fields] if point is not None else (),
    }


def _opened(policy: Policy, read: Read) -> Opened:
    if read.refused:
        return Opened(refused=read.refused.partition(_MORE)[0], clause=read.clause)
    records = tuple((place, _entries(policy, one)) for place, one in enumerate(read.records) if one)
    return Opened(records, tuple(read.withheld))


def _entries(policy: Policy, values: Any) -> tuple[Entry, ...]:
    said = Said(policy)
    return tuple(
        Entry(
            field.title or name.replace("_", " ").capitalize(),
            said_value(said, field, values[name]),
            name if field.type == "file" else "",
        )
        for name, field in policy.fields.items()
        if values.get(name) is not None
    )


def _colleagues(site: Site, who: Working, found: Shown) -> list[tuple[str, str]]:
    """Whom a case may be given to: those who are here and whose role may work on its kind."""
    return [
        (one.staff, one.title)
        for one in site.troth.roster.members()
        if not one.disabled_at
        and one.staff != who.member.staff
        and _may_have(site.troth.policy(), found.declared, one)
    ]


def _may_have(policy: Policy, declared: CaseType, member: Any) -> bool:
    role = policy.roles.get(member.role)
    return declared.name in (member.cases or (role.cases if role is not None else ()))


def _colleague(site: Site, who: Working, number: str, chosen: str) -> str:
    found = site.troth.desk.case(who.key, number)
    if chosen not in [staff for staff, _ in _colleagues(site, who, found)]:
        raise InvalidInput("Nobody here can get this case.", field="to", mend="Choose somebody of the list.")
    return chosen


HANDLERS: list[HTTPRouteHandler] = [case_page, read_case, case_file, step_case]
