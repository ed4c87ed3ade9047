"""Store keys: they wrap the keys of people, and the root key wraps them; one of them is in use, others are retired."""

from typing import NamedTuple, Protocol

from sqlalchemy import bindparam, delete, insert, select, update

from troth.kernel import Conflict
from troth.storage import Database, Statement, Transaction
from troth.vault import crypto
from troth.vault.tables import store_key

PERSON_USE = "person"
INDEX_USE = "index"

_ALL = Statement(
    select(
        store_key.c.key_no,
        store_key.c.use,
        store_key.c.wrapped,
        store_key.c.root,
        store_key.c.created_at,
        store_key.c.retired_at,
    ).order_by(store_key.c.key_no)
)
_HOLD = Statement(select(store_key.c.key_no).with_for_update())
_ADD = Statement(insert(store_key))
_RETIRE = Statement(
    update(store_key)
    .where(store_key.c.use == PERSON_USE, store_key.c.retired_at == 0)
    .values(retired_at=bindparam("now"))
)
_REWRAP = Statement(
    update(store_key)
    .where(store_key.c.key_no == bindparam("number"))
    .values(wrapped=bindparam("by_root"), root=bindparam("name"))
)
_DELETE = Statement(delete(store_key).where(store_key.c.key_no == bindparam("number")))
_IN_USE = Statement(
    select(store_key.c.key_no)
    .where(store_key.c.use == PERSON_USE, store_key.c.retired_at == 0)
    .with_for_update(read=True)
)


class RootKey(Protocol):
    """The key above all others, kept outside data and key store: a file, AWS KMS, Vault Transit."""

    @property
    def name(self) -> str:
        """What it is, fit to be stored and shown; never the secret."""

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Wrap a secret so that it opens only with the same context.

        Raises:
            Unavailable: The service that holds the root key does not answer, or refuses.
        """

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Open a wrapped secret.

        Raises:
            WrongRoot: This root key did not wrap it with this context.
            Unavailable: The service that holds the root key does not answer, or refuses.
        """


class StoreKey(NamedTuple):
    """A store key as stored; instants in microseconds, `retired_at` 0 while it is in use."""

    key_no: int
    use: str
    wrapped: bytes
    root: str
    created_at: int
    retired_at: int

    def opened(self, root: RootKey) -> bytes:
        """Its secret.

        Raises:
            WrongRoot: Another root key wrapped it, or the row was changed.
        """
        return root.unwrap(self.wrapped, store_context(self.key_no, self.use))


def store_keys(tx: Transaction) -> list[StoreKey]:
    """Every store key, oldest first."""
    return [
        StoreKey(no, use, bytes(wrapped), root, made, gone)
        for no, use, wrapped, root, made, gone in tx.rows(_ALL)
    ]


def hold_store_keys(tx: Transaction) -> None:
    """Let nobody add or retire a store key before the end of the unit of work; what committed before shows in the next statement."""
    tx.rows(_HOLD)


def check_root(keystore: Database, root: RootKey) -> None:
    """Open every store key, and give none.

    Raises:
        WrongRoot: The root key does not open the key store.
    """
    with keystore.snapshot() as tx:
        found = store_keys(tx)
    for key in found:
        key.opened(root)


def store_context(key_no: int, use: str) -> bytes:
    """The context that binds a store key to its row."""
    return f"troth.store-key|{key_no}|{use}".encode()


def key_no_in_use(tx: Transaction) -> int:
    """Number of the store key that wraps new keys; it cannot be retired before the end of the unit of work.

    Raises:
        Conflict: There is none.
    """
    # PostgreSQL: after waiting for a rotation, the row waited for is retired, and the new one shows only if asked again.
    row = tx.row(_IN_USE) or tx.row(_IN_USE)
    if row is None:
        raise Conflict("The key store has no store key in use.", mend="Run `troth keys rotate`.")
    number: int = row[0]
    return number


def add_store_key(tx: Transaction, root: RootKey, use: str, key_no: int, now: int) -> None:
    """Make a store key for a use at an instant (microseconds)."""
    wrapped = root.wrap(crypto.new_secret(), store_context(key_no, use))
    tx.run(_ADD, (key_no, use, wrapped, root.name, now, 0))


def retire_store_key(tx: Transaction, now: int) -> None:
    """Let the store key in use wrap nothing new from an instant (microseconds) on."""
    tx.run(_RETIRE, {"now": now})


def rewrap_store_key(tx: Transaction, key: StoreKey, old_root: RootKey, new_root: RootKey) -> None:
    """Put a store key under another root key."""
    wrapped = new_root.wrap(key.opened(old_root), store_context(key.key_no, key.use))
    tx.run(_REWRAP, {"number": key.key_no, "by_root": wrapped, "name": new_root.name})


def delete_store_key(tx: Transaction, key_no: int) -> None:
    """Remove a store key; whatever it still wraps is lost."""
    tx.run(_DELETE, {"number": key_no})


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
