"""The edges of choosing: other origins, malformed forms, other cookie names, and addresses to go back to."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from tests.web.conftest import Web
from troth.bootstrap import init_folder, open_troth
from troth.choice import offered_purposes
from troth.kernel import SettableClock
from troth.web import create_app
from troth.web.origins import local_path

OWN, EVIL = "https://www.example.com", "https://www.example.com.evil.example"
ANALYTICS = "analytics.reporting.site_usage"
SAME = {"Sec-Fetch-Site": "same-origin"}
POLICY = Path(__file__).parents[2] / "policies" / "software-vendor" / "policy.md"


def test_a_declared_own_site_may_read_and_choose(web: Web) -> None:
    """Over https, with the visitor's cookies; any other origin is answered without the headers that would let it read."""
    read = web.client.get("/v1/choice", headers={"Origin": OWN})
    assert read.headers["access-control-allow-origin"] == OWN
    assert read.headers["access-control-allow-credentials"] == "true"
    asked = web.client.options("/v1/choice", headers={"Origin": OWN, "Access-Control-Request-Method": "POST"})
    assert (asked.status_code, asked.headers["access-control-allow-headers"]) == (204, "content-type")
    chosen = web.client.post("/v1/choice", json={"allow": [ANALYTICS]}, headers={"Origin": OWN})
    assert chosen.status_code == 200
    for origin in (EVIL, "http://www.example.com", "null"):
        for method in ("GET", "OPTIONS"):
            answer = web.client.request(method, "/v1/choice", headers={"Origin": origin})
            assert "access-control-allow-origin" not in answer.headers
            assert answer.headers["vary"] == "Origin"
        refused = web.client.post("/v1/choice", json={"allow": []}, headers={"Origin": origin})
        assert refused.status_code == 403
        assert refused.json()["type"] == "/problems/foreign-request"
        assert "set-cookie" not in refused.headers


@pytest.mark.parametrize(
    "form",
    [
        {"back": "/"},
        {"do": "burn"},
        {"do": ["save", "all"]},
        {"do": "save", "allow": "marketing.communications.email"},
        {"do": "save", "knowingly": "x" * 201},
        {"do": "save", "more": "1"},
        {"do": "save", "allow": [ANALYTICS] * 65},
    ],
)
def test_a_malformed_form_changes_nothing(form: dict[str, str | list[str]], web: Web) -> None:
    """It is refused with the part at fault, no cookie is set and nothing is recorded."""
    before = web.rows()
    answer = web.client.post("/choice", data=form, headers=SAME)
    assert answer.status_code == 422
    assert answer.json()["field"] in {"do", "allow", "knowingly"}
    assert "set-cookie" not in answer.headers
    assert web.rows() == before


def test_names_come_from_the_policy(tmp_path: Path, clock: SettableClock) -> None:
    """With every cookie called otherwise in the browser all works as before: no name stands in the code."""
    text = POLICY.read_text(encoding="utf-8")
    for name in ("session", "choice", "form", "visit", "taste"):
        assert f"declare: cookie\nname: {name}\n" in text
        text = text.replace(
            f"declare: cookie\nname: {name}\n", f"declare: cookie\nname: {name}\ncalled: Zq_{name}\n"
        )
    own = tmp_path / "policy.md"
    own.write_text(text, encoding="utf-8")
    init_folder(tmp_path / "data", policy=own, clock=clock)
    with open_troth(tmp_path / "data", clock=clock) as troth, TestClient(create_app(troth)) as client:
        assert "Zq_visit" in client.get("/cookies").text
        answer = client.post("/choice", data={"do": "all"}, headers=SAME, follow_redirects=False)
        assert answer.headers["set-cookie"].startswith("Zq_choice=v1.2026-01-05.")
        state = client.get("/v1/choice").json()
        assert {one["purpose"] for one in state["purposes"] if one["allowed"]} == set(
            offered_purposes(troth.policy())
        )


@given(st.text(max_size=30), st.sampled_from(["", "/", "//", "/\\", "https://", "/choice?"]))
def test_only_a_path_of_this_site_is_gone_back_to(text: str, start: str) -> None:
    """Whatever is given, the way back starts with one slash, has no control character and names no host."""
    back = local_path(start + text)
    assert back.startswith("/")
    assert not back.startswith(("//", "/\\"))
    assert back.isprintable()
    assert "\\" not in back


def test_a_network_chooses_only_so_often(web: Web) -> None:
    """429 with Retry-After and problem details, by form and by JSON together; another network goes on, and so does time."""
    most = web.troth.settings.web.choices_per_minute

    def choose(address: str = "203.0.113.9", *, form: bool = False) -> httpx.Response:
        sent: dict[str, Any] = {"data": {"do": "none"}} if form else {"json": {"allow": []}}
        place = "/choice" if form else "/v1/choice"

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=web.app, client=(address, 50_000))
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                return await client.post(place, headers=SAME, **sent)

        return anyio.run(send)

    assert [choose().status_code for _ in range(most)] == [200] * most
    refused = choose(form=True)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 61
    assert refused.json()["type"] == "/problems/too-many-attempts"
    assert choose("203.0.113.77").status_code == 429
    assert choose("198.51.100.1").status_code == 200
    web.clock.advance(timedelta(seconds=61))
    assert choose().status_code == 200
