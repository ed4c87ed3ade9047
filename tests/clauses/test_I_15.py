"""Clause I.15: two toggles, analytics and customised content."""

import pytest

from tests.clauses.vendor import Vendor
from tests.clauses.visiting import ANALYTICS, CONTENT, company_site, cookie_that, visiting


@pytest.mark.slow
@pytest.mark.clause("I.15")
def test_each_toggle_works_alone(vendor: Vendor) -> None:
    """Each of the two is off at first, and switching one on or off leaves the other as it was, cookies included."""
    counts, interest = cookie_that("visitor").wire_name, cookie_that("interest").wire_name
    with vendor.open() as site, company_site(vendor) as company, visiting(site) as browser:
        page = browser.get("/choice").text
        assert page.count('name="allow"') == 2
        assert "checked" not in page
        for on in ((), (ANALYTICS,), (ANALYTICS, CONTENT), (CONTENT,), ()):
            browser.choose("save", *on)
            assert browser.allowed() == set(on)
            sent = browser.cookies_from(company)
            assert (counts in sent, interest in sent) == (ANALYTICS in on, CONTENT in on)
            page = browser.get("/choice").text
            assert page.count(" checked") == len(on)


@pytest.mark.clause("I.15")
def test_only_our_own_page_can_choose(vendor: Vendor) -> None:
    """A form from another site, or from nowhere, changes nothing; a purpose that is not offered is refused."""
    with vendor.open() as site, visiting(site) as browser:
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}):
            answer = browser.client.post("/choice", data={"do": "all"}, headers=headers)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
        unknown = browser.client.post("/v1/choice", json={"allow": ["marketing.communications.email"]})
        assert unknown.status_code == 422
        assert unknown.json()["field"] == "allow"
        for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
            answer = browser.client.post(
                "/choice", data={"do": "none", "back": back}, headers={"Sec-Fetch-Site": "same-origin"}
            )
            assert answer.headers["location"] == "/choice?saved=yes"
