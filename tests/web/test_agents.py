"""Pages for those who ask in somebody's name, for whoever it is about, and for staff who look at a written authority."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.web.conftest import Web
from tests.web.staff import ORIGIN, Desk
from troth.bootstrap.representing import agent_mark
from troth.flows import wording
from troth.gate import VERIFY
from troth.gate.proofs import issue_proof
from troth.kernel import micros
from troth.ledger import journal
from troth.rights import MatterRow
from troth.web.portal.showing import used_lines
from troth.web.speaking import Speech

AGENT = "lawyer@example.org"
HOSTILE = b"%PDF-1.7 <script>alert(1)</script>"
FORM = {"Accept": "text/html"}


def asks(web: Web, kind: str = "access", **values: Any) -> MatterRow:
    """An agent sends a request; gives its row."""
    given = {
        "agent_name": "Lee <b>Lawyer</b>",
        "agent_email": AGENT,
        "email": "pia@example.com",
        "request_kind": kind,
        "request_text": "For my client.",
    }
    body = {"channel": "web", "notice": "agent-notice", "values": {**given, **values}}
    answer = web.client.post("/collect/agent-request", json=body)
    assert answer.is_success, answer.text
    return web.troth.rights.row(answer.json()["number"])


def agents_link(web: Web, row: MatterRow) -> str:
    """The path that the agent's mailbox is sent."""
    return f"/agents/{row.case}/{agent_mark(web.troth, row.case, row.due_at)}"


def persons_link(web: Web, row: MatterRow) -> str:
    """The path that the person's mailbox is sent."""
    with web.troth.database.transaction() as tx:
        secret = issue_proof(tx, row.person, VERIFY, micros(web.clock.now()))
    return f"/agents/{row.case}/person/{secret}"


def press(web: Web, path: str, **form: str) -> httpx.Response:
    """Press a button on the page behind a link."""
    return web.client.post(path, data=form, headers=FORM | ORIGIN)


def upload(
    desk: Desk, path: str, content: bytes, *, media: str = "application/pdf", name: str = "a.pdf"
) -> httpx.Response:
    """Staff send a file."""
    own = re.search(r'name="csrf" value="([0-9a-f]+)"', desk.get("/console/me").text)
    assert own
    return desk.web.client.post(
        path,
        data={"csrf": own[1], "via": "letter"},
        files={"document": (name, content, media)},
        headers=desk._headers() | ORIGIN,
        follow_redirects=False,
    )


def test_links_are_signed_and_looking_does_nothing(web: Web) -> None:
    """A link of another request, altered, over, or from another site does nothing; looking does nothing; a button does."""
    row, other = asks(web), asks(web)
    good = agents_link(web, row)
    assert web.client.get(good, headers=FORM).status_code == 200
    mark = good.rpartition("/")[2]
    for path in (
        f"/agents/{other.case}/{mark}",
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        f"/agents/x/{mark}",
    ):
        assert press(web, path).status_code == 404
    assert web.client.post(good, headers=FORM | {"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert not web.troth.rights.matter(row.case).mandate.proven_at  # type: ignore[union-attr]
    assert press(web, good).status_code == 200
    assert press(web, good).status_code == 200
    assert web.troth.rights.matter(row.case).mandate.proven_at  # type: ignore[union-attr]
    web.clock.advance(timedelta(days=31))
    assert press(web, agents_link(web, other)).status_code == 404


def test_the_person_sees_who_asks_and_nothing_runs(web: Web) -> None:
    """The page names the agent, escaped; before the agent's mailbox is proven there is none, and a yes counts once."""
    row = asks(web)
    link = persons_link(web, row)
    assert web.client.get(link, headers=FORM).status_code == 404
    assert press(web, link, answer="yes").status_code == 404
    press(web, agents_link(web, row))
    page = web.client.get(link, headers=FORM).text
    assert "Lee &lt;b&gt;Lawyer&lt;/b&gt;" in page
    assert AGENT in page
    assert (
        web.client.post(
            link, data={"answer": "yes"}, headers=FORM | {"Sec-Fetch-Site": "cross-site"}
        ).status_code
        == 403
    )
    assert web.troth.rights.row(row.case).state == "identity-pending"
    assert press(web, link, answer="yes").status_code == 200
    assert web.troth.rights.row(row.case).state == "verified"
    assert press(web, link, answer="yes").status_code == 404


def test_pages_speak_the_readers_language(web: Web) -> None:
    """In German and French as in English."""
    row = asks(web)
    for language, words in (("de", "Ist das Ihr Postfach?"), ("fr", "Est-ce votre adresse ?")):
        assert (
            words in web.client.get(agents_link(web, row), headers=FORM | {"Accept-Language": language}).text
        )
    press(web, agents_link(web, row))
    for language, words in (("de", "Jemand fragt in Ihrem Namen"), ("fr", "demande en votre nom")):
        assert (
            words in web.client.get(persons_link(web, row), headers=FORM | {"Accept-Language": language}).text
        )


def test_staff_add_a_document_have_it_handed_out_and_accept_it(web: Web) -> None:
    """What came by letter is kept with the request, never shown, handed out as a file of no type, and decided under a name."""
    desk = Desk(web)
    desk.sign_in()
    row = asks(web)
    press(web, agents_link(web, row))
    path = f"/console/matters/{row.number}"
    assert "Asked by somebody else" in desk.get(path).text
    assert "It is good" not in desk.get(path).text
    assert upload(desk, f"{path}/authority/add", HOSTILE).headers["location"].endswith("done=add-authority")
    assert web.troth.rights.row(row.case).state == "authority-pending"
    page = desk.post(f"{path}/written").text
    assert "a.pdf (application/pdf)" in page
    assert "alert(1)" not in page
    file = desk.post(f"{path}/authority")
    assert (file.status_code, file.content) == (200, HOSTILE)
    assert file.headers["content-type"].startswith("application/octet-stream")
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert desk.post(f"{path}/steps", step="accept-authority", until="soon").status_code == 422
    form: dict[str, Any] = {"step": "accept-authority", "until": "2030-01-31", "for.access": "yes"}
    done = desk.post(f"{path}/steps", **form)
    assert done.status_code == 303, done.text
    told = web.troth.rights.matter(row.case)
    assert told.mandate is not None
    assert (told.matter.state, told.mandate.basis, told.mandate.kinds) == ("verified", "document", "access")
    assert [one.role for one in told.steps if one.step == "authority-accepted"] == ["staff.privacy"]


@pytest.mark.parametrize(
    ("content", "media", "name"),
    [
        (b"MZ\x90\x00", "application/pdf", "a.pdf"),
        (b"<svg onload=alert(1)>\x00", "image/png", "a.png"),
        (b"", "text/plain", "a.txt"),
    ],
)
def test_what_is_no_document_is_refused(web: Web, content: bytes, media: str, name: str) -> None:
    """The content decides, not the name: nothing is kept of what shows another kind, or nothing."""
    desk = Desk(web)
    desk.sign_in()
    row = asks(web)
    press(web, agents_link(web, row))
    answer = upload(desk, f"/console/matters/{row.number}/authority/add", content, media=media, name=name)
    assert answer.status_code == 422
    assert web.troth.rights.row(row.case).state == "identity-pending"


def test_other_roles_do_not_get_the_document(web: Web) -> None:
    """Whoever handles no requests finds none, and nobody but staff gets in."""
    row = asks(web)
    desk = Desk(web, name="sam.example", role="staff.support")
    desk.sign_in()
    assert desk.post(f"/console/matters/{row.number}/authority").status_code == 404
    assert upload(desk, f"/console/matters/{row.number}/authority/add", HOSTILE).status_code == 404
    desk.key = ""
    assert desk.post(f"/console/matters/{row.number}/authority").status_code == 303


def test_the_persons_journal_tells_who_was_written_to(web: Web) -> None:
    """That somebody asked, which fields they gave, and each mail to them stand in the journal of whom it is about."""
    row = asks(web)
    web.troth.background.run_due()
    web.troth.flush_ledger()
    with web.troth.database.snapshot() as tx:
        lines = used_lines(Speech(wording("en"), "UTC"), web.troth.policy(), journal(tx, row.person))
    assert any(one.did == "Your data came in" and "Name of whoever asks" in one.what for one in lines)
    assert any(one.did == "A message was sent to who asks in your name" for one in lines)
