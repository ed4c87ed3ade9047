"""Erasing a person: intent, keys, rows, completion; each step repeats safely, so that a crash is resumed.

The two stores cannot commit together. The intent commits first and hides the person; then the keys go, which makes
every copy of the data unreadable, in backups too; then the rows. A crash leaves an intent, which the next start
finishes.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta

from sqlalchemy import bindparam, delete, select, update

from troth.storage import Database, Lookup, Statement, Transaction, Upsert
from troth.vault.blocks import forget_sender
from troth.vault.erased import REMNANT, WHOLE, Erased, note_erased
from troth.vault.keyring import KeyRing
from troth.vault.life import ERASING, KEPT, take_living
from troth.vault.model import parted
from troth.vault.parcels import kept_parcels
from troth.vault.records import forget_emptied
from troth.vault.suppression import ERASED, keep_objections, suppress_person
from troth.vault.tables import (
    address_change,
    block,
    childhood,
    erasure,
    held,
    identifier,
    person,
    preference,
    presence,
    record,
    sealed_field,
)

ORPHAN_AGE = timedelta(hours=1)
_PAGE = 1_000

_BEGIN = Upsert(erasure, by=("person",))
_HIDE = Statement(update(person).where(person.c.person == bindparam("who")).values(state=ERASING))
_BEGUN = Statement(select(erasure.c.person).order_by(erasure.c.begun_at))
_PERSONS = Lookup(person, by=("person",), take=("state",))
_DELETES = tuple(
    Statement(delete(table).where(table.c.person == bindparam("who")))
    for table in (sealed_field, identifier, preference, presence, childhood, record, held, block, person)
)
_SLOTS = Lookup(sealed_field, by=("person",), take=("field", "key_group"))
_DELETE_SLOT = Statement(
    delete(sealed_field).where(
        sealed_field.c.person == bindparam("who"), sealed_field.c.field == bindparam("name")
    )
)
_IDENTIFIERS = Lookup(identifier, by=("person",), take=("kind", "blind", "record"))
_DELETE_IDENTIFIER = Statement(
    delete(identifier).where(identifier.c.kind == bindparam("name"), identifier.c.blind == bindparam("mark"))
)
_FORGET_SAID = tuple(
    Statement(delete(table).where(table.c.person == bindparam("who")))
    for table in (preference, presence, block)
)
_KEEP = Statement(update(person).where(person.c.person == bindparam("who")).values(state=KEPT, has_stances=0))
_REMNANTS = Statement(
    select(person.c.person)
    .where(person.c.person > bindparam("after"), person.c.state == KEPT)
    .order_by(person.c.person)
    .limit(bindparam("most"))
)
_FORGET_MOVES = Statement(
    delete(address_change).where(
        (address_change.c.submission == bindparam("who")) | (address_change.c.person == bindparam("who"))
    )
)
_END = Statement(delete(erasure).where(erasure.c.person == bindparam("who")))


def begin_erasure(tx: Transaction, who: str, now: int) -> None:
    """Commit to erasing a person: from now on nobody reads or finds them."""
    tx.run(_BEGIN, (who, now))
    tx.run(_HIDE, {"who": who})


def begun_erasures(tx: Transaction) -> list[str]:
    """People whose erasure has begun and not ended, oldest first."""
    return [row[0] for row in tx.rows(_BEGUN)]


def finish_erasure(tx: Transaction, who: str, now: int) -> bool:
    """Delete every row of a person whose keys are destroyed; keyed hashes of the identifiers stay as suppressions.

    Returns:
        Whether this call ended the erasure. Two processes may be at it at once; the row of the intent lets one through.
    """
    if not tx.run(_END, {"who": who}):
        return False
    suppress_person(tx, who, ERASED, now)
    keep_objections(tx, who, now)
    note_erased(tx, [Erased(who, WHOLE, "", now)])
    for statement in (*_DELETES, _FORGET_MOVES):
        tx.run(statement, {"who": who})
    forget_sender(tx, who)
    return True


def erase_all_but(tx: Transaction, who: str, kept: Collection[str], now: int) -> list[tuple[str, str]]:
    """Erase a person at an instant (microseconds), but for some slots; gives the key groups whose keys must go.

    The person is nobody's any more: not found, counted or listed; what is left is read only by whom the policy lets.
    """
    take_living(tx, [who])
    suppress_person(tx, who, ERASED, now)
    keep_objections(tx, who, now)
    stand = {(field, record) for field, record in map(parted, kept)}
    held_slots: dict[str, str] = dict(tx.lookup_all(_SLOTS, [(who,)]).get((who,), ()))
    gone = sorted(held_slots.keys() - set(kept))
    for slot in gone:
        tx.run(_DELETE_SLOT, {"who": who, "name": slot})
    for kind, blind, record_id in tx.lookup_all(_IDENTIFIERS, [(who,)]).get((who,), ()):
        if (kind, record_id) not in stand:
            tx.run(_DELETE_IDENTIFIER, {"name": kind, "mark": blind})
    forget_emptied(tx, who, gone)
    note_erased(tx, [Erased(who, slot, held_slots[slot], now) for slot in gone])
    note_erased(tx, [Erased(who, REMNANT, "", now)])
    for statement in (*_FORGET_SAID, _FORGET_MOVES):
        tx.run(statement, {"who": who})
    forget_sender(tx, who)
    mark_remnant(tx, who)
    return [(who, group) for group in sorted({held_slots[slot] for slot in gone})]


def mark_remnant(tx: Transaction, who: str) -> None:
    """Note that only what a hold keeps is left of a person."""
    tx.run(_KEEP, {"who": who})


def remnants(tx: Transaction, after: str, most: int) -> list[str]:
    """People who were erased but for what a hold kept, by handle, behind another one."""
    return [row[0] for row in tx.rows(_REMNANTS, {"after": after, "most": most})]


def sweep_orphan_keys(database: Database, keys: KeyRing, now: int) -> int:
    """Destroy keys of handles that never became people; gives the number of handles swept.

    Keys come before data, so a crash between the two leaves keys without a person. Only those older than an hour go,
    so that a collection under way keeps its own.
    """
    swept = 0
    before = now - ORPHAN_AGE // timedelta(microseconds=1)
    for handles in _pages(keys, before):
        with database.snapshot() as tx:
            there = {key[0] for key in tx.lookup(_PERSONS, [(one,) for one in handles])}
            there |= kept_parcels(tx, [one for one in handles if one not in there])
        orphans = [one for one in handles if one not in there]
        if orphans:
            keys.destroy(orphans)
            swept += len(orphans)
    return swept


def _pages(keys: KeyRing, before: int) -> Iterator[list[str]]:
    after = ""
    while handles := keys.people_with_keys(after, before, _PAGE):
        yield handles
        after = handles[-1]


__all__ = [
    "begin_erasure",
    "begun_erasures",
    "erase_all_but",
    "finish_erasure",
    "mark_remnant",
    "remnants",
    "sweep_orphan_keys",
]
