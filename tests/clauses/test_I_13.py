"""Clause I.13: cookies wait for a choice; Global Privacy Control and Do Not Track are a no."""

import pytest

from tests.clauses.vendor import Vendor
from tests.clauses.visiting import ANALYTICS, CONTENT, company_site, cookie_that, visiting


@pytest.mark.slow
@pytest.mark.clause("I.13")
def test_no_optional_cookie_before_the_choice(vendor: Vendor) -> None:
    """Before the choice and after a no only essential cookies are set, after a yes the chosen; the change holds at once."""
    visit = cookie_that("visitor").wire_name
    with vendor.open() as site, company_site(vendor) as company, visiting(site) as browser:
        for path in ("/", "/policy", "/choice", "/choice/banner", "/cookies"):
            assert "set-cookie" not in browser.get(path).headers
        assert visit not in browser.cookies_from(company)
        assert browser.choose("none").status_code == 303
        assert browser.allowed() == set()
        assert visit not in browser.cookies_from(company)
        browser.choose("save", ANALYTICS)
        assert visit in browser.cookies_from(company)
        changed = browser.choose("none")
        assert any(
            line.startswith(f"{visit}=") and "Max-Age=0" in line
            for line in changed.headers.get_list("set-cookie")
        )
        assert visit not in browser.cookies_from(company)
    chosen = [one for one in vendor.ledger() if one["act"] == "choose"]
    assert [one["detail"].get("allowed", "") for one in chosen] == ["", ANALYTICS, ""]
    assert not any({"person", "key"} & one.keys() for one in chosen)


@pytest.mark.slow
@pytest.mark.clause("I.13")
@pytest.mark.parametrize(("header", "name"), [("Sec-GPC", "gpc"), ("DNT", "dnt")])
def test_the_browsers_signal_is_a_no(vendor: Vendor, header: str, name: str) -> None:
    """It is stronger than an earlier yes, is shown as honoured, and only a knowing tick for one purpose overrules it."""
    visit = cookie_that("visitor").wire_name
    with vendor.open() as site, company_site(vendor) as company, visiting(site) as browser:
        browser.choose("all")
        assert browser.allowed() == {ANALYTICS, CONTENT}
        browser.client.headers[header] = "1"
        assert browser.allowed() == set()
        assert browser.state()["signal"] == name
        assert "we honour it" in browser.get("/choice").text
        assert visit not in browser.cookies_from(company)
        browser.choose("all")
        assert browser.allowed() == set()
        browser.choose("save", knowingly=(ANALYTICS,))
        assert browser.allowed() == {ANALYTICS}
        assert visit in browser.cookies_from(company)
        support = browser.get("/.well-known/gpc.json")
        assert support.json()["gpc"] is True
