"""Letters and calls at the console in a real browser: a batch that is handed over, a letter that came back, a list that is open."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.clauses.test_II_20 import CALLS, LETTERS, SCRIPT, TEXT
from tests.clauses.vendor import SUPPORT, Site, Vendor
from tests.support.browser import inspect, visitor
from tests.web.test_console_in_browser import At, _serve

pytestmark = pytest.mark.slow


def _batch(vendor: Vendor, site: Site) -> str:
    """The desk makes a batch of a letter about a ticket, and has the person called; gives the case."""
    assert site.buy("OR-1").status_code == 201
    key = vendor.key("staff.support", SUPPORT, LETTERS, CALLS, cases=("ticket",))
    case, _ = site.open_case(key, "ticket", SUPPORT, "ann@example.com")
    text, file = vendor.data.parent / "letter.md", vendor.data.parent / "desk.key"
    text.write_text(TEXT, encoding="utf-8")
    file.write_text(key, encoding="ascii")
    script = vendor.data.parent / "script.md"
    script.write_text(SCRIPT, encoding="utf-8")
    vendor.json("calls", "open", case, "--text", script, "--purpose", CALLS, "--key-file", file)
    _made(vendor, case)
    return case


def _made(vendor: Vendor, case: str) -> str:
    """Make what waits under the case; gives the batch's id."""
    text, file = vendor.data.parent / "letter.md", vendor.data.parent / "desk.key"
    made = vendor.json("letters", "batch", case, "--text", text, "--purpose", LETTERS, "--key-file", file)
    return str(made["batch"])


def test_the_desk_follows_its_letters(tmp_path: Path, chromium: Browser) -> None:
    """By keyboard and by form alone, and axe-core is content with each page, at every size."""
    vendor = Vendor(tmp_path)
    with _serve(vendor) as server, visitor(chromium, server.base_url) as page:
        server.wait_until_ready()
        sam = At(vendor, page, "sam.example", "staff.support")
        sam.accept()
        sam.sign_in()
        page.get_by_role("link", name="Letters sent").click()
        inspect(page, "console letters empty")
        case = _batch(vendor, Site(server, vendor))
        page.reload()
        page.get_by_role("table").get_by_role("link", name="2026").click()
        inspect(page, "console letter batch")
        page.get_by_role("link", name="Throw it away").click()
        inspect(page, "console letter discard")
        page.get_by_role("button", name="Throw it away").click()
        page.get_by_text("Thrown away", exact=True).first.wait_for()
        assert vendor.json("letters", "list")["batches"][0]["state"] == "discarded"
        inspect(page, "console letter batch thrown away")
        batch = _made(vendor, case)
        page.goto(f"/console/letters/{batch}")
        page.get_by_label("The print house has the file").check()
        page.get_by_role("button", name="Note it as delivered").click()
        page.get_by_text("Handed over", exact=True).first.wait_for()
        assert vendor.json("letters", "list")["batches"][0]["state"] == "delivered"
        page.get_by_label("Our reference").fill(batch)
        page.get_by_role("button", name="Note that they came back").click()
        expect(page.get_by_role("alert")).to_contain_text("has the reference", use_inner_text=True)
        inspect(page, "console letters")
        page.get_by_role("link", name="Call lists").click()
        expect(page.get_by_role("table")).to_contain_text("Example Call Centre Ltd.", use_inner_text=True)
        inspect(page, "console call lists")
