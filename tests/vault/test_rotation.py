"""New store keys and root keys: everything opens as before, killed anywhere it goes on, and open vaults notice nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, column, func, select, table, update

from tests.support.waiting import wait_until
from tests.vault.crashing import Crash, crashes
from tests.vault.stand import MemoryRoot, Stand, bytes_on_disk
from troth.kernel import Conflict, Corrupt, NotFound, Unavailable
from troth.storage import Database, Statement, Transaction
from troth.vault import (
    KeyMissing,
    KeyRing,
    Rotated,
    WrongRoot,
    create_key_store,
    key_status,
    rotate_root,
    rotate_store_key,
    rotation,
)
from troth.vault.tables import person_key, store_key

PEOPLE = [f"{number:032x}" for number in range(4)]
NOW = 1_000
UNDER = Statement(select(person_key.c.key_no, person_key.c.wrapped))
WAITING = Statement(
    select(column("pid"))
    .select_from(table("pg_stat_activity"))
    .where(column("wait_event_type") == "Lock", column("datname") == func.current_database())
)
WRAPPED = Statement(select(store_key.c.key_no, store_key.c.wrapped, store_key.c.root))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of three keys, so that eight keys make several, and a page ends within a person."""
    monkeypatch.setattr(rotation, "PAGE", 3)


@pytest.fixture
def town(stand: Stand) -> Stand:
    """A vault with four people, who have two keys each."""
    for number, who in enumerate(PEOPLE):
        stand.add(who, email=f"p{number}@example.com", payment_token=number)
    return stand


def rotate(stand: Stand) -> Rotated:
    """Rotate the store key."""
    return rotate_store_key(stand.keystore, stand.root, NOW)


def everything(stand: Stand) -> dict[str, object]:
    """What everybody's fields hold."""
    return {who: stand.read(who) for who in PEOPLE}


def anew(stand: Stand) -> Stand:
    """The same stores, opened again."""
    return Stand(stand.data, stand.keystore, stand.root)


def numbers(stand: Stand) -> set[int]:
    """Store keys that keys of people are under."""
    with stand.keystore.snapshot() as tx:
        return {row[0] for row in tx.rows(UNDER)}


def test_all_keys_go_under_a_new_store_key(town: Stand) -> None:
    """The new store key has every key, the old one is gone, and data and lookups are as before."""
    before = everything(town)
    assert rotate(town) == Rotated(key_no=3, keys=8)
    assert numbers(town) == {3}
    assert [(key.key_no, key.use) for key in key_status(town.keystore).store_keys] == [
        (1, "index"),
        (3, "person"),
    ]
    assert everything(anew(town)) == before
    assert anew(town).find("p2@example.com") == PEOPLE[2]


def test_rotations_follow_one_another(town: Stand) -> None:
    """Each rotation takes a number never used before."""
    assert [rotate(town).key_no for _ in range(3)] == [3, 4, 5]
    assert everything(anew(town)) == everything(town)


def test_progress_counts_keys_page_by_page(town: Stand) -> None:
    """Progress is told after each page and ends at the number of keys."""
    told: list[tuple[int, int]] = []
    rotate_store_key(town.keystore, town.root, NOW, lambda done, total: told.append((done, total)))
    assert told == [(3, 8), (6, 8), (8, 8)]


class Behind:
    """A key store at which somebody else ends something just when this one has begun."""

    def __init__(self, inner: Database, ends: Callable[[], object]) -> None:
        self._inner, self._ends = inner, ends

    def snapshot(self) -> AbstractContextManager[Transaction]:
        """See `Database.snapshot`."""
        self._ends()
        return self._inner.snapshot()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_a_rotation_that_another_call_ends_is_over(town: Stand) -> None:
    """Two calls may be at one rotation: when the other one puts the last key under the new store key, this one has nothing left to do."""
    before = everything(town)
    behind: Any = Behind(town.keystore, lambda: rotate_store_key(town.keystore, town.root, NOW))
    assert rotate_store_key(behind, town.root, NOW) == Rotated(key_no=3, keys=0)
    assert numbers(town) == {3}
    assert everything(anew(town)) == before


class Watched:
    """A root key that lets something be tried at its first wrapping."""

    def __init__(self, inner: MemoryRoot, begun: Callable[[], object]) -> None:
        self._inner, self._begun, self.name = inner, begun, inner.name

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """See `RootKey.wrap`."""
        begun, self._begun = self._begun, lambda: None
        begun()
        return self._inner.wrap(secret, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """See `RootKey.unwrap`."""
        return self._inner.unwrap(wrapped, context)


def test_no_store_key_is_made_under_a_root_key_that_goes(town: Stand) -> None:
    """A rotation that begins while the root key is changed waits, then finds its root key gone: no store key is left behind under it."""
    new = MemoryRoot("other")
    with ThreadPoolExecutor(1) as pool:
        rotations = []

        def begun() -> None:
            rotations.append(pool.submit(rotate, town))
            if town.keystore.dialect == "postgresql":  # SQLite has one writer at a time
                wait_until(lambda: rotations[0].done() or waits_for_a_lock(town.keystore), "it ends or waits")

        rotate_root(town.keystore, town.root, Watched(new, begun))
        with pytest.raises(WrongRoot):
            rotations[0].result()
    assert {key.root for key in key_status(town.keystore).store_keys} == {new.name}
    assert everything(Stand(town.data, town.keystore, new)) == everything(town)


def waits_for_a_lock(keystore: Database) -> bool:
    """Whether somebody waits for a row that somebody else holds."""
    with keystore.reading() as tx:
        return tx.row(WAITING) is not None


def test_a_vault_that_was_open_goes_on(town: Stand) -> None:
    """A vault opened before reads after the rotation, and what it adds is under the new store key."""
    before = everything(town)
    rotate(anew(town))
    assert everything(town) == before
    town.add("e" * 32, email="new@example.com")
    assert numbers(town) == {3}


def test_a_vault_that_only_adds_never_uses_a_retired_key(town: Stand) -> None:
    """A vault that meets no key of the new store key still wraps new ones under it."""
    rotate(anew(town))
    town.add("e" * 32, email="new@example.com")
    assert numbers(town) == {3}
    assert anew(town).read("e" * 32) == {"email": "new@example.com"}


def test_open_vaults_work_between_pages(town: Stand) -> None:
    """While keys are under both store keys, a vault from before reads, writes, adds and erases."""
    other, coming = anew(town), iter(f"{number:032x}" for number in range(100, 200))
    added = []

    def busy(_: int, __: int) -> None:
        for who in PEOPLE:
            if other.knows(who):
                assert other.read(who)
        added.append(next(coming))
        other.add(added[-1], email=f"{added[-1]}@example.com")
        if other.knows(PEOPLE[3]):
            other.erase(PEOPLE[3])

    rotate_store_key(town.keystore, town.root, NOW, busy)
    assert numbers(town) == {3}
    fresh = anew(town)
    assert [fresh.read(who) for who in added] == [{"email": f"{who}@example.com"} for who in added]
    assert not fresh.knows(PEOPLE[3])


def test_a_rotation_killed_at_each_page_goes_on(town: Stand) -> None:
    """Killed after each page, it is told to be under way, loses nothing, and ends under one new store key."""
    before = everything(town)

    def kill(_: int, __: int) -> None:
        raise Crash

    for _ in range(3):
        with pytest.raises(Crash):
            rotate_store_key(town.keystore, town.root, NOW, kill)
        assert key_status(town.keystore).rotating
        assert everything(anew(town)) == before
    assert rotate(town) == Rotated(key_no=3, keys=0)
    assert not key_status(town.keystore).rotating
    assert everything(anew(town)) == before


STEPS = range(1 + 4 + 2)
"""Steps of a rotation of eight keys in pages of three: begin, three pages and an empty one, the end, scrub."""


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_killed_before_any_commit_loses_nothing(town: Stand, step: int) -> None:
    """Whatever was the last commit, everything reads, and a repeat leaves all keys under one store key."""
    before = everything(town)
    assert crashes(town, step, rotate)
    assert everything(anew(town)) == before
    rotate(anew(town))
    assert everything(anew(town)) == everything(town) == before
    assert len(key_status(town.keystore).store_keys) == 2
    assert len(numbers(town)) == 1


def test_the_steps_above_are_all(town: Stand) -> None:
    """A rotation has no step that the test of kills leaves out."""
    assert not crashes(town, len(STEPS), rotate)


def test_an_altered_key_is_kept_and_told(town: Stand) -> None:
    """A wrapped key that was changed stays where it is with its store key; all others are moved."""
    spoil = Statement(
        update(person_key).where(person_key.c.person == bindparam("who")).values(wrapped=bindparam("new"))
    )
    with town.keystore.transaction() as tx:
        tx.run(spoil, {"who": PEOPLE[1], "new": bytes(60)})
    with pytest.raises(Corrupt, match="2 wrapped keys"):
        rotate(town)
    assert numbers(town) == {2, 3}
    assert key_status(town.keystore).rotating
    assert all(anew(town).read(who) for who in PEOPLE if who != PEOPLE[1])


def test_a_store_key_that_is_gone_is_told(town: Stand) -> None:
    """Keys under a store key that the key store lacks are missing, and nothing is guessed."""
    with town.keystore.transaction() as tx:
        tx.run(Statement(update(person_key).values(key_no=9)))
    with pytest.raises(KeyMissing, match="store key 9"):
        town.read(PEOPLE[0])


def test_the_retired_store_key_is_in_no_file(town: Stand, tmp_path: Path) -> None:
    """After a rotation, files and logs hold neither the retired store key nor what was wrapped under it."""
    if town.data.dialect != "sqlite":
        pytest.skip("looks into the files of SQLite")
    with town.keystore.snapshot() as tx:
        old = [bytes(row[1]) for row in tx.rows(UNDER)]
        old += [bytes(row[1]) for row in tx.rows(WRAPPED) if row[0] == 2]
    assert all(one in bytes_on_disk(tmp_path) for one in old)
    rotate(town)
    found = bytes_on_disk(tmp_path)
    assert not any(one in found for one in old)


def test_another_root_key_takes_over(town: Stand) -> None:
    """Under a new root key everything opens as before; the old root key opens nothing; doing it again does nothing."""
    before, new = everything(town), MemoryRoot("memory:new")
    assert rotate_root(town.keystore, town.root, new) == 2
    assert rotate_root(town.keystore, town.root, new) == 0
    assert everything(Stand(town.data, town.keystore, new)) == before
    with pytest.raises(WrongRoot):
        KeyRing(town.keystore, town.root)
    assert everything(town) == before
    assert Stand(town.data, town.keystore, new).find("p1@example.com") == PEOPLE[1]


def test_the_same_root_key_wraps_anew(town: Stand) -> None:
    """Rotating from a root key to itself wraps every store key again."""
    with town.keystore.snapshot() as tx:
        before = {bytes(row[1]) for row in tx.rows(WRAPPED)}
    assert rotate_root(town.keystore, town.root, town.root) == 2
    with town.keystore.snapshot() as tx:
        assert before.isdisjoint(bytes(row[1]) for row in tx.rows(WRAPPED))
    assert everything(anew(town)) == everything(town)


def test_the_wrong_old_root_key_changes_nothing(town: Stand) -> None:
    """A root key that is not over the key store is refused, and every row stays."""
    with pytest.raises(WrongRoot):
        rotate_root(town.keystore, MemoryRoot("memory:wrong"), MemoryRoot("memory:new"))
    with pytest.raises(WrongRoot):
        rotate_store_key(town.keystore, MemoryRoot("memory:wrong"), NOW)
    assert everything(anew(town))


class Failing(MemoryRoot):
    """A root key whose service stops answering after some calls."""

    def __init__(self, calls: int) -> None:
        super().__init__("memory:failing")
        self.calls = calls

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """See `RootKey.wrap`."""
        if not self.calls:
            raise Unavailable("The service does not answer.", mend="Try again.")
        self.calls -= 1
        return super().wrap(secret, context)


@pytest.mark.parametrize("calls", [0, 1])
def test_a_root_key_that_stops_answering_changes_nothing(town: Stand, calls: int) -> None:
    """All store keys go under the new root key, or none."""
    new = Failing(calls)
    with pytest.raises(Unavailable):
        rotate_root(town.keystore, town.root, new)
    assert {key.root for key in key_status(town.keystore).store_keys} == {town.root.name}
    new.calls = 2
    assert rotate_root(town.keystore, town.root, new) == 2
    assert everything(Stand(town.data, town.keystore, new)) == everything(town)


def test_after_both_rotations_only_the_newest_opens(town: Stand) -> None:
    """A new root key, then a new store key under it."""
    before, new = everything(town), MemoryRoot("memory:new")
    rotate_root(town.keystore, town.root, new)
    rotate_store_key(town.keystore, new, NOW)
    assert everything(Stand(town.data, town.keystore, new)) == before
    with pytest.raises(WrongRoot):
        town.read(PEOPLE[0])  # this vault has the old root key only: it must be opened anew


def test_status_counts_without_opening(town: Stand) -> None:
    """The status tells people, keys, their age and what is over them."""
    status = key_status(town.keystore)
    assert (status.persons, status.person_keys, status.oldest_key) == (4, 8, 10)
    assert [(key.use, key.root, key.retired_at) for key in status.store_keys] == [
        ("index", town.root.name, 0),
        ("person", town.root.name, 0),
    ]
    assert not status.rotating
    assert not status.rekeying_since


def test_an_empty_or_used_key_store_is_told(keystore: Database) -> None:
    """A key store without store keys is not opened, and one with them is not made again."""
    root = MemoryRoot("memory:first")
    with pytest.raises(NotFound):
        KeyRing(keystore, root)
    with pytest.raises(Conflict):
        rotate_store_key(keystore, root, NOW)
    create_key_store(keystore, root, NOW)
    with pytest.raises(Conflict):
        create_key_store(keystore, root, NOW)
    with pytest.raises(WrongRoot):
        KeyRing(keystore, MemoryRoot("memory:wrong"))


def test_swapped_store_keys_do_not_open(town: Stand) -> None:
    """Wrapped store keys are bound to number and use."""
    with town.keystore.transaction() as tx:
        (_, one, _), (_, other, _) = tx.rows(WRAPPED)
        put = Statement(
            update(store_key).where(store_key.c.key_no == bindparam("no")).values(wrapped=bindparam("new"))
        )
        tx.run(put, {"no": 1, "new": bytes(other)})
        tx.run(put, {"no": 2, "new": bytes(one)})
    with pytest.raises(WrongRoot):
        anew(town)
