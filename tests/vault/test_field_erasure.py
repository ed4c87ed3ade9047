"""Erasing fields of somebody who stays: the fields go, and the key of a key group with them when nothing else needs it."""

import pytest

from tests.vault.stand import Stand
from troth.vault import destroy_groups, erase_fields

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


def test_a_field_goes_and_others_stay(jane: Stand) -> None:
    """The field is gone, as an identifier too; its group keeps its key for what is left in it."""
    emptied = erase(jane, "email")
    assert emptied == []
    destroy_groups(jane.data, jane.keys, emptied)
    assert jane.read(JANE) == {"phone": "1", "payment_token": "t"}
    assert jane.find("jane@example.com") is None
    assert groups(jane) == {"contact", "billing"}


def test_an_empty_group_loses_its_key(jane: Stand) -> None:
    """With the last field of a group its key goes, so that copies of the data keep nothing readable of it."""
    emptied = erase(jane, "payment_token")
    assert emptied == [(JANE, "billing")]
    destroy_groups(jane.data, jane.keys, emptied)
    assert groups(jane) == {"contact"}
    assert groups(jane, JOHN) == {"contact"}
    jane.write(JANE, payment_token="new")
    assert jane.read(JANE, "payment_token") == {"payment_token": "new"}


def test_a_group_filled_again_meanwhile_keeps_its_key(jane: Stand) -> None:
    """A value written between the erasing and the end of the key stays readable."""
    emptied = erase(jane, "payment_token")
    jane.write(JANE, payment_token="new")
    destroy_groups(jane.data, jane.keys, emptied)
    assert jane.read(JANE, "payment_token") == {"payment_token": "new"}
