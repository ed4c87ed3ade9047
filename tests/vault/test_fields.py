"""Fields in the vault: what was written is read, by decision only, and rows that were meddled with say how."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import bindparam, delete, select, update

from tests.vault.stand import ALL, EMAIL, FIELDS, LATER_POLICY, POLICY, Stand, bytes_on_disk, decision
from troth.kernel import Conflict
from troth.policy import Field
from troth.storage import Statement, open_database
from troth.vault import (
    KeyMissing,
    KeyRing,
    KeyTampered,
    MovedField,
    MovedPerson,
    MovedVersion,
    NotPermitted,
    ReadWant,
    Tampered,
    Vault,
    WriteWant,
)
from troth.vault.tables import person_key, sealed_field

JANE, JOHN = "1" * 32, "2" * 32
SEALED = Statement(
    select(sealed_field.c.sealed, sealed_field.c.generation).where(
        sealed_field.c.person == bindparam("who"), sealed_field.c.field == bindparam("name")
    )
)
PUT = Statement(
    update(sealed_field)
    .where(sealed_field.c.person == bindparam("who"), sealed_field.c.field == bindparam("name"))
    .values(sealed=bindparam("new"))
)
RELABEL = Statement(update(sealed_field).values(policy=bindparam("new")))
DROP_KEYS = Statement(delete(person_key).where(person_key.c.key_group == bindparam("grouped")))


def sealed(stand: Stand, who: str, name: str) -> bytes:
    """The sealed bytes of a field."""
    with stand.data.snapshot() as tx:
        row = tx.row(SEALED, {"who": who, "name": name})
    assert row is not None
    return bytes(row[0])


def put(stand: Stand, who: str, name: str, new: bytes) -> None:
    """Overwrite the sealed bytes of a field behind the vault's back."""
    with stand.data.transaction() as tx:
        assert tx.run(PUT, {"who": who, "name": name, "new": new}) == 1


@pytest.mark.parametrize(
    "value",
    ["jane@example.com", "", "straße ☕", 0, -(2**53), 1.5, True, None, [1, ["a"]], {"a": {"b": None}}],
)
def test_any_json_value_comes_back(stand: Stand, value: Any) -> None:
    """A value of every JSON type is read as it was written."""
    stand.add(JANE)
    stand.write(JANE, payment_token=value)
    assert stand.read(JANE) == {"payment_token": value}


def test_a_later_write_replaces_the_value(stand: Stand) -> None:
    """The last value is read, with the version that it was collected under."""
    stand.add(JANE, email="jane@example.com")
    stand.write(JANE, LATER_POLICY, email="jane@example.org")
    assert stand.read(JANE, "email") == {"email": "jane@example.org"}
    with stand.data.snapshot() as tx:
        wanted = [(JANE, "email", ""), (JANE, "phone", "")]
        assert stand.vault.versions(tx, wanted) == {(JANE, "email", ""): LATER_POLICY}


def test_a_batch_answers_each_want(stand: Stand) -> None:
    """Wants of several people, repeated and unknown ones among them, are answered in order."""
    stand.add(JANE, email="jane@example.com", phone="1")
    stand.add(JOHN, email="john@example.com")
    wants = [(JOHN, "email"), (JANE, "phone"), (JOHN, "phone"), ("3" * 32, "email"), (JOHN, "email")]
    with stand.data.snapshot() as tx:
        answers = stand.vault.read_fields(tx, [ReadWant(ALL, who, (FIELDS[name],)) for who, name in wants])
    john = {"email": "john@example.com"}
    assert answers == [john, {"phone": "1"}, {}, {}, john]


@pytest.mark.parametrize(
    "verdict", [decision(), decision("user.contact"), decision(EMAIL.category, effect="deny")]
)
def test_a_decision_that_does_not_allow_a_field_opens_and_seals_nothing(stand: Stand, verdict: Any) -> None:
    """Denied acts and fields of another category are refused, for reads and writes, whoever calls."""
    stand.add(JANE, email="jane@example.com")
    with stand.data.transaction() as tx, pytest.raises(NotPermitted) as told:
        stand.vault.read_fields(tx, [ReadWant(verdict, JANE, (EMAIL,))])
    assert told.value.field == "email"
    with stand.data.transaction() as tx, pytest.raises(NotPermitted):
        stand.vault.write_fields(tx, [WriteWant(verdict, JANE, POLICY, ((EMAIL, "x"),))], 1)
    assert stand.read(JANE) == {"email": "jane@example.com"}


def test_a_changed_row_is_tampered(stand: Stand) -> None:
    """A bit changed in the data database is found."""
    stand.add(JANE, email="jane@example.com")
    good = sealed(stand, JANE, "email")
    put(stand, JANE, "email", good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(Tampered) as told:
        stand.read(JANE)
    assert told.value.clause == "IV.1"


@pytest.mark.parametrize(("name", "where"), [("email", JOHN), ("payment_token", JOHN)])
def test_a_row_of_another_person_is_found_out(stand: Stand, name: str, where: str) -> None:
    """A ciphertext copied to the same field of somebody else says whose it is not."""
    stand.add(JANE, **{name: "jane"})
    stand.add(JOHN, **{name: "john"})
    put(stand, where, name, sealed(stand, JANE, name))
    with pytest.raises(MovedPerson):
        stand.read(where)


@pytest.mark.parametrize(("source", "target"), [("email", "phone"), ("email", "payment_token")])
def test_a_row_of_another_field_is_found_out(stand: Stand, source: str, target: str) -> None:
    """A ciphertext copied to another field of the same person is found, within a key group and across."""
    stand.add(JANE, email="e", phone="p", payment_token="t")
    put(stand, JANE, target, sealed(stand, JANE, source))
    with pytest.raises(MovedField):
        stand.read(JANE)


def test_a_row_relabelled_with_another_version_is_found_out(stand: Stand) -> None:
    """Changing the version that a value was collected under does not change what was promised."""
    stand.add(JANE, email="jane@example.com")
    with stand.data.transaction() as tx:
        tx.run(RELABEL, {"new": LATER_POLICY})
    with pytest.raises(MovedVersion):
        stand.read(JANE)


def test_a_missing_key_is_its_own_error(stand: Stand) -> None:
    """Without the key of its group a field cannot be read; fields of other groups can."""
    stand.add(JANE, email="jane@example.com", payment_token="tok")
    with stand.keystore.transaction() as tx:
        tx.run(DROP_KEYS, {"grouped": "billing"})
    with pytest.raises(KeyMissing):
        stand.read(JANE, "payment_token")
    assert stand.read(JANE, "email") == {"email": "jane@example.com"}


def test_a_key_that_was_not_prepared_is_not_made_up(stand: Stand) -> None:
    """Keys are committed before data; a write without them is refused."""
    stand.add(JANE)
    with stand.data.transaction() as tx, pytest.raises(KeyMissing):
        stand.vault.write_fields(tx, [WriteWant(ALL, JANE, POLICY, ((EMAIL, "x"),))], 1)


def test_keys_moved_between_people_do_not_open(stand: Stand) -> None:
    """A wrapped key is bound to person, group and generation: swapped rows in the key store are refused."""
    stand.add(JANE, email="jane@example.com")
    stand.add(JOHN, email="john@example.com")
    swap = Statement(
        update(person_key).where(person_key.c.person == bindparam("who")).values(wrapped=bindparam("new"))
    )
    take = Statement(select(person_key.c.wrapped).where(person_key.c.person == bindparam("who")))
    with stand.keystore.transaction() as tx:
        row = tx.row(take, {"who": JOHN})
        assert row is not None
        tx.run(swap, {"who": JANE, "new": bytes(row[0])})
    with pytest.raises(KeyTampered):
        stand.read(JANE)


def test_people_are_found_by_identifier(stand: Stand) -> None:
    """Who has an identifier is found; another kind of the same value is somebody else's business."""
    stand.add(JANE, email="jane@example.com")
    assert stand.find("jane@example.com") == JANE
    assert stand.find("john@example.com") is None
    assert stand.keys.blind("email", "x") != stand.keys.blind("phone", "x")


def test_an_identifier_belongs_to_one_person(stand: Stand) -> None:
    """A second person with the same address is a conflict that names the field, and nothing is stored."""
    stand.add(JANE, email="jane@example.com")
    with pytest.raises(Conflict) as told:
        stand.add(JOHN, email="jane@example.com")
    assert told.value.field == "email"
    assert not stand.knows(JOHN)


def test_a_changed_identifier_takes_the_place_of_the_old_one(stand: Stand) -> None:
    """After a change of address the old one finds nobody and is free for others; the new one finds the person."""
    stand.add(JANE, email="jane@example.com")
    for address in ("jane@example.org", "jane@example.org", "jane@example.net"):
        with stand.data.transaction() as tx:
            stand.vault.add_identifiers(tx, JANE, [("email", address)])
        assert stand.find(address) == JANE
    assert stand.find("jane@example.com") is None
    assert stand.find("jane@example.org") is None
    stand.add(JOHN, email="jane@example.com")
    assert stand.find("jane@example.com") == JOHN


class Meeting:
    """A transaction that waits, after looking up, until another one has looked up too."""

    def __init__(self, tx: Any, together: threading.Barrier) -> None:
        self._tx, self._together = tx, together
        self.run_many, self.lookup_all = tx.run_many, tx.lookup_all

    def lookup(self, *arguments: Any) -> Any:
        """Look up, then wait."""
        found = self._tx.lookup(*arguments)
        self._together.wait(60)
        return found


def test_two_at_once_cannot_take_one_identifier(stand: Stand) -> None:
    """Of two people added with one address at the same time, one is there and found, the other is refused."""
    if stand.data.dialect != "postgresql":
        pytest.skip("SQLite has one writer")
    together = threading.Barrier(2)

    def add(who: str) -> str:
        try:
            with stand.data.transaction() as tx:
                stand.vault.create_persons(tx, [(who, POLICY)], 1)
                meeting: Any = Meeting(tx, together)
                stand.vault.add_identifiers(meeting, who, [("email", "x@example.com")])
        except Conflict:
            return ""
        return who

    with ThreadPoolExecutor(2) as pool:
        added = set(pool.map(add, (JANE, JOHN))) - {""}
    assert added == {stand.find("x@example.com")} == {who for who in (JANE, JOHN) if stand.knows(who)}


def test_blind_indexes_are_of_one_key_store(stand: Stand, tmp_path: Any, every_table: None) -> None:
    """Another installation's index of the same address is another one: lists cannot be joined by it."""
    from troth.storage import create_all, key_tables
    from troth.vault import create_key_store

    other = open_database(str(tmp_path / "other-keys.db"), key_store=True)
    create_all(other, key_tables)
    create_key_store(other, stand.root, 1)
    assert KeyRing(other, stand.root).blind("email", "x") != stand.keys.blind("email", "x")
    other.close()


def test_no_value_lies_in_clear_on_disk(stand: Stand, tmp_path: Any) -> None:
    """Neither database file nor write-ahead log holds a value, an identifier or a key in clear."""
    if stand.data.dialect != "sqlite":
        pytest.skip("looks into the files of SQLite")
    canary = "canary-7f3a9b"
    stand.add(JANE, email=f"{canary}@example.com", phone=canary, payment_token={"deep": [canary]})
    ((_, key),) = [stand.keys.newest_keys([JANE])[JANE]["contact"]]
    found = bytes_on_disk(tmp_path)
    assert len(found) > 10_000
    assert canary.encode() not in found
    assert key not in found
    assert stand.read(JANE, "phone") == {"phone": canary}


def test_another_vault_over_the_same_stores_reads_the_same(stand: Stand) -> None:
    """Nothing that is needed to read lives in memory alone."""
    stand.add(JANE, email="jane@example.com")
    stand.vault = Vault(KeyRing(stand.keystore, stand.root))
    assert stand.read(JANE) == {"email": "jane@example.com"}
    assert stand.find("jane@example.com") == JANE


def test_unwrapped_keys_are_not_kept(stand: Stand) -> None:
    """A key destroyed by another process is gone for a vault that used it a moment ago."""
    stand.add(JANE, email="jane@example.com")
    reads: Callable[[], Any] = lambda: stand.read(JANE)  # noqa: E731  read twice
    reads()
    KeyRing(stand.keystore, stand.root).destroy([JANE])
    with pytest.raises(KeyMissing):
        reads()


def test_outside_a_record_the_profile_comes_before_the_newest_record(stand: Stand) -> None:
    """Without a record named, a field is that of the profile, else of the newest record, whoever else has a like name."""
    other = structs.replace(EMAIL, name="email_other")
    older, newer = "0190" + "a" * 28, "0191" + "0" * 28
    stand.add(JANE)
    stand.add(JOHN, email="john@example.com")
    stand.keys.prepared({JANE: {EMAIL.group}}, {}, 10)

    def write(field: Field, record: str, value: str) -> None:
        with stand.data.transaction() as tx:
            stand.vault.write_fields(tx, [WriteWant(ALL, JANE, POLICY, ((field, value),), record)], 20)

    def read(*fields: Field, record: str = "") -> dict[str, Any]:
        with stand.data.transaction() as tx:
            wants = [ReadWant(ALL, JANE, fields, record), ReadWant(ALL, JOHN, (EMAIL,))]
            mine, johns = stand.vault.read_fields(tx, wants)
        assert johns == {"email": "john@example.com"}
        return mine

    assert read(EMAIL, other) == {}
    write(other, newer, "other")
    assert read(EMAIL, other) == {"email_other": "other"}
    write(EMAIL, newer, "new")
    write(EMAIL, older, "old")
    assert read(EMAIL, other) == {"email": "new", "email_other": "other"}
    assert read(EMAIL, record=older) == {"email": "old"}
    write(EMAIL, "", "own")
    assert read(EMAIL) == {"email": "own"}
    with stand.data.transaction() as tx:
        told = stand.vault.versions(
            tx, [(JANE, "email", older), (JANE, "email_other", ""), (JANE, "phone", "")]
        )
    assert told == {(JANE, "email", older): POLICY, (JANE, "email_other", ""): POLICY}
