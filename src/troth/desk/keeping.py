"""Cases that are worked on in stages, what happened to them, and the mails of a thread, on disk."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from troth.desk.model import CLOSED, FREE, MINE, Served
from troth.desk.tables import desk_case, desk_mail, desk_step
from troth.kernel import new_id
from troth.rights import Step
from troth.storage import Lookup, Row, Statement, Transaction, Upsert

_c = desk_case.c
_TAKEN = (
    "case_id",
    "number",
    "kind",
    "stage",
    "person",
    "record",
    "holder",
    "opened_at",
    "ended_at",
    "outcome",
)
_ADD = Statement(insert(desk_case))
_BY_CASE = Lookup(desk_case, by=("case_id",), take=_TAKEN)
_BY_NUMBER = Lookup(desk_case, by=("number",), take=_TAKEN)
_OF_PERSON = Lookup(desk_case, by=("person",), take=("case_id",))
_STAGE = Statement(
    update(desk_case)
    .where(_c.case_id == bindparam("which"), _c.stage == bindparam("before"))
    .values(stage=bindparam("after"))
)
_HOLD = Statement(update(desk_case).where(_c.case_id == bindparam("which")).values(holder=bindparam("who")))
_END = Statement(
    update(desk_case)
    .where(_c.case_id == bindparam("which"), _c.ended_at == 0)
    .values(ended_at=bindparam("at"), outcome=bindparam("why"))
)
_BEGIN_AGAIN = Statement(
    update(desk_case)
    .where(_c.case_id == bindparam("which"))
    .values(ended_at=0, outcome="", holder=bindparam("who"), stage=bindparam("after"))
)
_WHY = Statement(update(desk_case).where(_c.case_id == bindparam("which")).values(outcome=bindparam("why")))
_NOTE = Statement(insert(desk_step))
_s = desk_step.c
_STEPS = Statement(
    select(_s.case_id, _s.at, _s.step, _s.role, _s.who, _s.note)
    .where(_s.case_id == bindparam("which"))
    .order_by(_s.step_id)
)
_SENT = Statement(insert(desk_mail))
_CAME = Upsert(desk_mail, by=("message",), update=("case_id", "at", "record"))
_CASE_OF_MAIL = Lookup(desk_mail, by=("message",), take=("case_id",))
_m = desk_mail.c
_OURS = Statement(
    select(_m.message).where(_m.case_id == bindparam("which"), _m.record == "").order_by(_m.at, _m.message)
)
_THEIRS = Statement(
    select(_m.record).where(_m.case_id == bindparam("which"), _m.record != "").order_by(_m.at, _m.record)
)
_FORGET = Statement(delete(desk_mail).where(_m.case_id == bindparam("which"), _m.record != ""))


def add_case(tx: Transaction, row: Served) -> None:
    """Keep a new case."""
    values = (
        row.case,
        row.number,
        row.kind,
        row.state,
        row.person,
        row.record,
        row.holder,
        row.opened_at,
        0,
        "",
    )
    tx.run(_ADD, values)


def case_row(tx: Transaction, case: str) -> Served | None:
    """A case by its id; None where the desk keeps none."""
    return _served(tx.lookup(_BY_CASE, [(case,)]).get((case,)))


def case_by_number(tx: Transaction, number: str) -> Served | None:
    """A case by its number; None where the desk keeps none."""
    return _served(tx.lookup(_BY_NUMBER, [(number,)]).get((number,)))


def cases_of(tx: Transaction, person: str) -> list[str]:
    """Ids of the cases about a person."""
    return [str(row[0]) for row in tx.lookup_all(_OF_PERSON, [(person,)]).get((person,), ())]


def list_cases(
    tx: Transaction, kind: str, view: str, holder: str, stage: str | None, behind: tuple[int, str], most: int
) -> list[Served]:
    """A page of cases of a kind, the oldest first; what is closed, the newest first.

    Args:
        tx: Unit of work.
        kind: Type of case.
        view: One of `VIEWS`.
        holder: Whose, for `mine`.
        stage: Only those in a stage; None for any.
        behind: Instant and id of the last one of the page before; zero and an empty text for the first page.
        most: Most cases.
    """
    at, case = behind
    values: dict[str, Any] = {"what": kind, "at": at, "after": case, "most": most}
    values |= {"who": holder if view == MINE else ""} if view in (MINE, FREE) else {}
    values |= {"place": stage} if stage is not None else {}
    rows = tx.rows(_page(view, staged=stage is not None, first=not case), values)
    return [found for row in rows if (found := _served(row)) is not None]


@lru_cache(maxsize=32)
def _page(view: str, *, staged: bool, first: bool) -> Statement:
    done = view == CLOSED
    found = [_c.kind == bindparam("what"), _c.ended_at > 0 if done else _c.ended_at == 0]
    if view in (MINE, FREE):
        found.append(_c.holder == bindparam("who"))
    if staged:
        found.append(_c.stage == bindparam("place"))
    order = (_c.ended_at.desc(), _c.case_id.desc()) if done else (_c.opened_at, _c.case_id)
    when = _c.ended_at if done else _c.opened_at
    if first:
        found.append(when >= bindparam("at"))
        found.append(_c.case_id >= bindparam("after"))
    elif done:
        found.append(
            or_(when < bindparam("at"), and_(when == bindparam("at"), _c.case_id < bindparam("after")))
        )
    else:
        found.append(
            or_(when > bindparam("at"), and_(when == bindparam("at"), _c.case_id > bindparam("after")))
        )
    return Statement(
        select(*(_c[name] for name in _TAKEN)).where(*found).order_by(*order).limit(bindparam("most"))
    )


def reach_stage(tx: Transaction, case: str, before: str, after: str) -> bool:
    """Bring a case from one stage to another; False when somebody else has meanwhile."""
    return tx.run(_STAGE, {"which": case, "before": before, "after": after}) == 1


def hold_case(tx: Transaction, case: str, holder: str) -> None:
    """Note to whom a case is assigned."""
    tx.run(_HOLD, {"which": case, "who": holder})


def end_row(tx: Transaction, case: str, at: int, why: str) -> None:
    """Note that a case was closed at an instant (microseconds), and why."""
    tx.run(_END, {"which": case, "at": at, "why": why})


def note_why(tx: Transaction, case: str, why: str) -> None:
    """Note why a case was closed, where its closing did not say."""
    tx.run(_WHY, {"which": case, "why": why})


def begin_again(tx: Transaction, case: str, holder: str, stage: str) -> None:
    """Note that a case was opened again, and at which stage it goes on."""
    tx.run(_BEGIN_AGAIN, {"which": case, "who": holder, "after": stage})


def note_step(tx: Transaction, case: str, at: int, step: str, role: str, who: str, note: str = "") -> None:
    """Note what happened to a case at an instant (microseconds)."""
    tx.run(_NOTE, (new_id(), case, at, step, role, who, note))


def steps_of(tx: Transaction, case: str) -> list[Step]:
    """What happened to a case, in order."""
    return [Step(*row) for row in tx.rows(_STEPS, {"which": case})]


def note_mail(tx: Transaction, message: str, case: str, at: int) -> None:
    """Note that a mail of ours is about a case, by the left part of its Message-ID."""
    tx.run(_SENT, (message, case, at, ""))


def note_their_mail(tx: Transaction, mark: str, case: str, record: str, at: int) -> None:
    """Note that a mail of the person's own is about a case, by `mail_mark`; the record holds its Message-ID, sealed."""
    tx.run(_CAME, (mark, case, at, record))


def case_of_mails(tx: Transaction, messages: Sequence[str]) -> str:
    """The case of the first of some mails that is known, of ours by their ids, of the person by `mail_mark`; else empty."""
    found = tx.lookup(_CASE_OF_MAIL, [(one,) for one in messages])
    return next((str(found[(one,)][0]) for one in messages if (one,) in found), "")


def mails_of(tx: Transaction, case: str) -> list[str]:
    """The mails of ours about a case, oldest first."""
    return [str(row[0]) for row in tx.rows(_OURS, {"which": case})]


def records_of_mails(tx: Transaction, case: str) -> list[str]:
    """The records in which the Message-IDs of the person's own mails about a case are sealed, oldest first."""
    return [str(row[0]) for row in tx.rows(_THEIRS, {"which": case})]


def forget_their_mails(tx: Transaction, case: str) -> None:
    """Forget which mails the person wrote about a case."""
    tx.run(_FORGET, {"which": case})


def _served(row: Row | None) -> Served | None:
    if row is None:
        return None
    case, number, kind, stage, person, record, holder, opened_at, ended_at, outcome = row
    return Served(
        str(case), str(number), str(kind), str(stage), str(person), str(record), str(holder), int(opened_at),
        ended_at=int(ended_at), outcome=str(outcome),
    )  # fmt: skip
