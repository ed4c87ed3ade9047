"""What one act of a batch does wrong stays its own, and what is malformed or unsigned touches no store."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from tests.gate.conftest import REGISTER, RIGHTS, SUPPORT, Company
from troth.storage import Statement
from troth.vault.tables import person, person_key, sealed_field

_HOSTILE: tuple[tuple[str, Any], ...] = (
    ("person", "ann\0example"),
    ("person", "ann@example.com"),
    ("case", "\0"),
    ("key", "troth_\0_secret"),
    ("key", "troth_" + "0" * 32 + "_\ud800"),
    ("identify", {"email": "\ud800@example.com"}),
    ("identify", {"email": "a\0@example.com"}),
    ("values", {"name": "\ud800"}),
    ("values", {"name": object()}),
    ("fields", ("a\0b",)),
)


def _keys(company: Company) -> set[str]:
    with company.keystore.snapshot() as tx:
        return {row[0] for row in tx.rows(Statement(select(person_key.c.person)))}


@pytest.mark.parametrize(("where", "what"), _HOSTILE)
@pytest.mark.parametrize("act", ["collect", "use"])
def test_hostile_act_fails_alone(company: Company, act: str, where: str, what: object) -> None:
    """Whatever a caller puts into an act, its neighbours in the batch are done and no key is made in its name."""
    hostile = msgspec.structs.replace(company.registration(1), act=act, **{where: what})
    good = company.registration(2)
    first, second, third = company.gate.perform([hostile, good, hostile])
    assert second.permitted
    for one in (first, third):
        assert one.problem is not None
        assert one.problem.status in {401, 422}
    assert company.count(person) == 1
    assert _keys(company) == {second.person}


def test_collection_without_a_key_that_works_makes_no_keys(company: Company) -> None:
    """Nobody who is not signed in makes anything in the key store, and a handle that nobody has gets no keys."""
    strangers = msgspec.structs.replace(company.registration(1), key="troth_" + "0" * 32 + "_x")
    ghost = msgspec.structs.replace(company.registration(2), person="0" * 32)
    statuses = [one.problem.status for one in company.gate.perform([strangers, ghost]) if one.problem]
    assert statuses == [401, 404]
    assert _keys(company) == set()


def test_person_whose_first_collection_failed_is_made_by_the_second(company: Company) -> None:
    """Two collections about one newcomer: when the first is refused, the second still makes the person."""
    company.register(1)
    refused, done = company.gate.perform(
        [company.registration(2, serial="SN-0001"), company.registration(2, serial="SN-0002")]
    )
    assert refused.problem is not None
    assert refused.problem.status == 409
    assert done.permitted
    assert company.count(person) == 2
    case = company.open_case("ticket", "staff.support", SUPPORT, done.person)
    read = company.act("use", "staff.support", SUPPORT, person=done.person, fields=("email",), case=case)
    assert read.values == {"email": "person2@example.com"}


def test_nothing_is_stored_for_somebody_erased_in_the_same_batch(company: Company) -> None:
    """A collection behind the erasure of its person is refused, not acknowledged and then deleted."""
    who = company.register(1)
    case = company.open_case("request", "staff.privacy", RIGHTS, who)
    erase = company.ask("erase", "staff.privacy", RIGHTS, person=who, case=case)
    gone, late, again = company.gate.perform([erase, company.registration(1), erase])
    assert gone.permitted
    for one in (late, again):
        assert one.problem is not None
        assert one.problem.status == 404
    assert company.count(sealed_field) == 0
    assert [entry.act for entry in company.entries()].count("erased") == 1


def test_collection_is_not_acknowledged_without_its_person(company: Company) -> None:
    """Whatever was acknowledged belongs to somebody who can be read and erased."""
    company.gate.perform([company.registration(number % 3) for number in range(9)])
    with company.database.snapshot() as tx:
        orphans = tx.row(
            Statement(
                select(func.count())
                .select_from(sealed_field)
                .where(sealed_field.c.person.not_in(select(person.c.person)))
            )
        )
    assert orphans == (0,)
    assert REGISTER
