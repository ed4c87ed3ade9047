"""The pages about oneself: nothing without a proof, nobody else's data, and every kind of request from beginning to end."""

import io
import re
import zipfile
from datetime import timedelta

import msgspec
import pytest

from tests.web.conftest import Web
from tests.web.forum import HERE, Author
from troth.kernel import from_micros
from troth.rights.keeping import Noted, move_matter

OTHER = "zq-canary-of-ben"


def token(author: Author) -> str:
    """The mark that the forms of a session carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', author.get("/my").text)
    assert found
    return found[1]


def asked(author: Author, kind: str = "access", text: str = "Please.") -> str:
    """Ask for something; gives the path of the request."""
    answer = author.send("/my/ask", csrf=token(author), request_kind=kind, request_text=text)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0]


def answered(web: Web) -> None:
    """Let requests be carried out, and integrate what was recorded."""
    web.troth.background.run_due()
    web.troth.flush_ledger()


def test_nothing_is_shown_without_a_proof(web: Web) -> None:
    """Whoever is not signed in sees how to begin, and not a value; fifteen minutes after signing in the values need a new one."""
    ann = Author(web)
    for path in ("/my", "/my/data", "/my/used", "/my/ask"):
        page = web.get(path)
        assert page.status_code == 200
        assert "ann@example.com" not in page.text
        assert 'action="/account/sign-in/link"' in page.text
    assert "ann@example.com" in ann.get("/my/data").text
    web.clock.advance(timedelta(minutes=16))
    assert "ann@example.com" not in ann.get("/my/data").text
    assert ann.get("/my").status_code == 200


def test_everybody_sees_their_own_only(web: Web) -> None:
    """Neither values, nor the journal, nor requests of somebody else; another's number is as unknown as none."""
    ann, ben = Author(web), Author(web, "ben@example.com", "SN-0002")
    ben.posted(OTHER, name="ben-7")
    path = asked(ben, "other", OTHER)
    web.troth.flush_ledger()
    for page in (ann.get("/my"), ann.get("/my/data"), ann.get("/my/used")):
        assert OTHER not in page.text
        assert "ben@example.com" not in page.text
        assert path.rpartition("/")[2] not in page.text
    assert ann.get(path).status_code == 404
    for step in ("withdraw", "copy"):
        assert ann.send(f"{path}/{step}", csrf=token(ann)).status_code == 404
    assert ann.send(f"{path}/dispute", csrf=token(ann), request_text="Mine?").status_code == 404
    assert ben.get(path).status_code == 200


def test_one_chooses_what_one_hears_of_without_a_second_mail(web: Web) -> None:
    """The overview leads to one's own preferences at once, where a topic is taken up; signed out, the same link asks for a mailbox."""
    ann, ben = Author(web), Author(web, "ben@example.com", "SN-0002")
    assert '<a href="/preferences">' in ann.get("/my").text
    led = ann.get("/preferences")
    assert led.status_code == 303
    assert led.headers["cache-control"] == "no-store"
    centre = str(led.headers["location"])
    assert "checked" not in ann.get(centre).text
    assert ann.send(centre, do="save", **{"on-events:email": "yes"}).status_code == 303
    assert ann.get(str(ann.get("/preferences").headers["location"])).text.count("checked") == 1
    assert "checked" not in ben.get(str(ben.get("/preferences").headers["location"])).text
    answered(web)
    assert list((web.troth.folder / "mail").glob("*.eml")) == []
    assert 'name="email"' in web.get("/preferences").text


def test_values_tell_where_they_came_from(web: Web) -> None:
    """The point and channel, the instant, the clause, the version and until when, beside the values of a record."""
    ann = Author(web)
    web.troth.flush_ledger()
    page = ann.get("/my/data").text
    version = web.troth.policy().sha256
    for told in (
        "Product registration, web",
        "January 5, 2026 at 09:00 (UTC)",
        "clause I.9",
        version,
        "2 years after support ended",
    ):
        assert told in page


@pytest.mark.parametrize("kind", ["access", "portability", "correct", "erase", "restrict", "object", "other"])
def test_a_request_of_each_kind(web: Web, kind: str) -> None:
    """It has a number, a state, and the exact instant by which it is answered with the rule that it comes from."""
    ann = Author(web)
    path = asked(ann, kind)
    page = ann.get(path).text
    told = web.troth.rights.matter(path.rpartition("/")[2])
    assert from_micros(told.matter.due_at).strftime("%B %-d, %Y at %H:%M (UTC)") in page
    assert next(one.why for one in told.duties if one.rule == told.matter.due_rule) in page


def test_withdrawing_and_nothing_else(web: Web) -> None:
    """People take their own request back while nothing is done about it; every other step is refused to them."""
    ann = Author(web)
    path = asked(ann, "other")
    number = path.rpartition("/")[2]
    for state in ("planned", "executing", "completed", "refused", "verified"):
        step = {"step": "move", "to": state, "reason": "mine"}
        assert web.post(f"/v1/requests/{number}/steps", step, ann.key).status_code in (403, 409), state
    assert ann.send(f"{path}/withdraw", csrf="0" * 64).status_code == 403
    assert ann.send(f"{path}/withdraw", csrf=token(ann)).status_code == 303
    page = ann.get(path).text
    assert "Withdrawn" in page
    assert "Take it back" not in page
    assert ann.send(f"{path}/withdraw", csrf=token(ann)).status_code == 409


def test_a_dispute_is_about_its_request(web: Web) -> None:
    """It has a number and a day of its own, and names the request that it is about."""
    ann = Author(web)
    path = asked(ann, "other")
    answer = ann.send(f"{path}/dispute", csrf=token(ann), request_text="You did not do it.")
    assert answer.status_code == 303, answer.text
    dispute = web.troth.rights.matter(answer.headers["location"].partition("?")[0].rpartition("/")[2]).matter
    request = web.troth.rights.matter(path.rpartition("/")[2]).matter
    assert (dispute.matter, dispute.about, dispute.person) == ("dispute", request.case, ann.person)


def test_the_copy_is_fetched_by_its_person_while_its_time_runs(web: Web) -> None:
    """Ready at once for whoever is signed in; not with an old sign-in, and not after fourteen days."""
    ann = Author(web)
    path = asked(ann)
    assert ann.send(f"{path}/copy", csrf=token(ann)).status_code == 409
    answered(web)
    answer = ann.send(f"{path}/copy", csrf=token(ann))
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert b"ann@example.com" in archive.read("data.json")
        assert msgspec.json.decode(archive.read("data.json"))["request"] == path.rpartition("/")[2]
    web.clock.advance(timedelta(minutes=16))
    assert ann.send(f"{path}/copy", csrf=token(ann)).status_code == 303
    web.clock.advance(timedelta(days=14))
    again = Author(web, serial="SN-0009")
    assert again.person == ann.person
    assert again.send(f"{path}/copy", csrf=token(again)).status_code == 409


def test_the_journal_goes_page_by_page(web: Web) -> None:
    """Every decision about the person stands on exactly one page, the newest first."""
    ann = Author(web)
    for number in range(70):
        web.clock.advance(timedelta(minutes=2))
        web.get(f"/v1/people/{ann.person}", "support", fields="email", purpose="essential.service.operations.support", reason=str(number))  # fmt: skip
    web.troth.flush_ledger()
    seen: list[str] = []
    path = "/my/used"
    while path:
        page = ann.get(path).text
        seen += re.findall(r'href="/v1/receipts/([0-9a-f]{32})"', page)
        found = re.search(r'href="(/my/used\?before=\d+)"', page)
        path = found[1] if found else ""
    assert len(seen) == len(set(seen)) > 70
    assert seen == sorted(seen, reverse=True)
    assert ann.get("/my/used?before=x").status_code == 422


def test_language_and_zone_are_remembered(web: Web) -> None:
    """By a declared cookie of two words; else the browser's language, and UTC by name."""
    ann = Author(web)
    asked(ann, "other")
    assert "Ihre Anfragen" in ann.get("/my", **{"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}).text
    kept = ann.send("/my/display", language="fr", zone="Europe/Paris", next="/my")
    cookie = kept.headers["set-cookie"].partition(";")[0]
    headers = {"Cookie": f"{ann.cookie}; {cookie}"}
    page = web.client.get("/my", headers=headers).text
    assert '<html lang="fr">' in page
    assert "4 février 2026 à 10:00 (Europe/Paris)" in page
    assert ann.send("/my/display", language="xx", zone="UTC").status_code == 422
    assert ann.send("/my/display", language="de", zone="../etc/passwd").status_code == 422


def test_forms_of_other_sites_do_nothing(web: Web) -> None:
    """A page elsewhere asks for nothing in somebody's name."""
    ann = Author(web)
    headers = {**HERE, "Cookie": ann.cookie, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    body = {"csrf": token(ann), "request_kind": "erase", "request_text": "x"}
    assert web.client.post("/my/ask", data=body, headers=headers).status_code == 403


def test_who_asked_for_deletion_sees_the_certificate(web: Web) -> None:
    """Once it has ended in part, while something has to stay; the link opens."""
    ann = Author(web)
    path = asked(ann, "erase")
    assert "Your certificate" not in ann.get(path).text
    with web.troth.database.transaction() as tx:
        row = web.troth.rights.matter(path.rpartition("/")[2]).matter
        for state in ("planned", "executing", "partially-completed"):
            row = move_matter(tx, row, state, row.received_at + 1, Noted("", ""), "something stays")
    assert 'href="http://127.0.0.1:8080/certificates/' in ann.get(path).text


@pytest.mark.parametrize(
    ("kind", "opened"), [("", 0), ("access", 0), ("object", 1), ("release", 1), ("correct", 1), ("erase", 1)]
)
def test_what_few_need_is_folded(web: Web, kind: str, opened: int) -> None:
    """Uses, new values and what stays are folded; only what the kind of request needs stands open."""
    page = Author(web).get(f"/my/ask?kind={kind}" if kind else "/my/ask").text
    assert page.count('<details class="folded"') == (2 if kind not in {"", "erase"} else 3)
    assert page.count('<details class="folded" open>') == opened
    folded = page.partition("<details")[2]
    assert 'name="request_kind"' not in folded
    assert 'name="request_text"' not in folded
    assert 'type="checkbox"' in folded
