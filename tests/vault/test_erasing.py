"""Erasing: afterwards nothing of a person can be read, whatever crashed in between and whatever was copied before."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.vault.stand import ALL, EMAIL, Stand, bytes_on_disk
from troth.kernel import Unavailable
from troth.storage import Statement
from troth.vault import KeyMissing, ReadWant, begun_erasures, sweep_orphan_keys
from troth.vault.tables import identifier, person, person_key, preference, sealed_field, suppression

JANE, JOHN = "1" * 32, "2" * 32
HOUR = 3_600_000_000


def rows_of(stand: Stand, who: str) -> dict[str, int]:
    """How many rows of each table speak of a person."""
    found = {}
    for table in (person, identifier, sealed_field, preference, person_key):
        store = stand.keystore if table is person_key else stand.data
        with store.snapshot() as tx:
            found[table.name] = sum(row[0] == who for row in tx.rows(Statement(select(table.c.person))))
    return found


def begun(stand: Stand) -> list[str]:
    """Whose erasure has begun."""
    with stand.data.snapshot() as tx:
        return begun_erasures(tx)


def resume(stand: Stand) -> None:
    """What a start does with erasures that a crash left."""
    for who in begun(stand):
        stand.keys.destroy([who])
        stand.finish(who)


def test_an_erased_person_leaves_a_keyed_hash_alone(stand: Stand) -> None:
    """Every row goes but the suppression of the identifier, which the address still matches; others stay whole."""
    stand.add(JANE, email="jane@example.com", payment_token="t")
    stand.add(JOHN, email="john@example.com")
    stand.erase(JANE)
    assert set(rows_of(stand, JANE).values()) == {0}
    with stand.data.snapshot() as tx:
        kept = tx.rows(Statement(select(suppression.c.kind, suppression.c.blind, suppression.c.reason)))
    assert [(kind, bytes(blind), why) for kind, blind, why in kept] == [
        ("email", stand.keys.blind("email", "jane@example.com"), "erased")
    ]
    assert stand.read(JOHN) == {"email": "john@example.com"}
    assert begun(stand) == []


def test_from_its_beginning_nobody_finds_the_person(stand: Stand) -> None:
    """The intent alone hides the person, before a key or row is gone."""
    stand.add(JANE, email="jane@example.com")
    stand.begin(JANE)
    assert not stand.knows(JANE)
    assert begun(stand) == [JANE]


STEPS: list[Callable[[Stand], None]] = [
    lambda stand: stand.begin(JANE),
    lambda stand: stand.keys.destroy([JANE]),
    lambda stand: stand.finish(JANE),
]


@pytest.mark.parametrize("crash_after", [1, 2, 3])
@pytest.mark.parametrize("repeats", [1, 2])
def test_a_crash_between_any_two_steps_is_resumed(stand: Stand, crash_after: int, repeats: int) -> None:
    """Whichever step was the last, resuming once or twice ends with the person erased and all others untouched."""
    stand.add(JANE, email="jane@example.com", payment_token="t")
    stand.add(JOHN, email="john@example.com")
    for step in STEPS[:crash_after]:
        step(stand)
    for _ in range(repeats):
        resume(stand)
    assert set(rows_of(stand, JANE).values()) == {0}
    assert begun(stand) == []
    assert stand.read(JOHN) == {"email": "john@example.com"}


def test_data_copied_before_the_erasure_stays_shut(stand: Stand, tmp_path: Path) -> None:
    """A copy of the data from before the erasure, opened beside the key store of today, gives nothing of the person."""
    if stand.data.dialect != "sqlite":
        pytest.skip("copies the file of SQLite")
    from troth.storage import open_database

    stand.add(JANE, email="jane@example.com")
    stand.add(JOHN, email="john@example.com")
    stand.data.copy_to(str(tmp_path / "copy.db"))
    stand.erase(JANE)
    old = open_database(str(tmp_path / "copy.db"))
    try:
        with old.snapshot() as tx, pytest.raises(KeyMissing):
            stand.vault.read_fields(tx, [ReadWant(ALL, JANE, (EMAIL,))])
        with old.snapshot() as tx:
            assert stand.vault.read_fields(tx, [ReadWant(ALL, JOHN, (EMAIL,))]) == [
                {"email": "john@example.com"}
            ]
    finally:
        old.close()


def wrapped_keys(stand: Stand, who: str) -> list[bytes]:
    """A person's wrapped keys."""
    with stand.keystore.snapshot() as tx:
        rows = tx.rows(Statement(select(person_key.c.person, person_key.c.wrapped)))
    return [bytes(wrapped) for one, wrapped in rows if one == who]


def test_destroyed_keys_are_in_no_file(stand: Stand, tmp_path: Path) -> None:
    """After the erasure neither the key store's file nor its log holds the wrapped keys."""
    if stand.data.dialect != "sqlite":
        pytest.skip("looks into the files of SQLite")
    stand.add(JANE, email="jane@example.com", payment_token="t")
    wrapped = wrapped_keys(stand, JANE)
    assert len(wrapped) == 2
    assert all(one in bytes_on_disk(tmp_path) for one in wrapped)
    stand.erase(JANE)
    assert not any(one in bytes_on_disk(tmp_path) for one in wrapped)


@pytest.mark.slow
def test_a_reader_that_keeps_destroyed_keys_in_the_log_is_said(stand: Stand, tmp_path: Path) -> None:
    """While a reader pins the log, destroying keys does not claim to have succeeded; repeated later, it has."""
    if stand.data.dialect != "sqlite":
        pytest.skip("the write-ahead log of SQLite")
    stand.add(JANE, email="jane@example.com")
    wrapped = wrapped_keys(stand, JANE)
    reading, done = threading.Event(), threading.Event()

    def hold() -> None:
        with stand.keystore.snapshot() as tx:
            tx.rows(Statement(select(person_key.c.person)))
            reading.set()
            done.wait(60)

    reader = threading.Thread(target=hold)
    reader.start()
    try:
        assert reading.wait(60)
        with pytest.raises(Unavailable):
            stand.keys.destroy([JANE])
    finally:
        done.set()
        reader.join()
    stand.keys.destroy([JANE])
    assert not any(one in bytes_on_disk(tmp_path) for one in wrapped)


def test_orphan_keys_are_swept_when_old_enough(stand: Stand) -> None:
    """Keys whose person never came go after an hour; those of people, and fresh ones, stay."""
    stand.add(JOHN, email="john@example.com")
    stand.keys.prepared({JANE: {"contact"}}, {}, 10)
    assert sweep_orphan_keys(stand.data, stand.keys, HOUR + 10) == 0
    assert sweep_orphan_keys(stand.data, stand.keys, HOUR + 11) == 1
    assert rows_of(stand, JANE)["person_key"] == 0
    assert stand.read(JOHN) == {"email": "john@example.com"}


def test_a_person_who_comes_back_is_somebody_new(stand: Stand) -> None:
    """After the erasure the same address may be given again, under a new handle with new keys."""
    stand.add(JANE, email="jane@example.com")
    stand.erase(JANE)
    stand.add(JOHN, email="jane@example.com")
    assert stand.find("jane@example.com") == JOHN
