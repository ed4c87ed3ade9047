"""The choice banner on the vendor's site: in its colours, and never over what has the focus."""

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import NARROW, WIDE, screenshots, violations, visitor
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
_COVERED = """() => {
  const one = document.activeElement, banner = document.querySelector(".troth-banner");
  if (!one || one === document.body || banner.contains(one)) return "";
  const box = one.getBoundingClientRect(), parts = [0.02, 0.5, 0.98];
  const seen = parts.flatMap((x) => parts.map((y) =>
    document.elementFromPoint(box.left + x * box.width, box.top + y * box.height)));
  return seen.every((found) => !found || banner.contains(found)) ? one.outerHTML.slice(0, 120) : "";
}"""
_PLACE = "document.activeElement === document.body ? '' : document.activeElement.outerHTML"


def _open(page: Page, path: str) -> None:
    page.goto(path)
    page.get_by_role("region", name="May we?").wait_for()
    # Not wait_for_function: it evaluates text in the page, which the page's own CSP forbids.
    styled = "getComputedStyle(document.querySelector('.troth-banner')).borderTopStyle === 'solid' || innerWidth < 700"
    wait_until(lambda: bool(page.evaluate(styled)), "the banner has its style")


@pytest.mark.parametrize("size", [NARROW, WIDE, {"width": 640, "height": 300}], ids=["narrow", "wide", "low"])
@pytest.mark.parametrize("path", ["/", "/newsletter"])
def test_nothing_that_has_the_focus_is_hidden(
    site: str, chromium: Browser, path: str, size: dict[str, int]
) -> None:
    """By keyboard through the whole page and back with the banner open: each control can be seen (WCAG 2.2, 2.4.11)."""
    with visitor(chromium, site, viewport=size) as page:
        _open(page, path)
        for key in ("Tab", "Shift+Tab"):
            seen: list[str] = []
            while len(seen) < 80:
                page.keyboard.press(key)
                place = page.evaluate(_PLACE)
                if not place:
                    break
                assert page.evaluate(_COVERED) == ""
                seen.append(place)
            assert len(seen) > 10


def test_the_banner_is_in_the_colours_of_the_site(site: str, chromium: Browser) -> None:
    """Buttons in the site's accent, light and dark; nothing for axe-core to find."""
    with visitor(chromium, site) as page:
        _open(page, "/products")
        for scheme, accent in (("light", "rgb(43, 63, 174)"), ("dark", "rgb(154, 168, 255)")):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            colour = page.evaluate(
                "getComputedStyle(document.querySelector('.troth-banner button')).backgroundColor"
            )
            assert colour == accent
            assert violations(page) == []
        screenshots(page, "vendor banner")


def test_the_way_to_the_choices_leads_to_the_banner(site: str, chromium: Browser) -> None:
    """Asked for from the foot of a page, it has the focus; refused, it is gone and frees the page."""
    with visitor(chromium, site, viewport=NARROW) as page:
        _open(page, "/products")
        page.get_by_role("link", name="Your choices").click()
        banner = page.get_by_role("region", name="May we?")
        page.locator(".troth-banner:focus").wait_for()
        banner.get_by_role("button", name="Refuse all").click()
        banner.wait_for(state="detached")
        page.get_by_role("link", name="Your choices").click()
        banner.wait_for()
        page.locator(".troth-banner:focus").wait_for()
        assert page.evaluate("getComputedStyle(document.body).paddingBottom") == "0px"
