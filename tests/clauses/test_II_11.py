"""Clause II.11: who ships sees where to, who invoices sees what for; neither what only the other needs, and nothing when it is over."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clauses.desk import FULFIL, PAY, Clerk, canary_files, case_of_order, journal, order
from tests.web.conftest import Web, serving_on
from troth.gate import case_of

SHIPPING, BILLING, MAIL = "1 Shipping Way", "2 Billing Way", "ann@example.com"


@pytest.fixture
def web(engine: str, tmp_path: Path, worker_name: str, request: pytest.FixtureRequest) -> Iterator[Web]:
    """The reference vendor, served in process, on each engine in turn."""
    with serving_on(engine, tmp_path / "data", worker_name, request) as found:
        yield found


@pytest.mark.clause("II.11")
def test_neither_reads_what_only_the_other_needs(web: Web) -> None:
    """Over the API: the clerk who ships is denied billing data, the one who bills the delivery address, both after the end."""
    order(web, "OR-1")
    ships = web.troth.issue_key(
        name="ships", role="staff.fulfilment", purposes=[FULFIL, PAY], cases=["order"]
    )[0]
    bills = web.troth.issue_key(name="bills", role="staff.billing", purposes=[FULFIL, PAY], cases=["order"])[
        0
    ]
    told = case_of_order(web, ships, "OR-1")

    def reads(key: str, field: str, purpose: str = FULFIL) -> tuple[int, str]:
        body = {
            "act": "use",
            "purpose": purpose,
            "person": told["person"],
            "case": told["case"],
            "fields": [field],
        }
        answer = web.post("/v1/acts", body, key)
        return answer.status_code, "" if answer.is_success else answer.json()["clause"]

    assert (
        reads(ships, "shipping_address") == reads(ships, "order_lines") == reads(ships, "name") == (200, "")
    )
    assert (
        reads(bills, "billing_address") == reads(bills, "payment_token") == reads(bills, "email") == (200, "")
    )
    for purpose in (FULFIL, PAY):
        assert (
            reads(ships, "billing_address", purpose)
            == reads(ships, "payment_token", purpose)
            == (403, "II.11")
        )
        assert reads(bills, "shipping_address", purpose) == (403, "II.11")
    assert reads(ships, "email")[0] == 403
    close = {
        "act": "instruct",
        "purpose": FULFIL,
        "order": "close-case",
        "person": told["person"],
        "case": told["case"],
    }
    assert web.post("/v1/acts", close, bills).is_success
    assert reads(ships, "shipping_address") == reads(bills, "billing_address") == (403, "II.11")


@pytest.mark.clause("II.11")
def test_an_order_goes_through_the_console_and_closes(web: Web) -> None:
    """Found by its number, packed, handed to the carrier, invoiced; each role sees its part, the queue nothing, and nobody after."""
    order(web, "OR-2")
    ships, bills = Clerk(web, "sam.shipping", "staff.fulfilment"), Clerk(web, "bea.billing", "staff.billing")
    found = ships.post("/console/cases/find", number="OR-2")
    assert found.status_code == 303, found.text
    path = found.headers["location"]
    queue = ships.get("/console/cases").text
    assert path in queue
    assert not [word for word in (SHIPPING, "Ann Example", MAIL, "OR-2") if word in queue]
    page = ships.post(f"{path}/read").text
    assert SHIPPING in page
    assert not [word for word in (BILLING, MAIL, "tok-made") if word in page]
    page = bills.post(f"{path}/read").text
    assert BILLING in page
    assert "1 x EX-1" in page
    assert SHIPPING not in page

    def step(who: Clerk, to: str, parcel: str = "") -> Any:
        more: dict[str, Any] = {"note.parcel_number": parcel} if parcel else {}
        return who.post(f"{path}/steps", step="stage", to=to, **more)

    parcel = "ZQ-PARCEL-77"
    assert step(ships, "shipped", parcel).status_code == 409
    denied = [step(bills, "packed"), step(ships, "packed"), step(bills, "shipped", parcel)]
    assert [one.status_code for one in denied] == [403, 303, 403]
    assert "clause II.11" in denied[0].text
    assert "That is for" in denied[0].text
    assert "Not done." in denied[2].text
    label = step(ships, "shipped", parcel)
    assert label.status_code == 200
    assert SHIPPING in label.text
    assert not [word for word in (BILLING, MAIL, "tok-made") if word in label.text]
    assert step(ships, "invoiced").status_code == 403
    assert "ZQ-PARCEL-77" in ships.post(f"{path}/read").text
    assert step(bills, "invoiced").status_code == 303
    for who, seen in ((ships, SHIPPING), (bills, BILLING)):
        shown = who.post(f"{path}/read").text
        assert seen not in shown
        assert "II.11" in shown
        assert path in who.get("/console/cases", view="closed").text
    told = case_of_order(web, ships.key, "OR-2")
    entries = journal(web, told["person"])
    steps = [
        (one.effect, one.actor, one.clauses[0], one.detail["stage"])
        for one in entries
        if "stage" in one.detail
    ]
    assert steps == [
        ("deny", "staff.billing", "II.11", "packed"), ("permit", "staff.fulfilment", "I.7", "packed"),
        ("deny", "staff.billing", "II.11", "shipped"), ("permit", "staff.fulfilment", "I.7", "shipped"),
        ("deny", "staff.fulfilment", "II.11", "invoiced"), ("permit", "staff.billing", "II.11", "invoiced"),
    ]  # fmt: skip
    (gave,) = [one for one in entries if one.act == "disclose"]
    assert (gave.effect, gave.actor, gave.recipient) == ("permit", "staff.fulfilment", "carrier")
    assert not {"billing_address", "email", "payment_token"} & set(gave.fields)
    assert not [word for word in ("ZQ-PARCEL-77", SHIPPING, BILLING) if canary_files(web, word)]


@pytest.mark.clause("II.11")
def test_a_case_opens_its_own_order_to_whom_it_is_for(web: Web) -> None:
    """Denied: another order of the same person under it, a key that may not work on orders, one for another purpose, another role."""
    order(web, "OR-3")
    order(web, "OR-4", shipping_address={"line1": "4 Other Way", "city": "Town", "country": "US"})

    def key(role: str, *purposes: str, cases: tuple[str, ...] = ("order",)) -> str:
        name = f"{role}-{len(cases)}-{len(purposes)}-{purposes[0][-5:]}"
        return str(web.troth.issue_key(name=name, role=role, purposes=list(purposes), cases=list(cases))[0])

    ships = key("staff.fulfilment", FULFIL, PAY)
    told, more = case_of_order(web, ships, "OR-3"), case_of_order(web, ships, "OR-4")
    assert told["person"] == more["person"]
    with web.troth.database.snapshot() as tx:
        first, other = ({"record": getattr(case_of(tx, one["case"]), "record", "")} for one in (told, more))

    def reads(who: str, record: str, purpose: str = FULFIL) -> tuple[int, bool]:
        body = {
            "act": "use",
            "purpose": purpose,
            "person": told["person"],
            "case": told["case"],
            "record": record,
        }
        answer = web.post("/v1/acts", {**body, "fields": ["shipping_address"]}, who)
        return answer.status_code, SHIPPING in answer.text or "4 Other Way" in answer.text

    assert reads(ships, first["record"]) == (200, True)
    assert reads(ships, other["record"]) == (403, False)
    assert reads(key("staff.fulfilment", FULFIL, cases=()), first["record"]) == (403, False)
    assert reads(key("staff.fulfilment", PAY), first["record"]) == (403, False)
    assert reads(key("staff.support", FULFIL, PAY), first["record"]) == (403, False)
