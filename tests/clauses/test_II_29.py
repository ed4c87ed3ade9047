"""Clause II.29: on other sites their policies apply, and the exit page says so."""

import pytest

from tests.clauses.vendor import Vendor
from tests.clauses.visiting import POLICY, Links, visiting
from troth.policy import OtherSite


@pytest.mark.clause("II.29")
def test_the_exit_page_names_whose_policy_applies(vendor: Vendor) -> None:
    """Each link to another site in the policy's own pages leads to a page with its host, its policy and our notices."""
    listed = vendor.json("links", "list")["links"]
    with vendor.open() as site, visiting(site) as browser:
        exits = [href for href in Links(browser.get("/policy").text).hrefs if href.startswith("/exit?")]
        assert len(exits) == len([one for one in listed if one["url"]])
        for href in exits:
            page = Links(browser.get(href).text)
            (row,) = (one for one in listed if one["url"] and one["url"] in page.hrefs)
            assert row["host"] in page.text
            assert row["policy_url"] in page.hrefs
            for notice in POLICY.notices.values():
                if "page.exit" in notice.at:
                    assert str(notice.text) in page.text
    assert {site.name for site in POLICY.of(OtherSite)} <= {one["site"] for one in listed}
