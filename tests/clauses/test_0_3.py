"""Clause 0.3: visiting is not consenting; which notice was shown is recorded."""

import pytest

from tests.clauses.vendor import Vendor
from tests.clauses.visiting import visiting


@pytest.mark.clause("0.3")
def test_a_visit_leaves_a_receipt_and_no_consent(vendor: Vendor) -> None:
    """The visitor takes along a receipt that verifies offline, the ledger counts the notice, and nothing is allowed."""
    with vendor.open() as site, visiting(site) as browser:
        page = browser.get("/")
        assert "is not consent to anything" in page.text
        receipt = browser.get("/notice/practices-notice/receipt").json()
        proof = browser.get(receipt["proof"])
        key = browser.get("/ledger/key").text.strip()
        state = browser.state()
        assert not browser.client.cookies.jar._cookies  # type: ignore[attr-defined]
    assert (receipt["policy"], receipt["clause"]) == (vendor.policy, "0.3")
    assert receipt["text"] in page.text
    assert state["made"] is False
    assert not any(one["allowed"] for one in state["purposes"])
    file = vendor.data.parent / "receipt.txt"
    file.write_text(proof.text, encoding="utf-8")
    vendor.command("ledger", "verify", file, "--key", key)
    (entry,) = (one for one in vendor.ledger() if one["id"] == receipt["entry"])
    assert entry["act"] == "show-notice"
    assert entry["policy"] == vendor.policy
    assert entry["detail"] == {"notice": "practices-notice", "place": "page.home", "times": "1"}
    assert not {"person", "key", "actor"} & entry.keys()


@pytest.mark.clause("0.3")
def test_many_views_are_one_entry_each(vendor: Vendor) -> None:
    """A hundred views of a page make one entry for each notice shown, with the count, and none about a visitor."""
    with vendor.open() as site, visiting(site, **{"User-Agent": "zq-agent-19d4"}) as browser:
        for _ in range(100):
            browser.get("/")
    found = [one for one in vendor.ledger() if one["act"] == "show-notice"]
    counted = [int(one["detail"]["times"]) for one in found if one["detail"]["notice"] == "practices-notice"]
    assert sum(counted) == 100
    assert len(counted) < 20
    assert vendor.files_with("zq-agent-19d4") == []
