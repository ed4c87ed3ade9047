"""To fulfil what you ask for."""

from pathlib import Path

import pytest

from tests.clauses.desk import Clerk, case_of_order, order
from tests.clauses.vendor import CANARY, Vendor
from tests.web.conftest import serving

FULFIL = "essential.service.fulfil_order"
MARKETING = "marketing.communications.email"
ADDRESS = {"line1": f"1 {CANARY}", "city": "San Mateo", "postal_code": "94403", "country": "US"}
ORDER = {
    "name": "Ann Example",
    "email": "ann@example.com",
    "country": "US",
    "shipping_address": ADDRESS,
    "billing_address": ADDRESS,
    "payment_token": "tok_made_1",
    "order_lines": [{"sku": "sensor", "quantity": 1}],
}


@pytest.mark.clause("I.7")
def test_what_came_with_an_order_is_not_read_for_marketing(vendor: Vendor) -> None:
    """The shop reads it while the order is open; marketing is denied, and so is the shop for marketing."""
    fields = ["shipping_address", "order_lines"]
    with vendor.open() as site:
        assert site.collect("shop", ORDER).status_code == 201
        shop = vendor.key("service.shop", FULFIL, MARKETING, cases=("order",))
        case, person = site.open_case(shop, "order", FULFIL, "ann@example.com")
        read = {"person": person, "fields": fields, "case": case}
        done = site.act(shop, "use", FULFIL, **read)
        assert done.is_success, done.text
        assert CANARY in done.text
        assert site.act(shop, "use", MARKETING, **read).status_code == 403
        for role in ("staff.marketing", "service.mailer"):
            key = vendor.key(role, FULFIL, MARKETING, cases=("*",))
            for purpose in (FULFIL, MARKETING):
                for act in ("use", "send", "analyse"):
                    refused = site.act(key, act, purpose, channel="email", **read)
                    assert refused.status_code == 403, (role, act, purpose)
                    assert refused.json()["clause"]
                    assert CANARY not in refused.text
        assert site.act(shop, "use", FULFIL, person=person, fields=fields).status_code == 403


@pytest.mark.clause("I.7")
def test_an_order_opens_its_own_record_and_no_other(tmp_path: Path) -> None:
    """Each order is a case of its own from the moment it is placed; marketing finds none, has no queue, and reads none."""
    with serving(tmp_path / "data") as web:
        for number in ("OR-1", "OR-2"):
            order(web, number, shipping_address={**ADDRESS, "line1": f"{number} {CANARY}"})
        ships = web.troth.issue_key(name="s", role="staff.fulfilment", purposes=[FULFIL], cases=["order"])[0]
        first, second = case_of_order(web, ships, "OR-1"), case_of_order(web, ships, "OR-2")
        assert first["person"] == second["person"]
        assert first["case"] != second["case"]
        body = {"act": "use", "purpose": FULFIL, "person": first["person"], "fields": ["shipping_address"]}
        shown = web.post("/v1/acts", {**body, "case": first["case"]}, ships)
        assert f"OR-1 {CANARY}" in shown.text
        other = web.post("/v1/acts", {**body, "case": first["case"], "record": web.troth.desk.case(ships, second["case"]).row.record}, ships)  # fmt: skip
        assert (other.status_code, CANARY in other.text) == (403, False)
        markets = Clerk(web, "mia.marketing", "staff.marketing")
        assert markets.get("/console/cases").status_code == 403
        assert markets.post("/console/cases/find", number="OR-1").status_code == 403
        find = {
            "act": "instruct",
            "purpose": FULFIL,
            "order": "find-cases",
            "identify": {"order_number": "OR-1"},
        }
        for purpose in (FULFIL, MARKETING):
            key = web.troth.issue_key(name="m", role="staff.marketing", purposes=["*"], cases=["*"])[0]
            for asked in ({**find, "purpose": purpose}, {**body, "purpose": purpose, "case": first["case"]}):
                refused = web.post("/v1/acts", asked, key)
                assert (refused.status_code, CANARY in refused.text) == (403, False)
