"""The forum's pages: anybody reads, authors are warned each time, change and remove; nothing runs in a reader's browser."""

from datetime import timedelta

import pytest

from tests.web.conftest import Web
from tests.web.forum import FORM, FORUM_PURPOSE, HERE, Author, previewed


def test_published_posting_is_read_by_anybody(web: Web) -> None:
    """Without signing in; the author is known by the chosen name and by nothing else."""
    ann = Author(web)
    path = ann.posted("It **works** with two networks.")
    for page in (web.get(path), web.get("/forum")):
        assert page.status_code == 200
        assert "works" in page.text
        assert "ann-7" in page.text
        assert "ann@example.com" not in page.text
        assert ann.person not in page.text
    assert "<strong>works</strong>" in web.get(path).text
    assert "Edit" not in web.get(path).text
    assert f'href="{path}/edit"' in ann.get(path).text


@pytest.mark.parametrize(
    ("change", "field"),
    [({"acknowledged": ""}, "confirmed"), ({"acknowledged": "support-notice"}, "confirmed"), ({"previewed": "x"}, "preview")],
)  # fmt: skip
def test_posting_that_was_not_acknowledged_is_not_stored(
    web: Web, change: dict[str, str], field: str
) -> None:
    """422, the text kept in the form, and no row more than before; so too when the text was not the previewed one."""
    ann = Author(web)
    before = [row for row in web.rows() if not row[0].startswith("ledger")]
    answer = ann.post("Not confirmed", **change)
    assert answer.status_code == 422
    assert field in answer.text
    assert "Not confirmed" in answer.text
    assert [row for row in web.rows() if not row[0].startswith("ledger")] == before
    assert "Not confirmed" not in web.get("/forum").text


def test_collection_door_asks_for_the_acknowledgement_too(web: Web) -> None:
    """Over the API: 422 by the warning's clause without it, 201 with it."""
    ann = Author(web)
    body = {
        "channel": "web", "notice": "forum-notice", "age_passed": True, "values": {"username": "ann-7", "posting": "By API"},
    }  # fmt: skip
    refused = web.post("/collect/forum", body, ann.key)
    assert refused.status_code == 422
    assert [(one["field"], one["clause"]) for one in refused.json()["errors"]] == [("acknowledged", "II.31")]
    assert "By API" not in web.get("/forum").text
    taken = web.post("/collect/forum", {**body, "acknowledged": "forum-notice"}, ann.key)
    assert taken.status_code == 201, taken.text
    assert "By API" in web.get("/forum").text


def test_preview_marks_what_was_found(web: Web) -> None:
    """Each finding with a word for its kind, and the warning; nothing is stored by looking."""
    ann = Author(web)
    text = "Write to zoe@example.org or call +1 650 253 0000 <b>now</b>"
    shown = ann.send("/forum/new", do="preview", name="ann-7", text=text).text
    assert '<mark>zoe@example.org<span class="what"> an e-mail address</span></mark>' in shown
    assert '<span class="what"> a telephone number</span>' in shown
    assert "&lt;b&gt;now&lt;/b&gt;" in shown
    assert "Everyone can read what you post here." in shown
    assert "zoe@example.org" not in web.get("/forum").text


def test_author_changes_and_removes(web: Web) -> None:
    """A change is warned of again; what is removed is gone from every page, with the name on it."""
    ann = Author(web)
    path = ann.posted("The old words")
    assert ann.post("The new words", path=f"{path}/edit", acknowledged="").status_code == 422
    assert "The old words" in web.get(path).text
    web.clock.advance(timedelta(minutes=1))
    assert ann.post("The new words", path=f"{path}/edit").status_code == 303
    page = web.get(path).text
    assert "The new words" in page
    assert "The old words" not in page
    assert "edited" in page
    assert "may survive elsewhere" in ann.get(f"{path}/delete").text
    gone = ann.send(f"{path}/delete")
    assert gone.status_code == 303
    assert "may survive elsewhere" in ann.get(gone.headers["location"]).text
    assert web.get(path).status_code == 404
    assert "ann-7" not in web.get("/forum").text


def test_nobody_changes_what_somebody_else_wrote(web: Web) -> None:
    """Neither by the pages (403, clause II.30) nor by the door for acts; without a session 401."""
    ann, ben = Author(web), Author(web, "ben@example.com", "SN-0002")
    path = ann.posted("Ann's words")
    for answer in (
        ben.get(f"{path}/edit", Accept="application/json"),
        ben.send(f"{path}/edit", do="preview", text="x"),
        ben.send(f"{path}/delete"),
    ):
        assert answer.status_code == 403
        assert answer.json()["clause"] == "II.30"
    record = path.rpartition("/")[2]
    erase = {
        "act": "erase", "purpose": FORUM_PURPOSE, "person": ann.person, "record": record, "fields": ["posting"],
    }  # fmt: skip
    assert web.post("/v1/acts", erase, ben.key).status_code == 403
    assert web.client.post(f"{path}/delete", data={}, headers=HERE).status_code == 401
    assert "Ann&#39;s words" in web.get(path).text or "Ann's words" in web.get(path).text


def test_form_of_another_site_is_refused(web: Web) -> None:
    """A page elsewhere cannot post in somebody's name."""
    ann = Author(web)
    path = ann.posted("Stays")
    headers = {"Cookie": ann.cookie, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", **FORM}
    assert web.client.post(f"{path}/delete", data={}, headers=headers).status_code == 403
    assert web.client.post("/forum/new", data={"do": "preview"}, headers=headers).status_code == 403
    assert web.get(path).status_code == 200


def test_name_belongs_to_one_author(web: Web) -> None:
    """Nobody posts under a name that somebody else has; the form says so and keeps the text."""
    ann, ben = Author(web), Author(web, "ben@example.com", "SN-0002")
    ann.posted("First")
    ann.posted("Second")
    answer = ben.post("I am Ann")
    assert answer.status_code == 409
    assert "I am Ann" in answer.text
    assert "I am Ann" not in web.get("/forum").text
    assert 'value="ann-7"' in ann.get("/forum/new").text


def test_pages_of_the_list(web: Web) -> None:
    """Newest first, 25 on a page; the second page continues where the first one ended."""
    ann = Author(web)
    for number in range(27):
        ann.posted(f"Words {number:02d}.")
    first = web.get("/forum").text
    assert first.index("Words 26") < first.index("Words 25") < first.index("Words 02")
    assert "Words 01" not in first
    after = first.partition("?before=")[2].partition('"')[0]
    second = web.get("/forum", before=after).text
    assert "Words 01" in second
    assert "Words 00" in second
    assert "Words 02" not in second
    assert web.get("/forum", before="x").status_code == 422


def test_erased_author_is_gone_from_the_forum(web: Web) -> None:
    """Postings are part of the person: erasing the person erases them."""
    ann = Author(web)
    path = ann.posted("Forget these words")
    purpose = "essential.service.rights_request"
    case = web.post(
        "/v1/cases",
        {"type": "request", "purpose": purpose, "identify": {"email": "ann@example.com"}},
        "privacy",
    ).json()["case"]
    gone = web.client.delete(
        f"/v1/people/{ann.person}", params={"purpose": purpose, "case": case}, headers=web.signed("privacy")
    )
    assert gone.status_code == 200, gone.text
    assert web.get(path).status_code == 404
    assert "Forget these words" not in web.get("/forum").text


def test_moderator_removes_under_a_ticket(web: Web) -> None:
    """staff.community erases a posting through the API while a ticket about it is open, and not without one."""
    ann = Author(web)
    path = ann.posted("Rude words")
    _, case = web.ticket()
    key, _ = web.troth.issue_key(
        name="moderator", role="staff.community", purposes=[FORUM_PURPOSE], cases=["ticket"]
    )
    erase = {
        "act": "erase", "purpose": FORUM_PURPOSE, "person": ann.person, "record": path.rpartition("/")[2],
        "fields": ["posting", "username"],
    }  # fmt: skip
    assert web.post("/v1/acts", erase, key).status_code == 403
    assert web.get(path).status_code == 200
    assert web.post("/v1/acts", {**erase, "case": case}, key).status_code == 200
    assert web.get(path).status_code == 404


def test_links_leave_by_the_exit_page(web: Web) -> None:
    """A link of a posting leads over the page that names whose policy applies, without referrer, followed by no robot."""
    ann = Author(web)
    page = web.get(ann.posted("See [this](https://elsewhere.example/page) and [that](/account).")).text
    link = page.partition("<article")[2].partition("<a ")[2].partition(">")[0]
    assert 'href="/exit?to=https%3A%2F%2Felsewhere.example%2Fpage' in link
    assert 'rel="noopener noreferrer nofollow"' in link
    assert 'href="/account"' not in page.partition("<article")[2].partition("</article")[0]


def test_card_number_is_not_published(web: Web) -> None:
    """A payment card number is refused here as everywhere (clause II.21)."""
    ann = Author(web)
    shown = ann.send("/forum/new", do="preview", name="ann-7", text="My card 4111 1111 1111 1111")
    assert "a payment card number" in shown.text
    answer = ann.post("My card 4111 1111 1111 1111")
    assert answer.status_code == 422
    assert previewed(answer.text)
    assert "4111 1111" not in web.get("/forum").text
