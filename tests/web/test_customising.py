"""Customised content: only where it is allowed, explained, kept in the browser alone."""

import httpx

from tests.web.conftest import Web
from tests.web.forum import Author
from troth.choice import choice_cookie, choice_value

PERSONAL = "personalize.content"
STATISTICS = "analytics.reporting.site_usage"
SLOT = "/content/start-offer"
READING = "/products/sensor/install"


def _allow(web: Web, *purposes: str) -> str:
    policy = web.troth.policy()
    value = choice_value(policy, on=web.clock.now().date(), allowed=purposes)
    return f"{choice_cookie(policy)}={value}"


def _look(web: Web, cookies: str, times: int, **headers: str) -> httpx.Response:
    """Look at pages about sensors, as a browser that keeps its cookies."""
    taste = ""
    for _ in range(times):
        web.client.cookies.clear()
        answer = web.client.get(
            SLOT, params={"page": READING}, headers={"Cookie": "; ".join(filter(None, (cookies, taste))), "Accept": "application/json", **headers}
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        taste = answer.headers.get("set-cookie", "").partition(";")[0]
    web.client.cookies.clear()
    return answer


def test_allowed_visitor_sees_the_variant_and_why(web: Web) -> None:
    """At the third look; the cookie holds a count and a day, and nothing is stored here."""
    before = web.rows()
    answer = _look(web, _allow(web, PERSONAL), 2)
    assert answer.json()["variant"] == "generic"
    answer = _look(web, _allow(web, PERSONAL), 3)
    assert answer.json()["variant"] == "sensor"
    assert answer.json()["because"].startswith("You see this because you looked at our pages about sensors")
    assert answer.headers["set-cookie"].startswith("taste=v1.sensor-readers:3:20260105;")
    assert answer.headers["cache-control"] == "private, no-store"
    assert "Cookie" in answer.headers["vary"]
    assert web.rows() == before


def test_each_switch_works_alone(web: Web) -> None:
    """Statistics alone, nothing, or the browser's signal: the generic variant, no cookie, and the service works."""
    for cookies, headers in (
        ("", {}),
        (_allow(web, STATISTICS), {}),
        (_allow(web, PERSONAL, STATISTICS), {"Sec-GPC": "1"}),
    ):
        answer = _look(web, cookies, 4, **headers)
        assert answer.json()["variant"] == "generic"
        assert answer.json()["customised"] is False
        assert "set-cookie" not in answer.headers
        planted = web.client.get(
            SLOT, headers={"Cookie": f"{cookies}; taste=v1.sensor-readers:9:20260105", "Accept": "application/json", **headers}
        )  # fmt: skip
        assert planted.json()["variant"] == "generic"


def test_owner_sees_it_until_the_objection(web: Web) -> None:
    """What somebody registered counts while they do not object; then the generic page, and the rest goes on."""
    ann = Author(web)
    ann.cookie += f"; {_allow(web, PERSONAL)}"
    shown = ann.get(SLOT, Accept="application/json").json()
    assert shown["variant"] == "owner"
    order = {
        "act": "instruct", "purpose": "essential.service.choice", "person": ann.person, "order": "record-stance",
        "about": PERSONAL, "stance": "objected",
    }  # fmt: skip
    told = web.post("/v1/acts", order, ann.key)
    assert told.status_code == 200, told.text
    assert ann.get(SLOT, Accept="application/json").json()["variant"] == "generic"
    assert ann.get("/forum/new").status_code == 200


def test_why_page_and_fragment(web: Web) -> None:
    """The fragment links to the page that explains; an unknown slot is not found."""
    fragment = web.get(SLOT)
    assert 'data-variant="generic"' in fragment.text
    assert f'href="{SLOT}/why"' in fragment.text
    assert "customised content is not switched on" in web.get(f"{SLOT}/why").text
    assert web.get("/content/none").status_code == 404
