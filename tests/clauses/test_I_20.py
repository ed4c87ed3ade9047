"""Clause I.20: a page for parents, and a way to reach us."""

import pytest

from tests.clauses.vendor import Vendor
from tests.clauses.visiting import POLICY, Links, visiting


@pytest.mark.clause("I.20")
def test_parents_find_what_we_do_and_how_to_reach_us(vendor: Vendor) -> None:
    """The page says what happens when a child comes and how to write to us, and every page leads to it."""
    with vendor.open() as site, visiting(site) as browser:
        child = {"year": vendor.clock.now().year - 12, "month": 1}
        refused = site.collect(
            "support-contact", {"email": "a@example.com", "ticket_text": "Hello"}, age=child
        )
        assert refused.status_code == 403
        assert "/parents" in refused.json()["mend"]
        assert "/parents" in Links(browser.get("/").text).hrefs
        page = Links(browser.get("/parents").text)
    shown = [one for one in POLICY.notices.values() if "page.parents" in one.at]
    assert shown
    for notice in shown:
        assert " ".join((notice.text or POLICY.clause(notice.clause).prose).split())[:60] in page.text
    assert f"mailto:{POLICY.front.contact.privacy}" in page.hrefs
    assert POLICY.front.controller.address in page.text


@pytest.mark.clause("I.20")
def test_the_page_for_parents_is_one_step_from_a_refused_form(vendor: Vendor) -> None:
    """The refusal of the age screen leads to it, on the hosted page and in a fragment."""
    with vendor.open() as site, site.visitor() as child:
        child.answer_age("shop", "6", "2014")
        for path in ("/forms/shop", "/forms/shop/fragment"):
            links = Links(child.client.get(path).text).hrefs
            assert any(link.endswith("/parents") for link in links), path
