"""Clause 0.5: the policy covers sale, support and use; every collection carries its channel."""

import pytest

from tests.clauses.vendor import CANARY, Vendor


@pytest.mark.clause("0.5")
def test_collection_without_a_channel_is_refused(vendor: Vendor) -> None:
    """A submission that names no channel, or one that the point does not have, answers 422; with it, the ledger has it."""
    with vendor.open() as site:
        for channel, clause in (("", "0.5"), ("pigeon", "I.1")):
            values = {"name": CANARY, "email": "a@example.com", "ticket_text": "Help."}
            refused = site.collect("support-contact", values, channel=channel)
            assert refused.status_code == 422
            assert (refused.json()["clause"], refused.json()["field"]) == (clause, "channel")
        assert vendor.files_with(CANARY) == []
        assert site.write_in(1).status_code == 201
    collected = [entry for entry in vendor.ledger() if entry["act"] == "collect"]
    assert [entry["channel"] for entry in collected] == ["web"]
