"""Records: orders, registrations and tickets of which a person has several; one does not reach into another."""

from typing import Any

import msgspec
import pytest

from tests.gate.conftest import RIGHTS, SUPPORT, Company
from troth.gate import Outcome


def _ticket(company: Company, text: str, **more: str) -> Outcome:
    point = company.gate.policy().points["support-contact"]
    return company.act(
        "collect",
        "service.collection",
        SUPPORT,
        values={"email": "ann@example.com", "ticket_text": text, **more},
        channel="web",
        point=point.name,
        notice=str(point.notice),
        age_passed=True,
    )


def _read(company: Company, who: str, case: str, **more: Any) -> Outcome:
    return company.act(
        "use", "staff.support", SUPPORT, person=who, fields=("ticket_text", "name"), case=case, **more
    )


def test_second_submission_overwrites_nothing(company: Company) -> None:
    """Each submission is a record of its own; without naming one, the newest is read."""
    first, second = _ticket(company, "one", name="Ann"), _ticket(company, "two", name="Mallory")
    assert first.person == second.person
    assert first.record != second.record
    case = company.open_case("ticket", "staff.support", SUPPORT, first.person)
    assert _read(company, first.person, case, record=first.record).values == {
        "ticket_text": "one",
        "name": "Ann",
    }
    assert _read(company, first.person, case).values == {"ticket_text": "two", "name": "Mallory"}


def test_case_about_a_record_reaches_no_other(company: Company) -> None:
    """A case opened about one ticket gives that ticket's values, and none of another's."""
    first, second = _ticket(company, "one"), _ticket(company, "two")
    who = first.person
    opened = company.act(
        "instruct",
        "staff.support",
        SUPPORT,
        order="open-case",
        case_type="ticket",
        person=who,
        record=first.record,
    )
    assert opened.permitted, opened
    assert _read(company, who, opened.case).values == {"ticket_text": "one"}
    assert not _read(company, who, opened.case, record=second.record).permitted


def test_profile_comes_before_records(company: Company) -> None:
    """What somebody keeps in the profile is not displaced by a later record."""
    who = _ticket(company, "one").person
    point = company.gate.policy().points["account"]
    named = company.act(
        "collect",
        "service.collection",
        "essential.service.account",
        person=who,
        values={"name": "Ann Profile"},
        channel="web",
        point=point.name,
        notice=str(point.notice),
        age_passed=True,
    )
    assert named.permitted, named
    _ticket(company, "two", name="Mallory")
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    assert _read(company, who, case).values["name"] == "Ann Profile"


def test_amending_a_record_keeps_its_place(company: Company) -> None:
    """Values written to a record that is named replace its own; somebody else's record is not found."""
    mine = company.register(1)
    record = _records(company, mine)[0]["record"]
    changed = company.gate.perform(
        [
            msgspec.structs.replace(
                company.registration(1), person=mine, record=record, values={"product": "server"}
            )
        ]
    )[0]
    assert changed.permitted, changed
    assert changed.record == record
    assert len(_records(company, mine)) == 1
    other = company.register(2)
    stolen = company.gate.perform(
        [
            msgspec.structs.replace(
                company.registration(2), person=other, record=record, values={"product": "x"}
            )
        ]
    )[0]
    assert stolen.problem is not None
    assert stolen.problem.status == 404


def test_erasing_the_fields_of_a_record_leaves_the_others(company: Company) -> None:
    """The record and the serial that it registered go; the person's other record stays, and is found by its own serial."""
    who = company.register(1)
    assert company.register(1, serial="SN-0002") == who
    newest, oldest = _records(company, who)
    request = company.open_case("request", "staff.privacy", RIGHTS, who)
    gone = company.act(
        "erase",
        "staff.privacy",
        RIGHTS,
        person=who,
        record=oldest["record"],
        fields=("name", "email", "product", "serial"),
        case=request,
    )
    assert gone.permitted, gone
    assert [one["record"] for one in _records(company, who)] == [newest["record"]]
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    found = {
        serial: company.act(
            "use", "staff.support", SUPPORT, identify={"serial": serial}, fields=("product",), case=case
        ).permitted
        for serial in ("SN-0001", "SN-0002")
    }
    assert found == {"SN-0001": False, "SN-0002": True}


def test_erasing_a_record_needs_its_fields(company: Company) -> None:
    """An erasure that names a record and no field is malformed; it must not become one of the whole person."""
    who = company.register(1)
    record = _records(company, who)[0]["record"]
    outcome = company.act("erase", "service.web", "essential.service.account", person=who, record=record)
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.field) == (422, "fields")
    assert _records(company, who)


def _records(company: Company, who: str) -> list[dict[str, str]]:
    case = company.open_case("request", "staff.privacy", RIGHTS, who)
    listed = company.act(
        "instruct", "staff.privacy", RIGHTS, order="list-records", kind="registration", person=who, case=case
    )
    assert listed.permitted, listed
    found: list[dict[str, str]] = listed.values["records"]
    return found


def test_several_records_are_read_in_one_act(company: Company) -> None:
    """By record, with version and instant, under one decision; nothing of anybody else's record, and none for a case about one."""
    first, second = _ticket(company, "one", name="Ann"), _ticket(company, "two")
    other = company.register(2)
    who, policy = first.person, company.gate.policy().sha256
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    before = len(company.entries())
    read = _read(company, who, case, records=("", first.record, second.record))
    assert read.permitted, read
    assert {
        record: {n: kept["value"] for n, kept in held.items()} for record, held in read.values.items()
    } == {
        first.record: {"ticket_text": "one", "name": "Ann"},
        second.record: {"ticket_text": "two"},
    }
    assert read.values[second.record]["ticket_text"]["policy"] == policy
    assert len(company.entries()) == before + 1
    assert (
        _read(
            company,
            other,
            company.open_case("ticket", "staff.support", SUPPORT, other),
            records=(first.record,),
        ).values
        == {}
    )
    bound = company.act(
        "instruct",
        "staff.support",
        SUPPORT,
        order="open-case",
        case_type="ticket",
        person=who,
        record=first.record,
    )
    assert not _read(company, who, bound.case, records=(second.record,)).permitted


@pytest.mark.parametrize(
    "more",
    [
        {"records": ("x",)},
        {"records": ("",) * 201},
        {"records": ("",), "record": "0" * 32},
        {"records": ("",), "fields": ()},
    ],
)
def test_what_is_no_reading_of_records_is_refused(company: Company, more: dict[str, Any]) -> None:
    """Ids that are none, too many, one record beside several, no fields."""
    who = company.register(1)
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    given = {"person": who, "case": case, "fields": ("name",), **more}
    outcome = company.act("use", "staff.support", SUPPORT, **given)
    assert outcome.problem is not None
    assert outcome.problem.code == "invalid-input"
