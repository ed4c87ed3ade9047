"""The published pages in a real browser."""

import pytest
from playwright.sync_api import Browser

from tests.support.browser import screenshots, violations, visitor
from tests.support.process import Troth


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/", "/policy", "/security", "/parents"])
def test_published_pages_are_accessible(path: str, troth_program: Troth, chromium: Browser) -> None:
    """axe-core finds nothing on a page, and it fits 320 pixels."""
    troth_program.init()
    with troth_program.serving() as server, visitor(chromium, server.base_url) as page:
        page.goto(path)
        assert violations(page) == []
        screenshots(page, "published " + (path.strip("/") or "home"))
