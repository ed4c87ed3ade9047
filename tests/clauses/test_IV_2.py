"""Clause IV.2: access is limited to business need: role, purpose and case."""

from typing import Any, NamedTuple

import pytest

from tests.clauses.vendor import REGISTER, RIGHTS, SUPPORT, Site, Vendor

FULFIL = "essential.service.fulfil_order"
MARKETING = "marketing.communications.email"
ORDER: dict[str, Any] = {
    "name": "Ann Example",
    "email": "ann@example.com",
    "shipping_address": {
        "line1": "1 Main St",
        "city": "Springfield",
        "postal_code": "12345",
        "country": "US",
    },
    "billing_address": {"line1": "2 Bank St", "city": "Springfield", "postal_code": "12345", "country": "US"},
    "country": "US",
    "payment_token": "tok_4f9a0c2e71",
    "order_lines": [
        {"sku": "S-1", "title": "Sensor", "quantity": 1, "price": {"amount": "10.00", "currency": "USD"}}
    ],
}


class Duty(NamedTuple):
    """What a role is for: its purpose, its kind of case, what it reads under one, and what it reads without."""

    purpose: str
    case_type: str
    reads: set[str]
    without_case: set[str]


MATRIX = {
    "staff.support": Duty(SUPPORT, "ticket", {"name", "email", "country"}, set()),
    "staff.fulfilment": Duty(FULFIL, "order", {"name", "shipping_address", "country", "order_lines"}, set()),
    "staff.privacy": Duty(RIGHTS, "request", set(ORDER), set()),
    "staff.marketing": Duty(MARKETING, "", {"name", "email"}, {"name", "email"}),
    "staff.admin": Duty("essential.service.security", "", set(), set()),
    "staff.auditor": Duty("operations.access_review", "review", set(), set()),
}


@pytest.mark.clause("IV.2")
@pytest.mark.parametrize("role", sorted(MATRIX))
def test_role_reads_its_fields_under_its_case_and_no_others(vendor: Vendor, role: str) -> None:
    """Field by field: under an open case of its kind a role reads what the policy gives it, and every other is denied."""
    duty = MATRIX[role]
    key = vendor.key(role, duty.purpose, cases=(duty.case_type,) if duty.case_type else ())
    with vendor.open() as site:
        assert site.collect("shop", ORDER).status_code == 201
        _, who = site.open_case(vendor.privacy_key, "request", RIGHTS, "ann@example.com")
        opened = site.act(
            key, "instruct", duty.purpose, order="open-case", case_type=duty.case_type or "ticket", person=who
        )
        case = opened.json().get("case", "")
        asked = site.act(
            vendor.privacy_key,
            "instruct",
            RIGHTS,
            order="record-stance",
            about=MARKETING,
            stance="consented",
            person=who,
        )
        assert asked.status_code == 200, asked.text
        under_case = _readable(site, key, duty.purpose, who, case)
        without = _readable(site, key, duty.purpose, who, "")
    assert (under_case, without) == (duty.reads, duty.without_case)
    recorded = [entry["effect"] for entry in vendor.ledger() if entry["act"] == "use"]
    assert recorded.count("permit") == len(duty.reads) + len(duty.without_case)
    assert len(recorded) == 2 * len(ORDER)


def _readable(site: Site, key: str, purpose: str, who: str, case: str) -> set[str]:
    """The fields that a key reads; every other is a 403 that names a clause."""
    found = set()
    for field in ORDER:
        answer = site.act(key, "use", purpose, person=who, fields=[field], case=case)
        if answer.is_success:
            assert answer.json()["values"][field]
            found.add(field)
        else:
            assert answer.status_code == 403
            assert answer.json()["clause"]
    return found


@pytest.mark.clause("IV.2")
def test_purpose_and_case_cannot_be_borrowed(vendor: Vendor) -> None:
    """A key without the purpose, a case of another person and a closed case each give nothing."""
    key = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    narrow = vendor.key("staff.support", REGISTER, cases=("ticket",))
    with vendor.open() as site:
        assert site.write_in(1).status_code == 201
        assert site.write_in(2).status_code == 201
        case, who = site.open_case(key, "ticket", SUPPORT, "person1@example.com")
        _, other = site.open_case(key, "ticket", SUPPORT, "person2@example.com")
        read = {"fields": ["email"], "case": case}
        assert site.act(key, "use", SUPPORT, person=who, **read).is_success
        assert site.act(narrow, "use", SUPPORT, person=who, **read).status_code == 403
        assert site.act(key, "use", SUPPORT, person=other, **read).status_code == 403
        closed = site.act(key, "instruct", SUPPORT, order="close-case", case=case, person=who)
        assert closed.is_success
        assert site.act(key, "use", SUPPORT, person=who, **read).status_code == 403
