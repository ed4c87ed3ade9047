"""Clause I.10: visitors provide it voluntarily; required and optional answers are marked, and the minimum form works."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.clauses.vendor import Vendor
from tests.support.browser import screenshots, violations, visitor

POINTS = (
    "shop",
    "product-registration",
    "account",
    "email-opt-in",
    "support-contact",
    "privacy-request",
    "dispute",
    "preference",
)


@pytest.mark.clause("I.10")
def test_every_answer_is_marked_as_required_or_optional(vendor: Vendor) -> None:
    """In words beside each label, as the policy declares it."""
    with vendor.open() as site, site.visitor() as person:
        for point in POINTS:
            fields = site.request("GET", f"/v1/collect/{point}").json()["fields"]
            text = " ".join(re.sub(r"<[^>]*>", " ", person.form(point).text).split())
            for field in [one for one in fields.values() if "issued" not in one]:
                need = "required" if field["required"] else "optional"
                assert f"{field['title']} ({need})" in text, (point, field["title"])


@pytest.mark.clause("I.10")
def test_a_form_with_only_the_required_answers_goes_through(vendor: Vendor) -> None:
    """Of each place, by form and by the JSON door."""
    with vendor.open() as site:
        for number, point in enumerate(POINTS):
            described = site.request("GET", f"/v1/collect/{point}").json()["fields"]
            least = {
                name: _own(field["example"], number) for name, field in described.items() if field["required"]
            }
            if "serial" in least:
                assert site.sell(least["serial"]).status_code == 201
            with site.visitor() as person:
                answer = person.send(point, dict(flat(least)))
                assert answer.status_code == 303, (point, answer.text)
                assert person.client.get(answer.headers["location"]).status_code == 200
            other = {
                name: _own(field["example"], number + 100)
                for name, field in described.items()
                if field["required"]
            }
            if "serial" in other:
                assert site.sell(other["serial"]).status_code == 201
            assert site.collect(point, other).status_code in {201, 202}, point


def _own(example: Any, number: int) -> Any:
    """An example of somebody's own, so that nobody's serial is another's."""
    if isinstance(example, str) and "@" in example:
        return f"person{number}@example.com"
    return (
        f"{example[:-2]}{number:03d}" if isinstance(example, str) and example.startswith("EX-") else example
    )


def flat(values: Any, path: str = "") -> list[tuple[str, str]]:
    """Values as a browser sends them."""
    if isinstance(values, dict | list):
        pairs = values.items() if isinstance(values, dict) else enumerate(values)
        return [
            pair for name, value in pairs for pair in flat(value, f"{path}.{name}" if path else str(name))
        ]
    return [(path, str(values))]


@pytest.mark.slow
@pytest.mark.clause("I.10")
@pytest.mark.parametrize("script", [False, True], ids=["without script", "with script"])
def test_a_visitor_mends_an_error_and_is_taken_in(vendor: Vendor, chromium: Browser, *, script: bool) -> None:
    """In a browser, with and without script: an error leads to its field, what was typed is still there, and then it works."""
    with vendor.open() as site, visitor(chromium, site.server.base_url, script=script) as page:
        assert site.sell("EX-2015-0001").status_code == 201
        page.goto("/forms/product-registration")
        page.get_by_label("Month of birth").fill("April")
        page.get_by_label("Year of birth").fill("1970")
        page.get_by_role("button", name="Go on").click()
        if script:
            assert violations(page) == []
            screenshots(page, "form registration")
        page.get_by_label("Your name").fill("Ann Example")
        page.get_by_label("E-mail address").fill("ann at nowhere")
        page.get_by_label("Product (required)").fill("Example Sensor")
        page.get_by_label("Serial number").fill("EX-2015-0001")
        page.get_by_role("button", name="Register the product").click()
        expect(page).to_have_title(re.compile("^Error: "))
        expect(page.get_by_role("alert").get_by_role("link")).to_have_text(
            ["E-mail address: this is not a mail address. Write it like ann@example.com."],
            use_inner_text=True,
        )
        page.get_by_role("alert").get_by_role("link").click()
        field = page.get_by_label("E-mail address")
        expect(field).to_be_focused()
        expect(page.get_by_label("Your name")).to_have_value("Ann Example")
        if script:
            assert violations(page) == []
            screenshots(page, "form registration error")
        field.fill("ann@example.com")
        page.get_by_role("button", name="Register the product").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Received", use_inner_text=True)
        expect(page.get_by_role("link", name="Download the receipt")).to_be_visible()
        if script:
            assert violations(page) == []
            screenshots(page, "form thanks")


@pytest.mark.slow
@pytest.mark.clause("I.10")
def test_every_form_can_be_used_by_everybody(vendor: Vendor, chromium: Browser) -> None:
    """axe-core finds nothing on any form, light and dark, and each fits 320 pixels."""
    with vendor.open() as site, visitor(chromium, site.server.base_url) as page:
        page.goto("/forms/shop")
        assert violations(page) == []
        screenshots(page, "form age screen")
        page.get_by_label("Month of birth").fill("4")
        page.get_by_label("Year of birth").fill("1970")
        page.get_by_role("button", name="Go on").click()
        for point in POINTS:
            page.goto(f"/forms/{point}")
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                assert violations(page) == [], (point, scheme)
            screenshots(page, f"form {point}")
            page.locator("button[type=submit]").first.focus()
            page.locator(".troth-actions button").first.click()
            assert violations(page) == [], point
