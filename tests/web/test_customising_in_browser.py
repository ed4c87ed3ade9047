"""The page that says why somebody sees what stands in a slot, in a real browser."""

import pytest
from playwright.sync_api import Browser

from tests.support.browser import screenshots, violations, visitor
from tests.support.process import Troth


@pytest.mark.slow
def test_why_page_is_accessible(troth_program: Troth, chromium: Browser) -> None:
    """axe-core finds nothing, and it fits 320 pixels."""
    troth_program.init()
    with troth_program.serving() as server, visitor(chromium, server.base_url) as page:
        page.goto("/content/start-offer/why")
        assert violations(page) == []
        screenshots(page, "content why")
