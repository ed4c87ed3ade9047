"""Clause II.5: a product change that rests on use names the report that showed it, and everybody can read that."""

import pytest

from tests.clauses.test_I_8 import REPORT, USAGE, registered, run
from tests.clauses.vendor import Site, Vendor

CHANGE = {
    "product": "example-sensor",
    "text": "Search opens first, because most people begin there.",
    "report": REPORT,
    "release": "5.3",
}


def changes(site: Site) -> list[dict[str, str]]:
    """The log as anybody gets it."""
    answer = site.request("GET", "/v1/product-changes")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, str]] = answer.json()["changes"]
    return found


@pytest.mark.clause("II.5")
def test_a_change_links_the_report_it_rests_on(vendor: Vendor) -> None:
    """The entry carries the report and the very run; anybody reads it, and the link leads to the clause of the report."""
    analyst = vendor.key("staff.analyst", USAGE)
    with vendor.open() as site:
        registered(site, vendor)
        earlier, newest = run(site, analyst), run(site, analyst)
        noted = site.request("POST", "/v1/product-changes", key=analyst, body=CHANGE)
        assert noted.status_code == 201, noted.text
        named = site.request(
            "POST", "/v1/product-changes", key=analyst, body=CHANGE | {"run": earlier["run"]}
        )
        listed = changes(site)
        page = site.request("GET", "/changes").text
    assert (noted.json()["run"], named.json()["run"]) == (newest["run"], earlier["run"])
    assert [one["run"] for one in listed] == [earlier["run"], newest["run"]]
    assert {one["report"] for one in listed} == {REPORT}
    assert CHANGE["text"] in page
    assert newest["run"] in page
    assert 'href="/policy#I.8"' in page
    looks = [one for one in vendor.ledger() if one["act"] == "analyse" and one["effect"] == "permit"]
    assert len(looks) >= 2


@pytest.mark.clause("II.5")
@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"report": ""}, 404, "report"),
        ({"report": "no-such-report"}, 404, "report"),
        ({"run": "019a0c2e7d1c7a40b1d2c3e4f5a6071b"}, 404, "run"),
        ({"product": "no-such-product"}, 422, "product"),
        ({"text": "  "}, 422, "text"),
    ],
)
def test_a_change_without_a_report_is_not_noted(
    vendor: Vendor, wrong: dict[str, str], status: int, field: str
) -> None:
    """Without a report, or with one or a run that is not there, nothing is noted, and the answer names the field."""
    analyst = vendor.key("staff.analyst", USAGE)
    with vendor.open() as site:
        registered(site, vendor)
        run(site, analyst)
        answer = site.request("POST", "/v1/product-changes", key=analyst, body=CHANGE | wrong)
        listed = changes(site)
    assert (answer.status_code, answer.json()["field"], listed) == (status, field, [])


@pytest.mark.clause("II.5")
def test_only_figures_that_are_there_and_may_be_seen_lead_to_a_change(vendor: Vendor) -> None:
    """A report that was never run carries nothing; whoever may not see the figures cannot cite them."""
    analyst, marketing = vendor.key("staff.analyst", USAGE), vendor.key("staff.marketing", USAGE)
    with vendor.open() as site:
        never = site.request("POST", "/v1/product-changes", key=analyst, body=CHANGE)
        registered(site, vendor)
        run(site, analyst)
        denied = site.request("POST", "/v1/product-changes", key=marketing, body=CHANGE)
        unknown = site.request("POST", "/v1/product-changes", body=CHANGE)
        listed = changes(site)
    assert (never.status_code, denied.status_code, unknown.status_code, listed) == (409, 403, 401, [])
