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


def test_late_answer_to_a_withdrawn_choice_leaves_nothing(web: Web) -> None:
    """Answered under the old choice and come in after the new one, it sets the cookie; the very next answer ends it."""
    browser = web.client
    browser.post("/v1/choice", json={"allow": [PERSONAL]})
    old = "; ".join(f"{one.name}={one.value}" for one in browser.cookies.jar)
    late = _look(web, old, 1)
    assert late.headers["set-cookie"].startswith("taste=")
    for ending in ("/", f"{SLOT}/why", "/v1/choice", "/nothing-there"):
        browser.cookies.clear()
        browser.post("/v1/choice", json={"allow": [STATISTICS]})
        browser.cookies.extract_cookies(late)
        assert "taste" in browser.cookies
        shown = browser.get(ending)
        assert "taste" not in browser.cookies, ending
        assert "public" not in shown.headers["cache-control"]
        assert "set-cookie" not in browser.get(ending).headers
    browser.cookies.clear()
    browser.cookies.extract_cookies(late)  # without any choice, as after the choice cookie itself is gone
    browser.get("/")
    assert "taste" not in browser.cookies


def test_what_everybody_is_shown_ends_no_cookie(web: Web) -> None:
    """A cache may keep it, and would hand the end to visitors whose choice allows the cookie."""
    kept = web.client.get("/choice.js", headers={"Cookie": "taste=v1.sensor-readers:3:20260105"})
    assert "public" in kept.headers["cache-control"]
    assert "set-cookie" not in kept.headers


def test_choosing_anew_begins_at_nothing(web: Web) -> None:
    """What a late answer left after the withdrawal is not taken up by the next yes."""
    planted = f"{_allow(web, STATISTICS)}; taste=v1.sensor-readers:9:20260105"
    chosen = web.client.post("/v1/choice", json={"allow": [PERSONAL]}, headers={"Cookie": planted})
    ended = [one for one in chosen.headers.get_list("set-cookie") if one.startswith("taste=")]
    assert len(ended) == 1
    assert "Max-Age=0" in ended[0]
