"""The desk in a real browser: an order from the queue to the carrier, and a ticket found, read, answered and closed, by keyboard."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clauses.vendor import Site, Vendor
from tests.support.browser import inspect, visitor
from tests.web.test_console_in_browser import At, _serve

pytestmark = pytest.mark.slow


def test_a_clerk_and_a_supporter_at_work(tmp_path: Path, chromium: Browser) -> None:
    """j, k and o go through the list while it has the focus; axe-core is content with queue, case and label, at every size."""
    vendor = Vendor(tmp_path)
    with _serve(vendor) as server, visitor(chromium, server.base_url) as page:
        server.wait_until_ready()
        site = Site(server, vendor)
        for number in (1, 2, 3):
            assert site.buy(f"OR-{number}").is_success
            assert site.write_in(number).is_success
        sam = At(vendor, page, "sam.example", "staff.fulfilment")
        sam.accept()
        sam.sign_in()
        page.goto("/console/cases")
        inspect(page, "console cases")
        page.locator("#cases").focus()
        for key in ("j", "j", "k", "j"):
            page.keyboard.press(key)
        second = page.locator("#cases th a").nth(1)
        expect(second).to_be_focused()
        second_number = second.inner_text()
        page.keyboard.press("o")
        expect(page.get_by_role("heading", level=1)).to_contain_text(second_number)
        page.get_by_role("button", name="Read it").click()
        expect(page.get_by_text("1 Example Way")).to_be_visible()
        inspect(page, "console order")
        page.get_by_role("button", name="It is packed").click()
        page.get_by_label("Parcel number").fill("1Z-0001")
        page.get_by_role("button", name="It is shipped").click()
        expect(page.get_by_role("heading", name="For Example Parcels, Inc.")).to_be_visible()
        inspect(page, "console label")
        page.get_by_role("button", name="Sign out").click()
        sue = At(vendor, page, "sue.example", "staff.support")
        sue.accept()
        sue.sign_in()
        _find_and_take(page)
        _answer_and_close(page)


def _find_and_take(page: Page) -> None:
    """The list leads to the search; what is not found is said so; a ticket of nobody is not read before it is taken."""
    page.goto("/console/cases")
    page.locator("#cases").focus()
    page.keyboard.press("j")
    first = page.locator("#cases th a").first.inner_text()
    page.keyboard.press("/")
    search = page.get_by_label("Number of the case")
    expect(search).to_be_focused()
    page.keyboard.type("Q-0000-0000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No case has this number")).to_be_visible()
    expect(search).to_have_value("Q-0000-0000")
    inspect(page, "console case not found")
    search.fill(first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(first)
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("Not shown to you")).to_be_visible()
    inspect(page, "console ticket of nobody")
    page.get_by_role("button", name="Take it").click()


def _answer_and_close(page: Page) -> None:
    """The ticket is read, answered and closed, and then no more read."""
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("The sensor does not start.")).to_be_visible()
    inspect(page, "console ticket")
    page.get_by_label("Your answer").fill("Hold the button for ten seconds.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("Hold the button for ten seconds.")).to_be_visible()
    inspect(page, "console ticket answered")
    page.get_by_text("Close it", exact=True).first.click()
    page.get_by_label("Because").select_option(index=0)
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_role("button", name="Open it again")).to_be_visible()
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("Not shown to you")).to_be_visible()
    assert "The sensor does not start." not in page.content()
    inspect(page, "console ticket closed")


def test_a_file_sent_by_form_is_found_by_serial_number(tmp_path: Path, chromium: Browser) -> None:
    """Somebody attaches a file at the form; by keyboard alone support finds the ticket by its product's serial number and saves the file."""
    vendor, file = Vendor(tmp_path), tmp_path / "log of the sensor.txt"
    file.write_bytes(b"zq-canary-log: it hums\n")
    with _serve(vendor) as server, visitor(chromium, server.base_url) as page:
        server.wait_until_ready()
        site = Site(server, vendor)
        for number in (1, 2):
            assert site.register(number).is_success
        assert site.write_in(2, serial="SN-0002").is_success
        _write_with_file(page, file)
        sue = At(vendor, page, "sue.example", "staff.support")
        sue.accept()
        sue.sign_in()
        page.goto("/console/cases")
        _find_by_serial(page)
        _read_and_save(page, file)


def _access(page: Page, key: str) -> None:
    """Press an access key, Alt and a letter: Chromium knows it by the letter, which Playwright leaves out where Alt is held."""
    devices = page.context.new_cdp_session(page)
    devices.send(
        "Input.dispatchKeyEvent",
        {"type": "char", "modifiers": 1, "key": key, "text": key, "unmodifiedText": key},
    )
    devices.detach()


def _write_with_file(page: Page, file: Path) -> None:
    """The public form, age screen first; the file that was chosen stands in it."""
    page.goto("/forms/support-contact")
    page.get_by_label("Month of birth").fill("April")
    page.get_by_label("Year of birth").fill("1970")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("E-mail").fill("person1@example.com")
    page.locator("[name=ticket_text]").fill("It hums. The log is with it.")
    page.get_by_label("Serial number").fill("SN-0001")
    page.locator("[name=ticket_file]").set_input_files(file)
    inspect(page, "support form with file")
    page.get_by_role("button", name="Send the question").click()
    expect(page.get_by_text("We answer within 2 business days")).to_be_visible()


def _find_by_serial(page: Page) -> None:
    """The access key leads to the search; a part of the number finds nothing, the whole one this ticket and not the other."""
    search = page.get_by_label("Number of the case")
    for typed in ("SN-000", "SN-0001"):
        _access(page, "s")
        expect(search).to_be_focused()
        page.keyboard.press("Control+a")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.get_by_text("No case has this number")).to_be_visible(visible=typed != "SN-0001")
    inspect(page, "console found by serial number")


def _read_and_save(page: Page, file: Path) -> None:
    """Taken and read by access keys; the file comes as a file with the name and the bytes that were sent, and no page shows it."""
    _access(page, "t")
    expect(page.get_by_role("status")).to_be_visible()
    _access(page, "r")
    expect(page.get_by_text("It hums. The log is with it.")).to_be_visible()
    inspect(page, "console ticket with file")
    assert "zq-canary-log" not in page.content()
    save = page.get_by_role("button", name="Save the file")
    save.focus()
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename == file.name
    assert saved.value.path().read_bytes() == file.read_bytes()
