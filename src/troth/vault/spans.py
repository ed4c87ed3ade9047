"""Spans: everybody in parts of some hundred, by ranges of handles, with a mark that changes when anything in a part does.

A count keeps what it read of a span as long as the span's mark is the same. The mark is made of the notes that triggers write
(`watching.py`): notes are read in the very snapshot in which people are, so that one is seen with what it tells of or not at all.

That holds once every writer knows the span. On PostgreSQL a writer may have begun before the span was there; so a span is
taken for ready only in a snapshot that sees the end of every transaction which was under way when it appeared.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, literal, select, text, update

from troth.storage import Database, Statement, Transaction
from troth.vault.life import LIVE
from troth.vault.tables import person, person_change, person_span

SPAN = 500
"""People of a span when it is made."""
_HEAD = 16
"""Characters of a handle that tell its instant; a border is made of these, so that it names nobody."""
_BEHIND = "g"
"""Comes behind every character of a handle."""
_MANY = 32
_UNREADY = -1
_SPANS = Statement(
    select(
        person_span.c.low,
        person_span.c.high,
        person_span.c.ready,
        func.count(person_change.c.token),
        func.coalesce(func.sum(person_change.c.token), 0),
    )
    .select_from(person_span.outerjoin(person_change, person_change.c.low == person_span.c.low))
    .group_by(person_span.c.low, person_span.c.high, person_span.c.ready)
    .order_by(person_span.c.low)
)
_MARK = Statement(
    select(func.count(person_change.c.token), func.coalesce(func.sum(person_change.c.token), 0)).where(
        person_change.c.low == bindparam("which")
    )
)
_LAST = Statement(select(func.max(person_span.c.high)))
_page = (
    select(person.c.person)
    .where(person.c.person > bindparam("after"), person.c.state == LIVE)
    .order_by(person.c.person)
    .limit(bindparam("most"))
    .subquery("page")
)
_NEXT = Statement(select(func.count(), func.max(_page.c.person)))
_ADD = Statement(insert(person_span))
_CLEAR = Statement(delete(person_change).where(person_change.c.low == bindparam("which")))
_NOTE = Statement(insert(person_change))


def _by_transaction(dialect: str, core: str) -> Any:
    return literal(0) if dialect == "sqlite" else text(core)


# SQLite has one writer. On PostgreSQL nobody else may add before this unit of work ends; whoever reads waits for nothing.
_ALONE = Statement(
    lambda dialect: (
        select(literal(0))
        if dialect == "sqlite"
        else text("SELECT pg_advisory_xact_lock(hashtext('troth.person_span'))")
    )
)
# A transaction's own number is given out after the snapshot of its only statement, so after all whom that could not see.
_MAKE_READY = Statement(
    lambda dialect: (
        update(person_span)
        .where(person_span.c.ready == _UNREADY)
        .values(ready=_by_transaction(dialect, "pg_current_xact_id()::text::bigint"))
    )
)
_ENDED = Statement(
    lambda dialect: select(_by_transaction(dialect, "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))
)


class Span(NamedTuple):
    """A part of everybody.

    Args:
        low: Its border below; who is in it comes behind.
        high: Its border above, which is in it.
        ready: The transaction before which all must have ended.
        mark: Number and sum of its notes.
    """

    low: str
    high: str
    ready: int
    mark: tuple[int, int]


def spans(tx: Transaction) -> list[Span]:
    """Every span in the order of handles; one begins where the one before ends."""
    return [
        Span(low, high, ready, (int(count), int(total))) for low, high, ready, count, total in tx.rows(_SPANS)
    ]


def mark_of(tx: Transaction, span: Span) -> tuple[int, int] | None:
    """The mark of a span in this snapshot; None while somebody may be writing who does not know the span."""
    ended = tx.row(_ENDED)
    if span.ready == _UNREADY or ended is None or int(ended[0]) < span.ready:
        return None
    row = tx.row(_MARK, {"which": span.low}) or (0, 0)
    return int(row[0]), int(row[1])


def make_spans(database: Database, size: int = SPAN) -> None:
    """Make the spans of so many people that are missing; what is behind the last whole one is in none."""
    add_spans(database, missing_spans(database, size))
    with database.reading() as tx:
        unready = any(one.ready == _UNREADY for one in spans(tx))
    if unready:
        with database.transaction() as tx:
            tx.run(_MAKE_READY)


def missing_spans(database: Database, size: int) -> list[tuple[str, str, int]]:
    """The rows of spans that could follow the last one, each where the one before ends."""
    with database.reading() as tx:
        after = _end(tx)
    found: list[tuple[str, str, int]] = []
    while True:
        with database.reading() as tx:
            number, last = tx.row(_NEXT, {"after": after, "most": size}) or (0, "")
        if number < size:
            return found
        high = str(last)[:_HEAD] + _BEHIND
        found.append((after, high, _UNREADY))
        after = high


def add_spans(database: Database, found: Sequence[tuple[str, str, int]]) -> None:
    """Add spans, unless somebody else added some meanwhile: two that overlap would take each other's notes."""
    if not found:
        return
    with database.transaction() as tx:
        tx.rows(_ALONE)
        if _end(tx) == found[0][0]:
            tx.run_many(_ADD, found)


def _end(tx: Transaction) -> str:
    return str((tx.row(_LAST) or ("",))[0] or "")


def shorten_notes(database: Database, changed: Sequence[Span], token: int) -> None:
    """Put one note in the place of many, where a span that is to be read anew has many.

    Args:
        database: The data database.
        changed: Spans that nothing is kept of any more.
        token: A number below 2**40 that no note has, drawn at random.
    """
    many = [one.low for one in changed if one.mark[0] > _MANY]
    if not many:
        return
    with database.transaction() as tx:
        for low in many:
            tx.run(_CLEAR, {"which": low})
            tx.run(_NOTE, (low, token))
