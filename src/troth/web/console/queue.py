"""The queue of open matters, the most urgent first, and what is done to many at once."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from troth.kernel import InvalidInput, NotFound, Refused, TrothError, from_micros, micros
from troth.rights import KINDS, SHAPES, MatterRow, Place, Wanted, late_among, seek
from troth.staff import Working
from troth.web.console.desk import Given, Pairs, console_page, done, shown, told
from troth.web.console.words import STATES
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
PAGE = 50
MOST_AT_ONCE = 200
_FILTERS = ("matter", "kind", "state", "mine", "late")
_REACHED = {state for shape in SHAPES.values() for state in (*shape.moves, *shape.ends)}
_STATES = tuple(state for state in STATES if state in _REACHED)
_MICROSECOND = timedelta(microseconds=1)
_SPANS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))
BULK = ("take", "classify", "refuse")


class Line(NamedTuple):
    """A matter as the queue shows it.

    Args:
        row: The matter.
        late: Whether it is past its due date.
        left: How long is left, or how late it is, in words.
        handler: Name of who handles it; empty for nobody.
    """

    row: MatterRow
    late: bool
    left: str
    handler: str


class Told(NamedTuple):
    """What became of one matter of many."""

    number: str
    done: bool
    what: str


@get("/console")
async def queue_page(request: AnyRequest) -> Response[bytes]:
    """A page of open matters; what is late stands first, and its number stands on every page."""
    return await shown(request, _queue, (*_FILTERS, "number", "behind"))


@post("/console/bulk")
async def bulk(request: AnyRequest) -> Response[bytes]:
    """Do something to many matters; each is an act of its own with its own outcome."""
    return await done(request, _bulk, grave=lambda form: form.get("step") == "refuse")


def handled_matters(site: Site, who: Working) -> tuple[str, ...]:
    """The matters that somebody's role handles.

    Raises:
        Refused: It handles none.
    """
    handled = site.troth.rights.handled_by(who.key)
    if not handled:
        raise Refused(
            "Your role handles no requests.", clause="IV.2", mend="What it is for stands under /console/me."
        )
    return tuple(sorted(handled))


def left_until(row: MatterRow, now: int) -> str:
    """How long is left, or how late it is, in the largest whole unit; what nobody proved is never late."""
    due_at, at = row.due_at, row.ended_at or now
    return "nobody proved it" if due_at < at and not row.late(now) else span_left(due_at, at)


def span_left(due_at: int, at: int) -> str:
    """How long is left until an instant, or how long ago it was, in the largest whole unit (microseconds)."""
    apart = timedelta(microseconds=abs(due_at - at))
    name, unit = next((one for one in _SPANS if apart >= one[1]), _SPANS[-1])
    count = apart // unit
    words = f"{count} {name}{'' if count == 1 else 's'}"
    return f"{words} late" if due_at < at else f"in {words}"


def lines(site: Site, rows: list[MatterRow], now: int) -> list[Line]:
    """Matters as the queue shows them."""
    names = site.troth.roster.titles(row.handler for row in rows)
    return [
        Line(
            row,
            row.late(now),
            left_until(row, now),
            names.get(row.handler, "a key" if row.handler else ""),
        )
        for row in rows
    ]


def _queue(site: Site, who: Working, given: Given) -> Response[bytes]:
    handled = site.troth.rights.handled_by(who.key)
    if not handled:
        return to("/console/me")
    wrong = ""
    if given.get("number"):
        try:
            found = site.troth.rights.row(given["number"])
            if found.matter in handled:
                return to(f"/console/matters/{found.number}")
        except NotFound:
            pass
        wrong = "No matter has this number."
    return _page(site, who, given, tuple(sorted(handled)), wrong)


def _page(site: Site, who: Working, given: Given, handled: tuple[str, ...], wrong: str) -> Response[bytes]:
    now = micros(site.troth.clock.now())
    every = Wanted(handled)
    wanted = wanted_of(given, handled, who)
    with site.troth.database.snapshot() as tx:
        rows = seek(tx, wanted, now, _place(given), PAGE + 1)
        late = late_among(tx, every, now)
        shown_late = late if wanted == every else late_among(tx, wanted, now)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    kept = {name: given[name] for name in _FILTERS if given.get(name)}
    behind = f"{rows[-1].due_at}.{rows[-1].case}" if more else ""
    return console_page(
        site,
        "console_queue.html",
        who,
        status=HTTPStatus.NOT_FOUND if wrong else HTTPStatus.OK,
        here="/console",
        lines=lines(site, rows, now),
        late=late,
        hidden=late - shown_late,
        wanted=given,
        wrong=wrong,
        number=given.get("number", ""),
        matters=handled,
        kinds=KINDS,
        states=_STATES,
        first=f"/console?{urlencode(kept)}" if kept else "/console",
        following=f"/console?{urlencode({**kept, 'behind': behind})}" if more else "",
        later=bool(given.get("behind")),
    )


def wanted_of(given: Given, handled: tuple[str, ...], who: Working) -> Wanted:
    """What the filters of a page ask for.

    Raises:
        InvalidInput: One has no such value.
    """
    for name, known in (
        ("matter", handled),
        ("kind", KINDS),
        ("state", _STATES),
        ("mine", ("yes",)),
        ("late", ("yes",)),
    ):
        if given.get(name) and given[name] not in known:
            raise InvalidInput(
                f"There is no such {name}.", field=name, mend=f"Use one of {', '.join(sorted(known))}."
            )
    return Wanted(
        (given["matter"],) if given.get("matter") else handled,
        given.get("kind", ""),
        given.get("state", ""),
        who.member.staff if given.get("mine") else "",
        given.get("late") == "yes",
    )


def _place(given: Given) -> Place | None:
    due, _, case = given.get("behind", "").partition(".")
    if not due:
        return None
    if not (due.isascii() and due.isdigit()) or len(due) > 18:  # noqa: PLR2004  a signed 64-bit number
        raise InvalidInput("The place is none.", field="behind", mend="Begin with the first page.")
    return Place(int(due), case)


def _bulk(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
    form = dict(pairs)
    numbers = list(dict.fromkeys(value for name, value in pairs if name == "pick"))[:MOST_AT_ONCE]
    step = form.get("step", "")
    if step not in BULK:
        raise InvalidInput("There is no such step.", field="step", mend=f"Use one of {', '.join(BULK)}.")
    handled = handled_matters(site, who)
    outcomes = [_one(site, who, number, form, handled) for number in numbers]
    return console_page(site, "console_bulk.html", who, here="/console", step=step, outcomes=outcomes)


def _one(site: Site, who: Working, number: str, form: Given, handled: tuple[str, ...]) -> Told:
    rights = site.troth.rights
    try:
        if rights.row(number).matter not in handled:
            return Told(number, done=False, what="No matter has this number.")
        if form["step"] == "take":
            row = rights.take(who.key, number)
        elif form["step"] == "classify":
            row = rights.classify(who.key, number, form.get("kind", ""))
        else:
            row = rights.move(who.key, number, "refused", form.get("reason", "")[:200])
    except TrothError as error:
        return Told(number, done=False, what=told(error))
    return Told(row.number, done=True, what=f"{STATES[row.state]}, due {from_micros(row.due_at):%-d %B %Y}")


HANDLERS: list[HTTPRouteHandler] = [queue_page, bulk]
