"""Sealing what is stored under keys of another generation, so that the older keys can be destroyed."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import bindparam, delete, update

from troth.kernel import Corrupt, TrothError
from troth.storage import Database, Lookup, Row, Statement, Transaction
from troth.vault import crypto
from troth.vault.errors import KeyMissing
from troth.vault.keyring import KeyName, KeyRing
from troth.vault.life import take_living
from troth.vault.tables import person_key, sealed_field

Group = tuple[str, str]
"""Person and key group."""
_SEALED = Lookup(sealed_field, by=("person",), take=("field", "key_group", "policy", "generation", "sealed"))
_RESEAL = Statement(
    update(sealed_field)
    .where(sealed_field.c.person == bindparam("who"), sealed_field.c.field == bindparam("name"))
    .values(generation=bindparam("number"), sealed=bindparam("fresh"))
)
_DESTROY_OLDER = Statement(
    delete(person_key).where(
        person_key.c.person == bindparam("who"),
        person_key.c.key_group == bindparam("key_group_"),
        person_key.c.generation < bindparam("number"),
    )
)


def destroy_older(tx: Transaction, newest: Mapping[Group, int]) -> None:
    """Destroy the keys of key groups that are older than a generation, in a unit of work of the key store."""
    tx.run_many(
        _DESTROY_OLDER,
        [{"who": who, "key_group_": group, "number": number} for (who, group), number in newest.items()],
    )


class Resealer:
    """Seals stored values anew.

    Args:
        database: The data database; others may be using it.
        keyring: The open key store.
    """

    def __init__(self, database: Database, keyring: KeyRing) -> None:
        self._database = database
        self._keyring = keyring
        self.persons = 0
        self.fields = 0
        self.left: set[str] = set()
        """People whose values or keys do not open; they keep what they have."""

    def reseal(self, newest: Mapping[Group, int]) -> tuple[set[str], list[str]]:
        """Put the data of some key groups under keys of a generation; gives who is done, and who is being erased meanwhile."""
        persons = {who for who, _ in newest}
        done: set[str] = set()
        with self._database.transaction() as tx:
            living = take_living(tx, list(persons))
            sealed = tx.lookup_all(_SEALED, [(one,) for one in living])
            keys = self._keys_for(sealed, newest)
            for who in living:
                try:
                    fresh = list(self._resealed(who, sealed.get((who,), ()), newest, keys))
                except TrothError:
                    self.left.add(
                        who
                    )  # told at the end: one altered value must not keep the others' old keys
                    continue
                tx.run_many(_RESEAL, fresh)
                self.fields += len(fresh)
                done.add(who)
        self.persons += len(done)
        return done, sorted(persons.difference(living))

    def _keys_for(self, sealed: Mapping[Row, list[Row]], newest: Mapping[Group, int]) -> dict[KeyName, bytes]:
        """Keys that are needed, as far as they open."""
        names = {
            (who, row[1], row[3])
            for (who,), rows in sealed.items()
            for row in rows
            if (who, row[1]) in newest
        }
        names |= {(who, group, generation) for (who, group), generation in newest.items()}
        try:
            return self._keyring.keys(names)
        except Corrupt:
            return {name: key for one in names for name, key in self._key_or_none(one)}

    def _key_or_none(self, name: KeyName) -> Sequence[tuple[KeyName, bytes]]:
        try:
            return tuple(self._keyring.keys([name]).items())
        except Corrupt:
            return ()  # whoever needs it is left out and told

    def _resealed(
        self,
        who: str,
        rows: Sequence[Row],
        newest: Mapping[Group, int],
        keys: Mapping[KeyName, bytes],
    ) -> Iterator[dict[str, object]]:
        marking = self._keyring.marking
        for field, group, policy, generation, sealed in rows:
            target = newest.get((who, group), generation)
            if generation == target:
                continue
            old, new = keys.get((who, group, generation)), keys.get((who, group, target))
            if old is None or new is None:
                raise KeyMissing(f"There is no key for field {field}.", field=field)
            value = crypto.unseal(old, marking, crypto.Place(who, field, policy, generation), sealed)
            fresh = crypto.seal(new, marking, crypto.Place(who, field, policy, target), value)
            yield {"who": who, "name": field, "number": target, "fresh": fresh}
