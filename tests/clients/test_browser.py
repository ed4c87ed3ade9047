"""Trackers in a real browser, on pages of the company's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.clauses.vendor import Site, Vendor
from tests.clients.conftest import Pages
from tests.clients.counted import USAGE, rows
from tests.support.browser import EXECUTABLE
from troth.choice import choice_value
from troth.policy import compile_policy

HOSTS = "MAP *.example.com 127.0.0.1"
SAID = "2026-01-05"
STRICT = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src {here}; connect-src {here}">'


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    """Chromium that finds the company's hosts on this machine and does not say that it is steered."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=EXECUTABLE,
            args=[
                "--no-sandbox",
                f"--host-resolver-rules={HOSTS}",
                "--disable-blink-features=AutomationControlled",
            ],
        )
        yield browser
        browser.close()


def answered(page: Page, path: str, doing: Any, count: int = 1) -> None:
    """Do something and wait until the browser was answered so many requests of a path."""
    left = count

    def note(response: Any) -> None:
        nonlocal left
        left -= path in response.url

    page.on("response", note)
    doing()
    for _ in range(2_400):
        if left <= 0:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"{count - left} of {count} requests of {path} were answered")


def choose(
    context: BrowserContext, text: str, host: str, *allowed: str, knowingly: tuple[str, ...] = ()
) -> None:
    """Leave the choice cookie as the choice page does."""
    from datetime import date

    value = choice_value(
        compile_policy(text), on=date.fromisoformat(SAID), allowed=allowed, knowingly=knowingly
    )
    context.add_cookies([{"name": "choice", "value": value, "domain": host, "path": "/"}])


@pytest.mark.slow
@pytest.mark.parametrize("client", ["@plausible-analytics/tracker", "plausible-tracker"])
def test_plausible_trackers(client: str, packages: Path, company: Vendor, pages: Pages, chrome: Any) -> None:
    """Plausible's published trackers report to Troth from a page that asked its visitors by itself."""
    here = f"http://shop.example.com:{pages.port}"
    with company.open() as site:
        troth = f"http://troth.example.com:{site.server.base_url.rpartition(':')[2]}"
        if client == "plausible-tracker":
            source = packages / "plausible-tracker/build/module"
            for path in source.rglob("*.js"):
                target = pages.folder / "client" / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                text = path.read_text(encoding="utf-8").replace(
                    "from './lib/tracker'", "from './lib/tracker.js'"
                )
                target.write_text(text.replace("from './request'", "from './request.js'"), encoding="utf-8")
            script = (
                f"import Plausible from './client/index.js'; const p = Plausible({{domain: 'shop.example.com', apiHost: '{troth}'}});"
                "p.enableAutoPageviews(); window.go = () => p.trackEvent('Buy', {props: {plan: 'large'}});"
            )
        else:
            (pages.folder / "plausible.js").write_bytes((packages / client / "plausible.js").read_bytes())
            script = (
                f"import {{init, track}} from './plausible.js'; init({{domain: 'shop.example.com', endpoint: '{troth}/api/event'}});"
                "window.go = () => track('Buy', {props: {plan: 'large'}});"
            )
        pages.write("cart.html", f"<script type=module>{script}</script>")
        page = chrome.new_page()
        answered(page, "/api/event", lambda: page.goto(f"{here}/cart.html?email=ann@example.com"))
        answered(page, "/api/event", lambda: page.evaluate("window.go()"))
        page.close()
    kept = rows(company)
    assert [(row.name, row.page, row.source) for row in kept] == [
        ("pageview", "shop.example.com/cart.html", "plausible"),
        ("Buy", "shop.example.com/cart.html", "plausible"),
    ]
    assert kept[1].props == '{"plan":"large"}'
    assert kept[0].visitor == kept[1].visitor
    assert company.files_with("ann@example.com") == []


def _tracked(site: Site, pages: Pages, more: str = "") -> tuple[str, str]:
    """Write a page with t.js under a strict policy; gives the page's address and Troth's."""
    troth = f"http://www.example.com:{site.server.base_url.rpartition(':')[2]}"
    body = f'<script defer src="{troth}/t.js" {more}></script><a id=out href="http://other.example.com/x?q=1">out</a>'
    pages.write("page.html", body, STRICT.format(here=troth))
    return f"http://www.example.com:{pages.port}/page.html", troth


@pytest.mark.slow
def test_the_own_tracker(company: Vendor, pages: Pages, chrome: Any, reference_policy: str) -> None:
    """t.js does nothing before the choice; after it, it tells of pages, pages without a load, events and ways out."""
    with company.open() as site:
        address, _ = _tracked(site, pages)
        context = chrome.new_context()
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address, wait_until="networkidle")
        assert page.evaluate("troth.track('early')") is False
        assert not [url for url in asked if "/api/event" in url]
        choose(context, reference_policy, "www.example.com", USAGE)
        answered(page, "/api/event", lambda: page.goto(f"{address}?utm_source=news&email=ann@example.com"))
        answered(page, "/api/event", lambda: page.evaluate("history.pushState({}, '', '/app/two')"))
        answered(page, "/api/event", lambda: page.evaluate("troth.track('download', {file: 'guide'})"))
        page.evaluate("document.addEventListener('click', (event) => event.preventDefault())")
        answered(page, "/api/event", lambda: page.click("#out"))
        names = {cookie["name"] for cookie in context.cookies()}
        assert names == {"choice", "visit"}
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
        context.close()
    kept = rows(company)
    assert [(row.name, row.page) for row in kept] == [
        ("pageview", "www.example.com/page.html?utm_source=news"),
        ("pageview", "www.example.com/app/two"),
        ("download", "www.example.com/app/two"),
        ("Outbound Link: Click", "www.example.com/app/two"),
    ]
    assert kept[1].referrer == "www.example.com/page.html"
    assert kept[3].props == '{"url":"http://other.example.com/x"}'
    assert len({row.visitor for row in kept}) == 1
    assert company.files_with("ann@example.com") == []


@pytest.mark.slow
def test_the_own_tracker_honours_the_signal(
    company: Vendor, pages: Pages, chrome: Any, reference_policy: str
) -> None:
    """With Do Not Track t.js sends nothing, unless the visitor allowed it knowingly."""
    with company.open() as site:
        address, _ = _tracked(site, pages)
        for knowingly, sent in (((), False), ((USAGE,), True)):
            context = chrome.new_context(extra_http_headers={"DNT": "1"})
            context.add_init_script("Object.defineProperty(navigator, 'doNotTrack', {value: '1'})")
            choose(context, reference_policy, "www.example.com", USAGE, knowingly=knowingly)
            page = context.new_page()
            page.goto(address, wait_until="networkidle")
            assert page.evaluate("troth.track('asked')") is sent
            if sent:
                page.wait_for_load_state("networkidle")
            context.close()
    names = [row.name for row in rows(company)]
    assert set(names) <= {"pageview", "asked"}
    assert "pageview" in names
