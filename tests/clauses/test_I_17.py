"""Clause I.17: whoever does not wish this says no, purpose by purpose, from every notice."""

import pytest

from tests.clauses.mailbox import Browser, link_in, mail_to
from tests.clauses.vendor import RIGHTS, SUPPORT, Vendor
from tests.clauses.visiting import ANALYTICS, CONTENT, POLICY, Links, company_site, cookie_that, visiting

CHOICE = "essential.service.choice"
SIGN_IN = "essential.service.authentication"


@pytest.mark.clause("I.17")
def test_every_notice_leads_to_the_choices(vendor: Vendor) -> None:
    """Each page that shows a notice links to the page where one says no; so does the notice of each collection point."""
    pages = {
        "/": "page.home",
        "/policy": "page.policy",
        "/policy/versions": "page.history",
        "/choice": "page.cookies",
    }
    pages |= {"/exceptions": "page.exceptions", "/security": "page.security", "/parents": "page.parents"}
    with vendor.open() as site, visiting(site) as browser:
        for path, place in pages.items():
            page = Links(browser.get(path).text)
            shown = [one for one in POLICY.notices.values() if place in one.at]
            assert shown
            for notice in shown:
                assert " ".join((notice.text or POLICY.clause(notice.clause).prose).split())[:60] in page.text
                assert f"/notice/{notice.name}/receipt" in page.hrefs
            assert "/choice" in page.hrefs
        for point in POLICY.points.values():
            told = browser.get(f"/v1/collect/{point.name}").json()
            assert told["notice"]["choices"] == "/choice"
        forms = [
            browser.get(f"/forms/{point.name}")
            for point in POLICY.points.values()
            if point.form and point.public
        ]
        assert forms
        assert all("/choice" in Links(form.raise_for_status().text).hrefs for form in forms)


@pytest.mark.slow
@pytest.mark.clause("I.17")
def test_without_an_account_the_next_use_is_denied(vendor: Vendor) -> None:
    """A visitor refuses one purpose, giving no name and no reason: the next cookie for it is kept back, the other goes on."""
    counts, interest = cookie_that("visitor").wire_name, cookie_that("interest").wire_name
    with vendor.open() as site, company_site(vendor) as company, visiting(site) as browser:
        browser.choose("all")
        assert {counts, interest} <= set(browser.cookies_from(company))
        browser.choose("save", CONTENT)
        sent = browser.cookies_from(company)
    assert counts not in sent
    assert interest in sent


@pytest.mark.clause("I.17")
def test_the_account_of_whoever_is_signed_in_keeps_the_no(vendor: Vendor) -> None:
    """A signed-in no, or the browser's signal, is an objection of the person: the next use is refused, until the person says yes."""
    web = vendor.key("service.web", CONTENT, SIGN_IN)
    privacy = vendor.key("staff.privacy", RIGHTS, CHOICE, cases=("request",))
    session = cookie_that("session").wire_name
    with vendor.open() as site:
        assert site.register(1).status_code == 201
        _, who = site.open_case(privacy, "request", RIGHTS, "person1@example.com")
        opened = site.act(web, "instruct", SIGN_IN, order="open-session", person=who)
        use = {"person": who, "fields": ["product"]}
        assert site.act(web, "use", CONTENT, **use).is_success
        with visiting(site) as browser:
            browser.client.cookies.set(session, opened.json()["values"]["session"])
            assert "your account keeps a no as well" in browser.get("/choice").text
            browser.choose("none")
            refused = site.act(web, "use", CONTENT, **use)
            assert (refused.status_code, refused.json()["clause"]) == (403, "I.3")
            assert "I.17" in refused.json()["clauses"]
            browser.choose("all")
            assert browser.allowed() == {ANALYTICS, CONTENT}
            assert site.act(web, "use", CONTENT, **use).is_success
            browser.client.headers["Sec-GPC"] = "1"
            assert browser.allowed() == set()
            assert site.act(web, "use", CONTENT, **use).status_code == 403
            del browser.client.headers["Sec-GPC"]
            assert browser.allowed() == set()
        with visiting(site) as stranger:
            stranger.client.cookies.set(session, "person_0_forged")
            stranger.choose("all")
        assert site.act(web, "use", CONTENT, **use).status_code == 403
    said = [one for one in vendor.ledger() if one["act"] in {"record-stance", "withdraw-stance"}]
    assert {one["actor"] for one in said} == {"person"}
    assert {one["person"] for one in said} == {who}


@pytest.mark.clause("I.17")
def test_the_signal_reaches_the_account_at_sign_in(vendor: Vendor) -> None:
    """Whoever signs in with a browser that says no by itself is shown that it is honoured, and the next use is refused elsewhere too."""
    web = vendor.key("service.web", CONTENT, SIGN_IN)
    with vendor.open() as site, Browser(site) as browser, Browser(site) as other:
        site.collect("account", {"email": "ann@example.com"})
        browser.client.headers["Sec-GPC"] = "1"
        assert browser.post(link_in(mail_to(vendor, "ann@example.com"))).status_code == 303
        use = {"identify": {"email": "ann@example.com"}, "fields": ["product"]}
        assert "I.17" in site.act(web, "use", CONTENT, **use).json()["clauses"]
        page = browser.get("/account").text
        assert "Your browser says no by itself (Global Privacy Control)" in page
        assert "honoured for your account too" in page
        other.post("/account/sign-in/link", email="ann@example.com")
        assert other.post(link_in(mail_to(vendor, "ann@example.com", 2))).status_code == 303
        seen = other.get("/account").text
        assert "Your browser says no" not in seen
        assert "enforced" not in seen.partition('id="choices"')[2].partition("</section>")[0]


@pytest.mark.clause("I.17")
def test_a_no_that_comes_by_letter_counts(vendor: Vendor) -> None:
    """The privacy desk records it while the request is open, for one purpose, and the next use of that one is refused."""
    web = vendor.key("service.web", CONTENT)
    privacy = vendor.key("staff.privacy", RIGHTS, CHOICE, cases=("request",))
    desk = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    with vendor.open() as site:
        assert site.register(1).status_code == 201
        case, who = site.open_case(privacy, "request", RIGHTS, "person1@example.com")
        order = {"order": "record-stance", "about": CONTENT, "stance": "objected", "person": who}
        assert site.act(privacy, "instruct", CHOICE, **order).status_code == 403
        assert site.act(privacy, "instruct", CHOICE, case=case, **order).is_success
        refused = site.act(web, "use", CONTENT, person=who, fields=["product"])
        assert refused.status_code == 403
        ticket, _ = site.open_case(desk, "ticket", SUPPORT, "person1@example.com")
        assert site.act(desk, "use", SUPPORT, person=who, case=ticket, fields=["email"]).is_success
