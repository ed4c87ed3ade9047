"""What was erased: random handles and names of slots, by which a backup's restore knows whom it must not bring back.

A row comes with the erasure's own unit of work. What a row says is in the ledger too; here it is found without reading
the whole of that.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from troth.storage import Lookup, Statement, Transaction, Upsert
from troth.vault.tables import erased

WHOLE = ""
"""Slot of an erasure of the whole person."""
REMNANT = "*"
"""Slot that tells that a person was erased, but for what a hold keeps."""
_PAGE = 1_000

_ADD = Upsert(erased, by=("person", "slot"), update=("key_group", "erased_at", "noted"))
_COLUMNS = (erased.c.person, erased.c.slot, erased.c.key_group, erased.c.erased_at)
_ALL = Statement(select(*_COLUMNS))
_NEW = Statement(select(*_COLUMNS).where(erased.c.noted == 0).limit(bindparam("most")))
_NOTE = Statement(
    update(erased)
    .where(
        erased.c.person == bindparam("who"),
        erased.c.slot == bindparam("which"),
        erased.c.erased_at == bindparam("at"),
    )
    .values(noted=1)
)
_THERE = Lookup(erased, by=("person", "slot"), take=("erased_at",))


class Erased(NamedTuple):
    """An erasure: of a person, or of a slot (a field, or a field in a record).

    `key_group` is the group whose key is destroyed with the slot; empty where it was kept, as older versions did. The
    instant is in microseconds.
    """

    person: str
    slot: str
    key_group: str
    erased_at: int


def note_erased(tx: Transaction, rows: Collection[Erased]) -> None:
    """Keep that something was erased, in the erasure's own unit of work."""
    tx.run_many(_ADD, [(*row, 0) for row in rows])


def all_erased(tx: Transaction) -> Iterator[Erased]:
    """Every erasure there was; in flat memory."""
    return (Erased(*row) for row in tx.stream(_ALL))


def erased_pages(tx: Transaction) -> Iterator[list[Erased]]:
    """Every erasure there was, by pages."""
    found = all_erased(tx)
    while page := list(islice(found, _PAGE)):
        yield page


def not_journalled(tx: Transaction, most: int = 10_000) -> list[Erased]:
    """Erasures that stand in no journal yet."""
    return [Erased(*row) for row in tx.rows(_NEW, {"most": most})]


def note_journalled(tx: Transaction, rows: Sequence[Erased]) -> None:
    """Keep that erasures stand in every journal; one that came again meanwhile stays to be written."""
    tx.run_many(_NOTE, [{"who": row.person, "which": row.slot, "at": row.erased_at} for row in rows])


def known_before(tx: Transaction, rows: Collection[Erased]) -> set[Erased]:
    """Those of some erasures that a store knew of already."""
    found = tx.lookup(_THERE, list({(row.person, row.slot) for row in rows}))
    return {row for row in rows if found.get((row.person, row.slot)) == (row.erased_at,)}
