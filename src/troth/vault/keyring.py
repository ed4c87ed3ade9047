"""The key store: a key per person and key group, wrapped under store keys, which the root key wraps.

Store keys are opened once, at start, so that the root key may live in a key management service without a network call
for each read. Keys of people are opened for each batch and never kept: an erased key is gone with its row.
"""

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select

from troth.kernel import NotFound
from troth.storage import Database, Lookup, Row, Statement, Transaction, Upsert
from troth.vault import crypto
from troth.vault.errors import KeyMissing
from troth.vault.store_keys import INDEX_USE, PERSON_USE, RootKey, StoreKey, key_no_in_use, store_keys
from troth.vault.tables import person_key

FIRST_GENERATION = 1

KeyName = tuple[str, str, int]
"""Person, key group, generation."""

_KEYS = Lookup(person_key, by=("person", "key_group", "generation"), take=("key_no", "wrapped"))
_OF_PERSON = Lookup(person_key, by=("person",), take=("key_group", "generation", "key_no", "wrapped"))
_GROUPS = Lookup(person_key, by=("person",), take=("key_group",))
_ADD_KEY = Upsert(person_key, by=("person", "key_group", "generation"))
_DESTROY = Statement(delete(person_key).where(person_key.c.person == bindparam("who")))
_PEOPLE_BEFORE = Statement(
    select(person_key.c.person)
    .where(person_key.c.person > bindparam("after"), person_key.c.made_at < bindparam("before"))
    .distinct()
    .order_by(person_key.c.person)
    .limit(bindparam("most"))
)


class KeyRing:
    """An open key store.

    Args:
        keystore: Its database.
        root: The root key that opens its store keys.

    Raises:
        NotFound: The key store is empty.
        WrongRoot: The root key does not open it.
    """

    def __init__(self, keystore: Database, root: RootKey) -> None:
        self.keystore = keystore
        self._root = root
        self._wrappers: dict[int, crypto.Wrapper] = {}
        self._index_secret = b""
        with keystore.snapshot() as tx:
            rows = store_keys(tx)
        if not rows:
            raise NotFound(
                "The key store is empty.", mend="Restore it from its own backup, or run `troth init`."
            )
        self._learn(rows)
        self.marking = crypto.derive(self._index_secret, "marks")
        self.pair_mark = crypto.derive(self._index_secret, "pair")
        self._columns: dict[str, hmac.HMAC] = {}

    def blind(self, kind: str, value: str) -> bytes:
        """The blind index of a normalised identifier: HMAC-SHA256 under the column's own key."""
        keyed = self._columns.get(kind)
        if keyed is None:
            key = crypto.derive(self._index_secret, f"blind.{kind}")
            keyed = self._columns[kind] = hmac.new(key, digestmod="sha256")
        mac = keyed.copy()  # `hmac.digest` lets another thread run, which costs more than a hash so short
        mac.update(value.encode())
        return mac.digest()

    def keys(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
        """Keys by person, key group and generation; absent where there is none.

        Raises:
            KeyMissing: A wrapped key was changed or moved.
        """
        rows: dict[Any, Row] = self.keystore.lookup(_KEYS, list(names))
        return {name: self._open(name, key_no, wrapped) for name, (key_no, wrapped) in rows.items()}

    def newest_keys(self, persons: Iterable[str]) -> dict[str, dict[str, tuple[int, bytes]]]:
        """For each person, the newest generation of each key group and its key."""
        rows = self.keystore.lookup_all(_OF_PERSON, [(one,) for one in persons])
        found: dict[str, dict[str, tuple[int, bytes]]] = {}
        for (person,), keys in rows.items():
            newest: dict[str, tuple[int, int, bytes]] = {}
            for group, generation, key_no, wrapped in keys:
                if group not in newest or generation > newest[group][0]:
                    newest[group] = (generation, key_no, wrapped)
            found[person] = {
                group: (generation, self._open((person, group, generation), key_no, wrapped))
                for group, (generation, key_no, wrapped) in newest.items()
            }
        return found

    def keys_of(self, persons: Iterable[str]) -> dict[str, list[bytes]]:
        """Every key of some people, of whatever key group and generation; who has none is absent."""
        with self.keystore.snapshot() as tx:
            rows = tx.lookup_all(_OF_PERSON, [(one,) for one in persons])
        return {
            person: [
                self._open((person, group, generation), key_no, wrapped)
                for group, generation, key_no, wrapped in keys
            ]
            for (person,), keys in rows.items()
        }

    def having_keys(self, persons: Iterable[str]) -> set[str]:
        """Those of some people who have a key."""
        with self.keystore.snapshot() as tx:
            return {person for (person,) in tx.lookup_all(_GROUPS, [(one,) for one in persons])}

    def prepared(
        self, wanted: Mapping[str, set[str]], fresh: Mapping[str, set[str]], now: int
    ) -> dict[str, dict[str, tuple[int, bytes]]]:
        """The newest keys of some people as `newest_keys` gives them; makes those that are missing.

        Args:
            wanted: Key groups for each person.
            fresh: The same for people whom nobody but the caller knows yet, who have no keys.
            now: Instant of making (microseconds).
        """
        found = self.newest_keys(wanted) if wanted else {}
        new = _names((who, groups) for who, groups in fresh.items())
        missing = _names((who, groups - found.get(who, {}).keys()) for who, groups in wanted.items())
        made = self.make_keys([*new, *missing], now) if new or missing else {}
        for who, group, generation in new:
            found.setdefault(who, {})[group] = (generation, made[who, group, generation])
        if missing:  # somebody else may have made one first, and that one counts
            found.update(self.newest_keys({name[0] for name in missing}))
        return found

    def make_keys(self, names: Sequence[KeyName], made_at: int) -> dict[KeyName, bytes]:
        """Make fresh keys, in the key store's own commit; one that is there already stays, whatever is given back for it.

        Args:
            names: Person, key group and generation of each.
            made_at: Instant of making (microseconds).
        """
        made = {name: crypto.new_secret() for name in names}
        with self.keystore.transaction() as tx:
            in_use = key_no_in_use(tx)
            if in_use not in self._wrappers:
                self._learn(store_keys(tx))
            wrap = self._wrappers[in_use].wrap
            rows = [(*name, in_use, wrap(key, key_context(name)), made_at) for name, key in made.items()]
            tx.run_many(_ADD_KEY, rows)
        return made

    def destroy(self, persons: Sequence[str]) -> None:
        """Destroy every key of some people, also in the engine's side files.

        Raises:
            Unavailable: The keys are gone, but their bytes are not yet out of the side files; repeat it.
        """
        with self.keystore.transaction() as tx:
            delete_keys(tx, persons)
        self.keystore.scrub()

    def people_with_keys(self, after: str, before: int, most: int) -> list[str]:
        """Handles that have keys made before an instant (microseconds), in order, from behind a handle."""
        with self.keystore.snapshot() as tx:
            return [
                row[0] for row in tx.rows(_PEOPLE_BEFORE, {"after": after, "before": before, "most": most})
            ]

    def _open(self, name: KeyName, key_no: int, wrapped: bytes) -> bytes:
        wrapper = self._wrappers.get(key_no)
        if wrapper is None:
            self._learn_anew()
            wrapper = self._wrappers.get(key_no)
        if wrapper is None:
            raise KeyMissing(
                f"The key store lacks store key {key_no}.",
                clause="IV.1",
                mend="Restore the key store from its own backup.",
            )
        return wrapper.unwrap(wrapped, key_context(name))

    def _learn_anew(self) -> None:
        """Somebody rotated the store key while this ring was open."""
        with self.keystore.snapshot() as tx:
            rows = store_keys(tx)
        self._learn(rows)

    def _learn(self, rows: Sequence[StoreKey]) -> None:
        """Open store keys not yet open. Those deleted since stay: rows read just before may still be under them."""
        wrappers = dict(self._wrappers)
        for row in rows:
            if row.use == INDEX_USE and not self._index_secret:
                self._index_secret = row.opened(self._root)
            elif row.use == PERSON_USE and row.key_no not in wrappers:
                wrappers[row.key_no] = crypto.Wrapper(row.opened(self._root))
        self._wrappers = wrappers


def _names(wanted: Iterable[tuple[str, Collection[str]]]) -> list[KeyName]:
    return [(who, group, FIRST_GENERATION) for who, groups in wanted for group in sorted(groups)]


def delete_keys(tx: Transaction, persons: Iterable[str]) -> None:
    """Delete every key of some people; their bytes stay in side files until the next scrub."""
    tx.run_many(_DESTROY, [(one,) for one in persons])


def key_context(name: KeyName) -> str:
    """The context that binds a wrapped key to its row; the length keeps person and group apart."""
    person, group, generation = name
    return f"troth.person-key|{len(person)}|{person}|{group}|{generation}"
