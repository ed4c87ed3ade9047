"""Who did what: entries counted by who acted, read from the log itself."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, func, select

from troth.ledger.tables import ledger_entry
from troth.storage import Statement, Transaction

_SIZE = Statement(select(func.max(ledger_entry.c.leaf_index)))
_AT = Statement(
    select(ledger_entry.c.leaf_index, ledger_entry.c.body)
    .where(ledger_entry.c.leaf_index >= bindparam("leaf"))
    .order_by(ledger_entry.c.leaf_index)
    .limit(1)
)
_FROM = Statement(
    select(ledger_entry.c.body)
    .where(ledger_entry.c.leaf_index >= bindparam("leaf"))
    .order_by(ledger_entry.c.leaf_index)
)


class Deed(NamedTuple):
    """An act of somebody: role, id of the key, act, purpose and effect."""

    role: str
    key: str
    act: str
    purpose: str
    effect: str


class _Told(msgspec.Struct, gc=False):
    at: int = 0
    actor: str = ""
    key: str = ""
    act: str = ""
    purpose: str = ""
    effect: str = ""


_decode = msgspec.json.Decoder(_Told).decode


def deeds(tx: Transaction, since: int) -> Counter[Deed]:
    """How often each act was asked for by each key since an instant (microseconds), permitted or not; integrated entries only.

    The log is in the order of time but for entries of one moment, so its beginning is found by halves.
    """
    found: Counter[Deed] = Counter()
    for told in _since(tx, since):
        if told.key and told.at >= since:
            found[Deed(told.actor, told.key, told.act, told.purpose, told.effect)] += 1
    return found


def _since(tx: Transaction, since: int) -> Iterator[_Told]:
    row = tx.row(_SIZE)
    low, high = 0, int(row[0]) + 1 if row is not None and row[0] is not None else 0
    while low < high:
        middle = (low + high) // 2
        entry = tx.row(_AT, {"leaf": middle})
        told = _read(entry[1]) if entry is not None else None
        if told is None or told.at >= since:
            high = middle
        else:
            low = middle + 1
    for (body,) in tx.stream(_FROM, {"leaf": max(low - _OVERLAP, 0)}):
        told = _read(body)
        if told is not None:
            yield told


_OVERLAP = 1_000
"""Entries before the beginning that are looked at too, because those of one moment stand in any order."""


def _read(body: bytes) -> _Told | None:
    try:
        return _decode(bytes(body))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None  # in no known format; `troth ledger verify` tells of it
