"""Troth's own start page in a real browser; tests/examples/test_every_page.py looks at all others."""

import pytest
from playwright.sync_api import Browser

from tests.support.browser import inspect, visitor
from tests.support.process import Troth


@pytest.mark.slow
def test_the_start_page_is_accessible(troth_program: Troth, chromium: Browser) -> None:
    """axe-core finds nothing, light or dark, and it fits 320 pixels."""
    troth_program.init()
    with troth_program.serving() as server, visitor(chromium, server.base_url) as page:
        page.goto("/")
        inspect(page, "published home")
