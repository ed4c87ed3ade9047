"""Links of a message that are counted: the same for everybody, only under the visitor's choice, and leading nowhere else."""

import re
from typing import Any

import msgspec
import pytest

from tests.campaigns.company import CANARY, Marketing
from tests.web.conftest import Web, engine_web, web
from tests.web.staff import Desk
from troth.campaigns.tables import message_click
from troth.choice import choice_cookie, choice_value
from troth.storage import Statement

__all__ = ["engine_web", "web"]
USAGE, CONTENT = "analytics.reporting.site_usage", "personalize.content"
SENSOR, SERVER = "https://www.example.com/sensor", "https://www.example.com/sensor/server"
TEXT = """---
name: clicked-news
purpose: marketing.communications.email
channel: email
subject: News
language: {language}
clicks: counted
---
{{greeting}}

[{words}]({sensor}), and the server: <{server}>. Ask us: {{contact_link}}
"""


def message(web: Web, key: str) -> str:
    """Keep the message in two languages; gives its digest."""
    texts = [
        TEXT.format(language=one, words=words, sensor=SENSOR, server=SERVER)
        for one, words in (("en", "The sensor"), ("de", "Der Sensor"))
    ]
    made = web.post("/v1/messages", {"texts": texts}, key)
    assert made.status_code == 201, made.text
    return str(made.json()["messages"][0]["version"])


def follow(web: Web, path: str, *allow: str, method: str = "GET", **headers: str) -> Any:
    """A browser with a choice (none where nothing is said) follows a link."""
    policy = web.troth.policy()
    value = choice_value(policy, on=web.clock.now().date(), allowed=allow)
    cookies = {"Cookie": f"{choice_cookie(policy)}={value}"} if allow else {}
    web.client.cookies.clear()
    return web.client.request(method, path, headers={**cookies, **headers}, follow_redirects=False)


def test_counted_only_under_the_choice(engine_web: Web) -> None:
    """From the mails that everybody got to the numbers: few are not told, and what the choice does not allow leaves no trace."""
    web = engine_web
    company = Marketing(web.troth, web.clock, people=4)
    version = message(web, company.key)
    case = web.troth.campaigns.draft(
        company.key, name="Clicked", message="clicked-news", expression='product = "sensor"'
    ).case
    web.troth.campaigns.start(company.key, case)
    company.run()
    mails = [mail.get_body((form,)) for mail in company.mails() for form in ("plain", "html")]
    found = [re.findall(r"http://[^\s<>\"]*?/go/[^\s<>\"]*", body.get_content()) for body in mails if body]
    assert len(found) >= 6
    (paths,) = {
        tuple(dict.fromkeys(one.partition("8080")[2].rstrip("),.") for one in links)) for links in found
    }
    assert paths == (f"/go/{version}/1", f"/go/{version}/2")
    web.troth.flush_ledger()
    before = web.rows()
    for allow, headers in (((), {}), ((CONTENT,), {}), ((USAGE,), {"Sec-GPC": "1"}), ((USAGE,), {"DNT": "1"}), ((USAGE,), {"Sec-Purpose": "prefetch"})):  # fmt: skip
        answer = follow(web, paths[0], *allow, **headers)
        assert (answer.status_code, answer.headers["location"]) == (303, SENSOR)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
    assert follow(web, paths[0], USAGE, method="HEAD").headers["location"] == SENSOR
    assert web.rows() == before
    for _ in range(9):
        assert follow(web, paths[1], USAGE).headers["location"] == SERVER
    place = f"/v1/campaigns/{case}"
    assert web.get(place, company.key).json()["clicks"] == {SENSOR: None, SERVER: None}
    assert "set-cookie" not in follow(web, paths[1], USAGE).headers
    told = web.get(place, company.key)
    assert told.json()["clicks"] == {SENSOR: None, SERVER: 10}
    assert CANARY not in told.text
    desk = Desk(web, "mia@example.com", "staff.marketing")
    desk.sign_in()
    shown = desk.get(f"/console/campaigns/{case}").text
    for link, number in ((SENSOR, "few"), (SERVER, "10")):
        assert f'<th scope="row">{link}</th><td class="n">{number}</td>' in shown
    _declares_no_audience(web)
    assert web.get(place, company.key).json()["clicks"] == {SENSOR: None, SERVER: None}
    with web.troth.database.reading() as tx:
        assert tx.rows(Statement(message_click.select())) == [(version, 2, "2026-01-05", 10)]


def test_leads_only_where_a_kept_message_does(web: Web) -> None:
    """Another number, another version, a message that counts nothing, or an address in the query: not found, or not taken."""
    company = Marketing(web.troth, web.clock, people=1)
    version = message(web, company.key)
    plain = web.get("/v1/messages/spring-news", company.key).json()["version"]
    for path in (f"{version}/0", f"{version}/3", f"{version}/-1", f"{version}/x", f"{version}/²", f"{'0' * 64}/1", f"{version[:12]}/1", f"{plain}/1"):  # fmt: skip
        answer = follow(web, f"/go/{path}", USAGE)
        assert (answer.status_code, "location" in answer.headers) == (404, False), path
    assert follow(web, f"/go/{version}/1?to=https://evil.example", USAGE).status_code == 422


def test_the_policy_decides(web: Web) -> None:
    """Where the rule that permits page events asks for more than a choice, the link still leads on and nothing is counted."""
    company = Marketing(web.troth, web.clock, people=1)
    version = message(web, company.key)
    was = web.troth.policy_text(web.troth.policy().sha256)
    start, permitted, rest = was.partition(b"permit: collect-page-events\n")
    asked = b"when: [point.declared, person.consented]"
    assert permitted
    assert asked in rest
    stricter = asked[:-1] + b", person.verified]"
    web.troth.post_policy(web.troth.draft_policy(start + permitted + rest.replace(asked, stricter, 1)))
    assert follow(web, f"/go/{version}/1", USAGE).headers["location"] == SENSOR
    assert dict(web.rows())["message_click"] == 0


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("clicks: counted", "clicks: by-person", "front matter"),
        (f"]({SENSOR})", "](https://www.example.com/ä)", "link"),
        (f"[{{words}}]({SENSOR}), and the server: <{SERVER}>", "nothing", "clicks"),
    ],
)
def test_what_cannot_be_counted_is_refused(web: Web, old: str, new: str, field: str) -> None:
    """By its field: another way of counting, a link that stands otherwise than it leads, no link at all."""
    company = Marketing(web.troth, web.clock, people=1)
    text = TEXT.replace("{sensor}", SENSOR).replace("{server}", SERVER)
    assert old in text
    text = text.replace(old, new).format(language="en", words="The sensor")
    refused = web.post("/v1/messages/check", {"texts": [text]}, company.key)
    assert (refused.status_code, refused.json()["field"]) == (422, field), refused.text


def test_versions_of_before_keep_their_names(web: Web) -> None:
    """A message that counts nothing has the digest that it had before counting was known."""
    company = Marketing(web.troth, web.clock, people=1)
    kept = web.troth.messages.named("spring-news")
    assert b"clicks" not in msgspec.json.encode(kept.message)
    assert kept.digest == web.get("/v1/messages/spring-news", company.key).json()["version"]


def _declares_no_audience(web: Web) -> None:
    """Post a version in which the only audience has another name."""
    was = web.troth.policy_text(web.troth.policy().sha256)
    named = b"declare: audience\nname: announcements\n"
    assert named in was
    web.troth.post_policy(
        web.troth.draft_policy(was.replace(named, named.replace(b"announcements", b"others")))
    )
