"""The console in a real browser: an invitation, password and code, a request from the queue to its end, and a passkey."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pyotp import TOTP

from tests.clauses.vendor import Site, Vendor
from tests.support.browser import cookies, inspect, visitor
from tests.support.process import Serving, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
PASSWORD = "correct horse battery staple"


def _serve(vendor: Vendor) -> Serving:
    """The vendor's service at an address that browsers take for secure (Secure Contexts, section 3.1)."""
    port = free_port()
    settings = vendor.data / "troth.toml"
    text = settings.read_text(encoding="utf-8")
    public = f"http://localhost:{port}"
    settings.write_text(text.replace("http://127.0.0.1:8080", public), encoding="utf-8")
    server = Serving(vendor.program, port)
    server.base_url = public
    return server


class At:
    """Somebody at the console, with an authenticator."""

    def __init__(self, vendor: Vendor, page: Page, name: str, role: str) -> None:
        self.vendor, self.page, self.name = vendor, page, name
        file = vendor.data.parent / f"{name}.invitation"
        vendor.json("staff", "add", name, "--title", name.title(), "--role", role, "--out", file)
        assert file.stat().st_mode & 0o077 == 0
        self.invitation = file.read_text(encoding="utf-8").strip()
        self.shared = ""

    def code(self) -> str:
        """The next code, half a minute later."""
        self.vendor.clock.advance(timedelta(seconds=30))
        return str(TOTP(self.shared).at(self.vendor.clock.now()))

    def accept(self, look: str = "") -> None:
        """Use the invitation."""
        self.page.goto(self.invitation)
        self.shared = "".join(self.page.locator("code.shared").inner_text().split())
        if look:
            inspect(self.page, f"{look} invitation")
        self.page.get_by_label("The code that it shows now").fill(self.code())
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Set both").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("You are set up", use_inner_text=True)

    def sign_in(self) -> None:
        """By password and code."""
        self.page.goto("/console")
        self.page.get_by_label("Your name here").fill(self.name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("Code of your authenticator").fill(self.code())
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def confirm(self) -> None:
        """Show again who one is."""
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("Code of your authenticator").fill(self.code())
        self.page.get_by_role("button", name="Go on").click()


def _requests(site: Site) -> list[str]:
    numbers = []
    for kind, number in (("access", 1), ("erase", 2), ("erase", 3), ("correct", 4)):
        values = {
            "request_kind": kind,
            "request_text": f"Please do it. {kind}",
            "email": f"pia{number}@example.com",
        }
        answer = site.collect("privacy-request", values)
        assert answer.status_code == 201, answer.text
        numbers.append(str(answer.json()["number"]))
    return numbers


def test_a_request_is_worked_at_the_console(tmp_path: Path, chromium: Browser) -> None:
    """From the invitation to a request that was refused and one that was carried out, all by hand, all pages fit for all."""
    vendor = Vendor(tmp_path)
    with _serve(vendor) as server, visitor(chromium, server.base_url) as page:
        server.wait_until_ready()
        first, second, *_ = _requests(Site(server, vendor))
        ann = At(vendor, page, "ann.example", "staff.privacy")
        ann.accept("console")
        inspect(page, "console recovery codes")
        page.goto("/console")
        inspect(page, "console sign in")
        ann.sign_in()
        assert page.url.endswith("/console")
        inspect(page, "console queue")
        assert len(cookies(page.context)) == 1
        page.get_by_role("link", name=first).click()
        page.get_by_role("button", name="Take over").click()
        page.get_by_role("button", name="Read it").click()
        expect(page.get_by_text("Please do it. access")).to_be_visible()
        inspect(page, "console matter read")
        vendor.clock.advance(timedelta(minutes=11))
        page.goto(f"/console/matters/{first}")
        page.get_by_role("link", name="show again who you are").click()
        inspect(page, "console confirm")
        ann.confirm()
        page.get_by_text("Refuse it, or go on by hand").click()
        page.get_by_label("Bring it to").select_option("refused")
        page.get_by_role("button", name="Do it").click()
        expect(page.get_by_role("alert")).to_contain_text("without a reason", use_inner_text=True)
        inspect(page, "console matter with a fault")
        page.get_by_label("Bring it to").select_option("refused")
        page.get_by_label("Reason, told to the person").fill("it is about somebody else")
        page.get_by_role("button", name="Do it").click()
        expect(page.get_by_text("it is about somebody else").first).to_be_visible()
        page.goto(f"/console/matters/{second}")
        page.get_by_text("It is proven otherwise who asks").click()
        page.get_by_role("button", name="I answer for who asks").click()

        def ended() -> bool:
            page.goto(f"/console/matters/{second}")
            return page.locator(".facts dd").first.inner_text().startswith("Done")

        wait_until(ended, "the erasure is carried out by itself", 60)
        inspect(page, "console matter carried out")
        page.goto("/console")
        page.get_by_role("checkbox", name="Choose").first.check()
        page.get_by_role("button", name="Take over").click()
        expect(page.get_by_text("done", exact=True)).to_have_count(1)
        inspect(page, "console many at once")
        _late(Site(server, vendor), ann, page)


def _late(site: Site, ann: At, page: Page) -> None:
    """What is late stands on every page of the queue."""
    values = {"request_text": "You did not keep it.", "email": "pia@example.com"}
    assert site.collect("dispute", values).status_code == 201
    page.goto("/console/enter?point=privacy-request")
    inspect(page, "console call or letter")
    ann.vendor.clock.advance(timedelta(days=91))
    ann.sign_in()
    expect(page.locator(".overdue")).to_contain_text("past the due date", use_inner_text=True)
    inspect(page, "console queue with late ones")
    page.goto("/console?kind=object")
    expect(page.locator(".overdue")).to_contain_text("not in this view", use_inner_text=True)
    inspect(page, "console queue empty")


def test_a_passkey_and_an_access_review(tmp_path: Path, chromium: Browser) -> None:
    """Added after the sign-in, it signs in alone; then an auditor sees who can do what, and takes a right away."""
    vendor = Vendor(tmp_path)
    with _serve(vendor) as server, visitor(chromium, server.base_url) as page:
        server.wait_until_ready()
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        key = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
        }
        options = {**key, "isUserVerified": True, "automaticPresenceSimulation": True}
        added = devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        ada = At(vendor, page, "ada.example", "staff.auditor")
        At(vendor, page, "idle.example", "staff.support")
        ada.accept()
        ada.sign_in()
        page.wait_for_url("**/console/me")
        page.get_by_label("Name of the new passkey").fill("Laptop")
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_text("Laptop", exact=True).wait_for()
        inspect(page, "console you")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url("**/console/me")
        page.goto("/console/access")
        inspect(page, "console access")
        page.get_by_role("button", name="Shut out Idle.Example").click()
        expect(page.get_by_text("It was ended, at once.")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        devices.send(
            "WebAuthn.setUserVerified", {"authenticatorId": added["authenticatorId"], "isUserVerified": False}
        )
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_text("Your browser did not give a passkey").wait_for()
        assert vendor.json("staff", "list")["staff"][1]["disabled"]
