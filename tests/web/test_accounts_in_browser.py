"""Accounts in a real browser: from opening one to closing it, with a passkey, with and without script."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clauses.mailbox import link_in, mail_to
from tests.clauses.vendor import OLD_ENOUGH, Vendor
from tests.support.browser import screenshots, violations, visitor
from tests.support.process import Serving, free_port

pytestmark = pytest.mark.slow
ANN = "ann@example.com"
PHRASE = "correct horse battery staple"


@contextmanager
def _open(vendor: Vendor) -> Iterator[Serving]:
    """The vendor's service at an address that browsers take for secure (Secure Contexts, section 3.1)."""
    port = free_port()
    settings = vendor.data / "troth.toml"
    text = settings.read_text(encoding="utf-8")
    public = f"http://localhost:{port}"
    settings.write_text(text.replace("http://127.0.0.1:8080", public), encoding="utf-8")
    with Serving(vendor.program, port) as server:
        server.wait_until_ready()
        server.base_url = public
        yield server


def _account(vendor: Vendor, page: Page, server: Serving) -> None:
    """Ask for an account over the API, and confirm it in the browser."""
    with server.client() as client:
        told = client.get("/v1/collect/account").json()["notice"]["name"]
        body = {"channel": "web", "notice": told, "values": {"email": ANN, "name": "Ann"}, "age": OLD_ENOUGH}
        assert client.post("/collect/account", json=body).status_code == 202
    page.goto(link_in(mail_to(vendor, ANN)))
    _look(page, "account confirm")
    page.get_by_role("button", name="Yes, confirm it").click()
    page.wait_for_url("**/account?new=yes")


def _look(page: Page, name: str) -> None:
    assert violations(page) == []
    screenshots(page, name)


def test_account_with_a_passkey(tmp_path: Path, chromium: Browser) -> None:
    """Opened from the mailbox, given a passkey, signed out, signed in by the passkey, and closed."""
    vendor = Vendor(tmp_path)
    with _open(vendor) as server, visitor(chromium, server.base_url) as page:
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        key = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
        }
        added = devices.send(
            "WebAuthn.addVirtualAuthenticator",
            {"options": {**key, "isUserVerified": True, "automaticPresenceSimulation": True}},
        )
        _account(vendor, page, server)
        _look(page, "account new")
        page.get_by_label("Name of the new passkey").fill("Laptop")
        page.get_by_role("button", name="Add a passkey").click()
        page.wait_for_url("**/account?saved=yes")
        expect(page.get_by_text("Laptop passkey, added on")).to_be_visible()
        _look(page, "account with passkey")
        page.get_by_role("button", name="Sign out here").click()
        page.wait_for_url("**/account/sign-in")
        _look(page, "account sign-in")
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url("**/account")
        held = devices.send("WebAuthn.getCredentials", {"authenticatorId": added["authenticatorId"]})
        assert [one["signCount"] > 1 for one in held["credentials"]] == [True]
        page.get_by_role("link", name="Close the account").click()
        _look(page, "account close")
        page.get_by_role("button", name="Close it and erase it").click()
        page.wait_for_url("**/account/closed?*")
        _look(page, "account closed")
        page.goto("/account/sign-in")
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("alert").wait_for()
        _look(page, "account sign-in refused")


def test_account_from_the_form_to_the_end(tmp_path: Path, chromium: Browser) -> None:
    """Opened by the form, confirmed, edited, moved to another address, seen and ended elsewhere, and closed."""
    vendor, new = Vendor(tmp_path), "ann@example.org"
    with _open(vendor) as server, visitor(chromium, server.base_url) as page:
        page.goto("/account/sign-up")
        assert "/forms/account" in page.url
        page.get_by_label("Month").fill(str(OLD_ENOUGH["month"]))
        page.get_by_label("Year").fill(str(OLD_ENOUGH["year"]))
        _look(page, "account age")
        page.locator("main form button").first.click()
        page.get_by_label("E-mail address").fill(ANN)
        _look(page, "account form")
        page.get_by_role("button", name="Create the account").click()
        page.wait_for_url("**/thanks?*")
        _look(page, "account thanks")
        page.goto(link_in(mail_to(vendor, ANN)))
        page.get_by_role("button", name="Yes, confirm it").click()
        page.get_by_label("Company").fill("Example")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/account?saved=yes")
        expect(page.get_by_label("Company")).to_have_value("Example")
        page.get_by_label("Password", exact=True).fill(PHRASE)
        page.get_by_role("button", name="Set a password").click()
        page.wait_for_url("**/account?saved=yes")
        with visitor(chromium, server.base_url, extra_http_headers={"Sec-GPC": "1"}) as other:
            other.goto("/account/sign-in")
            other.locator("#email").fill(ANN)
            other.get_by_label("Password").fill(PHRASE)
            other.get_by_role("button", name="Sign in", exact=True).click()
            other.wait_for_url("**/account")
            expect(other.get_by_text("Your browser says no by itself")).to_be_visible()
            _look(other, "account signal")
            page.goto("/account")
            _look(page, "account sessions")
            page.get_by_role("button", name="End it").click()
            other.goto("/account")
            assert "/account/sign-in" in other.url
        page.get_by_label("New e-mail address").fill(new)
        page.get_by_role("button", name="Write to it").click()
        page.wait_for_url("**/account?asked=yes")
        _look(page, "account asked")
        page.goto(link_in(mail_to(vendor, new)))
        _look(page, "account new address confirm")
        page.get_by_role("button", name="Yes, confirm it").click()
        page.wait_for_url("**/account?moved=yes")
        assert mail_to(vendor, ANN, 2)["Subject"] == "Your mail address was changed"
        page.get_by_role("link", name="Close the account").click()
        page.get_by_role("button", name="Close it and erase it").click()
        page.get_by_text("for the last time").wait_for()
        _look(page, "account closed told")


def test_account_without_script(tmp_path: Path, chromium: Browser) -> None:
    """Without script everything but the passkeys is there: a password, the profile, a link."""
    vendor = Vendor(tmp_path)
    with _open(vendor) as server, visitor(chromium, server.base_url) as helper:
        with visitor(chromium, server.base_url, script=False) as page:
            with server.client() as client:
                told = client.get("/v1/collect/account").json()["notice"]["name"]
                body = {"channel": "web", "notice": told, "values": {"email": ANN}, "age": OLD_ENOUGH}
                client.post("/collect/account", json=body)
            page.goto(link_in(mail_to(vendor, ANN)))
            page.get_by_role("button", name="Yes, confirm it").click()
            expect(page.get_by_role("button", name="Add a passkey")).not_to_be_visible()
            page.get_by_label("Password", exact=True).fill(PHRASE)
            page.get_by_role("button", name="Set a password").click()
            page.get_by_label("Company").fill("Example")
            page.get_by_role("button", name="Save").click()
            expect(page.get_by_label("Company")).to_have_value("Example")
            page.get_by_role("button", name="Sign out everywhere").click()
            page.locator("#email").fill(ANN)
            page.get_by_label("Password").fill("wrong" * 4)
            page.get_by_role("button", name="Sign in", exact=True).click()
            expect(page.get_by_role("alert")).to_be_visible()
            assert page.locator("#email").input_value() == ANN
            page.get_by_label("Password").fill(PHRASE)
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.goto("/account/sign-in")
            page.locator("#link-email").fill(ANN)
            page.get_by_role("button", name="Send me a link").click()
            link = link_in(mail_to(vendor, ANN, 2))
        helper.goto("/account/sent")
        _look(helper, "account sent")
        helper.goto(link)
        _look(helper, "account link")
        helper.get_by_role("button", name="Sign in now").click()
        helper.wait_for_url("**/account")
