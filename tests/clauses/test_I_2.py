"""Clause I.2: collected information is used internally; nothing leaves without a declared recipient."""

import pytest

from tests.clauses.vendor import SUPPORT, Vendor


@pytest.mark.clause("I.2")
@pytest.mark.parametrize("recipient", ["", "friendly-broker"])
def test_export_without_a_declared_recipient_is_denied(vendor: Vendor, recipient: str) -> None:
    """A disclosure with no recipient, or an undeclared one, answers 403 naming I.2, gives no value, and is recorded."""
    key = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    with vendor.open() as site:
        assert site.write_in(1).status_code == 201
        case, who = site.open_case(key, "ticket", SUPPORT, "person1@example.com")
        inside = site.act(key, "use", SUPPORT, person=who, fields=["email"], case=case)
        assert inside.json()["values"] == {"email": "person1@example.com"}
        out = site.act(key, "disclose", SUPPORT, person=who, fields=["email"], case=case, recipient=recipient)
        assert out.status_code == 403
        assert "I.2" in out.json()["clause"]
        assert "person1@example.com" not in out.text
    denied = [entry for entry in vendor.ledger() if entry["act"] == "disclose"]
    assert [entry["effect"] for entry in denied] == ["deny"]
