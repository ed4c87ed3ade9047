"""Matters in the database: what is written and read of them."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from troth.kernel import Conflict, new_id
from troth.rights.model import SHAPES, Duty, MatterRow, Step
from troth.rights.tables import duty, matter, matter_step
from troth.storage import Lookup, Statement, Transaction

_COLUMNS = (
    "case_id",
    *(name for name in MatterRow._fields if name != "case"),
)
_ADD = Statement(insert(matter))
_BY_CASE = Lookup(matter, by=("case_id",), take=_COLUMNS)
_BY_NUMBER = Lookup(matter, by=("number",), take=_COLUMNS)
_BY_SLOT = Lookup(matter, by=("slot",), take=_COLUMNS)
_MOVE = Statement(
    update(matter)
    .where(matter.c.case_id == bindparam("which"), matter.c.state == bindparam("before"))
    .values(
        state=bindparam("after"),
        verified_at=bindparam("verified"),
        ended_at=bindparam("ended"),
        outcome=bindparam("reason"),
        overdue_at=bindparam("late"),
    )
)
_TAKE = Statement(
    update(matter).where(matter.c.case_id == bindparam("which")).values(slot=bindparam("place"))
)
_POINT = Statement(
    update(matter).where(matter.c.case_id == bindparam("which")).values(about=bindparam("other"))
)
_FREE = Statement(update(matter).where(matter.c.case_id == bindparam("which")).values(slot=matter.c.case_id))
_ASSIGN = Statement(
    update(matter)
    .where(matter.c.case_id == bindparam("which"), matter.c.ended_at == 0)
    .values(handler=bindparam("who"))
)
_REVIEW = Statement(
    update(matter)
    .where(matter.c.case_id == bindparam("which"), matter.c.ended_at == 0)
    .values(reviewer=bindparam("who"))
)
_CLASSIFY = Statement(
    update(matter)
    .where(matter.c.case_id == bindparam("which"), matter.c.ended_at == 0)
    .values(kind=bindparam("what"), uses=bindparam("about"), slot=matter.c.case_id)
)
COUNTS = or_(matter.c.state != "identity-pending", matter.c.person == "")
"""What can be late: nobody waits for an answer to what nobody has proven."""
_LATE = Statement(
    select(*(matter.c[name] for name in _COLUMNS))
    .where(matter.c.ended_at == 0, matter.c.due_at < bindparam("now"), matter.c.overdue_at == 0, COUNTS)
    .order_by(matter.c.due_at, matter.c.case_id)
    .limit(bindparam("most"))
)
_UNPROVEN_OVER = Statement(
    select(*(matter.c[name] for name in _COLUMNS))
    .where(matter.c.state == "identity-pending", matter.c.due_at < bindparam("now"), matter.c.person != "")
    .order_by(matter.c.due_at, matter.c.case_id)
    .limit(bindparam("most"))
)
_SINCE = Statement(
    select(func.count()).where(matter.c.person == bindparam("who"), matter.c.received_at > bindparam("since"))
)
_NOTE_LATE = Statement(
    update(matter)
    .where(matter.c.case_id == bindparam("which"), matter.c.overdue_at == 0)
    .values(overdue_at=bindparam("at"))
)
_OF_PERSON = Statement(
    select(*(matter.c[name] for name in _COLUMNS))
    .where(matter.c.person == bindparam("who"))
    .order_by(matter.c.received_at.desc(), matter.c.case_id.desc())
)
_ADD_DUTY = Statement(insert(duty))
_DUTIES = Statement(
    select(*(duty.c[name] for name in ("case_id", *Duty._fields[1:])))
    .where(duty.c.case_id == bindparam("which"))
    .order_by(duty.c.due_at, duty.c.rule)
)
_DUE_DUTIES = Statement(
    select(*(duty.c[name] for name in ("case_id", *Duty._fields[1:])))
    .join(matter, and_(matter.c.case_id == duty.c.case_id, COUNTS))
    .where(duty.c.does == "remind", duty.c.met_at == 0, duty.c.due_at <= bindparam("now"))
    .order_by(duty.c.due_at, duty.c.case_id, duty.c.rule)
    .limit(bindparam("most"))
)
_MEET = Statement(
    update(duty)
    .where(duty.c.case_id == bindparam("which"), duty.c.rule == bindparam("name"), duty.c.met_at == 0)
    .values(met_at=bindparam("at"))
)
_MEET_ALL = Statement(
    update(duty)
    .where(duty.c.case_id == bindparam("which"), duty.c.met_at == 0)
    .values(met_at=bindparam("at"))
)
_ADD_STEP = Statement(insert(matter_step))
_STEPS = Statement(
    select(matter_step.c.case_id, matter_step.c.at, matter_step.c.step, matter_step.c.role, matter_step.c.key_id, matter_step.c.note)
    .where(matter_step.c.case_id == bindparam("which"))
    .order_by(matter_step.c.step_id)
)  # fmt: skip


class Noted(NamedTuple):
    """Who takes a step: role and id of the key; both empty when it happens by itself."""

    role: str
    key: str


def add_matter(tx: Transaction, row: MatterRow, slot: str) -> None:
    """Keep a new matter under what may be open only once."""
    *others, uses = row
    tx.run(_ADD, (*others, slot, uses))


def matter_by_case(tx: Transaction, case: str) -> MatterRow | None:
    """The matter of a case; None where there is none."""
    return _one(tx.lookup(_BY_CASE, [(case,)]).get((case,)))


def matter_by_number(tx: Transaction, number: str) -> MatterRow | None:
    """The matter that people call by a number; None where there is none."""
    return _one(tx.lookup(_BY_NUMBER, [(number,)]).get((number,)))


def open_in_slot(tx: Transaction, slot: str) -> MatterRow | None:
    """The open matter of what may be open only once; None where there is none."""
    return _one(tx.lookup(_BY_SLOT, [(slot,)]).get((slot,)))


def take_slot(tx: Transaction, case: str, slot: str) -> None:
    """Give a matter what may be open only once."""
    tx.run(_TAKE, {"which": case, "place": slot})


def point_to(tx: Transaction, case: str, other: str) -> None:
    """Say with which case a matter has become one."""
    tx.run(_POINT, {"which": case, "other": other})


def received_since(tx: Transaction, person: str, since: int) -> int:
    """How many matters of a person were received after an instant (microseconds)."""
    ((number,),) = tx.rows(_SINCE, {"who": person, "since": since})
    return int(number)


def unproven_over(tx: Transaction, now: int, most: int) -> list[MatterRow]:
    """Matters that nobody has proven and whose due date is over at an instant (microseconds), the oldest first."""
    return [MatterRow(*row) for row in tx.rows(_UNPROVEN_OVER, {"now": now, "most": most})]


def matters_of(tx: Transaction, person: str) -> list[MatterRow]:
    """The matters of a person, newest first."""
    return [MatterRow(*row) for row in tx.rows(_OF_PERSON, {"who": person})]


def late_matters(tx: Transaction, now: int, most: int) -> list[MatterRow]:
    """Open matters whose due date is over at an instant (microseconds) and was not noted to be, the oldest first."""
    return [MatterRow(*row) for row in tx.rows(_LATE, {"now": now, "most": most})]


def note_late(tx: Transaction, row: MatterRow, at: int) -> bool:
    """Note that a matter is late; False when that was noted already."""
    done = tx.run(_NOTE_LATE, {"which": row.case, "at": at}) == 1
    if done:
        note_step(tx, row.case, at, "overdue", Noted("", ""), row.due_rule)
    return done


def move_matter(
    tx: Transaction, row: MatterRow, after: str, at: int, who: Noted, note: str, *, classified: bool = False
) -> MatterRow:
    """Move a matter to another state and note the step; gives it as it is now.

    Args:
        tx: Unit of work.
        row: The matter as it was read in this unit of work.
        after: State to reach.
        at: Instant (microseconds).
        who: Who moves it.
        note: Reason code or a short word; no personal data.
        classified: Whether it was found to ask for something else, which alone leads back; its day stays where it was.

    Raises:
        IllegalMove: Its state machine knows no such move.
        Conflict: Somebody else has moved it meanwhile.
    """
    SHAPES[row.matter].check(row.state, after, classified=classified)
    moved = _moved(row, after, at, note)
    values = {
        "which": row.case,
        "before": row.state,
        "after": after,
        "verified": moved.verified_at,
        "ended": moved.ended_at,
        "reason": moved.outcome,
        "late": moved.overdue_at,
    }
    if tx.run(_MOVE, values) != 1:
        raise Conflict("Somebody else has moved it meanwhile.", field="state", mend="Look again.")
    note_step(tx, row.case, at, after, who, note)
    if moved.ended_at:
        tx.run(_FREE, {"which": row.case})
        tx.run(_MEET_ALL, {"which": row.case, "at": at})
    return moved


def _moved(row: MatterRow, after: str, at: int, note: str) -> MatterRow:
    """A matter as it is once it has reached a state; one that ends too late is overdue from then on."""
    ends = after in SHAPES[row.matter].ends
    verified = row.verified_at or (at if after == "verified" else 0)
    if after == "identity-pending":
        verified = 0
    moved = row._replace(
        state=after, verified_at=verified, ended_at=at if ends else 0, outcome=note if ends else ""
    )
    if ends and moved.late(at) and not moved.overdue_at:
        moved = moved._replace(overdue_at=at)
    return moved


def assign_matter(tx: Transaction, case: str, who: Noted, holder: str, at: int) -> None:
    """Give a matter to whoever holds it from now on: who takes it, to whom it is handed, or nobody."""
    tx.run(_ASSIGN, {"which": case, "who": holder})
    step = "taken" if holder == who.key else "handed-over" if holder else "put-back"
    note_step(tx, case, at, step, who, "")


def set_reviewer(tx: Transaction, case: str, who: Noted, at: int) -> None:
    """Give a dispute to whoever reviews it."""
    tx.run(_REVIEW, {"which": case, "who": who.key})
    note_step(tx, case, at, "review-taken", who, "")


def classify_matter(tx: Transaction, row: MatterRow, kind: str, uses: str, who: Noted, at: int) -> None:
    """Say what a request asks for, and which uses it is about, once somebody has read it; it frees its place."""
    tx.run(_CLASSIFY, {"which": row.case, "what": kind, "about": uses})
    note_step(tx, row.case, at, "classified", who, kind)


def add_duties(tx: Transaction, duties: Sequence[Duty]) -> None:
    """Keep the clocks of a matter."""
    for one in duties:
        tx.run(_ADD_DUTY, tuple(one))


def duties_of(tx: Transaction, case: str) -> list[Duty]:
    """The clocks of a matter, the earliest first."""
    return [Duty(*row) for row in tx.rows(_DUTIES, {"which": case})]


def due_reminders(tx: Transaction, now: int, most: int) -> list[Duty]:
    """Reminders that are due at an instant (microseconds) and have not fired, the earliest first; none of what is unproven."""
    return [Duty(*row) for row in tx.rows(_DUE_DUTIES, {"now": now, "most": most})]


def meet_duty(tx: Transaction, one: Duty, at: int) -> bool:
    """Note that a clock was met or has fired; False when that was noted already."""
    return tx.run(_MEET, {"which": one.case, "name": one.rule, "at": at}) == 1


def note_step(tx: Transaction, case: str, at: int, step: str, who: Noted, note: str) -> None:
    """Note what happened to a matter."""
    tx.run(_ADD_STEP, (new_id(), case, at, step, who.role, who.key, note))


def steps_of(tx: Transaction, case: str) -> list[Step]:
    """What happened to a matter, in order."""
    return [Step(*row) for row in tx.rows(_STEPS, {"which": case})]


def _one(row: Sequence[object] | None) -> MatterRow | None:
    return MatterRow(*row) if row is not None else None  # type: ignore[arg-type]
