"""The reference vendor's site in a browser: what a visitor does there, with Troth behind it."""

from datetime import UTC, datetime
from urllib.parse import unquote_plus

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import cookies, screenshots, visitor
from tests.support.demonstration import Demonstration
from tests.support.waiting import wait_until

CARD = "4111 1111 1111 1111"
CANARY = "5500 0055 5555 5559"


def _old_enough(page: Page) -> None:
    page.get_by_label("Month of birth").fill("April")
    page.get_by_label("Year of birth").fill("1970")
    page.get_by_role("button", name="Go on").click()


def _pay(page: Page, card: str) -> None:
    """Leave a card at the processor, and come back."""
    page.get_by_role("link", name="Pay at Example Payments").click()
    page.get_by_label("Card number").fill(card)
    page.get_by_label("Valid until").fill("04/30")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Accept $490.00").click()


def _buy(page: Page) -> str:
    """Order a sensor; gives the serial number that goes out with it."""
    page.goto("/shop/checkout?product=sensor")
    page.get_by_role("button", name="Refuse all").click()
    page.get_by_role("button", name="Refuse all").wait_for(state="detached")
    _old_enough(page)
    _pay(page, "4000 0000 0000 0001")
    expect(page.get_by_role("alert")).to_contain_text("not a card number", use_inner_text=True)
    assert page.get_by_label("Card number").input_value() == ""
    page.get_by_role("link", name="Back to the shop").click()
    _pay(page, CARD)
    for label, value in (
        ("Your name", CARD),
        ("E-mail address", "ann@example.org"),
        ("Street and number", "1 Example Street"),
        ("City", "Example City"),
        ("Country", "US"),
    ):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Order and pay").click()
    expect(page.get_by_role("alert")).to_contain_text("payment card number", use_inner_text=True)
    assert page.get_by_label("City").input_value() == "Example City"
    page.get_by_label("Your name").fill("Ann Example")
    page.get_by_role("button", name="Order and pay").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you", use_inner_text=True)
    return page.locator(".serial").inner_text()


def _register(page: Page, serial: str, name: str = "Ann Example") -> None:
    page.goto("/register")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("E-mail address").fill("ann@example.org")
    page.get_by_label("Product (required)").fill("Example Sensor")
    page.get_by_label("Serial number").fill(serial)
    page.get_by_role("button", name="Register the product").click()


@pytest.mark.slow
@pytest.mark.clause("I.12")
def test_a_sensor_is_bought_and_registered_once(site: str, chromium: Browser) -> None:
    """Age, card, order, the serial number on the last page, registered once; never issued and twice are told."""
    with visitor(chromium, site) as page:
        serial = _buy(page)
        screenshots(page, "vendor ordered")
        _register(page, "EX-NEVER-1")
        expect(page.get_by_role("alert")).to_contain_text("never issued", use_inner_text=True)
        _register(page, serial)
        expect(page.get_by_role("heading", level=1)).to_have_text("Received", use_inner_text=True)
        page.get_by_role("link", name="Back to where you were").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Register a product", use_inner_text=True)
        _register(page, serial, "Ann E. Example")
        expect(page.get_by_role("alert")).to_contain_text("already", use_inner_text=True)


@pytest.mark.slow
def test_a_card_is_seen_by_the_processor_alone(demo: Demonstration, chromium: Browser) -> None:
    """The number goes to the processor's host and no other, and stands in no file of Troth's and in no log."""
    sent: list[tuple[str, str]] = []
    with visitor(chromium, demo.url) as page:
        page.on("request", lambda request: sent.append((request.url, unquote_plus(request.post_data or ""))))
        page.goto("/shop/checkout?product=sensor")
        _old_enough(page)
        _pay(page, CANARY)
        assert "payment=tok-" in page.url
        expect(page.get_by_role("status")).to_contain_text("accepted your card", use_inner_text=True)
        assert page.locator('input[name="payment"]').input_value().startswith("tok-")
    took = [url for url, body in sent if CANARY in url + body]
    assert len(took) == 1, took
    assert took[0].startswith("http://localhost:")
    assert took[0].endswith("/pay")
    assert not took[0].startswith(demo.url)
    assert demo.files_with(CANARY, CANARY.replace(" ", "")) == []


@pytest.mark.slow
@pytest.mark.parametrize("said", ["Refuse all", "Allow all"])
def test_the_banner_is_answered_in_one_click(site: str, chromium: Browser, said: str) -> None:
    """Nothing is set before the choice; either answer takes one click, and the banner does not come back."""
    with visitor(chromium, site) as page:
        page.goto("/", wait_until="networkidle")
        assert cookies(page.context) == {}
        page.get_by_role("button", name=said).click()
        page.get_by_role("button", name=said).wait_for(state="detached")
        assert cookies(page.context) != {}
        page.goto("/products")
        assert page.request.get("/v1/choice").json()["made"] is True
        expect(page.get_by_role("button", name=said)).to_have_count(0)


@pytest.mark.slow
def test_visits_are_counted_after_the_choice(site: str, chromium: Browser) -> None:
    """A page that is looked at after "Allow all" is kept as an event; one looked at before asked for nothing."""
    with visitor(chromium, site) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/", wait_until="networkidle")
        assert not [url for url in asked if url.endswith("/api/event")]
        page.get_by_role("button", name="Allow all").click()
        page.get_by_role("button", name="Allow all").wait_for(state="detached")
        with page.expect_response(lambda answer: answer.url.endswith("/api/event")) as counted:
            page.goto("/products")
        assert counted.value.status == 202
    told = httpx.get(f"{site}/metrics", trust_env=False, timeout=60).text.splitlines()
    kept = [line for line in told if line.startswith("troth_") and '"kept"' in line]
    assert sum(float(line.rpartition(" ")[2]) for line in kept) >= 1, kept


@pytest.mark.slow
def test_a_sign_up_is_confirmed_from_the_mailbox(site: str, chromium: Browser) -> None:
    """The embedded form leads over the age question to a mail, whose link confirms; the mailbox page shows it."""
    with visitor(chromium, site, script=False) as page:
        page.goto("/newsletter")
        _old_enough(page)
        page.get_by_label("E-mail address").fill("ann@example.org")
        page.locator("form.troth-form button").click()

        def arrived() -> bool:
            page.goto("/mailbox")
            return page.locator(".mail a[href*=confirm]").count() > 0

        wait_until(arrived, "the mail is there", 60)
        screenshots(page, "vendor mail", judged=False)
        page.locator(".mail a[href*=confirm]").first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert "confirm" in page.url


@pytest.mark.slow
def test_it_works_without_script(site: str, chromium: Browser) -> None:
    """Without script the age question leads back to where it stood; a child is told where parents read on, and no more."""
    with visitor(chromium, site, script=False) as page:
        page.goto("/newsletter")
        page.get_by_label("Month of birth").fill("April")
        page.get_by_label("Year of birth").fill(str(datetime.now(UTC).year - 5))
        page.get_by_role("button", name="Go on").click()
        assert page.url == f"{site}/newsletter"
        expect(page.get_by_role("link", name="For parents and guardians")).to_be_visible()
        for path in ("/newsletter", "/contact", "/shop/checkout?product=sensor"):
            page.goto(path)
            expect(page.get_by_label("Year of birth")).to_have_count(0)
            expect(page.get_by_role("link", name="For parents and guardians")).to_be_visible()
