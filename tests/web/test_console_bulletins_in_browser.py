"""Bulletins at the console in a real browser: one writes, another approves, and the counts are there to look at."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.clauses.vendor import Vendor
from tests.support.browser import inspect, visitor
from tests.support.waiting import wait_until
from tests.web.test_console_in_browser import At, _serve

pytestmark = pytest.mark.slow


def test_a_notice_from_the_first_word_to_its_counts(tmp_path: Path, chromium: Browser) -> None:
    """What advertises is named at its place; after the approval of a second person the owners are told, and counted."""
    vendor = Vendor(tmp_path)
    with _serve(vendor) as server, visitor(chromium, server.base_url) as page:
        server.wait_until_ready()
        ann = At(vendor, page, "ann.example", "staff.product")
        ann.accept()
        ann.sign_in()
        page.goto("/console/bulletins/write")
        page.get_by_label("Product and reason").select_option(index=1)
        page.get_by_label("Affected versions").fill(">=5.0, <5.2.1")
        page.get_by_label("Subject, English").fill("Security fault in {product}")
        page.get_by_label("Text, English").fill("{greeting}\n\nBuy 5.2.1 now, 20 % off.")
        page.get_by_role("button", name="Keep it").click()
        expect(page.get_by_role("alert")).to_contain_text("line 3, column 1", use_inner_text=True)
        inspect(page, "console bulletin refused")
        page.get_by_label("Text, English").fill(
            "{greeting}\n\n{product} ({versions}) lets others in. Install version 5.2.1."
        )
        page.get_by_role("button", name="Keep it").click()
        inspect(page, "console bulletin draft")
        place = page.url
        page.get_by_role("button", name="Sign out").click()
        ben = At(vendor, page, "ben.example", "staff.product")
        ben.accept()
        ben.sign_in()
        page.goto(place)
        page.get_by_role("button", name="I have read it").click()
        page.get_by_role("button", name="Start delivery").click()

        def done() -> bool:
            page.goto("/console/bulletins")
            return "done" in page.get_by_role("article").inner_text()

        wait_until(done, "the bulletin is done", every=0.2)
        inspect(page, "console bulletins")
        page.goto(place)
        inspect(page, "console bulletin done")
