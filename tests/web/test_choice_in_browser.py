"""Choices in real browsers: before and after, refusing, accepting, changing, with script and without, and with a signal."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import cookies, screenshots, violations, visitor
from tests.support.clients import script
from tests.support.process import Serving, Troth
from troth.choice import choice_cookie
from troth.policy import compile_policy

POLICY = compile_policy(
    (Path(__file__).resolve().parents[2] / "policies/software-vendor/policy.md").read_bytes()
)
CHOICE = choice_cookie(POLICY)
COMPANY_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page of the company</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><script src="/choice.js" defer></script></head>
<body><main><h1>Our products</h1><p>They watch over networks.</p></main>
<footer><a href="/choice" data-troth-choices>Your choices</a></footer></body></html>"""

pytestmark = pytest.mark.slow


def _allowed(page: Page) -> list[str]:
    """What the site allows this browser; asked beside the page, whose content policy lets no script fetch."""
    state = page.context.request.get("/v1/choice").json()
    return [one["purpose"] for one in state["purposes"] if one["allowed"]]


def _same_size(*buttons: Locator) -> None:
    """All are of one width and height, to the pixel."""
    boxes = [one.bounding_box() for one in buttons]
    assert len({(round(box["width"]), round(box["height"])) for box in boxes if box}) == 1
    assert all(boxes)


def _open_company_page(page: Page, server: Serving) -> None:
    page.route(
        f"{server.base_url}/company",
        lambda route: route.fulfill(body=COMPANY_PAGE, content_type="text/html; charset=utf-8"),
    )
    page.goto("/company")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_choosing_on_the_page(script: bool, troth_program: Troth, chromium: Browser) -> None:  # noqa: FBT001  a parameter of the test
    """Nothing is set before the choice; refusing, allowing one and changing each take one form, with script or without."""
    troth_program.init()
    with troth_program.serving() as server, visitor(chromium, server.base_url, script=script) as page:
        page.goto("/choice")
        assert cookies(page.context) == {}
        refuse, allow = (page.get_by_role("button", name=name) for name in ("Refuse all", "Allow all"))
        _same_size(refuse, allow)
        refuse.click()
        expect(page.get_by_role("status")).to_be_visible()
        assert cookies(page.context)[CHOICE].endswith("..")
        page.get_by_label("Usage statistics").check(force=True)
        page.get_by_role("button", name="Save these choices").click()
        expect(page.get_by_label("Usage statistics")).to_be_checked()
        expect(page.get_by_label("Customised content")).not_to_be_checked()
        assert set(cookies(page.context)) == {CHOICE}
        page.goto("/policy")
        page.get_by_role("link", name="Your choices").click()
        page.get_by_role("button", name="Refuse all").click()
        expect(page.get_by_label("Usage statistics")).not_to_be_checked()
        if script:
            assert violations(page) == []
            screenshots(page, "choice saved")


def test_the_page_by_keyboard(troth_program: Troth, chromium: Browser) -> None:
    """The switches and buttons are reached and used by keyboard alone, and the focus can be seen."""
    troth_program.init()
    with troth_program.serving() as server, visitor(chromium, server.base_url) as page:
        page.goto("/choice")
        first = page.get_by_label("Usage statistics")
        first.focus()
        outline = page.evaluate(
            "getComputedStyle(document.querySelector('.switch input:focus + .track')).outlineStyle"
        )
        assert outline in {"solid", "none"}
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/choice?saved=yes")
        expect(page.get_by_label("Usage statistics")).to_be_checked()


@pytest.mark.parametrize("answer", ["Refuse all", "Allow all"])
def test_the_banner_on_a_page_of_the_company(answer: str, troth_program: Troth, chromium: Browser) -> None:
    """It asks once, with two answers of one size; it does not come again, and can be opened again to change the answer."""
    troth_program.init()
    with troth_program.serving() as server, visitor(chromium, server.base_url) as page:
        _open_company_page(page, server)
        banner = page.get_by_role("region", name="May we?")
        banner.wait_for()
        assert cookies(page.context) == {}
        _same_size(*(banner.get_by_role("button", name=name) for name in ("Refuse all", "Allow all")))
        assert violations(page) == []
        screenshots(page, f"banner {answer}")
        banner.get_by_role("button", name=answer).click()
        banner.wait_for(state="detached")
        assert bool(_allowed(page)) == (answer == "Allow all")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        page.get_by_role("link", name="Your choices").wait_for()
        assert not any("/choice/banner" in url for url in asked)
        page.get_by_role("link", name="Your choices").click()
        banner.wait_for()
        banner.get_by_role("button", name="Refuse all").click()
        banner.wait_for(state="detached")
        assert _allowed(page) == []


def test_the_banner_stays_away_where_the_browser_says_no(troth_program: Troth, chromium: Browser) -> None:
    """With the signal nobody is asked; the page says that it is honoured, and a knowing tick overrules it for one purpose."""
    troth_program.init()
    signal = {"Sec-GPC": "1"}
    with (
        troth_program.serving() as server,
        visitor(chromium, server.base_url, extra_http_headers=signal) as page,
    ):
        _open_company_page(page, server)
        page.wait_for_load_state("networkidle")
        expect(page.get_by_role("region", name="May we?")).to_have_count(0)
        page.goto("/choice")
        expect(page.get_by_text("Your browser has said no for you")).to_be_visible()
        page.get_by_role("button", name="Allow all").click()
        assert _allowed(page) == []
        page.get_by_label("I know that my browser says no. Allow usage statistics all the same.").check()
        page.get_by_role("button", name="Save these choices").click()
        assert _allowed(page) == ["analytics.reporting.site_usage"]
        assert violations(page) == []
        screenshots(page, "choice knowingly")


def test_firefox_sends_the_signal_and_it_is_honoured(troth_program: Troth, tmp_path: Path) -> None:
    """Debian's Firefox with Global Privacy Control on: what it sends is seen, honoured and shown."""
    program = script("firefox_gpc.mjs", tmp_path / "client")
    troth_program.init()
    with troth_program.serving() as server:
        shot = tmp_path / "firefox.png"
        result = subprocess.run(
            ["node", program, server.base_url, shot],
            env={**os.environ, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    assert seen["navigator"] is True
    assert seen["before"] == {"made": False, "signal": "gpc", "allowed": []}
    assert seen["afterAllowAll"] == {"made": True, "signal": "gpc", "allowed": []}
    assert "Global Privacy Control, and we honour it" in " ".join(seen["text"].split())
    assert seen["cookies"] == [CHOICE]
    assert seen["withoutSignal"]["signal"] == ""
    assert seen["withoutSignal"]["made"] is False
