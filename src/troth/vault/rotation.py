"""Putting the key store under new keys: a new store key over the keys of people, a new root key over the store keys.

Rotating the store key retires the one in use, makes the next, rewraps page by page, and deletes the retired one when
nothing is under it any more. Each step commits by itself and the retired row tells that a rotation is under way: after
a kill at any point, calling it again goes on. Rings that are open meanwhile go on too: they open the new store key when
they first meet it, and wrap nothing under one that is retired.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, tuple_, update

from troth.kernel import Corrupt
from troth.storage import Database, Row, Statement, Transaction
from troth.vault.crypto import Wrapper
from troth.vault.errors import KeyTampered
from troth.vault.keyring import key_context
from troth.vault.store_keys import (
    PERSON_USE,
    RootKey,
    add_store_key,
    delete_store_key,
    hold_store_keys,
    key_no_in_use,
    retire_store_key,
    rewrap_store_key,
    store_keys,
)
from troth.vault.tables import person_key

PAGE = 500
Progress = Callable[[int, int], None]
"""Told (done, total) after each page."""

_KEY = (person_key.c.person, person_key.c.key_group, person_key.c.generation)
_UNDER = Statement(
    select(func.count()).select_from(person_key).where(person_key.c.key_no == bindparam("old"))
)
_PAGE = Statement(
    select(*_KEY, person_key.c.wrapped)
    .where(
        person_key.c.key_no == bindparam("old"),
        tuple_(*_KEY)
        > tuple_(
            bindparam("who"), bindparam("key_group_"), bindparam("number"), types=[c.type for c in _KEY]
        ),
    )
    .order_by(*_KEY)
    .limit(bindparam("most"))
    .with_for_update()
)
_REWRAP = Statement(
    update(person_key)
    .where(
        person_key.c.person == bindparam("who"),
        person_key.c.key_group == bindparam("key_group_"),
        person_key.c.generation == bindparam("number"),
    )
    .values(wrapped=bindparam("fresh"), key_no=bindparam("new"))
)


class Rotated(NamedTuple):
    """What a rotation did: number of the store key now in use, and how many keys of people were put under it."""

    key_no: int
    keys: int


def rotate_store_key(
    keystore: Database, root: RootKey, now: int, progress: Progress | None = None
) -> Rotated:
    """Put all keys of people under a new store key; called again after a kill, it goes on.

    Args:
        keystore: The key store's database; others may be using it.
        root: The root key that is over it.
        now: Instant (microseconds).
        progress: Told (keys done, keys in all) after each page.

    Raises:
        WrongRoot: The root key does not open the key store.
        Corrupt: Some wrapped keys were changed and do not open; they stay under the retired store key, all others are
            done.
    """
    retired, wrappers = _begin(keystore, root, now)
    with keystore.snapshot() as tx:
        total = sum(_count(tx, number) for number in retired)
    new = max(wrappers)
    done = left = 0
    for page in (page for old in retired for page in _pages(keystore, old, new, wrappers)):
        done += page.rewrapped
        left += page.left
        if progress is not None:
            progress(done + left, max(total, done + left))
    _finish(keystore, retired)
    if left:
        raise Corrupt(
            f"{left} wrapped keys were changed and do not open; all others are under store key {new}.",
            clause="IV.1",
            mend="Restore those rows from a backup of the key store, then rotate again.",
        )
    return Rotated(new, done)


def rotate_root(keystore: Database, old_root: RootKey, new_root: RootKey) -> int:
    """Put the store keys under another root key, in one transaction.

    The same root key for both wraps them anew, which moves them to the newest version of a key in Vault or KMS.

    Args:
        keystore: The key store's database.
        old_root: The root key that is over it.
        new_root: The root key that shall be; keys that it wraps already are left alone.

    Returns:
        How many store keys were wrapped anew.

    Raises:
        WrongRoot: The old root key does not open the key store; nothing was changed.
        Unavailable: The service that holds a root key does not answer; nothing was changed.
    """
    same = old_root.name == new_root.name
    with keystore.transaction() as tx:
        hold_store_keys(tx)
        moving = [key for key in store_keys(tx) if same or key.root != new_root.name]
        for key in moving:
            rewrap_store_key(tx, key, old_root, new_root)
    keystore.scrub()
    return len(moving)


class _Page(NamedTuple):
    last: Row
    rewrapped: int
    left: int


def _begin(keystore: Database, root: RootKey, now: int) -> tuple[list[int], dict[int, Wrapper]]:
    """Numbers of the store keys that are to go; a rotation under way is taken up, otherwise one begins.

    Also what wraps under each store key: whoever is at the same rotation may remove a retired one from now on.
    """
    with keystore.transaction() as tx:
        in_use = key_no_in_use(tx)
        known = store_keys(tx)
        for key in known:
            key.opened(root)  # a root key that is not over this key store must not wrap anything in it
        retired = [key.key_no for key in known if key.retired_at]
        if not retired:
            retire_store_key(tx, now)
            add_store_key(tx, root, PERSON_USE, 1 + max(key.key_no for key in known), now)
            retired = [in_use]
            known = store_keys(tx)
        wrappers = {key.key_no: Wrapper(key.opened(root)) for key in known if key.use == PERSON_USE}
    return retired, wrappers


def _pages(keystore: Database, old: int, new: int, wrappers: dict[int, Wrapper]) -> Iterator[_Page]:
    last: Row = ("", "", 0)
    while True:
        with keystore.transaction() as tx:
            rows = tx.rows(
                _PAGE, {"old": old, "who": last[0], "key_group_": last[1], "number": last[2], "most": PAGE}
            )
            left = _rewrap(tx, rows, wrappers[old], wrappers[new], new)
        if not rows:
            return
        last = rows[-1][:3]
        yield _Page(last, len(rows) - left, left)


def _rewrap(tx: Transaction, rows: Sequence[Row], old: Wrapper, new: Wrapper, number: int) -> int:
    """Rewrap keys; gives how many do not open."""
    fresh: list[dict[str, Any]] = []
    for person, group, generation, wrapped in rows:
        context = key_context((person, group, generation))
        try:
            key = old.unwrap(wrapped, context)
        except KeyTampered:
            continue  # counted, and told at the end: one altered row must not keep the others under the old key
        fresh.append(
            {
                "who": person,
                "key_group_": group,
                "number": generation,
                "fresh": new.wrap(key, context),
                "new": number,
            }
        )
    tx.run_many(_REWRAP, fresh)
    return len(rows) - len(fresh)


def _finish(keystore: Database, retired: Sequence[int]) -> None:
    with keystore.transaction() as tx:
        for number in retired:
            if not _count(tx, number):
                delete_store_key(tx, number)
    keystore.scrub()


def _count(tx: Transaction, key_no: int) -> int:
    row = tx.row(_UNDER, {"old": key_no})
    return int(row[0]) if row is not None else 0
