"""Values without a key: those whose key was ended by an erasure are let go, and nothing else is."""

from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, select, update

from tests.vault.stand import LATER_POLICY, Stand
from troth.kernel import Corrupt
from troth.storage import Statement
from troth.vault import Shut, drop_shut, end_keys, erase_fields, rekey_persons, sort_shut
from troth.vault.tables import person_key, sealed_field

JANE, JOHN = "1" * 32, "2" * 32
CONTACT = {(JANE, "contact")}
SEALED = Statement(select(sealed_field).where(sealed_field.c.person == JANE))
BACK = Statement(insert(sealed_field))
DROPPED_KEYS = Statement(delete(person_key).where(person_key.c.person == bindparam("who")))


def rows_of_jane(stand: Stand) -> list[dict[str, Any]]:
    """Jane's sealed values, as a backup has them."""
    with stand.data.snapshot() as tx:
        return [dict(zip(sealed_field.c.keys(), row, strict=True)) for row in tx.rows(SEALED)]


def put_back(stand: Stand, rows: list[dict[str, Any]]) -> None:
    """Restore rows of Jane, without the erased address."""
    with stand.data.transaction() as tx:
        tx.run(Statement(delete(sealed_field).where(sealed_field.c.person == JANE)))
        tx.run_many(BACK, [row for row in rows if row["field"] != "email"])


def sorted_out(stand: Stand) -> tuple[int, list[Shut]]:
    """What is held and what is shut, of everybody."""
    with stand.data.snapshot() as tx:
        return sort_shut(tx, stand.keys, [JANE, JOHN], CONTACT)


@pytest.fixture
def restored(stand: Stand) -> Stand:
    """Jane's address was erased after a backup, whose epoch key is gone; what the backup has of Jane is back."""
    stand.add(JANE, email="jane@example.com", phone="1", payment_token="t")
    stand.add(JOHN, email="john@example.com")
    before = rows_of_jane(stand)
    with stand.data.transaction() as tx:
        groups = erase_fields(tx, JANE, ["email"], 40)
    end_keys(stand.data, stand.keys, dict.fromkeys(groups, 40), 40)
    put_back(stand, before)
    return stand


def test_what_stood_beside_an_erased_field_is_let_go(restored: Stand) -> None:
    """The neighbour of the erased address opens with nothing and goes; everything else stays and reads."""
    held, shut = sorted_out(restored)
    assert (held, shut) == (2, [Shut(JANE, "phone", "contact")])
    with restored.data.transaction() as tx:
        drop_shut(tx, shut)
    assert restored.read(JANE) == {"payment_token": "t"}
    assert restored.read(JOHN) == {"email": "john@example.com"}
    assert sorted_out(restored) == (2, [])


def test_a_re_keying_ends_keys_too(restored: Stand) -> None:
    """What was sealed before everybody got new keys has none; the later generation tells why."""
    before = rows_of_jane(restored)
    with restored.data.transaction() as tx:
        drop_shut(tx, sorted_out(restored)[1])
    rekey_persons(restored.data, restored.keys, 50)
    put_back(restored, before)
    assert {one.slot for one in sorted_out(restored)[1]} == {"phone", "payment_token"}


@pytest.mark.parametrize(
    "altered",
    [
        {"generation": 0},
        {"policy": LATER_POLICY},
        {"field": "email"},
        {"sealed": b"\x01" * 60},
        {"sealed": b"\x01"},
    ],
    ids=["generation", "policy", "field", "bytes", "cut"],
)
def test_an_altered_row_is_not_let_go(restored: Stand, altered: dict[str, Any]) -> None:
    """Whoever alters a row, so that its key seems to have ended, is found out by its marks."""
    with restored.data.transaction() as tx:
        tx.run(
            Statement(
                update(sealed_field)
                .where(sealed_field.c.person == JANE, sealed_field.c.field == "phone")
                .values(**altered)
            )
        )
    with pytest.raises(Corrupt, match="nothing tells that its key was ended"):
        sorted_out(restored)


def test_a_row_moved_into_a_group_whose_key_ended_is_not_let_go(restored: Stand) -> None:
    """A value that opens with a key of its person was altered, whatever its row says of the key group."""
    with restored.data.transaction() as tx:
        tx.run(
            Statement(
                update(sealed_field)
                .where(sealed_field.c.person == JANE, sealed_field.c.field == "payment_token")
                .values(key_group="contact")
            )
        )
    with pytest.raises(Corrupt, match="payment_token"):
        sorted_out(restored)


def test_a_lost_key_is_told(restored: Stand) -> None:
    """Where no erasure is known, a key that is missing is no end: the key store was altered or is another one."""
    with restored.keystore.transaction() as tx:
        tx.run(DROPPED_KEYS, {"who": JOHN})
    with pytest.raises(Corrupt, match=JOHN):
        sorted_out(restored)


def test_an_altered_later_key_proves_nothing(restored: Stand) -> None:
    """A forged key of a later generation does not open, and is told."""
    with restored.keystore.transaction() as tx:
        tx.run(Statement(update(person_key).where(person_key.c.person == JANE).values(generation=7)))
    with pytest.raises(Corrupt, match="changed or moved"):
        sorted_out(restored)


def test_a_group_that_was_emptied_has_ended(restored: Stand) -> None:
    """Without any key of the group, an erasure that is known of it tells that it was emptied."""
    with restored.keystore.transaction() as tx:
        tx.run(
            Statement(
                delete(person_key).where(person_key.c.person == JANE, person_key.c.key_group == "contact")
            )
        )
    assert [one.slot for one in sorted_out(restored)[1]] == ["phone"]
    with restored.data.snapshot() as tx, pytest.raises(Corrupt):
        sort_shut(tx, restored.keys, [JANE], set())
