"""A matter: its clocks and why, who asks, every step, the plan item by item, what was written, and what can be done."""

from http import HTTPStatus
from typing import Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.bootstrap import certificate_link, copy_until
from troth.flows import CORRECT
from troth.gate import Ask
from troth.kernel import InvalidInput, NotFound, TrothError, micros
from troth.policy import CaseType, Policy
from troth.rights import (
    KINDS,
    REASONED,
    SHAPES,
    MatterRow,
    Told,
    certificate_of,
    extendable,
    fetches,
    moved_clocks,
)
from troth.staff import Working
from troth.web.before_after import Change, changes
from troth.web.console.authority import ACCEPT, REJECT, decide, shown_mandate
from troth.web.console.desk import Given, Pairs, console_page, done, shown, told
from troth.web.console.queue import handled_matters, left_until
from troth.web.console.values import said_value
from troth.web.console.words import DONE, Said
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
_STEPS = (
    "take", "verify", "classify", "plan", "carry-out", "review", "move", "extend", "tell", ACCEPT, REJECT,
)  # fmt: skip
_GRAVE = frozenset({"verify", "carry-out", ACCEPT})
_ENDS = frozenset({"refused", "completed", "partially-completed", "resolved", "unresolved"})
_ITSELF = frozenset(
    {"identity-pending", "verified", "acknowledged", "withdrawn", "under-review", "planned", "taken"}
)
"""States that have a button of their own, or that nobody of staff brings about."""
_FOLDED = frozenset({"classify", "verify"})
"""Rare steps, behind a line that opens."""
_MOST_REASON = 200
_MORE = " Denied too: "
"""From here on a denial lists categories by their keys, which stand in the ledger and tell a reader nothing."""


class Written(NamedTuple):
    """What was written, read under the case; or why it is not shown.

    Args:
        fields: Title and value of each field that is shown.
        withheld: Names of those that the role is not given.
        changes: What a correction would change, before and after.
        unproven: Whether what stands now waits for the proof of who asks.
        refused: Why nothing is shown.
        clause: Clause of the policy that decided so.
    """

    fields: tuple[tuple[str, str], ...] = ()
    withheld: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    unproven: bool = False
    refused: str = ""
    clause: str = ""


class Copied(NamedTuple):
    """The copy of a request: until when it can be fetched (microseconds), whether that is over, and when it was fetched."""

    until: int
    over: bool
    fetched: tuple[int, ...]


@get("/console/matters/{number:str}")
async def matter_page(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """A matter with everything but what was written."""

    def make(site: Site, who: Working, given: Given) -> Response[bytes]:
        return page_of(site, who, number, done=given.get("done", ""))

    return await shown(request, make, ("done",))


@post("/console/matters/{number:str}/written")
async def written(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """What was written: an act under the case, decided and recorded; the person can see that somebody looked."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        del pairs
        return page_of(site, who, number, written=_read(site, who, _mine(site, who, number).matter))

    return await done(request, do)


@post("/console/matters/{number:str}/steps")
async def step(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """Take a step with a matter: an act of its own."""

    def grave(form: Given) -> bool:
        return form.get("step") in _GRAVE or (form.get("step") == "move" and form.get("to") in _ENDS)

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        form = dict(pairs)
        row = _mine(site, who, number).matter
        try:
            _step(site, who, row, form)
        except TrothError as error:
            return page_of(site, who, number, wrong=told(error), status=error.status)
        return to(f"/console/matters/{row.number}?done={form['step']}")

    return await done(request, do, grave=grave)


def page_of(
    site: Site,
    who: Working,
    number: str,
    *,
    done: str = "",
    wrong: str = "",
    written: Written | None = None,
    status: int = HTTPStatus.OK,
) -> Response[bytes]:
    """The page of a matter.

    Raises:
        NotFound: There is none, or the role handles no such matters.
    """
    found = _mine(site, who, number)
    row, now = found.matter, micros(site.troth.clock.now())
    ids = {row.handler, row.reviewer, *(one.key for one in found.steps)}
    states = [item.state for item in found.items]
    return console_page(
        site,
        "console_matter.html",
        who,
        status=status,
        here="",
        row=row,
        **_clocks(found, now),
        **_papers(site, found, now),
        about=site.troth.rights.row(row.about).number if row.about else "",
        steps=found.steps,
        items=found.items,
        done_items=sum(state in ("done", "kept") for state in states),
        late=row.late(now),
        left=left_until(row, now),
        names=site.troth.roster.titles(ids),
        moves=_moves(row),
        **_doing(found, who),
        by_itself=_by_itself(site.troth.policy(), row),
        kinds=KINDS,
        reasoned=REASONED,
        written=written,
        done=DONE.get(done, ""),
        wrong=wrong,
        moving=row.state in ("verified", "planned", "executing") and not row.ended_at,
    )


def _clocks(found: Told, now: int) -> dict[str, Any]:
    """The clocks of a matter, which of them may be taken longer, and which were."""
    return {
        "duties": found.duties,
        "longer": extendable(found.matter, found.duties, now),
        "moved": {before.rule for before, _, _ in moved_clocks(found.duties, found.steps)},
    }


def _mine(site: Site, who: Working, number: str) -> Told:
    found = site.troth.rights.matter(number)
    if found.matter.matter not in handled_matters(site, who):
        raise NotFound("No matter has this number.", field="number", mend="See the queue.")
    return found


def _doing(found: Told, who: Working) -> dict[str, Any]:
    """What can be done, and whether some of it is a plain button."""
    actions = _actions(found.matter, who, agent=found.mandate is not None)
    return {"actions": actions, "buttons": bool(actions - _FOLDED)}


def _actions(row: MatterRow, who: Working, *, agent: bool) -> frozenset[str]:
    """What there are buttons for; whether the policy lets it happen is decided when one is pressed."""
    if row.ended_at:
        return frozenset()
    following = SHAPES[row.matter].following(row.state)
    found = {"take"} if row.handler != who.member.staff else set()
    if row.matter == "request":
        found |= set() if row.state == "executing" else {"classify"}
        found |= {"verify"} if "verified" in following and not agent else set()
        found |= {"plan"} if "planned" in following else set()
        found |= {"carry-out"} if row.state in ("verified", "planned", "executing") else set()
    if "under-review" in following:
        found.add("review")
    return frozenset(found)


def _moves(row: MatterRow) -> tuple[str, ...]:
    """The states to which staff may bring it by hand; those that end it last."""
    legal = SHAPES[row.matter].following(row.state)
    following = legal - _ITSELF | ({"taken"} & legal)
    return tuple(sorted(following, key=lambda state: (state in _ENDS, state)))


def _papers(site: Site, found: Told, now: int) -> dict[str, Any]:
    """What the person was given: the link to a certificate, and of a copy that it exists; its content is read by no page of staff.

    And by what authority an agent asks.
    """
    until = copy_until(found.matter)
    handed = tuple(one.at for one in fetches(found.steps))
    return {
        "certificate": _certificate(site, found.matter),
        "copy": Copied(until, now > until, handed) if until else None,
        **shown_mandate(found),
    }


def _certificate(site: Site, row: MatterRow) -> str:
    """The signed link to what the person was sent about an erasure; empty where there is none yet."""
    with site.troth.database.snapshot() as tx:
        there = certificate_of(tx, row.case) is not None
    return certificate_link(site.troth, row.case) if there else ""


def _by_itself(policy: Policy, row: MatterRow) -> bool:
    declared = _declared(policy, row)
    return declared is not None and row.kind in declared.by_itself


def _declared(policy: Policy, row: MatterRow) -> CaseType | None:
    return next((case for case in policy.cases.values() if case.matter == row.matter), None)


def _step(site: Site, who: Working, row: MatterRow, form: Given) -> None:
    rights, key, name = site.troth.rights, who.key, form.get("step", "")
    if name == "take":
        rights.take(key, row.case)
    elif name == "verify":
        rights.verify(key, row.case)
    elif name == "classify":
        rights.classify(key, row.case, form.get("to", ""))
    elif name == "plan":
        site.troth.answering.plan(row.case, key)
    elif name == "carry-out":
        rights.carry_out(key, row.case)
    elif name == "review":
        rights.review(key, row.case)
    elif name == "extend":
        rights.extend(key, row.case, form.get("to", ""), form.get("reason", ""))
    elif name in (ACCEPT, REJECT):
        decide(site, who, row, form)
    elif name == "tell":
        rights.tell(key, row.case, form.get("to", ""))
    elif name == "move":
        rights.move(key, row.case, form.get("to", ""), form.get("reason", "")[:_MOST_REASON])
    else:
        raise InvalidInput("There is no such step.", field="step", mend=f"Use one of {', '.join(_STEPS)}.")


def _read(site: Site, who: Working, row: MatterRow) -> Written:
    """What stands in the record of a matter, as far as the policy lets the role see it under the case."""
    policy = site.troth.policy()
    declared = _declared(policy, row)
    if declared is None or declared.purpose is None or not row.person:
        return Written(refused="Nothing is kept of whoever asked.")
    points = [point for point in policy.points.values() if point.opens == declared.name]
    # Until it is proven who asks, what stands now may be somebody else's.
    beside = changes(site, row, declared.purpose, who.key) if row.verified_at else ()
    names = tuple(
        dict.fromkeys(
            name for point in points for name in point.fields if not (beside and policy.fields[name].corrects)
        )
    )
    ask = Ask(
        act="use",
        purpose=declared.purpose,
        key=who.key,
        person=row.person,
        case=row.case,
        record=row.record,
        fields=names,
        partial=True,
    )
    (outcome,) = site.troth.perform([ask])
    if outcome.problem is not None:
        problem = outcome.problem
        return Written(refused=problem.detail.partition(_MORE)[0], clause=problem.clause)
    said = Said(policy)
    shown_fields = tuple(
        (
            policy.fields[name].title or name.replace("_", " ").capitalize(),
            said_value(said, policy.fields[name], outcome.values[name]),
        )
        for name in names
        if outcome.values.get(name) is not None
    )
    waits = row.kind == CORRECT and not row.verified_at and not row.ended_at
    return Written(shown_fields, outcome.withheld, beside, waits)


HANDLERS: list[HTTPRouteHandler] = [matter_page, written, step]
