"""Debian's Chromium, driven as a visitor would use it, with screenshots kept and accessibility judged by axe-core."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

SCREENS = Path(__file__).resolve().parents[2] / "artefacts" / "screens"
EXECUTABLE = "/usr/bin/chromium"
NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 800}
_ARGUMENTS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")
_RULES = {
    "resultTypes": ["violations"],
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
}
_CONTRAST = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
_AXE = Axe()
expect.set_options(timeout=30_000)  # its five seconds are too few on a machine that has more to do
_LONGEST = 5000
"""Pixels of a screenshot's height."""
_UNFIT = re.compile(r"[^a-z0-9-]+")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, headless; open a context of it for each visitor."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=[*_ARGUMENTS])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser: Browser, base_url: str, *, script: bool = True, **more: Any) -> Iterator[Page]:
    """A new visitor of a site, without cookies; every request of the pages must stay on this machine.

    Args:
        browser: The running browser.
        base_url: The site; addresses are given relative to it.
        script: Whether the browser runs scripts.
        more: Further options of a Playwright context, such as `extra_http_headers` or `color_scheme`.
    """
    context = browser.new_context(
        base_url=base_url,
        java_script_enabled=script,
        **{"viewport": WIDE, "service_workers": "block", **more},
    )
    elsewhere: list[str] = []
    context.on("request", lambda request: _note(request.url, elsewhere))
    try:
        yield context.new_page()
        assert elsewhere == [], "the pages asked another machine"
    finally:
        context.close()


def cookies(context: BrowserContext) -> dict[str, str]:
    """The cookies that the browser holds, by name."""
    return {str(one["name"]): str(one["value"]) for one in context.cookies()}


def violations(page: Page, rules: dict[str, Any] = _RULES) -> list[str]:
    """What axe-core finds wrong on a page: the rule, and where."""
    page.wait_for_load_state()  # a click ends when a page begins
    found = _AXE.run(page, options=rules).response["violations"]
    return [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]]


def too_wide(page: Page) -> bool:
    """Whether the page must be scrolled sideways (WCAG 2.2, 1.4.10)."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def screenshots(page: Page, name: str, *, judged: bool = True) -> None:
    """Keep the page as it looks light, dark and 320 pixels wide, below `artefacts/screens`; axe-core judges the narrow one.

    Args:
        page: The page.
        name: What it is called.
        judged: Whether axe-core runs; it is a script, and never ends in a browser that runs none.

    Raises:
        AssertionError: axe-core found something on the narrow page, or it must be scrolled sideways.
    """
    for look in _looks(page, name):
        if judged and look == "narrow":
            _judge(page, f"{name}, {look}", _RULES)


def inspect(page: Page, name: str) -> None:
    """Keep the page as it looks, and let axe-core judge it light, wide and 320 pixels narrow, and its contrasts dark as well.

    Raises:
        AssertionError: axe-core found something, or the narrow page must be scrolled sideways.
    """
    for look in _looks(page, name):
        _judge(page, f"{name}, {look}", _CONTRAST if look == "dark" else _RULES)


def _judge(page: Page, name: str, rules: dict[str, Any]) -> None:
    """Let axe-core judge the page as it stands."""
    found = violations(page, rules)
    assert found == [], f"{name}: {found}"


def _looks(page: Page, name: str) -> Iterator[str]:
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.wait_for_load_state()
    stem = _UNFIT.sub("-", name.lower()).strip("-")
    before = page.viewport_size
    for label, scheme, size in (
        ("light", "light", WIDE),
        ("dark", "dark", WIDE),
        ("narrow", "light", NARROW),
    ):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        _keep(page, f"{stem}-{label}")
        assert not too_wide(page), f"{name}, {label}: it must be scrolled sideways"
        yield label
    if before is not None:
        page.set_viewport_size(before)
    page.emulate_media(color_scheme="light")


def _keep(page: Page, name: str) -> None:
    """Keep a screenshot; of a very long page, its beginning."""
    size = page.viewport_size or WIDE
    height = min(_LONGEST, page.evaluate("Math.max(innerHeight, document.documentElement.scrollHeight)"))
    clip: Any = {"x": 0, "y": 0, "width": size["width"], "height": height}
    page.screenshot(path=SCREENS / f"{name}.png", full_page=True, clip=clip, animations="disabled")


def printed(page: Page, name: str) -> None:
    """Keep the page as it looks on paper, below `artefacts/screens`."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.emulate_media(media="print")
    stem = _UNFIT.sub("-", name.lower()).strip("-")
    _keep(page, f"{stem}-print")
    page.emulate_media(media="screen")


def _note(url: str, elsewhere: list[str]) -> None:
    if not re.match(r"(https?://(127\.0\.0\.1|localhost|\[::1\])[:/]|data:|blob:|about:)", url):
        elsewhere.append(url)
