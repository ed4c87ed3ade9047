"""Clause II.28: links to other sites lead over a marked page, and tell the other site nothing."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from tests.clauses.vendor import CANARY, SUPPORT, Vendor
from tests.clauses.visiting import visiting
from tests.support.browser import screenshots, violations, visitor
from tests.support.links import exit_target


class OtherSite:
    """Somebody else's site, which notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        other = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                other.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!doctype html><title>Other</title><h1>Other site</h1>")

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()


@pytest.fixture
def other() -> Iterator[OtherSite]:
    """A second site on this machine."""
    site = OtherSite()
    yield site
    site.server.shutdown()
    site.thread.join()
    site.server.server_close()


@pytest.mark.clause("II.28")
def test_nobody_else_can_use_our_exit(vendor: Vendor) -> None:
    """An unsigned, altered or moved address answers 400 and leads nowhere; no personal parameter survives."""
    key = vendor.key("staff.support", SUPPORT)
    to = f"https://news.example/item?page=2&utm_source=us&visitor={CANARY}&mail={CANARY}%40example.com#t={CANARY}"
    with vendor.open() as site, visiting(site) as browser:
        refused = browser.client.get("/v1/exit-link", params={"to": to})
        assert refused.status_code == 401
        answer = browser.client.get(
            "/v1/exit-link", params={"to": to}, headers={"Authorization": f"Bearer {key}"}
        ).json()
        assert answer["to"] == "https://news.example/item?page=2"
        assert CANARY not in answer["href"]
        assert set(answer["removed"]) == {"utm_source", "visitor", "mail", "#"}
        assert browser.get(answer["href"]).status_code == 200
        _, signature = exit_target(answer["href"])
        for bad in (
            {"to": "https://evil.example/", "sig": signature},
            {"to": answer["to"] + "&x=1", "sig": signature},
            {"to": answer["to"], "sig": signature[:-2]},
            {"to": "https://evil.example/"},
            {"to": "javascript:alert(1)", "sig": signature},
        ):
            page = browser.client.get("/exit", params=bad)
            assert page.status_code == 400
            assert "location" not in page.headers
        rotated = vendor.json("links", "rotate")["key_id"]
        assert browser.get(answer["href"]).status_code == 200
        assert rotated != vendor.json("links", "rotate")["key_id"]
        assert browser.get(answer["href"]).status_code == 400


@pytest.mark.slow
@pytest.mark.clause("II.28")
def test_no_referrer_reaches_the_other_site(vendor: Vendor, other: OtherSite, chromium: Chromium) -> None:
    """A real browser goes over the exit page: the other site sees neither where it came from nor a cookie of ours."""
    key = vendor.key("staff.support", SUPPORT)
    with vendor.open() as site, visitor(chromium, site.server.base_url) as page:
        answer = site.server.client(key)
        with answer as client:
            made = client.get("/v1/exit-link", params={"to": f"{other.address}/page?page=2&ref={CANARY}"})
        page.goto("/choice")
        page.get_by_role("button", name="Allow all").click()
        page.goto(made.json()["href"])
        assert violations(page) == []
        screenshots(page, "exit")
        page.get_by_role("link", name="Go to 127.0.0.1").click()
        page.wait_for_url(f"{other.address}/**")
        expect(page.get_by_role("heading", name="Other site")).to_be_visible()
        assert page.evaluate("[document.referrer, String(window.opener)]") == ["", "null"]
    path, headers = other.asked[0]
    assert path == "/page?page=2"
    assert "referer" not in headers
    assert CANARY not in str(other.asked)
