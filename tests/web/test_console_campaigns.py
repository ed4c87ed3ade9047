"""Campaigns at the console: drafted, counted, previewed, tested, started and stopped by marketing, and by nobody else."""

from threading import Event
from typing import Any

import pytest

from tests.campaigns.company import TEXT
from tests.support.waiting import wait_until
from tests.web.conftest import Web
from tests.web.staff import Desk
from troth.bootstrap import compile_texts
from troth.gate import Seen
from troth.kernel import Unavailable
from troth.outreach import Size, read_message

DRAFT: dict[str, Any] = {
    "name": "Spring",
    "message": "spring-news",
    "expression": 'product = "sensor"',
    "rate": "10/s",
}


@pytest.fixture
def marketer(web: Web) -> Desk:
    """Somebody of marketing who is signed in."""
    texts = [read_message(TEXT.format(language=one, words="The sensor is out")) for one in ("en", "de")]
    web.troth.messages.add(compile_texts(web.troth, texts))
    desk = Desk(web, "mia@example.com", "staff.marketing")
    desk.sign_in()
    return desk


def test_a_campaign_from_draft_to_stop(web: Web, marketer: Desk) -> None:
    """It is drafted, counted, previewed in each language, started only with a tick, paused, and stopped for good."""
    page = marketer.get("/console/campaigns")
    assert page.status_code == 200, page.text
    assert "There is no campaign yet." in page.text
    refused = marketer.post("/console/campaigns", **{**DRAFT, "expression": "age = 12"})
    assert (refused.status_code, "I.18" in refused.text) == (422, True)
    assert 'href="#expression"' in refused.text
    assert 'aria-describedby="expression-hint fault"' in refused.text
    assert "<title>Error: Campaigns" in refused.text
    late = marketer.post("/console/campaigns", **{**DRAFT, "starts": "2020-01-01T09:00"})
    assert (late.status_code, "The start of the campaign has passed" in late.text) == (422, True)
    made = marketer.post("/console/campaigns", **DRAFT)
    assert made.status_code == 303, made.text
    place = made.headers["location"]
    shown = marketer.get(place).text
    for words in ("Hello «Your name»", "Guten Tag «Your name»", "100 Example Way", "in one step"):
        assert words in shown
    assert marketer.post(f"{place}/steps", step="count").headers["location"] == f"{place}#whom"
    _comes(marketer, place, "Fewer than 10 people.")
    assert "Fewer than 10 people." not in marketer.get(place).text
    unsure = marketer.post(f"{place}/steps", step="start")
    assert (unsure.status_code, "was not ticked" in unsure.text) == (422, True)
    case = place.rpartition("/")[2]
    _waits(web, marketer, place, case)
    for step, state in (
        ("pause", "paused"),
        ("resume", "scheduled"),
        ("stop", "stopped"),
    ):
        assert marketer.post(f"{place}/steps", step=step, sure="yes").status_code == 303
        assert web.troth.campaigns.campaign(case).state == state
    over = marketer.post(f"{place}/steps", step="resume")
    assert over.status_code == 409
    assert "stopped" in marketer.get("/console/campaigns").text


def _comes(marketer: Desk, place: str, words: str) -> str:
    """The page once it says something."""
    seen: list[str] = []

    def says() -> bool:
        seen.append(marketer.get(place).text)
        return words in seen[-1]

    wait_until(says, f"the page says {words!r}", 60)
    return seen[-1]


def test_a_long_count_tells_how_far_it_is(web: Web, marketer: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page comes at once and tells how far the count is; the same one is not begun twice, and nobody else is told of it."""
    place = marketer.post("/console/campaigns", **DRAFT).headers["location"]
    really, go_on, begun = web.troth.campaigns.count, Event(), []

    def slow(key: str, case: str, seen: Seen) -> Size:
        begun.append(case)
        seen(3, 10)
        assert go_on.wait(60)
        return really(key, case, seen)

    monkeypatch.setattr(web.troth.campaigns, "count", slow)
    for _ in range(2):
        assert marketer.post(f"{place}/steps", step="count").status_code == 303
        page = _comes(marketer, place, "30 % of the people were looked at.")
        assert "/static/console.js" in page
        assert "Count them now" not in page
    colleague = Desk(web, "noah@example.com", "staff.marketing")
    colleague.sign_in()
    assert "were looked at" not in colleague.get(place).text
    go_on.set()
    _comes(marketer, place, "Fewer than 10 people.")
    assert len(begun) == 1


def test_a_count_that_fails_says_so(web: Web, marketer: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What went wrong stands on the page that asked."""
    place = marketer.post("/console/campaigns", **DRAFT).headers["location"]

    def fail(*_: object) -> Size:
        raise Unavailable("The store takes no work now.", mend="Count again.")

    monkeypatch.setattr(web.troth.campaigns, "count", fail)
    marketer.post(f"{place}/steps", step="count")
    statuses: list[int] = []

    def says() -> bool:
        page = marketer.get(place)
        statuses.append(page.status_code)
        return "The store takes no work now." in page.text

    wait_until(says, "the page tells what went wrong")
    assert statuses[-1] == 503
    assert "The store takes no work now." not in marketer.get(place).text


def test_a_test_goes_to_those_who_work_here_only(web: Web, marketer: Desk) -> None:
    """A test mail goes to a member of staff; any other address is refused."""
    place = marketer.post("/console/campaigns", **DRAFT).headers["location"]
    refused = marketer.post(f"{place}/steps", step="test", to="somebody@example.org")
    assert (refused.status_code, "Nobody who works here" in refused.text) == (422, True)
    assert not list((web.troth.folder / "mail").glob("*.eml"))
    sent = marketer.post(f"{place}/steps", step="test", to="mia@example.com")
    assert sent.status_code == 303, sent.text
    (mail,) = (web.troth.folder / "mail").glob("*.eml")
    assert b"[test] News about the sensor" in mail.read_bytes()


def test_nobody_else_sees_campaigns(web: Web) -> None:
    """Who may not open campaigns sees none, and can do nothing with one."""
    desk = Desk(web, "sam.example", "staff.support")
    desk.sign_in()
    assert desk.get("/console/campaigns").status_code == 403
    assert desk.post("/console/campaigns", **DRAFT).status_code == 403
    assert "/console/campaigns" not in desk.get("/console/me").text


def _waits(web: Web, marketer: Desk, place: str, case: str) -> None:
    """Started under a policy that lets nobody be chosen: the page tells why it waits, by which clause, and what to do."""
    was = web.troth.policy_text(web.troth.policy().sha256)
    permitted = b"permit: choose-for-announcements\nacts: [use]"
    assert permitted in was
    web.troth.post_policy(web.troth.draft_policy(was.replace(permitted, permitted[:-4] + b"send]")))
    assert marketer.post(f"{place}/steps", step="start", sure="yes").status_code == 303
    web.troth.campaign_runner.run_due()
    assert web.troth.campaigns.campaign(case).waits is not None
    shown = marketer.get(place).text
    for words in ("It waits since", 'href="/policy#II.13"', "What to do:", "Nothing is lost"):
        assert words in shown
    assert ">waits<" in marketer.get("/console/campaigns").text
