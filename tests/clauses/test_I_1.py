"""Clause I.1: personal information may be collected through the web sites."""

import pytest

from tests.clauses.vendor import CANARY, Vendor


@pytest.mark.clause("I.1")
def test_only_registered_collection_points_take_data(vendor: Vendor) -> None:
    """An unknown point answers 404 with the clause and stores nothing; a declared one takes its fields."""
    with vendor.open() as site:
        unknown = site.collect("suggestion-box", {"email": f"{CANARY}@example.com"})
        assert unknown.status_code == 404
        assert unknown.headers["content-type"].startswith("application/problem+json")
        assert unknown.json()["clause"] == "I.1"
        assert vendor.files_with(CANARY) == []
        assert site.write_in(1).status_code == 201
    collected = [entry for entry in vendor.ledger() if entry["act"] == "collect"]
    assert len(collected) == 1
