"""Campaigns in a real browser: drafted, counted, started, watched until every copy went out, and fit for all."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.campaigns.company import Marketing
from tests.clauses.vendor import Vendor
from tests.support.browser import inspect, visitor
from tests.support.policies import any_serial_file
from tests.web.test_console_in_browser import At, _serve
from troth.bootstrap import open_troth

pytestmark = pytest.mark.slow


def test_marketing_sends_an_announcement(tmp_path: Path, chromium: Browser) -> None:
    """From the form to the last copy, at the console alone; axe-core is content with each page, at every size."""
    vendor = Vendor(tmp_path, any_serial_file(tmp_path))
    with open_troth(vendor.data, clock=vendor.clock, sequencer=False) as troth:
        Marketing(troth, vendor.clock)
    with _serve(vendor) as server, visitor(chromium, server.base_url) as page:
        server.wait_until_ready()
        mia = At(vendor, page, "mia@example.com", "staff.marketing")
        mia.accept()
        mia.sign_in()
        page.goto("/console/campaigns")
        page.get_by_label("Name, for you").fill("Spring news")
        page.get_by_label("Who gets it").fill('product = "sensor"')
        page.get_by_role("button", name="Draft it").click()
        page.get_by_role("button", name="Count them now").click()
        page.get_by_text("13 people.", exact=True).wait_for(timeout=60_000)
        inspect(page, "console campaign draft")
        page.get_by_label("I have read the message").check()
        page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_role("heading", name="Spring news done").wait_for(timeout=60_000)
        inspect(page, "console campaign done")
        page.goto("/console/campaigns")
        expect(page.get_by_role("table")).to_contain_text("13 of 13", use_inner_text=True)
        inspect(page, "console campaigns")
