"""Values whose key ended after the backup that they stand in: found, told apart from altered ones, and dropped.

When a single field of somebody is erased, what stands beside it is sealed anew under a key of the next generation, and the
old key is destroyed (clause III.7). A backup from before still holds the old form of these values, which nothing opens once
its epoch key is gone.

That a key was ended, and not lost, the key store proves by itself: it holds a key of a later generation of the same group,
wrapped for just that place, or the group is empty by an erasure that is known. A value is let go only where its marks say
that it was sealed here, for this person, field, version and generation; whoever altered a row to have it dropped is told.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete

from troth.kernel import Corrupt
from troth.storage import Lookup, Row, Statement, Transaction
from troth.vault import crypto
from troth.vault.keyring import KeyRing
from troth.vault.probing import opens
from troth.vault.records import forget_emptied
from troth.vault.resealing import Group
from troth.vault.tables import person_key, sealed_field

_PLACES = Lookup(sealed_field, by=("person",), take=("field", "key_group", "policy", "generation"))
_CONTENT = Lookup(sealed_field, by=("person", "field"), take=("sealed",))
_KEYS = Lookup(person_key, by=("person",), take=("key_group", "generation"))
_DROP = Statement(
    delete(sealed_field).where(
        sealed_field.c.person == bindparam("who"), sealed_field.c.field == bindparam("name")
    )
)


class Shut(NamedTuple):
    """A value that no key opens any more: person, slot, and the key group whose key was ended."""

    person: str
    slot: str
    key_group: str


class Sorted(NamedTuple):
    """How many sealed values of some people have a key, and those that have none, for it was ended."""

    held: int
    shut: list[Shut]


def sort_shut(tx: Transaction, keys: KeyRing, people: Sequence[str], emptied: Collection[Group]) -> Sorted:
    """Look which sealed values of some people have no key any more; opens only keys, and only theirs.

    Args:
        tx: Unit of work or snapshot of the data.
        keys: The open key store.
        people: Handles of people who are not being erased.
        emptied: Key groups from which an erasure is known: one without any key was ended by it.

    Raises:
        Corrupt: A value has no key and nothing tells of the key's end, or its row was altered (clause IV.1).
    """
    wanted = [(who,) for who in people]
    sealed = tx.lookup_all(_PLACES, wanted)
    with keys.keystore.snapshot() as keys_tx:
        there = {who: set(rows) for (who,), rows in keys_tx.lookup_all(_KEYS, wanted).items()}
    keyless = {
        who: found
        for (who,), rows in sealed.items()
        if (found := [row for row in rows if (row[1], row[3]) not in there.get(who, ())])
    }
    known = keys.keys_of(keyless)
    shut = [
        one
        for who, rows in keyless.items()
        for one in _ended(tx, keys, who, rows, there.get(who, set()), known.get(who, ()), emptied)
    ]
    return Sorted(sum(map(len, sealed.values())) - len(shut), shut)


def drop_shut(tx: Transaction, shut: Sequence[Shut]) -> None:
    """Remove values that no key opens, and the records that lose their last value with them.

    An identifier stays: the keyed hash of an address still finds its person, who may give the address again.
    """
    tx.run_many(_DROP, [{"who": one.person, "name": one.slot} for one in shut])
    for who in {one.person for one in shut}:
        forget_emptied(tx, who, [one.slot for one in shut if one.person == who])


def _ended(
    tx: Transaction,
    keys: KeyRing,
    who: str,
    rows: Sequence[Row],
    there: Collection[Row],
    known: Sequence[bytes],
    emptied: Collection[Group],
) -> Iterator[Shut]:
    newest = _newest(there)
    content: Mapping[Row, Row] = tx.lookup(_CONTENT, [(who, row[0]) for row in rows])
    for slot, group, policy, generation in rows:
        ended = newest.get(group, 0) > generation or (group not in newest and (who, group) in emptied)
        place, sealed = crypto.Place(who, slot, policy, generation), bytes(content[who, slot][0])
        genuine = crypto.marked(keys.marking, place, sealed)
        if not ended or not genuine or opens(keys, place, sealed, known):
            raise Corrupt(
                f"A value of field {slot.partition('.')[0]} does not open, and nothing tells that its key was ended.",
                clause="IV.1",
                mend=f"Its row or its key was altered or lost; the person is {who}. Use another backup.",
            )
        yield Shut(who, slot, group)


def _newest(there: Collection[Row]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for group, generation in there:
        newest[group] = max(newest.get(group, 0), generation)
    return newest
