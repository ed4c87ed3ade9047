"""Erasing some fields of a person who stays: the rows at once, and the key of every key group that is empty then.

A key group that still holds other fields keeps its key until the next re-keying, and so do older backups of the erased
value.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete

from troth.storage import Database, Lookup, Statement, Transaction
from troth.vault.erased import Erased, note_erased
from troth.vault.keyring import KeyRing
from troth.vault.life import take_living
from troth.vault.model import parted
from troth.vault.records import forget_emptied
from troth.vault.tables import identifier, person_key, sealed_field

Group = tuple[str, str]
"""Person and key group."""

_GROUPS = Lookup(sealed_field, by=("person",), take=("field", "key_group"))
_DELETE = Statement(
    delete(sealed_field).where(
        sealed_field.c.person == bindparam("who"), sealed_field.c.field == bindparam("name")
    )
)
_FORGET = Statement(
    delete(identifier).where(identifier.c.person == bindparam("who"), identifier.c.kind == bindparam("name"))
)
_FORGET_IN = Statement(
    delete(identifier).where(
        identifier.c.person == bindparam("who"),
        identifier.c.kind == bindparam("name"),
        identifier.c.record == bindparam("which"),
    )
)
_DESTROY = Statement(
    delete(person_key).where(
        person_key.c.person == bindparam("who"), person_key.c.key_group == bindparam("emptied")
    )
)


def held_fields(tx: Transaction, who: str) -> list[str]:
    """Names of the fields that a person has, in the profile or in a record, in order; opens nothing."""
    return sorted({parted(row[0])[0] for row in tx.lookup_all(_GROUPS, [(who,)]).get((who,), ())})


def erase_fields(tx: Transaction, who: str, fields: Sequence[str], now: int, record: str = "") -> list[Group]:
    """Delete fields of a person, and the identifiers that they are; gives the key groups that are empty now.

    With a record only what stands in it goes; without one, every value of the fields, in all records too. That it was
    erased at an instant (microseconds) is kept, so that no backup brings it back.
    """
    held: dict[str, str] = dict(tx.lookup_all(_GROUPS, [(who,)]).get((who,), ()))
    gone = {slot for slot in held if parted(slot)[0] in fields and (not record or parted(slot)[1] == record)}
    for slot in sorted(gone):
        tx.run(_DELETE, {"who": who, "name": slot})
    for name in fields:
        tx.run(_FORGET_IN if record else _FORGET, {"who": who, "name": name, "which": record})
    forget_emptied(tx, who, sorted(gone))
    left = {group for slot, group in held.items() if slot not in gone}
    note_erased(
        tx, [Erased(who, slot, "" if held[slot] in left else held[slot], now) for slot in sorted(gone)]
    )
    return [(who, group) for group in sorted({held[slot] for slot in gone} - left)]


def destroy_groups(database: Database, keys: KeyRing, groups: Sequence[Group]) -> None:
    """Destroy the keys of key groups that are empty, also in the engine's side files.

    Args:
        database: The data database. The people are held in it meanwhile, so that nothing is written under such a key.
        keys: The open key store.
        groups: Key groups that were empty a moment ago; one that holds a field again keeps its key.

    Raises:
        Unavailable: The keys are gone, but their bytes are not yet out of the side files; repeat it.
    """
    with database.transaction() as tx:
        living = take_living(tx, list({who for who, _ in groups}))
        held = tx.lookup_all(_GROUPS, [(who,) for who in living])
        filled = {(who, group) for (who,), fields in held.items() for _, group in fields}
        empty = [(who, group) for who, group in groups if who in living and (who, group) not in filled]
        with keys.keystore.transaction() as keys_tx:
            keys_tx.run_many(_DESTROY, [{"who": who, "emptied": group} for who, group in empty])
    keys.keystore.scrub()
