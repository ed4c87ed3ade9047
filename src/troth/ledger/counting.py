"""Live counts of decisions by clause and effect, and of who did what on which day.

The sequencer keeps them, and they are checked against the entries.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

import msgspec
from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.sql import ClauseElement

from troth.ledger.errors import CountMismatch
from troth.ledger.tables import SEGMENT, ledger_clause_count, ledger_deed, ledger_entry
from troth.storage import Row, Statement, Transaction

UNREADABLE = "unreadable"
"""Effect under which an entry is counted that is in no known format; a sound ledger has none."""
NO_CLAUSE = ""
"""Clause under which an entry is counted that no clause decided: a denial by default."""


class _Counted(msgspec.Struct, gc=False):
    """The members of an entry that are counted; decoding skips the others."""

    effect: str
    clauses: tuple[str, ...] = ()
    at: int = 0
    actor: str = ""
    key: str = ""
    act: str = ""
    purpose: str = ""


class Deed(NamedTuple):
    """An act of somebody: role, id of the key, act, purpose and effect."""

    role: str
    key: str
    act: str
    purpose: str
    effect: str


class _Found(msgspec.Struct, gc=False):
    """The members of an entry by which it is found."""

    id: str
    person: str = ""


def _adding(counted: Table, dialect: str) -> ClauseElement:
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    new = insert(counted)
    return new.on_conflict_do_update(
        index_elements=list(counted.primary_key), set_={"count": counted.c.count + new.excluded.count}
    )


def _adding_to(counted: Table) -> Callable[[str], ClauseElement]:
    return lambda dialect: _adding(counted, dialect)


DAY = timedelta(days=1) // timedelta(microseconds=1)
_DeedOfDay = tuple[int, str, str, str, str, str]
_CHUNK = 1024
_decode = msgspec.json.Decoder(_Counted).decode
_decode_found = msgspec.json.Decoder(_Found).decode
_decode_all = msgspec.json.Decoder(list[_Counted]).decode
_ADD = Statement(_adding_to(ledger_clause_count))
_ADD_DEEDS = Statement(_adding_to(ledger_deed))
_d = ledger_deed.c
_DEEDS = Statement(
    select(_d.role, _d.key, _d.act, _d.purpose, _d.effect, func.sum(_d.count))
    .where(_d.day >= bindparam("first"))
    .group_by(_d.role, _d.key, _d.act, _d.purpose, _d.effect)
)
_ALL_DEEDS = Statement(select(_d.day, _d.key, _d.role, _d.act, _d.purpose, _d.effect, _d.count))
_COUNTS = Statement(
    select(ledger_clause_count.c.clause, ledger_clause_count.c.effect, ledger_clause_count.c.count).order_by(
        ledger_clause_count.c.clause, ledger_clause_count.c.effect
    )
)
_ENTRIES = Statement(
    select(
        ledger_entry.c.leaf_index,
        ledger_entry.c.entry_id,
        ledger_entry.c.segment,
        ledger_entry.c.person,
        ledger_entry.c.body,
    ).order_by(ledger_entry.c.leaf_index)
)


def add_counts(tx: Transaction, bodies: list[bytes]) -> None:
    """Count newly integrated entries."""
    read = _read(bodies)
    tx.run_many(_ADD, [(clause, effect, number) for (clause, effect), number in _count(read).items()])
    tx.run_many(_ADD_DEEDS, [(*deed, number) for deed, number in _deeds(read).items()])


def deeds(tx: Transaction, since: int) -> dict[Deed, int]:
    """How often each act was asked for by each key since the day of an instant (microseconds), permitted or not.

    Integrated entries only; days are those of UTC.
    """
    return {Deed(*row[:5]): int(row[5]) for row in tx.rows(_DEEDS, {"first": since // DAY})}


def counts_by_clause(tx: Transaction) -> dict[str, dict[str, int]]:
    """How many integrated entries each clause decided, by effect; denials by default stand under an empty clause.

    An entry that several clauses decided counts under each of them.
    """
    counts: dict[str, dict[str, int]] = {}
    for clause, effect, number in tx.rows(_COUNTS):
        counts.setdefault(clause, {})[effect] = number
    return counts


def recount(tx: Transaction) -> int:
    """Check what is kept beside the entries against the entries: counts, ids, and persons' journals.

    The tree protects the entries (`verify_log`), not the columns by which they are found; this does.

    Returns:
        The number of entries.

    Raises:
        CountMismatch: A count or a column differs; the message names the clause or the leaf.
    """
    kept = {(clause, effect): number for clause, effect, number in tx.rows(_COUNTS)}
    counted: Counter[tuple[str, str]] = Counter()
    done: Counter[_DeedOfDay] = Counter()
    total = 0
    for rows in _chunks(tx.stream(_ENTRIES)):
        for row in rows:
            _check_columns(row)
        read = _read([row[4] for row in rows])
        counted.update(_count(read))
        done.update(_deeds(read))
        total += len(rows)
    for clause, effect in sorted(kept.keys() | counted.keys()):
        is_kept, is_counted = kept.get((clause, effect), 0), counted[clause, effect]
        if is_kept != is_counted:
            raise CountMismatch(
                f"{is_kept} decisions with effect {effect!r} are kept where the entries hold {is_counted}.",
                mend="Somebody wrote to the count or the entries: run `troth ledger verify`.",
                clause=clause,
            )
    if done != {row[:6]: row[6] for row in tx.rows(_ALL_DEEDS)}:
        raise CountMismatch(
            "What is kept of who did what differs from the entries.",
            mend="Somebody wrote to the count or the entries: run `troth ledger verify`.",
        )
    return total


def _check_columns(row: Row) -> None:
    leaf, entry_id, segment, person, body = row
    try:
        said = _decode_found(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return  # counted as unreadable; what it says cannot be compared
    if (said.id, said.person, leaf // SEGMENT) != (entry_id, person, segment):
        raise CountMismatch(
            f"Leaf {leaf} stands in the database under another id, person or segment than its entry says.",
            mend="Somebody wrote to the database: compare it with an export or a backup.",
        )


def _deeds(read: list[_Counted]) -> Counter[_DeedOfDay]:
    """How often each key did each act on each day."""
    return Counter(
        [(one.at // DAY, one.key, one.actor, one.act, one.purpose, one.effect) for one in read if one.key]
    )


def _count(read: list[_Counted]) -> Counter[tuple[str, str]]:
    """How often each pair of clause and effect occurs."""
    decisions = Counter([(counted.effect, counted.clauses) for counted in read])
    counts: Counter[tuple[str, str]] = Counter()
    for (effect, clauses), number in decisions.items():
        for clause in set(clauses) or {NO_CLAUSE}:
            counts[clause, effect] += number
    return counts


def _read(bodies: list[bytes]) -> list[_Counted]:
    """All at once, which costs half of one by one; one by one only to set an unreadable entry apart."""
    try:
        found = _decode_all(b"[" + b",".join(bodies) + b"]")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        found = []
    return found if len(found) == len(bodies) else [_read_one(body) for body in bodies]


def _read_one(body: bytes) -> _Counted:
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _Counted(UNREADABLE)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk
