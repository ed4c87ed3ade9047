"""Clause 0.4: every field is classed anonymous, pseudonymous or personal."""

import pytest

from tests.clauses.vendor import CANARY, REGISTER, Vendor


@pytest.mark.clause("0.4")
def test_unclassed_field_is_refused(vendor: Vendor) -> None:
    """A field that the policy does not class answers 422 with its name, and nothing of the submission is stored."""
    key = vendor.key("service.import", REGISTER)
    with vendor.open() as site:
        refused = site.write_in(1, name=CANARY, shoe_size="44")
        assert refused.status_code == 422
        assert (refused.json()["clause"], refused.json()["field"]) == ("0.4", "shoe_size")
        through_the_gate = site.act(
            key,
            "collect",
            REGISTER,
            channel="import",
            point="import",
            values={"name": CANARY, "shoe_size": "44"},
        )
        assert through_the_gate.status_code == 422
        assert through_the_gate.json()["clause"] == "0.4"
    assert vendor.files_with(CANARY) == []
    assert [entry for entry in vendor.ledger() if entry["act"] == "collect"] == []


@pytest.mark.clause("0.4")
def test_every_field_of_every_point_has_a_class(vendor: Vendor) -> None:
    """Each point's public description gives the class of each of its fields."""
    with vendor.open() as site:
        for point in ("shop", "product-registration", "account", "email-opt-in"):
            fields = site.request("GET", f"/v1/collect/{point}").json()["fields"]
            assert fields
            for field in fields.values():
                assert field["class"] in {"anonymous", "pseudonymous", "personal"}
