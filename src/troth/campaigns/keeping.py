"""Rows of campaigns, read and moved on."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import bindparam, insert, or_, select, update

from troth.campaigns.model import OVER, Campaign, Plan, Waits
from troth.campaigns.tables import campaign
from troth.kernel import NotFound
from troth.storage import Lookup, Row, Statement, Transaction

_COLUMNS = (
    "case_id",
    "name",
    "template",
    "audience",
    "starts_at",
    "ends_at",
    "per_hour",
    "state",
    "created_at",
    "began_at",
    "ended_at",
    "cursor",
    "planned",
    "looked",
    "left_out",
    "waits",
)
_C = campaign.c
_ADD = Statement(insert(campaign))
_READ = Lookup(campaign, by=("case_id",), take=_COLUMNS)
_ALL = Statement(
    select(*(_C[name] for name in _COLUMNS))
    .order_by(_C.created_at.desc(), _C.case_id.desc())
    .limit(bindparam("most"))
)
_DUE = Statement(
    select(*(_C[name] for name in _COLUMNS))
    .where(
        or_(_C.state == "running", _C.state == "scheduled"),
        _C.starts_at <= bindparam("now"),
    )
    .order_by(_C.starts_at, _C.case_id)
)
_MOVE = Statement(
    update(campaign)
    .where(_C.case_id == bindparam("which"), _C.state == bindparam("was"))
    .values(state=bindparam("becomes"), began_at=bindparam("begun"), ended_at=bindparam("over"), waits="")
)
_WAIT = Statement(
    update(campaign)
    .where(_C.case_id == bindparam("which"), _C.state == bindparam("was"))
    .values(waits=bindparam("told"))
)
_PLANNED = Statement(
    update(campaign)
    .where(_C.case_id == bindparam("which"), _C.cursor == bindparam("was"), _C.planned == 0)
    .values(
        cursor=bindparam("upto"),
        planned=bindparam("whole"),
        looked=bindparam("seen"),
        left_out=bindparam("out"),
    )
)
_LEASE = Statement(
    update(campaign)
    .where(
        _C.case_id == bindparam("which"),
        or_(_C.holder == bindparam("who"), _C.leased_until <= bindparam("now")),
    )
    .values(holder=bindparam("who"), leased_until=bindparam("until"))
)
_RELEASE = Statement(
    update(campaign).where(_C.holder == bindparam("who"), _C.leased_until > 0).values(leased_until=0)
)
_LET_GO = Statement(
    update(campaign)
    .where(_C.case_id == bindparam("which"), _C.holder == bindparam("who"))
    .values(holder="", leased_until=0)
)
_UNSETTLED = Statement(
    select(_C.case_id, _C.state)
    .where(or_(*(_C.state == one for one in sorted(OVER))), _C.holder > "")
    .order_by(_C.case_id)
    .limit(bindparam("most"))
)
_HOLDER = Lookup(campaign, by=("case_id",), take=("holder", "leased_until", "state"))


def add(tx: Transaction, case: str, plan: Plan, now: int) -> None:
    """Keep a new draft."""
    tx.run(
        _ADD,
        (
            case,
            plan.name,
            plan.template,
            plan.audience,
            plan.starts_at,
            plan.ends_at,
            plan.per_hour,
            "draft",
            now,
            0,
            0,
            "",
            0,
            0,
            "{}",
            "",
            0,
            "",
        ),
    )


def read(tx: Transaction, case: str) -> Campaign:
    """A campaign.

    Raises:
        NotFound: There is none.
    """
    row = tx.lookup(_READ, [(case,)]).get((case,))
    if row is None:
        raise NotFound("There is no such campaign.", field="campaign", mend="See `troth campaigns list`.")
    return _campaign(row)


def newest(tx: Transaction, most: int) -> list[Campaign]:
    """The newest campaigns, at most so many."""
    return [_campaign(row) for row in tx.rows(_ALL, {"most": most})]


def due(tx: Transaction, now: int) -> list[Campaign]:
    """Campaigns that run, or whose start has come (microseconds)."""
    return [_campaign(row) for row in tx.rows(_DUE, {"now": now})]


def move(tx: Transaction, one: Campaign, state: str, *, began: int = 0, ended: int = 0) -> bool:
    """Move a campaign on from the state in which it was read; False when somebody else did meanwhile."""
    return (
        tx.run(
            _MOVE,
            {
                "which": one.case,
                "was": one.state,
                "becomes": state,
                "begun": began or one.began_at,
                "over": ended,
            },
        )
        == 1
    )


def note_planned(
    tx: Transaction, one: Campaign, *, upto: str, looked: int, left_out: Mapping[str, int]
) -> bool:
    """Note a page of people gone through; an empty handle for the last page. False when somebody else did it."""
    total = {
        reason: one.left_out.get(reason, 0) + left_out.get(reason, 0)
        for reason in {**one.left_out, **left_out}
    }
    changed = tx.run(
        _PLANNED,
        {
            "which": one.case,
            "was": one.cursor,
            "upto": upto,
            "whole": int(not upto),
            "seen": one.looked + looked,
            "out": msgspec.json.encode(total, order="sorted").decode(),
        },
    )
    return changed == 1


def note_waits(tx: Transaction, one: Campaign, waits: Waits | None) -> None:
    """Note why a campaign does not go on, or that it does again; nothing where somebody moved it meanwhile."""
    told = msgspec.json.encode(waits).decode() if waits is not None else ""
    tx.run(_WAIT, {"which": one.case, "was": one.state, "told": told})


def lease(tx: Transaction, case: str, who: str, now: int, until: int) -> str | None:
    """Take a campaign, or keep it, until an instant (microseconds); gives who had it before, None where somebody has it."""
    before = tx.lookup(_HOLDER, [(case,)])[case,]
    taken = tx.run(_LEASE, {"which": case, "who": who, "now": now, "until": until})
    return str(before[0]) if taken else None


def release(tx: Transaction, who: str) -> None:
    """Give back every campaign that somebody holds."""
    tx.run(_RELEASE, {"who": who})


def unsettled(tx: Transaction, most: int) -> list[tuple[str, str]]:
    """Cases and states of campaigns that are over and were in somebody's hands, so that copies may still be there; at most so many."""
    return [(case, state) for case, state in tx.rows(_UNSETTLED, {"most": most})]


def let_go(tx: Transaction, case: str, who: str) -> None:
    """Note that nothing of a campaign which is over is in anybody's hands any more."""
    tx.run(_LET_GO, {"which": case, "who": who})


def runs(tx: Transaction, case: str, who: str, now: int) -> bool:
    """Whether a campaign runs, and in the hands of whoever asks, at an instant (microseconds)."""
    holder, until, state = tx.lookup(_HOLDER, [(case,)])[case,]
    return bool(state == "running" and holder == who and until > now)


def _campaign(row: Row) -> Campaign:
    case, *plan, state, created, began, ended, cursor, planned, looked, left_out, waits = row
    return Campaign(
        case,
        Plan(*plan),
        state,
        created,
        began,
        ended,
        cursor,
        bool(planned),
        looked,
        msgspec.json.decode(left_out, type=dict[str, int]),
        msgspec.json.decode(waits, type=Waits) if waits else None,
    )
