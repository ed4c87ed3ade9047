"""Looking for open matters: the queue with filters, page by page, the most urgent first. Each page is one walk along an index."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, func, or_, select, union_all
from sqlalchemy.sql import ColumnElement

from troth.rights.keeping import COUNTS
from troth.rights.listing import MOST, Place
from troth.rights.model import MATTERS, MatterRow
from troth.rights.tables import matter
from troth.storage import Statement, Transaction

_COLUMNS = ("case_id", *(name for name in MatterRow._fields if name != "case"))


class Wanted(NamedTuple):
    """What is looked for; what is left empty filters nothing.

    Args:
        matters: request, dispute, question: those that the asker handles.
        kind: Of a request.
        state: A state; one that ends shows what has ended.
        handler: Id of the member of staff, or of the key, who handles it.
        late: Only what is past its due date.
        free: Only what nobody handles.
    """

    matters: tuple[str, ...] = MATTERS
    kind: str = ""
    state: str = ""
    handler: str = ""
    late: bool = False
    free: bool = False


def seek(
    tx: Transaction, wanted: Wanted, now: int, behind: Place | None = None, most: int = 50
) -> list[MatterRow]:
    """A page of what is looked for, the longest late first.

    Args:
        tx: Unit of work.
        wanted: What is looked for.
        now: Instant (microseconds), by which something is late.
        behind: Where the page before ended; None for the first.
        most: Matters on a page, at most `MOST`.
    """
    place = behind or Place()
    values = _values(wanted, now) | {
        "after_due": place.due_at,
        "after_case": place.case,
        "most": min(most, MOST),
    }
    return [MatterRow(*row) for row in tx.rows(_page(_shape(wanted)), values)]


def late_among(tx: Transaction, wanted: Wanted, now: int) -> int:
    """How many open matters of those looked for are past their due date."""
    sought = wanted._replace(late=True)
    ((number,),) = tx.rows(_count(_shape(sought)), _values(sought, now))
    return int(number)


class _Shape(NamedTuple):
    """Which filters there are; one statement for each."""

    matters: int
    kind: bool
    state: bool
    handler: bool
    late: bool
    free: bool = False


def _shape(wanted: Wanted) -> _Shape:
    named = 0 if set(wanted.matters) >= set(MATTERS) else len(wanted.matters)
    return _Shape(
        named, bool(wanted.kind), bool(wanted.state), bool(wanted.handler), wanted.late, wanted.free
    )


def _values(wanted: Wanted, now: int) -> dict[str, Any]:
    shape = _shape(wanted)
    found: dict[str, Any] = {
        f"matter_{number}": name for number, name in enumerate(wanted.matters[: shape.matters])
    }
    for name in ("kind", "state", "handler"):
        if getattr(shape, name):
            found[f"the_{name}"] = getattr(wanted, name)
    return found | ({"now": now} if shape.late else {})


def _conditions(shape: _Shape) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if not shape.state or shape.late:
        found.append(matter.c.ended_at == 0)
    if shape.matters == 1:
        found.append(matter.c.matter == bindparam("matter_0"))
    elif shape.matters:
        found.append(or_(*(matter.c.matter == bindparam(f"matter_{n}") for n in range(shape.matters))))
    named = [name for name in ("kind", "state", "handler") if getattr(shape, name)]
    found.extend(matter.c[name] == bindparam(f"the_{name}") for name in named)
    if shape.free:
        found.append(matter.c.handler == "")
    if shape.late:
        found += [matter.c.due_at < bindparam("now"), COUNTS]
    return found


@lru_cache(maxsize=128)
def _page(shape: _Shape) -> Statement:
    """One walk along an index; of several sorts of matter, with no other filter, a walk for each.

    Else a server without statistics, as after an import, sorts all that is open to show a page of it.
    """
    if shape.matters < 2 or shape.kind or shape.state or shape.handler:  # noqa: PLR2004  several
        return Statement(_ordered(_conditions(shape)))
    others = _conditions(shape._replace(matters=0))
    walks = [
        select(_ordered([*others, matter.c.matter == bindparam(f"matter_{n}")]).subquery())
        for n in range(shape.matters)
    ]
    found = union_all(*walks).subquery()
    ordered = select(*found.c).order_by(found.c.due_at, found.c.case_id).limit(bindparam("most"))
    return Statement(ordered)


def _ordered(conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    behind = and_(
        matter.c.due_at >= bindparam("after_due"),
        or_(matter.c.due_at > bindparam("after_due"), matter.c.case_id > bindparam("after_case")),
    )
    return (
        select(*(matter.c[name] for name in _COLUMNS))
        .where(*conditions, behind)
        .order_by(matter.c.due_at, matter.c.case_id)
        .limit(bindparam("most"))
    )


@lru_cache(maxsize=128)
def _count(shape: _Shape) -> Statement:
    return Statement(select(func.count()).select_from(matter).where(*_conditions(shape)))
