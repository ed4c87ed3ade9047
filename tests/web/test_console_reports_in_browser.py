"""The console's reports in a real browser: run one, look at its charts, note what it leads to."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.clauses.vendor import Vendor
from tests.support.browser import inspect, visitor
from tests.support.lakes import installation, write_reports
from tests.web.test_console_in_browser import At, _serve

pytestmark = pytest.mark.slow


def test_an_analyst_on_a_monday(tmp_path: Path, chromium: Browser) -> None:
    """From the overview to a report, run, and to the log of changes; axe-core is content with each, at every size."""
    vendor = Vendor(tmp_path)
    vendor.clock.advance(timedelta(days=2))
    day = (vendor.clock.now() - timedelta(days=vendor.clock.now().weekday() + 3)).date()
    week = "{}-W{:02d}".format(*day.isocalendar()[:2])
    numbers = {
        f"features_used/{name}": times
        for name, times in {
            "search": 9.0,
            "dashboard": 6.0,
            "alert rule": 3.0,
            "report": 2.0,
            "export": 1.0,
        }.items()
    }
    write_reports(
        vendor.data / "lake" / "reports",
        [installation(numbers, day=day.isoformat(), week=week) for _ in range(900)],
    )
    with _serve(vendor) as server, visitor(chromium, server.base_url) as page:
        server.wait_until_ready()
        ada = At(vendor, page, "ada.example", "staff.analyst")
        ada.accept()
        ada.sign_in()
        page.goto("/console/reports")
        page.get_by_role("link", name="Feature popularity").click()
        page.get_by_role("button", name="Run it now").click()
        page.get_by_role("table").first.wait_for()
        inspect(page, "console report")
        page.get_by_text("Note a change").click()
        page.get_by_label("What changes, and what the report showed").fill("Search opens first.")
        page.get_by_role("button", name="Note it").click()
        expect(page.get_by_role("status")).to_contain_text("It was noted", use_inner_text=True)
        page.goto("/console/reports")
        inspect(page, "console reports")
        page.goto("/changes")
        inspect(page, "product changes")
        expect(page.get_by_text("Search opens first.")).to_be_visible()
