"""Clause I.14: what a cookie is; the list is the registry, and nothing outside it reaches a browser."""

import pytest

from tests.clauses.vendor import Vendor
from tests.clauses.visiting import POLICY, Links, company_site, cookie_that, visiting
from troth.choice import longest_life
from troth.policy import Cookie, Pixel, Storage


@pytest.mark.clause("I.14")
def test_the_list_is_the_registry(vendor: Vendor) -> None:
    """Each declared cookie, storage entry and pixel stands on the page with its use and lifetime."""
    with vendor.open() as site, visiting(site) as browser:
        text = Links(browser.get("/cookies").text).text
    kept: tuple[Cookie | Storage, ...] = (*POLICY.of(Cookie), *POLICY.of(Storage))
    for one in kept:
        assert one.wire_name in text
        assert one.title in text
        assert one.lifetime in text
    for pixel in POLICY.of(Pixel):
        assert pixel.path in text
        assert pixel.title in text


@pytest.mark.slow
@pytest.mark.clause("I.14")
def test_a_rogue_cookie_is_absent(vendor: Vendor) -> None:
    """A site behind the guard sets an undeclared cookie, and ones that live too long: the first is gone, the others cut."""
    with vendor.open() as site, company_site(vendor) as company, visiting(site) as browser:
        browser.choose("all")
        found = browser.cookies_from(company)
    assert set(found) == {one.wire_name for one in POLICY.of(Cookie)}
    for one in POLICY.of(Cookie):
        life = longest_life(one.lifetime)
        assert life is not None
        assert f"Max-Age={int(life.total_seconds())};" in found[one.wire_name]
        assert "SameSite=None" not in found[one.wire_name]
        assert ("HttpOnly" in found[one.wire_name]) == one.http_only
    log = (vendor.data.parent / "company.log").read_text(encoding="utf-8")
    assert "undeclared" in log
    assert "rogue" not in log


@pytest.mark.clause("I.14")
def test_the_choice_tells_nobody_apart(vendor: Vendor) -> None:
    """Two visitors who choose the same on one day carry the same cookie, and it expires."""
    name, values = cookie_that("choice").wire_name, set()
    with vendor.open() as site:
        for _ in range(2):
            with visiting(site) as browser:
                answer = browser.choose("all")
                (line,) = (one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{name}="))
                assert "Max-Age=" in line
                values.add(line)
    assert len(values) == 1
