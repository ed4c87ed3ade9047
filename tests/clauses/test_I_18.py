"""Clause I.18: no marketing to children under 13; nothing that could build a child audience is collected."""

import pytest

from tests.clauses.vendor import CANARY, Vendor

CHILD_DATA = ("user.childrens", "user.demographic.age_range", "user.demographic.date_of_birth")


@pytest.mark.clause("I.18")
def test_no_place_asks_for_a_childs_data_or_an_age(vendor: Vendor) -> None:
    """No field of any point holds a child's data, an age or a date of birth, and one that is sent along is refused."""
    with vendor.open() as site:
        for point in (
            "shop",
            "product-registration",
            "account",
            "email-opt-in",
            "support-contact",
            "forum",
            "import",
        ):
            fields = site.request("GET", f"/v1/collect/{point}").json()["fields"]
            assert not any(field["category"].startswith(CHILD_DATA) for field in fields.values())
        for name in ("date_of_birth", "age", "birth_year"):
            refused = site.collect("email-opt-in", {"email": f"{CANARY}@example.com", name: "2015"})
            assert (refused.status_code, refused.json()["field"]) == (422, name)
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("I.18")
def test_no_audience_is_built_from_children_or_age(vendor: Vendor) -> None:
    """Whoever asks: the policy denies using such data for marketing, and names the clause."""
    key = vendor.key("staff.marketing", "marketing")
    with vendor.open() as site:
        for category in CHILD_DATA:
            act = {
                "kind": "use",
                "actor": "staff.marketing",
                "purpose": "marketing.communications.email",
                "data": [category],
                "facts": ["purpose.granted", "person.consented", "case.open", "case.campaign"],
            }
            decision = site.request("POST", "/v1/decide", key=key, body=act).json()["decision"]
            assert decision["effect"] == "deny"
            assert "I.18" in decision["clauses"]
