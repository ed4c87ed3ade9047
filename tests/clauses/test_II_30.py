"""A place for postings."""

import pytest
from playwright.sync_api import Browser, expect

from tests.clauses.posting import Poster, session
from tests.clauses.vendor import Vendor
from tests.forum.payloads import PAYLOADS
from tests.support.browser import screenshots, violations, visitor


@pytest.mark.clause("II.30")
@pytest.mark.slow
def test_nothing_posted_runs_in_a_reader_s_browser(vendor: Vendor, chromium: Browser) -> None:
    """Each known attack is posted and read in Chromium: no dialog, no script, no request to anywhere else."""
    with vendor.open() as site:
        poster = Poster(site, session(vendor, site, 1))
        paths = ["/forum", *(poster.post(f"{payload}\n\nafter") for payload in PAYLOADS)]
        with visitor(chromium, site.server.base_url) as page:
            seen: list[str] = []
            page.on("dialog", lambda dialog: seen.append(dialog.type))  # it stays open: all else would fail
            page.on("request", lambda request: seen.append(request.url))
            for path in [*paths, "/forum"]:
                seen.clear()
                page.goto(path)
                assert all(url.startswith(f"{site.server.base_url}/") for url in seen), seen
                assert {url.removeprefix(site.server.base_url).partition("?")[0] for url in seen} <= {
                    path, "/static/style.css", "/static/icon.svg",
                }  # fmt: skip
                inside = "main script, main img, main iframe, main svg, main form, main style, main [onerror], main [onclick]"
                assert page.locator(inside).count() == 0
                for link in page.locator(".posting a[href]").all():
                    assert str(link.get_attribute("href")).startswith("/exit?")


@pytest.mark.clause("II.30")
def test_author_edits_and_deletes_own_posting(vendor: Vendor) -> None:
    """The author changes and removes a posting; nobody else does, and removing says what may survive elsewhere."""
    with vendor.open() as site:
        ann, ben = (Poster(site, session(vendor, site, number)) for number in (1, 2))
        path = ann.post("The first words")
        assert ben.send(f"{path}/edit", do="preview", text="Not mine").status_code == 403
        assert ben.send(f"{path}/delete").status_code == 403
        assert ann.publish("Better words", path=f"{path}/edit").status_code == 303
        shown = site.request("GET", path).text
        assert "Better words" in shown
        assert "The first words" not in shown
        assert "may survive elsewhere" in ann.get(f"{path}/delete").text
        assert ann.send(f"{path}/delete").status_code == 303
        assert site.request("GET", path).status_code == 404
        assert "Better words" not in site.request("GET", "/forum").text


@pytest.mark.clause("II.30")
@pytest.mark.slow
@pytest.mark.parametrize("script", [True, False])
def test_forum_is_used_in_a_browser(vendor: Vendor, chromium: Browser, *, script: bool) -> None:
    """Write, preview, acknowledge, publish, edit, delete: accessible at each step, at 320 pixels, with and without script."""
    text = "Our sensor **sees** both networks.\n\n- one\n- two\n\n> Ask zoe@example.org, or call +1 650 253 0000."
    with vendor.open() as site, visitor(chromium, site.server.base_url, script=script) as page:
        key = session(vendor, site, 1)
        page.context.add_cookies([{"name": Poster.cookie(site), "value": key, "url": site.server.base_url}])

        def look(name: str) -> None:
            if script:
                assert violations(page) == []
                screenshots(page, f"forum {name}")

        page.goto("/forum")
        look("empty")
        page.get_by_role("link", name="Write a posting").click()
        look("new")
        page.get_by_label("Name that everybody sees").fill("sensor-fan")
        page.get_by_label("Your text").fill(text)
        page.get_by_role("button", name="Preview").click()
        look("preview")
        page.get_by_role("button", name="Publish").click()
        expect(page.get_by_role("alert")).to_contain_text("not confirmed", use_inner_text=True)
        look("not confirmed")
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Publish").click()
        expect(page.get_by_role("status")).to_contain_text("Published", use_inner_text=True)
        look("posting")
        page.goto("/forum")
        look("list")
        page.get_by_role("link", name="Our sensor").click()
        page.get_by_role("link", name="Edit").click()
        page.get_by_role("button", name="Preview").click()
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Publish the change").click()
        page.get_by_role("link", name="Delete").click()
        look("delete")
        page.get_by_role("button", name="Delete it").click()
        expect(page.get_by_role("status")).to_contain_text("may survive elsewhere", use_inner_text=True)
        assert "Our sensor" not in page.content()
