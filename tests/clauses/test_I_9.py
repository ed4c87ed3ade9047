"""Clause I.9: collected at shop, product registration, account creation and e-mail opt-in, with a notice at the moment."""

import pytest

from tests.clauses.vendor import CANARY, Vendor

POINTS = ("shop", "product-registration", "account", "email-opt-in")


@pytest.mark.clause("I.9")
def test_each_of_the_four_places_shows_its_own_notice_when_it_asks(vendor: Vendor) -> None:
    """The notice that the point declares stands on the form, above the first field, and no two places share one."""
    seen = set()
    with vendor.open() as site, site.visitor() as visitor:
        for point in POINTS:
            told = site.request("GET", f"/v1/collect/{point}").json()["notice"]
            page = visitor.form(point)
            assert told["text"] in page.text
            assert page.text.index(told["text"]) < min(
                page.text.index(f'name="{name}"') for name in page.fields
            )
            assert page.hidden["troth-notice"] == told["name"]
            seen.add(told["name"])
    assert len(seen) == len(POINTS)


@pytest.mark.clause("I.9")
def test_nothing_is_ticked_or_filled_in_beforehand(vendor: Vendor) -> None:
    """No box is ticked, no answer is chosen, no field is filled in on any of the four forms."""
    with vendor.open() as site, site.visitor() as visitor:
        for point in POINTS:
            for control in visitor.form(point).fields.values():
                assert not control.checked
                assert control.value.strip() == "" or control.kind == "submit"


@pytest.mark.clause("I.9")
def test_without_the_notice_nothing_is_collected(vendor: Vendor) -> None:
    """A form that shows no notice, or another place's, is refused by the policy, and nothing of it is stored."""
    with vendor.open() as site, site.visitor() as visitor:
        page = visitor.form("email-opt-in")
        for notice in ("", "shop-notice"):
            body = {**page.hidden, "troth-notice": notice, "email": f"{CANARY}@example.com"}
            refused = visitor.client.post("/forms/email-opt-in", data=body)
            assert refused.status_code == 403
            assert "A notice is shown at the moment of collection" in refused.text
    assert vendor.files_with(CANARY) == []
