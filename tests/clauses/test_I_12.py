"""Clause I.12: purchase and product registration details; a serial number belongs to one order and is registered once."""

import pytest

from tests.clauses.vendor import CANARY, FULFIL, Site, Vendor


def _registration(site: Site, serial: str, number: int = 1) -> "tuple[int, str, str]":
    values = {"name": CANARY, "email": f"person{number}@example.com", "product": "sensor", "serial": serial}
    answer = site.collect("product-registration", values)
    told = answer.json()
    return answer.status_code, told.get("clause", ""), told.get("field", "")


@pytest.mark.clause("I.12")
def test_serial_is_issued_to_an_order_and_registered_once(vendor: Vendor) -> None:
    """Never issued: 422. Issued to an order: registered. Again, by anybody: 409. A malformed one: 422. All name I.12."""
    with vendor.open() as site:
        assert _registration(site, "SN-9001") == (422, "I.12", "serial")
        assert vendor.files_with(CANARY) == []
        assert site.buy("OR-1", email="person1@example.com").status_code == 201
        assert site.issue("OR-1", "SN-9001").status_code == 201
        assert _registration(site, "SN-9001")[0] == 201
        for number in (1, 2):
            assert _registration(site, "SN-9001", number) == (409, "I.12", "serial")
        assert _registration(site, "not a serial!") == (422, "I.12", "serial")


@pytest.mark.clause("I.12")
def test_serial_belongs_to_one_order(vendor: Vendor) -> None:
    """It is issued to an order that stands, and to one only; the public issues none."""
    with vendor.open() as site:
        assert site.issue("OR-1", "SN-9001").status_code == 422
        for order, email in (("OR-1", "person1@example.com"), ("OR-2", "person2@example.com")):
            assert site.buy(order, email=email).status_code == 201
        assert site.issue("OR-1", "SN-9001").status_code == 201
        for order in ("OR-1", "OR-2"):
            again = site.issue(order, "SN-9001")
            assert (again.status_code, again.json()["clause"], again.json()["field"]) == (
                409,
                "I.12",
                "issued_serial",
            )
        values = {"order_number": "OR-1", "product": "sensor", "issued_serial": "SN-9002"}
        assert (
            site.request("POST", "/collect/licence", body={"channel": "api", "values": values}).status_code
            == 401
        )


@pytest.mark.clause("I.12")
def test_no_visitor_chooses_the_number_or_the_total_of_an_order(vendor: Vendor) -> None:
    """They are issued: no form asks for them, JSON that brings them is refused and nothing stays, the shop's key brings them."""
    issued = {"order_number": "OR-1", "order_total": {"amount": "0.01", "currency": "USD"}}
    with vendor.open() as site, site.visitor() as person:
        asked = person.form("shop").fields
        assert "name" in asked
        assert not [name for name in asked if name.startswith(tuple(issued))]
        assert site.buy("OR-0").status_code == 201
        told = site.request("GET", "/v1/collect/shop").json()["fields"]
        assert {name for name, field in told.items() if field.get("issued")} == set(issued)
        values = {name: field["example"] for name, field in told.items()} | {"name": CANARY}
        refused = site.collect("shop", values | issued)
        assert refused.status_code == 422
        found = {(fault["field"], fault["clause"]) for fault in refused.json()["errors"]}
        assert found == {("order_number", "I.12"), ("order_total", "I.12")}
        assert vendor.files_with(CANARY) == []
        left = {name: value for name, value in values.items() if name not in issued}
        assert site.collect("shop", left).status_code == 201


@pytest.mark.clause("I.12")
def test_serial_in_a_ticket_claims_nothing(vendor: Vendor) -> None:
    """Who names a serial number to support does not take it from its buyer, and nobody is found by it there."""
    shop = vendor.key("service.shop", FULFIL)
    with vendor.open() as site:
        assert site.write_in(2, serial="SN-0001").status_code == 201
        assert site.register(1).status_code == 201
        assert site.write_in(1, serial="SN-0001").status_code == 201
        other = {"order_number": "OR-SN-0001", "product": "sensor", "issued_serial": "SN-9003"}
        for identify, status in (({"order_number": "OR-none"}, 422), ({"email": "person2@example.com"}, 422)):
            refused = site.act(
                shop,
                "collect",
                FULFIL,
                point="licence",
                channel="api",
                notice="licence-notice",
                identify=identify,
                values=other,
            )
            assert (refused.status_code, "SN-9003" in refused.text) == (status, False)
