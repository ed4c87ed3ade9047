"""Killed at any commit of adding or erasing somebody, and worked on by several at once: the vault is never half right."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.vault.crashing import crashes
from tests.vault.stand import Stand, bytes_on_disk
from troth.storage import Statement
from troth.vault import begun_erasures, rekey_persons, rotate_store_key, sweep_orphan_keys
from troth.vault.tables import person_key

JANE, JOHN = "1" * 32, "2" * 32
HOUR = 3_600_000_000


def resume(stand: Stand) -> None:
    """What a start does."""
    with stand.data.snapshot() as tx:
        begun = begun_erasures(tx)
    for who in begun:
        stand.keys.destroy([who])
        stand.finish(who)


def holders(stand: Stand) -> set[str]:
    """Who has keys."""
    with stand.keystore.snapshot() as tx:
        return {row[0] for row in tx.rows(Statement(select(person_key.c.person)))}


@pytest.mark.parametrize("step", range(4))
def test_an_erasure_killed_before_any_commit_is_wholly_done_or_not_begun(stand: Stand, step: int) -> None:
    """Before the first commit nothing happened; after it the person is gone for good once a start has resumed."""
    stand.add(JANE, email="jane@example.com", payment_token="t")
    stand.add(JOHN, email="john@example.com")
    assert crashes(stand, step, lambda doomed: doomed.erase(JANE))
    assert stand.knows(JANE) == (step == 0)
    resume(stand)
    if step:
        assert stand.find("jane@example.com") is None
        assert holders(stand) == {JOHN}
        assert stand.read(JANE) == {}
    else:
        assert stand.read(JANE) == {"email": "jane@example.com", "payment_token": "t"}
    assert stand.read(JOHN) == {"email": "john@example.com"}


def test_an_erasure_has_no_other_commit(stand: Stand) -> None:
    """The steps of the test above are all: intent, keys, their bytes, rows."""
    stand.add(JANE, email="jane@example.com")
    assert not crashes(stand, 4, lambda doomed: doomed.erase(JANE))


@pytest.mark.parametrize("step", range(3))
def test_adding_somebody_killed_before_any_commit_leaves_at_most_keys(stand: Stand, step: int) -> None:
    """Keys come first: a crash leaves keys of nobody, which are swept, or a person who can be written to."""
    assert crashes(stand, step, lambda doomed: doomed.add(JANE, email="jane@example.com"))
    assert holders(stand) == ({JANE} if step else set())
    assert stand.knows(JANE) == (step == 2)
    assert sweep_orphan_keys(stand.data, stand.keys, 10 + HOUR + 1) == (step == 1)
    if step == 2:
        stand.write(JANE, email="jane@example.com")
        assert stand.read(JANE) == {"email": "jane@example.com"}


def test_erased_values_are_in_no_file(stand: Stand, tmp_path: Path) -> None:
    """Neither the sealed bytes of a value nor its blind index stay in the data's file after the erasure and a scrub."""
    if stand.data.dialect != "sqlite":
        pytest.skip("looks into the files of SQLite")
    from tests.vault.test_fields import sealed

    stand.add(JANE, email="jane@example.com", payment_token="t")
    rows = [sealed(stand, JANE, name) for name in ("email", "payment_token")]
    assert all(row in bytes_on_disk(tmp_path) for row in rows)
    stand.erase(JANE)
    stand.data.scrub()
    assert not any(row in bytes_on_disk(tmp_path) for row in rows)


def test_many_at_once_lose_nothing_while_keys_change(stand: Stand) -> None:
    """Writers go on through re-keyings and rotations; each field ends with what was written to it last."""
    people = [f"{number:032x}" for number in range(8)]
    for who in people:
        stand.add(who, email=f"{who}@example.com", payment_token=0)
    halt, at_work = threading.Event(), threading.Barrier(3)

    def write(mine: list[str]) -> dict[str, int]:
        own = Stand(stand.data, stand.keystore, stand.root)
        written = dict.fromkeys(mine, 0)
        while not halt.is_set():
            for who in mine:
                own.write(who, payment_token=written[who] + 1)
                written[who] += 1
                assert own.read(who, "email") == {"email": f"{who}@example.com"}
            if set(written.values()) == {1}:
                at_work.wait(60)
        return written

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write, people[:4]), pool.submit(write, people[4:])]
        try:
            at_work.wait(60)
            for now in range(100, 106):
                assert rekey_persons(stand.data, stand.keys, now).persons == 8
                rotate_store_key(stand.keystore, stand.root, now)
        finally:
            halt.set()
        last = {who: count for one in writing for who, count in one.result().items()}
    assert {who: stand.read(who, "payment_token")["payment_token"] for who in people} == last
    assert min(last.values()) > 0


def test_an_erasure_during_a_rekeying_leaves_no_key(stand: Stand) -> None:
    """People erased while everybody is re-keyed are gone, with every generation of their keys."""
    people = [f"{number:032x}" for number in range(20)]
    for who in people:
        stand.add(who, email=f"{who}@example.com")
    own = Stand(stand.data, stand.keystore, stand.root)

    def erase_every_other() -> None:
        for who in people[::2]:
            own.erase(who)

    with ThreadPoolExecutor(1) as pool:
        erasing = pool.submit(erase_every_other)
        for now in (100, 200, 300):
            rekey_persons(stand.data, stand.keys, now)
        erasing.result()
    rekey_persons(stand.data, stand.keys, 400)
    sweep_orphan_keys(stand.data, stand.keys, 2 * HOUR)
    assert holders(stand) == set(people[1::2])
    assert all(stand.read(who) == {"email": f"{who}@example.com"} for who in people[1::2])
