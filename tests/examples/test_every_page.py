"""Every page that a visitor of the demonstration can come to: for everybody to use, and kept as it looks."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import inspect, printed, visitor
from tests.support.demonstration import Demonstration
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
ADDRESS = "ivy@example.org"
SITE = (
    "/",
    "/products",
    "/products/sensor",
    "/shop",
    "/shop/checkout?product=sensor",
    "/register",
    "/newsletter",
    "/contact",
    "/mailbox",
)
POLICY = ("/policy",)
API = ("/docs", "/problems")
ABOUT = ("/policy/versions", "/exceptions", "/security", "/ledger")
CHOICE = ("/choice", "/parents", "/content/start-offer/why", "/nowhere")
PEOPLE = (
    "/my",
    "/my/visits",
    "/my/display",
    "/forum",
    "/forum/new",
    "/account/sign-in",
    "/account/sign-up",
    "/account/sent",
    "/account/closed",
)
FORMS = (
    "/forms/shop",
    "/forms/product-registration",
    "/forms/account",
    "/forms/email-opt-in",
    "/forms/support-contact",
    "/forms/dispute",
)
PRINTED = ("/", "/products/sensor", "/policy", "/choice")


@pytest.fixture
def page(site: str, chromium: Browser) -> Iterator[Page]:
    """Somebody who has answered the banner, so that it stands on no screenshot; no page asks another host."""
    asked: set[str] = set()
    with visitor(chromium, site) as found:
        found.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        found.goto("/")
        found.get_by_role("button", name="Refuse all").click()
        found.get_by_role("button", name="Refuse all").wait_for(state="detached")
        yield found
    assert asked - {""} == {urlsplit(site).netloc}


def _look(page: Page, name: str) -> None:
    inspect(page, f"page {name.strip('/') or 'home'}")


def _old_enough(page: Page) -> None:
    page.get_by_label("Month of birth").fill("April")
    page.get_by_label("Year of birth").fill("1970")
    page.get_by_role("button", name="Go on").click()


def _link_in_mail(page: Page, number: int) -> str:
    """The link in the newest mail to the address, as soon as there are so many."""
    mails = page.get_by_role("article").filter(has_text=ADDRESS)

    def there() -> bool:
        page.goto("/mailbox")
        return mails.count() >= number

    wait_until(there, "the mail is there", 60)
    return str(mails.first.locator(".mail a").first.get_attribute("href"))


@pytest.mark.parametrize(
    "paths",
    [SITE, POLICY, ABOUT, API, CHOICE, PEOPLE],
    ids=["site", "policy", "about", "api", "choice", "people"],
)
def test_pages_that_everybody_sees(page: Page, paths: tuple[str, ...]) -> None:
    """axe-core finds nothing, light, dark or narrow, and nothing is scrolled sideways at 320 pixels."""
    for path in paths:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == (404 if path == "/nowhere" else 200), path
        _look(page, path)
        if path in PRINTED:
            printed(page, f"page {path.strip('/') or 'home'}")


def test_forms(page: Page) -> None:
    """Each form of the policy: its question about age, filled in wrongly, sent, on the hosted page and on the site's own."""
    page.goto("/forms/support-contact")
    page.get_by_role("button", name="Go on").click()
    _look(page, "age question not answered")
    _old_enough(page)
    for path in FORMS:
        page.goto(path)
        _look(page, path)
        page.locator("form.troth-form button:not([name])").click()
        expect(page.get_by_role("alert"), path).to_be_visible()
        _look(page, f"{path} with faults")
    for path in ("/newsletter", "/register", "/contact"):
        page.goto(path)
        _look(page, f"{path} with the form")
    page.get_by_label("E-mail address").fill("ivy.asks@example.org")
    page.get_by_label("Your question").fill("Call me on +1 202-555-0143.")
    page.get_by_role("button", name="Look for personal data first").click()
    _look(page, "found in a question")
    page.get_by_role("button", name="Send the question").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Received", use_inner_text=True)
    _look(page, "thanks")
    printed(page, "page thanks")


def test_the_way_of_a_child(page: Page) -> None:
    """The refusal on the site's own page and on the hosted one."""
    page.goto("/newsletter")
    page.get_by_label("Month of birth").fill("1")
    page.get_by_label("Year of birth").fill("2020")
    page.get_by_role("button", name="Go on").click()
    _look(page, "refused on the site")
    page.goto("/forms/shop")
    _look(page, "refused")


def test_leaving(page: Page) -> None:
    """The exit page, from the site's own link."""
    page.goto("/")
    page.get_by_role("link", name="the public list").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("You are going to", use_inner_text=True)
    _look(page, "exit")


def test_pages_of_an_account(page: Page) -> None:
    """From the mailbox to a posting: confirming, the account, the draft with its marks, the posting, changing and removing it."""
    page.goto("/account/sign-up")
    _old_enough(page)
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_role("button", name="Create the account").click()
    _look(page, "account sent for")
    link = _link_in_mail(page, 1)
    _look(page, "mailbox with a mail")
    page.goto(link)
    _look(page, "confirm")
    page.get_by_role("button", name="Yes, confirm it").click()
    _look(page, "account")
    page.goto("/account/close")
    _look(page, "account close")
    _pages_about_oneself(page)
    page.goto("/forum/new")
    _look(page, "forum draft")
    page.get_by_label("Name that everybody sees").fill("ivy-7")
    page.get_by_label("Your text").fill(
        "# A question\n\nCall me on +1 202-555-0143, or write to `ivy@example.org`.\n\n> I did.\n\n- one\n- two"
    )
    page.get_by_role("button", name="Preview").click()
    _look(page, "forum preview")
    page.get_by_role("button", name="Publish").click()
    _look(page, "forum not acknowledged")
    page.get_by_label("I have looked at it").check()
    page.get_by_role("button", name="Publish").click()
    _look(page, "forum posting")
    page.get_by_role("link", name="Edit").click()
    _look(page, "forum edit")
    page.go_back()
    page.get_by_role("link", name="Delete").click()
    _look(page, "forum delete")
    page.goto("/forum")
    _look(page, "forum with a posting")


def _pages_about_oneself(page: Page) -> None:
    """What is held, who used it, a request from asking to fetching, a complaint, and another language."""
    for path in ("/my", "/my/data", "/my/used", "/my/ask"):
        page.goto(path)
        _look(page, path)
        printed(page, f"page {path.strip('/')}")
    page.get_by_label("Send me a copy of my data").check()
    page.get_by_label("Your words").fill("Everything, please.")
    page.get_by_role("button", name="Send it").click()
    _look(page, "my request")
    request = urlsplit(page.url).path

    def ready() -> bool:
        page.goto(request)
        return page.get_by_role("button", name="Fetch your copy").is_visible()

    wait_until(ready, "the copy is ready", 60)
    _look(page, "my request that is ready")
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Fetch your copy").click()
    assert fetched.value.suggested_filename == f"{request.rpartition('/')[2]}.zip"
    page.get_by_role("link", name="Complain about it").click()
    _look(page, "my complaint")
    page.goto("/my/display")
    page.get_by_label("Language").select_option("de")
    page.get_by_label("Time zone").select_option("UTC")
    page.get_by_role("button", name="Keep it").click()
    page.goto("/my")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Ihre Daten und Ihre Anfragen", use_inner_text=True
    )
    _look(page, "my in German")
    page.goto("/my/display")
    page.get_by_label("Sprache").select_option("en")
    page.get_by_role("button", name="Behalten").click()


def test_pages_of_paying(demo: Demonstration, chromium: Browser) -> None:
    """The step before the processor, the processor's own page, the order, a fault in it, and what is told afterwards."""
    with visitor(chromium, demo.url) as page:
        page.goto("/shop/checkout?product=cloud")
        page.get_by_role("button", name="Refuse all").click()
        page.get_by_role("button", name="Refuse all").wait_for(state="detached")
        _old_enough(page)
        _look(page, "checkout card")
        page.get_by_role("link", name="Pay at Example Payments").click()
        _look(page, "payment")
        page.get_by_role("button", name="Accept").click()
        _look(page, "payment with faults")
        page.get_by_label("Card number").fill("4111 1111 1111 1111")
        page.get_by_label("Valid until").fill("04/30")
        page.get_by_label("Security code").fill("123")
        page.get_by_role("button", name="Accept").click()
        _look(page, "checkout order")
        for label, value in (
            ("Your name", "Ivy Example"),
            ("E-mail address", "ivy"),
            ("Street and number", "1 Example Street"),
            ("City", "Example City"),
            ("Country", "XX"),
        ):
            page.get_by_label(label).fill(value)
        page.locator("form.till").evaluate("form => { form.noValidate = true; }")
        page.get_by_role("button", name="Order and pay").click()
        expect(page.get_by_role("alert")).to_be_visible()
        _look(page, "checkout with faults")
        page.get_by_label("E-mail address").fill("ivy.buys@example.org")
        page.get_by_label("Country").fill("US")
        page.get_by_role("button", name="Order and pay").click()
        _look(page, "ordered")
        printed(page, "page ordered")
        page.goto("/shop/checkout?product=cloud&payment=tok-0")
        _look(page, "checkout card again")
