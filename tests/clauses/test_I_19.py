"""Clause I.19: no knowing collection from under-13s; the age screen stands before any field and remembers only yes or no."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.clauses.vendor import CANARY, Site, Vendor
from tests.support.browser import cookies, screenshots, violations, visitor
from tests.support.forms import FormPage

POINTS = ("shop", "product-registration", "account", "email-opt-in", "support-contact")
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.clause("I.19")
def test_a_neutral_question_stands_before_any_field(vendor: Vendor) -> None:
    """Month and year, free to type, nothing chosen beforehand, no word of the limit; no field of the form is there yet."""
    with vendor.open() as site:
        for point in POINTS:
            with site.visitor() as person:
                page = person.open(point)
                assert page.fields.keys() == {"troth-birth-month", "troth-birth-year"}
                assert {(one.kind, one.value) for one in page.fields.values()} == {("text", "")}
                form = page.text.partition("<form")[2].partition("</form>")[0]
                # Random ids of a form hold any digits by chance.
                question = re.sub(r'(id|for|name|action|aria-\w+)="[^"]*"', "", form.lower())
                for hint in ("13", "thirteen", "old enough", "adult", "child", "under"):
                    assert hint not in question


@pytest.mark.clause("I.19")
def test_of_a_child_of_twelve_nothing_is_kept(vendor: Vendor) -> None:
    """Refused on every way in, in this visit also under another age; no store, log or ledger holds what was sent."""
    with vendor.open() as site:
        with site.visitor() as child:
            assert child.answer_age("product-registration", "6", "2013").status_code == 303
            body = {
                "name": CANARY,
                "email": f"{CANARY}@example.com",
                "product": CANARY,
                "serial": CANARY,
                "troth-notice": "registration-notice",
            }
            again = {"troth-birth-month": "6", "troth-birth-year": "1990", **body}
            for path in ("", "/age"):
                child.client.post(f"/forms/product-registration{path}", data=again)
            refused = child.client.get("/forms/product-registration")
            assert refused.status_code == 403
            assert FormPage(refused.text).fields == {}
        for age in ({"year": 2013, "month": 6}, {"year": 2025, "month": 12}):
            young = _register(site, age)
            assert (young.status_code, young.json()["clause"]) == (403, "I.19")
        silent = _register(site, None)
        assert (silent.status_code, silent.json()["clause"]) == (422, "I.19")
    assert vendor.files_with(CANARY) == []
    assert [entry for entry in vendor.ledger() if entry["act"] == "collect"] == []


def _register(site: Site, age: dict[str, int] | None):  # type: ignore[no-untyped-def]  # noqa: ANN202
    values = {"name": CANARY, "email": f"{CANARY}@example.com", "product": CANARY, "serial": CANARY}
    body = {"channel": "web", "notice": "registration-notice", "values": values}
    return site.request("POST", "/collect/product-registration", body={**body, "age": age} if age else body)


@pytest.mark.clause("I.19")
def test_the_thirteenth_birthday_is_the_boundary(vendor: Vendor) -> None:
    """Born in January 2013: the day is not asked, so that everybody of that month is thirteen for certain on 1 February."""
    with vendor.open() as site:
        vendor.clock.set(FEBRUARY - timedelta(microseconds=1))
        with site.visitor() as early:
            early.answer_age("email-opt-in", "1", "2013")
            assert early.client.get("/forms/email-opt-in").status_code == 403
        assert _sign_up(site) == 403
        vendor.clock.set(FEBRUARY)
        with site.visitor() as thirteen:
            thirteen.answer_age("email-opt-in", "1", "2013")
            assert "email" in thirteen.open("email-opt-in").fields
        assert _sign_up(site) in {201, 202}


def _sign_up(site: Site) -> int:
    answer = site.collect("email-opt-in", {"email": "ann@example.com"}, age={"year": 2013, "month": 1})
    return answer.status_code


@pytest.mark.clause("I.19")
def test_a_refusal_leaves_only_a_flag_for_the_session(vendor: Vendor) -> None:
    """The one cookie has no lifetime and holds no date; forged or cut, it lets nobody pass."""
    with vendor.open() as site, site.visitor() as child:
        refused = child.answer_age("shop", "6", "2014")
        cookie = refused.headers["set-cookie"]
        assert "expires" not in cookie.lower()
        assert "max-age" not in cookie.lower()
        assert "2014" not in cookie
        name, _, value = cookie.partition(";")[0].partition("=")
        passed = value.replace(".r.", ".p.")
        assert passed != value
        child.client.cookies.clear()
        forged = child.client.get("/forms/shop", headers={"Cookie": f"{name}={passed}"})
        assert FormPage(forged.text).action.endswith("/age")


@pytest.mark.slow
@pytest.mark.clause("I.19")
@pytest.mark.parametrize("script", [False, True], ids=["without script", "with script"])
def test_going_back_gives_no_second_try(vendor: Vendor, chromium: Browser, *, script: bool) -> None:
    """In a browser: refused, back, another year, refused again; forms without the question stay open."""
    with vendor.open() as site, visitor(chromium, site.server.base_url, script=script) as page:
        page.goto("/forms/shop")
        page.get_by_label("Month of birth").fill("6")
        page.get_by_label("Year of birth").fill("2014")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("We cannot go on here", use_inner_text=True)
        if script:
            assert violations(page) == []
            screenshots(page, "form refused")
        page.go_back()
        if page.get_by_label("Year of birth").count():
            page.get_by_label("Month of birth").fill("6")
            page.get_by_label("Year of birth").fill("1984")
            page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("We cannot go on here", use_inner_text=True)
        page.goto("/forms/email-opt-in")
        expect(page.get_by_role("heading", level=1)).to_have_text("We cannot go on here", use_inner_text=True)
        assert not any("2014" in value for value in cookies(page.context).values())
        page.goto("/forms/dispute")
        expect(page.get_by_label("Your request")).to_be_visible()
