"""Reasons on the suppression list that come and go under keyed hashes alone, and how often somebody stopped something.

Whoever hands out a way to stop may keep the keyed hash of an address in it: so it still works when the person is erased.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import bindparam, delete, select, update

from troth.storage import Lookup, Statement, Transaction, Upsert
from troth.vault.suppression import BOUNCED
from troth.vault.tables import identifier, stop_count, suppression

Hashed = tuple[str, bytes]
"""Kind of an identifier and its keyed hash."""
_BLINDS = Lookup(identifier, by=("person",), take=("kind", "blind"))
_ON = Lookup(suppression, by=("kind", "blind"), take=("reason", "since"))
_ADD = Upsert(suppression, by=("kind", "blind", "reason"))
_DROP = Statement(
    delete(suppression).where(
        suppression.c.kind == bindparam("name"),
        suppression.c.blind == bindparam("hash"),
        suppression.c.reason == bindparam("why"),
    )
)
_FIRST = Upsert(stop_count, by=("singleton",))
_MORE = Statement(
    update(stop_count)
    .where(stop_count.c.singleton == bindparam("one"))
    .values(number=stop_count.c.number + 1)
)
_SEEN = Statement(select(stop_count.c.number).where(stop_count.c.singleton == bindparam("one")))
_THE_ONE = {"one": 1}


def hashes_of(tx: Transaction, who: str) -> list[Hashed]:
    """The keyed hashes of the identifiers of a person (handle); none of whom nobody knows."""
    return [(kind, bytes(blind)) for kind, blind in tx.lookup_all(_BLINDS, [(who,)]).get((who,), ())]


def reasons_on(tx: Transaction, hashes: Collection[Hashed]) -> dict[str, int]:
    """The reasons for which any of some hashes stands on the list, each with its latest instant (microseconds)."""
    found: dict[str, int] = {}
    for rows in (tx.lookup_all(_ON, list(hashes)) if hashes else {}).values():
        for reason, since in rows:
            found[reason] = max(since, found.get(reason, 0))
    return found


def add_reasons(tx: Transaction, hashes: Iterable[Hashed], reasons: Collection[str], now: int) -> None:
    """Put hashes on the list for some reasons at an instant (microseconds); the first one stays."""
    tx.run_many(_ADD, [(kind, blind, reason, now) for kind, blind in hashes for reason in reasons])


def drop_reasons(tx: Transaction, hashes: Iterable[Hashed], reasons: Collection[str]) -> None:
    """Take hashes off the list for some reasons."""
    tx.run_many(
        _DROP,
        [{"name": kind, "hash": blind, "why": reason} for kind, blind in hashes for reason in reasons],
    )


def follow_identifiers(tx: Transaction, who: str, before: Collection[Hashed]) -> None:
    """Put a person's new identifiers on the list for what the ones they take the place of stand there for, from the same instants.

    That mail to the old one comes back is no news of the new one.

    Args:
        tx: Unit of work.
        who: Handle of the person.
        before: The keyed hashes of the person's identifiers before the change, from `hashes_of`.
    """
    now = hashes_of(tx, who) if before else []
    gone = [one for one in before if one not in now]
    new = [one for one in now if one not in before]
    if not gone or not new:
        return
    found = tx.lookup_all(_ON, gone)
    tx.run_many(
        _ADD,
        [
            (kind, blind, reason, since)
            for (was, _), rows in found.items()
            for kind, blind in new
            for reason, since in rows
            if kind == was and reason != BOUNCED
        ],
    )


def count_stop(tx: Transaction) -> None:
    """Count that somebody stopped something, in the unit of work that keeps the stop."""
    if not tx.run(_MORE, _THE_ONE):
        tx.run(_FIRST, (1, 0))
        tx.run(_MORE, _THE_ONE)


def stops_seen(tx: Transaction) -> int:
    """How often somebody stopped something until now: whoever decided before this grew has to decide again."""
    row = tx.row(_SEEN, _THE_ONE)
    return int(row[0]) if row is not None else 0
