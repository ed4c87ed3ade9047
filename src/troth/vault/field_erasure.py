"""Erasing some fields of a person who stays: the rows at once, then the keys that sealed them.

A key group that is empty then loses its key. One that still holds other fields gets a new key, under which these are
sealed anew, so that the old one can be destroyed: no copy of the data opens the erased value any more (clause III.7).
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, delete

from troth.kernel import Corrupt
from troth.storage import Database, Lookup, Statement, Transaction
from troth.vault.erased import Erased, note_erased
from troth.vault.keyring import KeyRing
from troth.vault.life import take_living
from troth.vault.model import parted
from troth.vault.records import forget_emptied
from troth.vault.resealing import Group, Resealer, destroy_older
from troth.vault.tables import identifier, person_key, sealed_field

_GROUPS = Lookup(sealed_field, by=("person",), take=("field", "key_group"))
_KEYS = Lookup(person_key, by=("person",), take=("key_group", "generation", "made_at"))
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
    """Delete fields of a person, and the identifiers that they are; gives the key groups whose keys must go.

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
    note_erased(tx, [Erased(who, slot, held[slot], now) for slot in sorted(gone)])
    return [(who, group) for group in sorted({held[slot] for slot in gone})]


def end_keys(database: Database, keys: KeyRing, groups: Mapping[Group, int], now: int) -> None:
    """Destroy the keys under which erased fields were sealed; what else was sealed under them gets a new one first.

    Args:
        database: The data database.
        keys: The open key store.
        groups: Key groups with the instant of the erasure (microseconds); one that has a newer key by now is done.
        now: Instant (microseconds).

    Raises:
        Corrupt: A value that stays does not open; its key is kept.
        Unavailable: A store takes no work, or the bytes of the keys are not yet out of the side files; repeat it.
    """
    filled = _end_empty(database, keys, groups)
    with keys.keystore.snapshot() as tx:
        there = tx.lookup_all(_KEYS, sorted({(who,) for who, _ in filled}))
    newest: dict[Group, tuple[int, int]] = {}
    for (who,), rows in there.items():
        for group, generation, made_at in rows:
            newest[who, group] = max(newest.get((who, group), (0, 0)), (generation, made_at))
    stale = {one: number for one, (number, made) in newest.items() if one in filled and made <= groups[one]}
    if stale:
        keys.make_keys(
            [(*one, number + 1) for one, number in stale.items()],
            max(now, *(groups[one] + 1 for one in stale)),
        )
    wanted = {one: newest[one][0] + (one in stale) for one in filled if one in newest}
    resealer = Resealer(database, keys)
    done, _ = resealer.reseal(wanted)
    with keys.keystore.transaction() as tx:
        destroy_older(tx, {one: number for one, number in wanted.items() if one[0] in done})
    keys.keystore.scrub()
    if resealer.left:
        raise Corrupt(
            f"What is left of {len(resealer.left)} people does not open; the key of what was erased is kept.",
            clause="IV.1",
            mend=f"Restore their rows; the first is {min(resealer.left)}.",
        )


def _end_empty(database: Database, keys: KeyRing, groups: Collection[Group]) -> set[Group]:
    """Destroy the keys of key groups that are empty; gives the others. The people are held meanwhile."""
    with database.transaction() as tx:
        living = take_living(tx, list({who for who, _ in groups}))
        held = tx.lookup_all(_GROUPS, [(who,) for who in living])
        filled = {(who, group) for (who,), fields in held.items() for _, group in fields}
        empty = [(who, group) for who, group in groups if who in living and (who, group) not in filled]
        with keys.keystore.transaction() as keys_tx:
            keys_tx.run_many(_DESTROY, [{"who": who, "emptied": group} for who, group in empty])
    return {one for one in groups if one in filled}
