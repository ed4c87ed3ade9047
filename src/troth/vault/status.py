"""What is in the key store, without opening anything."""

from typing import NamedTuple

from sqlalchemy import func, select

from troth.storage import Database, Statement
from troth.vault.rekeying import REKEYING
from troth.vault.store_keys import store_keys
from troth.vault.tables import key_run, person_key

_COUNTS = Statement(
    select(
        func.count(person_key.c.person.distinct()),
        func.count(person_key.c.person),
        func.min(person_key.c.made_at),
    )
)
_RUN = Statement(select(key_run.c.begun_at).where(key_run.c.kind == REKEYING))


class StoreKeyStatus(NamedTuple):
    """A store key: its number, use ("person" or "index"), the root key over it, instants in microseconds (0: not yet)."""

    key_no: int
    use: str
    root: str
    created_at: int
    retired_at: int


class KeyStatus(NamedTuple):
    """What is in the key store.

    Args:
        persons: Handles that have keys.
        person_keys: Their keys.
        oldest_key: Instant (microseconds) at which the oldest of them was made, or None.
        store_keys: Oldest first.
        rekeying_since: Instant (microseconds) at which a re-keying began that has not ended, or 0.
        rotating: Whether a rotation of the store key has begun and not ended.
    """

    persons: int
    person_keys: int
    oldest_key: int | None
    store_keys: tuple[StoreKeyStatus, ...]
    rekeying_since: int
    rotating: bool


def key_status(keystore: Database) -> KeyStatus:
    """Count what is in the key store; reads the whole of it."""
    with keystore.snapshot() as tx:
        persons, keys, oldest = tx.row(_COUNTS) or (0, 0, None)
        run = tx.row(_RUN)
        known = store_keys(tx)
    return KeyStatus(
        persons=persons,
        person_keys=keys,
        oldest_key=oldest,
        store_keys=tuple(
            StoreKeyStatus(one.key_no, one.use, one.root, one.created_at, one.retired_at) for one in known
        ),
        rekeying_since=run[0] if run is not None else 0,
        rotating=any(one.retired_at for one in known),
    )
