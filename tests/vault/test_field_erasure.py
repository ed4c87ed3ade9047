"""Erasing fields of somebody who stays: the fields go, and the key of a key group with them when nothing else needs it."""

from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from tests.vault.stand import Stand
from troth.kernel import Corrupt
from troth.storage import Statement
from troth.vault import end_keys, erase_fields, try_people
from troth.vault.tables import person_key, sealed_field

JANE, JOHN = "1" * 32, "2" * 32


def erase(stand: Stand, *names: str) -> list[tuple[str, str]]:
    """Erase fields of Jane, the keys not yet."""
    with stand.data.transaction() as tx:
        return erase_fields(tx, JANE, names, 40)


def groups(stand: Stand, who: str = JANE) -> set[str]:
    """Key groups that a person has a key for."""
    return set(stand.keys.newest_keys([who]).get(who, {}))


@pytest.fixture
def jane(stand: Stand) -> Stand:
    """A vault with Jane, who has two key groups, and John."""
    stand.add(JANE, email="jane@example.com", phone="1", payment_token="t")
    stand.add(JOHN, email="john@example.com")
    return stand


def end(stand: Stand, touched: list[tuple[str, str]]) -> None:
    """End the keys of what was erased."""
    end_keys(stand.data, stand.keys, dict.fromkeys(touched, 40), 40)


def generations(stand: Stand, group: str) -> list[int]:
    """Generations of the keys that Jane has in a group."""
    with stand.keystore.snapshot() as tx:
        rows = tx.rows(
            Statement(select(person_key.c.person, person_key.c.key_group, person_key.c.generation))
        )
    return sorted(number for who, which, number in rows if (who, which) == (JANE, group))


def test_a_field_goes_and_others_stay(jane: Stand) -> None:
    """The field is gone, as an identifier too; what is left of its group is sealed under a new key, and the old one is gone."""
    touched = erase(jane, "email")
    assert touched == [(JANE, "contact")]
    before = generations(jane, "contact")
    end(jane, touched)
    assert jane.read(JANE) == {"phone": "1", "payment_token": "t"}
    assert jane.find("jane@example.com") is None
    assert groups(jane) == {"contact", "billing"}
    assert len(before) == len(generations(jane, "contact")) == 1
    assert generations(jane, "contact") > before


def test_no_copy_opens_what_was_erased(jane: Stand, tmp_path: Path) -> None:
    """A copy of the data from before opens with no key that is left: not the erased value, nor what stood beside it."""
    with jane.data.snapshot() as tx:
        copy = [row for row in tx.rows(Statement(select(sealed_field))) if row[0] == JANE]
    end(jane, erase(jane, "email"))
    with jane.data.transaction() as tx:  # the rows of the copy, put back as whoever restores it by hand would
        tx.run(Statement(delete(sealed_field)))
        tx.run_many(Statement(insert(sealed_field)), copy)
    tried = try_people(jane.data, jane.keys, [JANE], {JANE: {"email", "phone"}})
    assert (tried.values, tried.opened) == (2, 0)


def test_ending_keys_again_changes_nothing(jane: Stand) -> None:
    """A job that runs once more finds a newer key, and leaves it."""
    touched = erase(jane, "email")
    end(jane, touched)
    after = generations(jane, "contact")
    end(jane, touched)
    assert generations(jane, "contact") == after
    assert jane.read(JANE)["phone"] == "1"


def test_a_value_that_does_not_open_keeps_its_key(jane: Stand) -> None:
    """What stays must stay readable: an altered value is told, and its key is not destroyed."""
    with jane.data.transaction() as tx:
        tx.run(
            Statement(
                update(sealed_field)
                .where(sealed_field.c.person == JANE, sealed_field.c.field == "phone")
                .values(sealed=b"\x01" * 40)
            )
        )
    before = generations(jane, "contact")
    with pytest.raises(Corrupt, match="does not open"):
        end(jane, erase(jane, "email"))
    assert generations(jane, "contact")[0] == before[0]


def test_an_empty_group_loses_its_key(jane: Stand) -> None:
    """With the last field of a group its key goes, so that copies of the data keep nothing readable of it."""
    touched = erase(jane, "payment_token")
    assert touched == [(JANE, "billing")]
    end(jane, touched)
    assert groups(jane) == {"contact"}
    assert groups(jane, JOHN) == {"contact"}
    jane.write(JANE, payment_token="new")
    assert jane.read(JANE, "payment_token") == {"payment_token": "new"}


def test_a_group_filled_again_meanwhile_stays_readable(jane: Stand) -> None:
    """A value written between the erasing and the end of the key is sealed under the new one."""
    touched = erase(jane, "payment_token")
    jane.write(JANE, payment_token="new")
    end(jane, touched)
    assert jane.read(JANE, "payment_token") == {"payment_token": "new"}
