"""Who an act is about: identifiers that change, are shared, disagree or lead nowhere, and cases about nobody."""

from typing import Any

import msgspec
import pytest

from tests.gate.conftest import ACCOUNT, FULFIL, REGISTER, SUPPORT, Company
from troth.gate import Outcome

_ADMIN = "staff.support"


def _find(company: Company, case: str = "", **identify: str) -> Outcome:
    return company.act("use", _ADMIN, SUPPORT, identify=identify, fields=("email",), case=case)


def _status(outcome: Outcome) -> int:
    return outcome.problem.status if outcome.problem else 200


def _update(company: Company, who: str, **values: Any) -> Outcome:
    """Change the profile; a service that names the person vouches for whose it is."""
    point = company.gate.policy().points["account"]
    ask = company.ask("collect", "service.collection", ACCOUNT, person=who, values=values, channel="web")
    return company.gate.perform(
        [msgspec.structs.replace(ask, point=point.name, notice=str(point.notice), age_passed=True)]
    )[0]


def test_changed_address_no_longer_leads_to_the_person(company: Company) -> None:
    """After a change of address the new one finds the person; the old one finds nobody, and is free for its new owner."""
    who = company.register(1)
    case = company.open_case("ticket", _ADMIN, SUPPORT, who)
    assert _update(company, who, email="new@example.com").permitted
    assert _find(company, case, email="new@example.com").person == who
    assert not _find(company, case, email="person1@example.com").permitted
    other = company.register(2, email="person1@example.com")
    assert other != who


def test_unique_identifiers_accumulate(company: Company) -> None:
    """Somebody who registers a second product is found by either serial."""
    who = company.register(1)
    assert company.register(1, serial="SN-7777") == who
    case = company.open_case("ticket", _ADMIN, SUPPORT, who)
    for serial in ("SN-0001", "SN-7777"):
        assert _find(company, case, serial=serial).person == who


def test_shared_number_refuses_nobody(company: Company) -> None:
    """Two people of one household give the same telephone number; both are stored, and who came first keeps the index."""
    first = company.register(1, phone="+12025550143")
    second = company.register(2, phone="+12025550143")
    assert first != second
    case = company.open_case("ticket", _ADMIN, SUPPORT, second)
    read = company.act("use", _ADMIN, SUPPORT, person=second, fields=("phone",), case=case)
    assert read.values == {"phone": "+12025550143"}


def test_address_of_somebody_else_is_refused(company: Company) -> None:
    """Nobody's record takes over an address by which somebody else is known."""
    who = company.register(1)
    company.register(2)
    assert _status(_update(company, who, email="person2@example.com")) == 409


def test_identifiers_that_disagree_name_nobody(company: Company) -> None:
    """An address and a serial must both be the same person's; half a match is none."""
    who = company.register(1)
    company.register(2)
    case = company.open_case("ticket", _ADMIN, SUPPORT, who)
    assert _find(company, case, email="person1@example.com", serial="SN-0001").person == who
    for serial in ("SN-0002", "SN-unknown"):
        assert not _find(company, case, email="person1@example.com", serial=serial).permitted


@pytest.mark.parametrize("name", ["name", "emial"])
def test_only_identifiers_identify(company: Company, name: str) -> None:
    """Somebody named by what is no identifier is a mistake to tell, not an act about nobody."""
    outcome = company.act(
        "instruct", _ADMIN, SUPPORT, order="open-case", case_type="ticket", identify={name: "Person 1"}
    )
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.field) == (422, "identify")


def test_case_about_nobody_tells_nobody_apart(company: Company) -> None:
    """Under a case that is about no one, a known and an unknown address get the same answer."""
    company.register(1)
    case = company.act("instruct", _ADMIN, SUPPORT, order="open-case", case_type="ticket").case
    assert case
    known, unknown = (_find(company, case, email=f"person{number}@example.com") for number in (1, 2))
    assert _status(known) == _status(unknown) == 403
    assert known.explanation == unknown.explanation
    assert known.clauses == unknown.clauses


def test_case_is_not_opened_about_somebody_unknown(company: Company) -> None:
    """Who names somebody nobody knows does not get a case about no one instead."""
    outcome = company.act(
        "instruct",
        _ADMIN,
        SUPPORT,
        order="open-case",
        case_type="ticket",
        identify={"email": "x@example.com"},
    )
    assert _status(outcome) == 404


def test_collection_about_somebody_named_by_an_order(company: Company) -> None:
    """A collection that names its person by another identifier than an address reaches that person's keys."""
    who = company.register(1)
    ask = company.ask(
        "collect",
        "service.shop",
        FULFIL,
        identify={"serial": "SN-0001"},
        values={"country": "DE", "phone": "+12025550143"},
        channel="web",
        point="product-registration",
    )
    ask = msgspec.structs.replace(
        company.registration(1), identify={"serial": "SN-0001"}, values=dict(ask.values), purpose=REGISTER
    )
    outcome = company.gate.perform([ask])[0]
    assert outcome.permitted, outcome
    assert outcome.person == who
