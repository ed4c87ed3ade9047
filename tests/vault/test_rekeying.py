"""New keys for everybody: afterwards nothing opens with an old key, and nobody noticed; killed anywhere, it goes on."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, select, update

from tests.vault.crashing import Crash, crashes
from tests.vault.stand import ALL, CARD, EMAIL, POLICY, Stand, bytes_on_disk
from troth.kernel import Corrupt
from troth.storage import Statement
from troth.vault import (
    KeyMissing,
    KeyRing,
    ReadWant,
    Rekeyed,
    Vault,
    WriteWant,
    key_status,
    rekey_persons,
    rekeying,
)
from troth.vault.crypto import Place, unseal
from troth.vault.keyring import KeyName
from troth.vault.tables import person_key, sealed_field

PEOPLE = [f"{number:032x}" for number in range(7)]
NOW = 1_000
KEYS = Statement(
    select(person_key.c.person, person_key.c.key_group, person_key.c.generation, person_key.c.wrapped)
)
SEALED = Statement(select(sealed_field.c.person, sealed_field.c.field, sealed_field.c.sealed))
SPOIL = Statement(
    update(sealed_field).where(sealed_field.c.person == bindparam("who")).values(sealed=bindparam("new"))
)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two people, so that seven people make several."""
    monkeypatch.setattr(rekeying, "PAGE", 2)


@pytest.fixture
def town(stand: Stand) -> Stand:
    """A vault with seven people."""
    for number, who in enumerate(PEOPLE):
        stand.add(who, email=f"p{number}@example.com", payment_token=number)
    return stand


def rekey(stand: Stand, now: int = NOW) -> Rekeyed:
    """Re-key everybody."""
    return rekey_persons(stand.data, stand.keys, now)


def everything(stand: Stand) -> dict[str, object]:
    """What everybody's fields hold, read by a vault opened just now."""
    fresh = Stand(stand.data, stand.keystore, stand.root)
    return {who: fresh.read(who) for who in PEOPLE}


def generations(stand: Stand) -> set[tuple[str, str, int]]:
    """Person, key group and generation of every key."""
    with stand.keystore.snapshot() as tx:
        return {(row[0], row[1], row[2]) for row in tx.rows(KEYS)}


def test_everybody_gets_new_keys_and_keeps_their_data(town: Stand) -> None:
    """Each key group has one key, of the next generation, and every field reads as before."""
    before = everything(town)
    assert rekey(town) == Rekeyed(persons=7, fields=14)
    assert everything(town) == before
    assert generations(town) == {(who, group, 2) for who in PEOPLE for group in ("contact", "billing")}
    assert town.find("p3@example.com") == PEOPLE[3]


def test_the_old_keys_open_nothing(town: Stand) -> None:
    """What is stored after the run does not open with any key of before it."""
    names = sorted(generations(town))
    old = town.keys.keys(names)
    rekey(town)
    with town.data.snapshot() as tx:
        rows = tx.rows(SEALED)
    for (who, group, _), key in old.items():
        for person, field, sealed in rows:
            if person == who and group == {"email": "contact", "payment_token": "billing"}[field]:
                with pytest.raises(Corrupt):
                    unseal(key, town.keys.marking, Place(who, field, POLICY, 2), bytes(sealed))


def test_progress_counts_people_page_by_page(town: Stand) -> None:
    """Progress is told after each page and ends at the number of people."""
    told: list[tuple[int, int]] = []
    rekey_persons(town.data, town.keys, NOW, lambda done, total: told.append((done, total)))
    assert told == [(2, 7), (4, 7), (6, 7), (7, 7)]


def test_a_second_run_makes_keys_anew(town: Stand) -> None:
    """A finished run leaves no trace: the next one, even at the same instant, starts over."""
    rekey(town)
    assert key_status(town.keystore).rekeying_since == 0
    assert rekey(town) == Rekeyed(persons=7, fields=14)
    assert {generation for _, _, generation in generations(town)} == {3}


def test_a_run_killed_at_each_page_goes_on(town: Stand) -> None:
    """Killed after every page, the run is told to be under way, does each person once, and ends whole."""
    before = everything(town)

    def kill(_: int, __: int) -> None:
        raise Crash

    for _ in range(4):
        with pytest.raises(Crash):
            rekey_persons(town.data, town.keys, NOW, kill)
        assert key_status(town.keystore).rekeying_since > 0
        assert everything(town) == before
    assert rekey(town).persons == 0
    assert everything(town) == before
    assert {generation for _, _, generation in generations(town)} == {2}


STEPS = range(1 + 4 * 3 + 2)
"""Steps of a run over seven people in pages of two: begin, four times keys, data, old keys, then scrub and end."""


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_before_any_commit_loses_nothing(town: Stand, step: int) -> None:
    """Whatever was the last commit, everything reads, a repeat ends the run, and each person is at one key a group."""
    before = everything(town)
    assert crashes(town, step, rekey)
    assert everything(town) == before
    town.write(PEOPLE[0], email="changed@example.com")
    rekey(town)
    assert everything(town)[PEOPLE[0]] == {"email": "changed@example.com", "payment_token": 0}
    assert {k: v for k, v in everything(town).items() if k != PEOPLE[0]} == {
        k: v for k, v in before.items() if k != PEOPLE[0]
    }
    assert generations(town) == {(who, group, 2) for who in PEOPLE for group in ("contact", "billing")}
    assert key_status(town.keystore).rekeying_since == 0


def test_the_steps_above_are_all(town: Stand) -> None:
    """A run has no step that the test of kills leaves out."""
    assert not crashes(town, len(STEPS), rekey)


def test_others_go_on_meanwhile(town: Stand) -> None:
    """Between pages people are read, written, added and erased by a vault that was open before."""
    other = Stand(town.data, town.keystore, town.root)
    newcomer = "f" * 32
    doing: list[Callable[[], object]] = [
        lambda: other.write(PEOPLE[6], email="new6@example.com"),
        lambda: other.erase(PEOPLE[5]),
        lambda: other.add(newcomer, email="new@example.com"),
        lambda: other.write(PEOPLE[0], payment_token="again"),
    ]

    def busy(_: int, __: int) -> None:
        if doing:
            doing.pop(0)()
        for who in PEOPLE:
            if other.knows(who):
                assert other.read(who)

    rekey_persons(town.data, town.keys, NOW, busy)
    fresh = Stand(town.data, town.keystore, town.root)
    assert fresh.read(PEOPLE[6]) == {"email": "new6@example.com", "payment_token": 6}
    assert fresh.read(PEOPLE[0]) == {"email": "p0@example.com", "payment_token": "again"}
    assert fresh.read(newcomer) == {"email": "new@example.com"}
    assert not fresh.knows(PEOPLE[5])
    assert not any(who == PEOPLE[5] for who, _, _ in generations(town))


def test_one_altered_value_keeps_its_own_key_only(town: Stand) -> None:
    """Somebody whose value was changed keeps the old keys and is told; everybody else has new ones."""
    with town.data.transaction() as tx:
        tx.run(SPOIL, {"who": PEOPLE[2], "new": bytes(80)})
    with pytest.raises(Corrupt, match="1 people") as told:
        rekey(town)
    assert PEOPLE[2] in told.value.mend
    assert {who for who, _, generation in generations(town) if generation == 1} == {PEOPLE[2]}
    for who in PEOPLE:
        if who != PEOPLE[2]:
            assert town.read(who)


def test_one_altered_key_keeps_no_other_back(town: Stand) -> None:
    """Somebody whose wrapped key was changed is left and told; everybody else has new keys."""
    spoil = Statement(
        update(person_key).where(person_key.c.person == bindparam("who")).values(wrapped=bindparam("new"))
    )
    with town.keystore.transaction() as tx:
        tx.run(spoil, {"who": PEOPLE[4], "new": bytes(60)})
    with pytest.raises(Corrupt, match="1 people"):
        rekey(town)
    assert {who for who, _, generation in generations(town) if generation == 1} == {PEOPLE[4]}


def test_keys_prepared_for_somebody_not_there_yet_are_left(town: Stand) -> None:
    """Keys made ahead of a person are not taken from under the collection that made them."""
    coming = "e" * 32
    town.keys.prepared({coming: {"contact"}}, {}, NOW - 1)
    rekey(town)
    with town.data.transaction() as tx:
        town.vault.create_persons(tx, [(coming, POLICY)], NOW)
        town.vault.write_fields(tx, [WriteWant(ALL, coming, POLICY, ((EMAIL, "c@example.com"),))], NOW)
    assert town.read(coming) == {"email": "c@example.com"}


def test_somebody_who_appears_behind_the_run_gets_new_keys_too(town: Stand) -> None:
    """A person whose keys were prepared before the run, and who was added after their page, is found all the same."""
    early = f"{0:031x}a"  # on the last page, when this person is not there yet
    town.keys.prepared({early: {"contact"}}, {}, NOW - 1)

    def appear(done: int, _: int) -> None:
        if done == 8 and not town.knows(early):
            with town.data.transaction() as tx:
                town.vault.create_persons(tx, [(early, POLICY)], NOW)
            town.write(early, email="early@example.com")

    rekey_persons(town.data, town.keys, NOW, appear)
    assert town.read(early) == {"email": "early@example.com"}
    assert {generation for who, _, generation in generations(town) if who == early} == {2}


def test_a_page_sealed_before_the_kill_is_not_sealed_again(town: Stand) -> None:
    """A run killed after the first page's data does only the other five people's fields."""
    assert crashes(town, 3, rekey)
    assert rekey(town).fields == 14 - 4


class Overtaken:
    """A data database in which somebody is erased just before the first write."""

    def __init__(self, town: Stand, who: str) -> None:
        self._town, self._who = town, who

    def transaction(self) -> Any:
        """See `Database.transaction`."""
        if self._town.knows(self._who):
            self._town.erase(self._who)
        return self._town.data.transaction()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._town.data, name)


def test_somebody_erased_between_new_key_and_data_keeps_no_key(town: Stand) -> None:
    """A new key made for somebody who is erased meanwhile is destroyed at once."""
    overtaken: Any = Overtaken(town, PEOPLE[1])
    assert rekey_persons(overtaken, town.keys, NOW).persons == 6
    assert not any(who == PEOPLE[1] for who, _, _ in generations(town))


def test_old_keys_are_in_no_file(town: Stand, tmp_path: Path) -> None:
    """After the run the key store's file and log hold no old wrapped key."""
    if town.data.dialect != "sqlite":
        pytest.skip("looks into the files of SQLite")
    with town.keystore.snapshot() as tx:
        old = [bytes(row[3]) for row in tx.rows(KEYS)]
    assert all(one in bytes_on_disk(tmp_path) for one in old)
    rekey(town)
    found = bytes_on_disk(tmp_path)
    assert not any(one in found for one in old)


def test_an_empty_vault_has_nothing_to_do(stand: Stand) -> None:
    """Nobody there: the run begins and ends."""
    assert rekey(stand) == Rekeyed(0, 0)


def test_a_read_that_meets_a_key_just_destroyed_looks_again(town: Stand) -> None:
    """A read whose rows are overtaken by a re-keying reads the new rows; an erased person stays unreadable."""
    if town.data.dialect != "postgresql":
        pytest.skip("SQLite reads and re-keys one after the other")

    class Late(KeyRing):
        """A ring that is re-keyed behind its back before its first answer."""

        def keys(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
            """See `KeyRing.keys`."""
            if not hasattr(self, "late"):
                self.late = rekey(town)
            return super().keys(names)

    overtaken = Stand(town.data, town.keystore, town.root)
    overtaken.vault = Vault(Late(town.keystore, town.root))
    with town.data.transaction() as tx:
        assert overtaken.vault.read_fields(tx, [ReadWant(ALL, PEOPLE[1], (EMAIL, CARD))]) == [
            {"email": "p1@example.com", "payment_token": 1}
        ]
    town.keys.destroy([PEOPLE[1]])
    with pytest.raises(KeyMissing):
        overtaken.read(PEOPLE[1])
