"""Clause I.3: to personalise, to provide and to improve are three purposes, and two of them can be refused."""

import pytest

from tests.clauses.vendor import REGISTER, RIGHTS, Vendor
from tests.clauses.visiting import ANALYTICS, CONTENT, Links, visiting

CHOICE = "essential.service.choice"
IMPROVE = "functional.service.improve"


@pytest.mark.clause("I.3")
def test_each_of_the_three_stands_alone(vendor: Vendor) -> None:
    """Objecting to personalisation or to improvement denies just that use; providing the service goes on."""
    keys = {purpose: vendor.key("service.web", purpose) for purpose in (CONTENT, REGISTER)}
    analytics = vendor.key("service.analytics", IMPROVE, cases=("study",))
    privacy = vendor.key("staff.privacy", RIGHTS, CHOICE, cases=("request",))
    analyst = vendor.key("staff.analyst", IMPROVE, cases=("study",))
    with vendor.open() as site:
        assert site.register(1).status_code == 201
        case, who = site.open_case(privacy, "request", RIGHTS, "person1@example.com")
        study, _ = site.open_case(analyst, "study", IMPROVE, "person1@example.com")
        read = {"person": who, "fields": ["product"]}

        def uses() -> tuple[int, int, int]:
            return (
                site.act(keys[CONTENT], "use", CONTENT, **read).status_code,
                site.act(keys[REGISTER], "use", REGISTER, **read).status_code,
                site.act(analytics, "analyse", IMPROVE, case=study, **read).status_code,
            )

        def order(name: str, purpose: str) -> None:
            given = {"order": name, "about": purpose, "stance": "objected", "person": who, "case": case}
            assert site.act(privacy, "instruct", CHOICE, **given).is_success

        assert uses() == (200, 200, 200)
        order("record-stance", CONTENT)
        assert uses() == (403, 200, 200)
        order("record-stance", IMPROVE)
        assert uses() == (403, 200, 403)
        order("withdraw-stance", CONTENT)
        assert uses() == (200, 200, 403)


@pytest.mark.clause("I.3")
def test_who_refuses_personalisation_sees_the_general_pages(vendor: Vendor) -> None:
    """A visitor who switched it off gets every page and form as before, and statistics stay as they were chosen."""
    with vendor.open() as site, visiting(site) as browser:
        browser.choose("save", ANALYTICS)
        assert browser.allowed() == {ANALYTICS}
        pages = {path: browser.get(path) for path in ("/", "/policy", "/choice", "/parents", "/security")}
        assert all(page.status_code == 200 for page in pages.values())
        with visiting(site) as other:
            for path in ("/", "/parents", "/security"):
                assert Links(other.get(path).text).hrefs == Links(pages[path].text).hrefs
        assert site.register(1).status_code == 201
