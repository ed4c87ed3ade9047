"""To fulfil what you ask for."""

import pytest

from tests.clauses.vendor import CANARY, Vendor

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
