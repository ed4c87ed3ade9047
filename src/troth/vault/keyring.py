"""The key store: a key per person and key group, wrapped under store keys, which the root key wraps.

Store keys are opened once, at start, so that the root key may live in a key management service without a network call
for each read. Keys of people are opened for each batch and never kept: an erased key is gone with its row.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import bindparam, delete, insert, select

from troth.kernel import Conflict, NotFound
from troth.storage import Database, Lookup, Statement, Transaction, Upsert
from troth.vault import crypto
from troth.vault.errors import KeyMissing
from troth.vault.tables import person_key, store_key

FIRST_GENERATION = 1
PERSON_USE = "person"
INDEX_USE = "index"

KeyName = tuple[str, str, int]

_STORE_KEYS = Statement(
    select(
        store_key.c.key_no, store_key.c.use, store_key.c.wrapped, store_key.c.root, store_key.c.retired_at
    ).order_by(store_key.c.key_no)
)
_ADD_STORE_KEY = Statement(insert(store_key))
_KEYS = Lookup(person_key, by=("person", "key_group", "generation"), take=("key_no", "wrapped"))
_OF_PERSON = Lookup(person_key, by=("person",), take=("key_group", "generation", "key_no", "wrapped"))
_ADD_KEY = Upsert(person_key, by=("person", "key_group", "generation"))
_DESTROY = Statement(delete(person_key).where(person_key.c.person == bindparam("who")))
_PEOPLE_BEFORE = Statement(
    select(person_key.c.person)
    .where(person_key.c.person > bindparam("after"), person_key.c.made_at < bindparam("before"))
    .distinct()
    .order_by(person_key.c.person)
    .limit(bindparam("most"))
)


class RootKey(Protocol):
    """The key above all others, kept outside data and key store: a file, AWS KMS, Vault Transit."""

    @property
    def name(self) -> str:
        """What it is, fit to be stored and shown; never the secret."""

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Wrap a secret so that it opens only with the same context."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Open a wrapped secret.

        Raises:
            WrongRoot: This root key did not wrap it with this context.
            Unavailable: The service that holds the root key does not answer.
        """


class StoreKey(NamedTuple):
    """A store key as stored."""

    key_no: int
    use: str
    wrapped: bytes
    root: str
    retired_at: int


def store_keys(tx: Transaction) -> list[StoreKey]:
    """Every store key, oldest first."""
    return [
        StoreKey(no, use, bytes(wrapped), root, gone) for no, use, wrapped, root, gone in tx.rows(_STORE_KEYS)
    ]


def store_context(key_no: int, use: str) -> bytes:
    """The context that binds a store key to its row."""
    return f"troth.store-key|{key_no}|{use}".encode()


def add_store_key(
    tx: Transaction, root: RootKey, use: str, key_no: int, now: int, secret: bytes | None = None
) -> None:
    """Make a store key for a use at an instant (microseconds)."""
    wrapped = root.wrap(secret or crypto.new_secret(), store_context(key_no, use))
    tx.run(_ADD_STORE_KEY, (key_no, use, wrapped, root.name, now, 0))


def create_key_store(keystore: Database, root: RootKey, now: int) -> None:
    """Make the first store keys.

    Raises:
        Conflict: The key store has keys already.
    """
    with keystore.transaction() as tx:
        if store_keys(tx):
            raise Conflict("The key store has keys already.", mend="Use it, or make a new folder.")
        add_store_key(tx, root, INDEX_USE, 1, now)
        add_store_key(tx, root, PERSON_USE, 2, now)


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
        self._keystore = keystore
        self._wrappers: dict[int, crypto.Wrapper] = {}
        self._current = 0
        with keystore.snapshot() as tx:
            rows = store_keys(tx)
        if not rows:
            raise NotFound(
                "The key store is empty.", mend="Restore it from its own backup, or run `troth init`."
            )
        for row in rows:
            secret = root.unwrap(row.wrapped, store_context(row.key_no, row.use))
            if row.use == INDEX_USE:
                self._index_secret = secret
                continue
            self._wrappers[row.key_no] = crypto.Wrapper(secret)
            if not row.retired_at:
                self._current = row.key_no
        self.marking = crypto.derive(self._index_secret, "marks")
        self._columns: dict[str, bytes] = {}

    def blind(self, kind: str, value: str) -> bytes:
        """The blind index of a normalised identifier: HMAC-SHA256 under the column's own key."""
        key = self._columns.get(kind)
        if key is None:
            key = self._columns[kind] = crypto.derive(self._index_secret, f"blind.{kind}")
        return hmac.digest(key, value.encode(), hashlib.sha256)

    def keys(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
        """Keys by person, key group and generation; absent where there is none.

        Raises:
            KeyMissing: A wrapped key was changed or moved.
        """
        with self._keystore.snapshot() as tx:
            rows = tx.lookup(_KEYS, list(names))
        return {name: self._open(name, key_no, wrapped) for name, (key_no, wrapped) in rows.items()}

    def newest_keys(self, persons: Iterable[str]) -> dict[str, dict[str, tuple[int, bytes]]]:
        """For each person, the newest generation of each key group and its key."""
        with self._keystore.snapshot() as tx:
            rows = tx.lookup_all(_OF_PERSON, [(one,) for one in persons])
        found: dict[str, dict[str, tuple[int, bytes]]] = {}
        for (person,), keys in rows.items():
            groups = found.setdefault(person, {})
            for group, generation, key_no, wrapped in sorted(keys, key=lambda key: key[1]):
                groups[group] = (generation, self._open((person, group, generation), key_no, wrapped))
        return found

    def prepare(self, wanted: Mapping[str, set[str]], now: int) -> None:
        """Make the keys that are missing, in the key store's own commit.

        Args:
            wanted: Key groups for each person.
            now: Instant of making (microseconds).
        """
        with self._keystore.snapshot() as tx:
            there = tx.lookup_all(_OF_PERSON, [(one,) for one in wanted])
        new = [
            self.fresh_row(person, group, FIRST_GENERATION, now)
            for person, groups in wanted.items()
            for group in groups - {row[0] for row in there.get((person,), ())}
        ]
        if new:
            self.add(new)

    def fresh_row(
        self, person: str, group: str, generation: int, now: int
    ) -> tuple[str, str, int, int, bytes, int]:
        """A row with a fresh key, wrapped under the store key in use."""
        context = _context((person, group, generation))
        wrapped = self._wrappers[self._current].wrap(crypto.new_secret(), context)
        return (person, group, generation, self._current, wrapped, now)

    def add(self, rows: Sequence[tuple[str, str, int, int, bytes, int]]) -> None:
        """Store rows of `fresh_row`; one that is there already stays."""
        with self._keystore.transaction() as tx:
            tx.run_many(_ADD_KEY, rows)

    def destroy(self, persons: Sequence[str]) -> None:
        """Destroy every key of some people, also in the engine's side files."""
        with self._keystore.transaction() as tx:
            tx.run_many(_DESTROY, [(one,) for one in persons])
        self._keystore.scrub()

    def people_with_keys(self, after: str, before: int, most: int) -> list[str]:
        """Handles that have keys made before an instant (microseconds), in order, from behind a handle."""
        with self._keystore.snapshot() as tx:
            return [
                row[0] for row in tx.rows(_PEOPLE_BEFORE, {"after": after, "before": before, "most": most})
            ]

    def _open(self, name: KeyName, key_no: int, wrapped: bytes) -> bytes:
        wrapper = self._wrappers.get(key_no)
        if wrapper is None:
            raise KeyMissing(
                f"Store key {key_no} is not open here.",
                clause="IV.1",
                mend="Restart Troth after rotating keys.",
            )
        return wrapper.unwrap(wrapped, _context(name))


def _context(name: KeyName) -> str:
    person, group, generation = name
    return f"troth.person-key|{person}|{group}|{generation}"
