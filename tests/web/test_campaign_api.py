"""Campaigns and the messages that they send over HTTP: the same as at the command line, told of by counts."""

from typing import Any

from tests.campaigns.company import TEXT
from tests.web.conftest import Web
from tests.web.staff import Desk

CANARY = "zq-canary-77c1"
DRAFT: dict[str, Any] = {
    "name": "Spring",
    "message": "spring-news",
    "expression": 'product = "sensor"',
    "rate": "10/s",
    "starts": "2026-02-01T09:00:00+01:00",
}


def key_for(
    web: Web, role: str, *, purposes: tuple[str, ...] = ("marketing",), cases: tuple[str, ...] = ("campaign",)
) -> str:
    """An API key of a role."""
    return web.troth.issue_key(name=role, role=role, purposes=purposes, cases=cases)[0]


def add_texts(web: Web, key: str) -> Any:
    """Keep the message in two languages."""
    made = web.post(
        "/v1/messages",
        {"texts": [TEXT.format(language=one, words="The sensor is out") for one in ("en", "de")]},
        key,
    )
    assert made.status_code == 201, made.text
    return made.json()["messages"][0]


def test_a_campaign_from_message_to_stop(engine_web: Web) -> None:
    """Messages are checked, kept and shown, a campaign is drafted, counted, moved on and followed; no answer names anybody."""
    web, key = engine_web, key_for(engine_web, "staff.marketing")
    assert web.register(f"{CANARY}@example.com").status_code == 201
    before = web.rows()
    checked = web.post(
        "/v1/messages/check", {"texts": [TEXT.format(language="en", words="The sensor is out")]}, key
    )
    assert (checked.status_code, checked.json()["messages"][0]["added"]) == (200, "")
    assert dict(web.rows())["outreach_templates"] == dict(before)["outreach_templates"]
    kept = add_texts(web, key)
    assert add_texts(web, key) == kept
    assert kept["languages"] == ["en", "de"]
    shown = web.get(f"/v1/messages/{kept['version'][:12]}", key).json()
    assert shown["bodies"]["en"].startswith("{greeting}")
    assert (
        "Guten Tag «Your name»"
        in web.get("/v1/messages/spring-news/preview", key, language="de").json()["text"]
    )
    made = web.post("/v1/campaigns", DRAFT, key)
    assert made.status_code == 201, made.text
    draft = made.json()
    assert (draft["state"], draft["per_hour"], draft["starts"]) == (
        "draft",
        36_000,
        "2026-02-01T08:00:00+00:00",
    )
    place = f"/v1/campaigns/{draft['campaign']}"
    counted = web.get(f"{place}/count", key)
    assert (counted.json()["count"], counted.json()["cohort"]) == (None, 10)
    for step, state in (
        ("start", "scheduled"),
        ("pause", "paused"),
        ("resume", "scheduled"),
        ("stop", "stopped"),
    ):
        moved = web.post(f"{place}/steps", {"step": step}, key)
        assert (moved.status_code, moved.json()["state"]) == (200, state)
    again = web.post(f"{place}/steps", {"step": "stop"}, key)
    assert (again.status_code, again.json()["field"], again.json()["mend"]) == (
        409,
        "state",
        "It is over; draft a new one to send again.",
    )
    status, listed = web.get(place, key), web.get("/v1/campaigns", key)
    assert status.json()["message"] == "spring-news"
    assert set(status.json()["counts"].values()) == {0}
    assert [one["campaign"] for one in listed.json()["campaigns"]] == [draft["campaign"]]
    for answer in (made, counted, status, listed):
        assert CANARY not in answer.text


def test_refusals_name_clause_and_mend(web: Web) -> None:
    """Who may open no campaigns sees and does nothing; what asks for children is refused by its clause."""
    other, key = key_for(web, "staff.support"), key_for(web, "staff.marketing")
    kept = add_texts(web, key)
    made = web.post("/v1/campaigns", DRAFT, key).json()
    place, before = f"/v1/campaigns/{made['campaign']}", web.rows()
    texts, message = (
        {"texts": [TEXT.format(language="en", words="The sensor is out")]},
        f"/v1/messages/{kept['name']}",
    )
    for status, who in ((403, other), (401, "troth_" + "0" * 32 + "_x")):
        for path in ("/v1/campaigns", place, f"{place}/count", "/v1/messages", message, f"{message}/preview"):
            assert web.get(path, who).status_code == status, path
        for path, body in (
            ("/v1/campaigns", DRAFT), (f"{place}/steps", {"step": "start"}), ("/v1/messages", texts),
            ("/v1/messages/check", texts), (f"{message}/test", {"to": "mia@example.com"}),
        ):  # fmt: skip
            refused = web.post(path, body, who)
            assert (refused.status_code, bool(refused.json()["mend"])) == (status, True), path
    assert [one for one in web.rows() if one[0] in ("campaign", "outreach_templates")] == [
        one for one in before if one[0] in ("campaign", "outreach_templates")
    ]
    child = web.post("/v1/campaigns", {**DRAFT, "expression": "age = 12"}, key)
    assert (child.status_code, child.json()["clause"]) == (422, "I.18")
    early = web.post("/v1/campaigns", {**DRAFT, "starts": "0001-01-01T00:00:00Z"}, key)
    assert (early.status_code, early.json()["field"]) == (422, "starts")
    wrong = web.post("/v1/messages/check", {"texts": [texts["texts"][0].replace("{greeting}", "{ssn}")]}, key)
    assert (wrong.status_code, "ssn" in wrong.text) == (422, True)


def test_a_test_goes_to_those_who_work_here_only(web: Web) -> None:
    """A message is sent to a member of staff; any other address is refused and nothing is sent."""
    key = key_for(web, "staff.marketing")
    add_texts(web, key)
    Desk(web, "mia@example.com", "staff.marketing")
    refused = web.post("/v1/messages/spring-news/test", {"to": "somebody@example.org"}, key)
    assert (refused.status_code, refused.json()["field"]) == (422, "to")
    assert not list((web.troth.folder / "mail").glob("*.eml"))
    assert web.post("/v1/messages/spring-news/test", {"to": "mia@example.com"}, key).status_code == 200
    assert len(list((web.troth.folder / "mail").glob("*.eml"))) == 1
