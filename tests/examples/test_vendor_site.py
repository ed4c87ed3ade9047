"""The reference vendor's site in a browser: what a visitor does there, with Troth behind it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import cookies, screenshots, violations, visitor
from tests.support.process import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "/",
    "/products",
    "/products/sensor",
    "/shop",
    "/register",
    "/newsletter",
    "/contact",
    "/mailbox",
    "/forum",
    "/account/sign-up",
    "/choice",
    "/parents",
    "/policy",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration with a few people, as `make demo` starts it; stopped as Ctrl-C does."""
    folder, port = tmp_path_factory.mktemp("vendor"), free_port()
    command = [sys.executable, "-m", "examples.vendor", "--port", str(port), "--people", "5", "--data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, folder / "data"], cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until(lambda: _answers(process, port), "the site answers", 120)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, (folder / "log").read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def _answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    assert process.poll() is None, "the site ended by itself"
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _old_enough(page: Page) -> None:
    page.get_by_label("Month of birth").fill("April")
    page.get_by_label("Year of birth").fill("1970")
    page.get_by_role("button", name="Go on").click()


def _buy(page: Page) -> str:
    """Order a sensor; gives the serial number that goes out with it."""
    page.goto("/shop/checkout?product=sensor")
    page.get_by_role("button", name="Refuse all").click()
    page.get_by_role("button", name="Refuse all").wait_for(state="detached")
    page.get_by_role("link", name="Answer the question").click()
    _old_enough(page)
    page.goto("/shop/checkout?product=sensor")
    for label, value in (
        ("Your name", "Ann Example"),
        ("E-mail address", "ann@example.org"),
        ("Street and number", "1 Example Street"),
        ("City", "Example City"),
        ("Country", "US"),
    ):
        page.get_by_label(label).fill(value)
    token = page.get_by_label("Token of the card processor")
    given = token.input_value()
    token.fill("4111 1111 1111 1111")
    page.get_by_role("button", name="Order and pay").click()
    assert "payment card number" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Your name").input_value() == "Ann Example"
    page.get_by_label("Token of the card processor").fill(given)
    page.get_by_role("button", name="Order and pay").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Thank you"
    return page.locator(".serial").inner_text()


def _register(page: Page, serial: str) -> None:
    page.goto("/forms/product-registration")
    page.get_by_label("Your name").fill("Ann Example")
    page.get_by_label("E-mail address").fill("ann@example.org")
    page.get_by_label("Product (required)").fill("Example Sensor")
    page.get_by_label("Serial number").fill(serial)
    page.get_by_role("button", name="Register the product").click()


@pytest.mark.slow
@pytest.mark.clause("I.12")
def test_a_sensor_is_bought_and_registered_once(site: str, chromium: Browser) -> None:
    """Checkout by token only, the serial number on the last page, registered once; never issued and twice are told."""
    with visitor(chromium, site) as page:
        serial = _buy(page)
        screenshots(page, "vendor ordered")
        _register(page, "EX-NEVER-1")
        assert "never issued" in page.get_by_role("alert").inner_text()
        _register(page, serial)
        assert page.get_by_role("heading", level=1).inner_text() == "Received"
        _register(page, serial)
        assert "already" in page.get_by_role("alert").inner_text()


@pytest.mark.slow
def test_every_page_can_be_used_by_everybody(site: str, chromium: Browser) -> None:
    """axe-core finds nothing on any page, and no page is scrolled sideways at 320 pixels."""
    with visitor(chromium, site) as page:
        for path in PAGES:
            answer = page.goto(path, wait_until="networkidle")
            assert answer is not None
            assert answer.status == 200, path
            assert violations(page) == [], path
            screenshots(page, f"vendor {path.strip('/') or 'home'}")


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
        assert page.get_by_role("button", name=said).count() == 0


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
    told = httpx.get(f"{site}/metrics", trust_env=False).text.splitlines()
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
            return page.locator(".mail a").count() > 0

        wait_until(arrived, "the mail is there", 60)
        screenshots(page, "vendor mail")
        page.locator(".mail a").first.click()
        assert page.get_by_role("heading", level=1).is_visible()
        assert "confirm" in page.url


@pytest.mark.slow
def test_it_works_without_script(site: str, chromium: Browser) -> None:
    """The pages and the embedded form work without script; a child is told nothing more than where parents read on."""
    with visitor(chromium, site, script=False) as page:
        page.goto("/newsletter")
        page.get_by_label("Month of birth").fill("April")
        page.get_by_label("Year of birth").fill(str(2026 - 5))
        page.get_by_role("button", name="Go on").click()
        page.goto("/shop/checkout?product=sensor")
        page.get_by_role("link", name="Answer the question").click()
        assert page.get_by_label("Year of birth").count() == 0
        assert page.get_by_role("link", name="parents").first.is_visible()
