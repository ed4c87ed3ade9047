"""Bulletins in the database."""

import msgspec
from sqlalchemy import bindparam, or_, select, update

from troth.bulletins.model import RUNNING, Bulletin, Text
from troth.bulletins.tables import bulletin, bulletin_step
from troth.kernel import NotFound
from troth.storage import Lookup, Row, Statement, Transaction, Upsert

_c = bulletin.c
_COLUMNS = tuple(column.name for column in bulletin.columns)
_ADD = Upsert(bulletin, by=("case_id",))
_ONE = Statement(select(*(_c[name] for name in _COLUMNS)).where(_c.case_id == bindparam("which")))
_NEWEST = Statement(
    select(*(_c[name] for name in _COLUMNS)).order_by(_c.case_id.desc()).limit(bindparam("most"))
)
_RUNNING = Statement(select(_c.case_id).where(_c.state == RUNNING).order_by(_c.case_id))
_CHANGE = Statement(
    update(bulletin)
    .where(
        _c.case_id == bindparam("which"), _c.state == bindparam("was"), _c.written_at == bindparam("since")
    )
    .values({name: bindparam(f"new_{name}") for name in _COLUMNS if name != "case_id"})
)
_s = bulletin_step.c
_UNKNOWN = "unknown"
_ADD_STEP = Upsert(bulletin_step, by=("case_id",))
_HOLDER = Lookup(bulletin_step, by=("case_id",), take=("holder", "held_until"))
_TAKE = Statement(
    update(bulletin_step)
    .where(
        _s.case_id == bindparam("which"),
        or_(_s.holder.in_(("", bindparam("who"))), _s.held_until <= bindparam("now")),
    )
    .values(holder=bindparam("who"), held_until=bindparam("until"))
)
_END = Statement(
    update(bulletin_step)
    .where(_s.case_id == bindparam("which"), _s.holder == bindparam("who"))
    .values(holder="", held_until=0)
)
_decode = msgspec.json.Decoder(dict[str, Text]).decode


def add_bulletin(tx: Transaction, made: Bulletin) -> None:
    """Keep a new bulletin."""
    tx.run(_ADD, _row(made))


def bulletin_of(tx: Transaction, case: str) -> Bulletin:
    """A bulletin by its case.

    Raises:
        NotFound: There is none.
    """
    row = tx.row(_ONE, {"which": case})
    if row is None:
        raise NotFound(
            "There is no such bulletin.", field="bulletin", mend="`troth bulletins list` has them."
        )
    return _read(row)


def is_bulletin(tx: Transaction, case: str) -> bool:
    """Whether a case is that of a bulletin."""
    return tx.row(_ONE, {"which": case}) is not None


def newest_bulletins(tx: Transaction, most: int) -> list[Bulletin]:
    """Bulletins, the newest first."""
    return [_read(row) for row in tx.rows(_NEWEST, {"most": most})]


def running_bulletins(tx: Transaction) -> list[str]:
    """Cases of the bulletins that are under way."""
    return [row[0] for row in tx.rows(_RUNNING)]


def change_bulletin(tx: Transaction, was: Bulletin, now: Bulletin) -> bool:
    """Let a bulletin take a step; False where somebody else moved it meanwhile, and nothing was changed."""
    new = dict(zip(_COLUMNS, _row(now), strict=True))
    values = {f"new_{name}": value for name, value in new.items() if name != "case_id"}
    return tx.run(_CHANGE, {"which": was.case, "was": was.state, "since": was.written_at, **values}) == 1


def take_step(tx: Transaction, case: str, who: str, now: int, until: int) -> str | None:
    """Take the step of a bulletin, until an instant (microseconds).

    Returns:
        Who did not come to the end of the step before, of which nothing is known at the first; empty for nobody, None
        where somebody else's step is under way.
    """
    tx.run(_ADD_STEP, (case, _UNKNOWN, 0))
    before = tx.lookup(_HOLDER, [(case,)])[case,]
    taken = tx.run(_TAKE, {"which": case, "who": who, "now": now, "until": until})
    return str(before[0]) if taken else None


def has_step(tx: Transaction, case: str, who: str, now: int) -> bool:
    """Whether the step of a bulletin is in somebody's hands at an instant (microseconds)."""
    holder, until = tx.lookup(_HOLDER, [(case,)])[case,]
    return bool(holder == who and until > now)


def end_step(tx: Transaction, case: str, who: str) -> None:
    """Somebody's step has come to its end."""
    tx.run(_END, {"which": case, "who": who})


def _row(one: Bulletin) -> tuple[object, ...]:
    return one._replace(texts=msgspec.json.encode(dict(one.texts), order="sorted").decode())  # type: ignore[arg-type]


def _read(row: Row) -> Bulletin:
    found = Bulletin(*row)
    return found._replace(texts=_decode(str(found.texts)))
