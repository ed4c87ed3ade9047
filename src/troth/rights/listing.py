"""The queue: matters by due date, page by page, with filters; what is late stands first and is never left out."""

from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select

from troth.rights.keeping import COUNTS
from troth.rights.model import MatterRow
from troth.rights.tables import matter
from troth.storage import Statement, Transaction

_COLUMNS = ("case_id", *(name for name in MatterRow._fields if name != "case"))
_TAKEN = [matter.c[name] for name in _COLUMNS]
_BEHIND = or_(
    matter.c.due_at > bindparam("after_due"),
    and_(matter.c.due_at == bindparam("after_due"), matter.c.case_id > bindparam("after_case")),
)
_ORDER = (matter.c.due_at, matter.c.case_id)
_OPEN = Statement(
    select(*_TAKEN).where(matter.c.ended_at == 0, _BEHIND).order_by(*_ORDER).limit(bindparam("most"))
)
_IN_STATE = Statement(
    select(*_TAKEN)
    .where(matter.c.state == bindparam("state"), _BEHIND)
    .order_by(*_ORDER)
    .limit(bindparam("most"))
)
_OF_HANDLER = Statement(
    select(*_TAKEN)
    .where(matter.c.handler == bindparam("handler"), matter.c.ended_at == 0, _BEHIND)
    .order_by(*_ORDER)
    .limit(bindparam("most"))
)
_COUNT = Statement(
    select(matter.c.matter, matter.c.state, func.count()).group_by(matter.c.matter, matter.c.state)
)
_COUNT_LATE = Statement(
    select(func.count()).where(matter.c.ended_at == 0, matter.c.due_at < bindparam("now"), COUNTS)
)
MOST = 200


class Place(NamedTuple):
    """Where a page of the queue begins: behind this due date (microseconds) and case."""

    due_at: int = -1
    case: str = ""


def queue(
    tx: Transaction, *, state: str = "", handler: str = "", behind: Place | None = None, most: int = 50
) -> list[MatterRow]:
    """A page of the queue, the most urgent first.

    Args:
        tx: Unit of work.
        state: Only matters in this state, ended ones too; empty for all that are open.
        handler: Only open matters that this key handles.
        behind: Where the page before ended; None for the first.
        most: Matters on a page, at most `MOST`.
    """
    place = behind or Place()
    values = {
        "after_due": place.due_at,
        "after_case": place.case,
        "most": min(most, MOST),
        "state": state,
        "handler": handler,
    }
    statement = _IN_STATE if state else _OF_HANDLER if handler else _OPEN
    wanted = {"after_due", "after_case", "most"} | (
        {"state"} if state else {"handler"} if handler else set[str]()
    )
    return [MatterRow(*row) for row in tx.rows(statement, {n: v for n, v in values.items() if n in wanted})]


def counts(tx: Transaction) -> dict[tuple[str, str], int]:
    """How many matters there are, by (matter, state)."""
    return {(kind, state): number for kind, state, number in tx.rows(_COUNT)}


def late_count(tx: Transaction, now: int) -> int:
    """How many open matters are past their due date at an instant (microseconds)."""
    ((number,),) = tx.rows(_COUNT_LATE, {"now": now})
    return int(number)
