"""Clause II.12: support sees a person only while a ticket that is assigned to it is open, and each look is on record."""

from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import pytest

from tests.clauses.desk import Clerk, canary_files, journal, ticket
from tests.clauses.vendor import CANARY
from tests.web.conftest import SUPPORT, Web, serving, serving_on
from troth.desk import Served
from troth.kernel import new_id

FIELDS = ["name", "email", "ticket_text"]


@pytest.fixture
def engine_web(
    engine: str, tmp_path: Path, worker_name: str, request: pytest.FixtureRequest
) -> Iterator[Web]:
    """The reference vendor, served in process, on each engine in turn."""
    with serving_on(engine, tmp_path / "data", worker_name, request) as found:
        yield found


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """The reference vendor, served in process."""
    with serving(tmp_path / "data") as found:
        yield found


def looked(web: Web, key: str, told: dict[str, Any], **more: Any) -> Any:
    """The holder of a key asks for what a ticket holds, over HTTP."""
    body = {
        "act": "use",
        "purpose": SUPPORT,
        "person": told["person"],
        "case": told["case"],
        "fields": FIELDS,
    }
    return web.post("/v1/acts", {**body, **more}, key)


def ordered(web: Web, key: str, told: dict[str, Any], order: str, **more: Any) -> Any:
    """The holder of a key gives an order about a ticket, over HTTP."""
    body = {"act": "instruct", "purpose": SUPPORT, "person": told["person"], "case": told["case"]}
    return web.post("/v1/acts", {**body, "order": order, **more}, key)


@pytest.mark.clause("II.12")
def test_only_whoever_it_is_assigned_to_reads_an_open_ticket(engine_web: Web) -> None:
    """Unassigned: denied. Taken: read. Taken by somebody else: denied. Closed: denied, for whoever had it too."""
    web = engine_web
    told = ticket(web, text=f"It does not start. {CANARY}")
    first = web.troth.issue_key(name="first", role="staff.support", purposes=[SUPPORT], cases=["ticket"])[0]
    second = web.troth.issue_key(name="second", role="staff.support", purposes=[SUPPORT], cases=["ticket"])[0]

    def sees(key: str) -> bool:
        answer = looked(web, key, told)
        assert answer.is_success or (answer.status_code, answer.json()["clause"]) == (403, "II.12"), (
            answer.text
        )
        assert (CANARY in answer.text) == answer.is_success
        return bool(answer.is_success)

    assert not sees(first)
    assert ordered(web, first, told, "assign-case").is_success
    assert (sees(first), sees(second)) == (True, False)
    assert looked(web, first, told, case="").json()["clause"] == "II.12"
    assert ordered(web, second, told, "assign-case").is_success
    assert (sees(first), sees(second)) == (False, True)
    assert ordered(web, second, told, "release-case").is_success
    assert (sees(first), sees(second)) == (False, False)
    assert ordered(web, second, told, "assign-case").is_success
    assert ordered(web, second, told, "close-case").is_success
    assert (sees(first), sees(second)) == (False, False)
    assert ordered(web, second, told, "assign-case").status_code == 404
    assert canary_files(web, CANARY) == []


@pytest.mark.clause("II.12")
def test_every_look_stands_in_the_journal_of_the_person(engine_web: Web) -> None:
    """What the console opened, and what it was denied, stands in the ledger under the person, with who and under which case."""
    web = engine_web
    told = ticket(web)
    ann, ben = Clerk(web, "ann.support", "staff.support"), Clerk(web, "ben.support", "staff.support")
    path = f"/console/cases/{told['number']}"
    assert "ann@example.com" not in ann.get(path).text
    denied = ann.post(f"{path}/read")
    assert "Clause II.12" in denied.text or "clause II.12" in denied.text
    assert ann.post(f"{path}/steps", step="take").status_code == 303
    assert "ann@example.com" in ann.post(f"{path}/read").text
    assert "ann@example.com" not in ben.post(f"{path}/read").text
    assert ben.post(f"{path}/steps", step="take").status_code == 303
    assert "ann@example.com" not in ann.post(f"{path}/read").text
    assert ben.post(f"{path}/steps", step="close", reason="answered").status_code == 303
    assert "ann@example.com" not in ben.post(f"{path}/read").text
    looks = [one for one in journal(web, told["person"]) if one.act == "use"]
    assert [one.effect for one in looks] == ["deny", "permit", "deny", "deny", "deny"]
    assert {(one.case, one.actor, one.clauses[0]) for one in looks} == {
        (told["case"], "staff.support", "II.12")
    }
    assert {"ticket_text", "email"} <= set(looks[1].fields)


def write_in(web: Web, subject: str, text: str, sender: str = "ann@example.com", **more: Any) -> None:
    """A mail to the support address comes in and is handled; what is due then goes out."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        sender,
        "support@example.com",
        subject,
        more.get("mark", f"<{new_id()}@mail.example.org>"),
    )
    for name in ("in_reply_to", "references", "auto_submitted"):
        if name in more:
            mail[name.replace("_", "-")] = more[name]
    mail.set_content(text)
    for name, content, kind in more.get("files", ()):
        mail.add_attachment(content, maintype=kind.split("/")[0], subtype=kind.split("/")[1], filename=name)
    web.troth.inbox.keep(sender, ["support@example.com"], mail.as_bytes())
    web.troth.background.run_due()


def sent(web: Web, address: str = "ann@example.com") -> list[EmailMessage]:
    """The mails to an address, oldest first."""
    files = sorted((web.troth.folder / "mail").glob("*.eml"), key=lambda file: file.name.split(".")[1])
    found = [BytesParser(policy=policy.default).parsebytes(file.read_bytes()) for file in files]
    return [one for one in found if one["To"].addresses[0].addr_spec == address]


def text_of(mail: EmailMessage, kind: Literal["plain", "html"] = "plain") -> str:
    """The text of a mail, in one of its two forms."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.clause("II.12")
def test_mail_and_form_come_to_one_desk_and_answers_go_back_by_mail(engine_web: Web) -> None:
    """A mail is a ticket with a number, told at once; an answer goes out in its thread; what comes back joins it, from its writer only."""
    web = engine_web
    write_in(web, "Help", f"It hums. {CANARY}", files=[("log.txt", b"zq-canary-file", "text/plain"), ("x.exe", b"MZ\0\1", "application/x-msdownload")])  # fmt: skip
    received, left = sent(web)
    (row,) = web.troth.desk.cases(web.keys["support"], "ticket", "open")
    assert f"[{row.number}]" in received["Subject"]
    assert "1 of the files" in text_of(left)
    assert received["From"].addresses[0].addr_spec == "support@example.com"
    ann = Clerk(web, "ann.support", "staff.support")
    path = f"/console/cases/{row.number}"
    assert ann.post(f"{path}/steps", step="answer", answer="Not mine.").status_code == 403
    assert ann.post(f"{path}/steps", step="take").status_code == 303
    page = ann.post(f"{path}/read").text
    assert "log.txt" in page
    assert "zq-canary-file" not in page
    saved = ann.post(f"{path}/file", place="0", field="ticket_file")
    assert (saved.content, saved.headers["content-type"]) == (b"zq-canary-file", "application/octet-stream")
    assert ann.post(f"{path}/steps", step="answer", answer=f"Hold the button.\n\n1. <b>Wait</b> {CANARY}-out").status_code == 303  # fmt: skip
    web.troth.background.run_due()
    answer = sent(web)[-1]
    assert "1. <b>Wait</b>" in text_of(answer)
    assert "<b>Wait" not in text_of(answer, "html")
    assert received["Message-ID"] in answer["References"].split()
    assert answer["Auto-Submitted"] is None
    write_in(web, "Re: Help", "It still hums.", references=answer["Message-ID"])
    write_in(web, f"More about {row.number.lower()}", "And it blinks.")
    page = ann.post(f"{path}/read").text
    assert page.index("It hums.") < page.index("Hold the button.") < page.index("It still hums.") < page.index("And it blinks.")  # fmt: skip
    assert len(web.troth.desk.cases(web.keys["support"], "ticket", "open")) == 1
    write_in(web, f"Re: [{row.number}]", "Let me see it.", "eve@example.com", references=answer["Message-ID"])
    assert "Let me see it." not in ann.post(f"{path}/read").text
    (told,) = sent(web, "eve@example.com")
    assert row.number not in told.as_string()
    (linked,) = [one for one in web.troth.desk.cases(web.keys["support"], "ticket", "open") if one.about]
    assert linked.about == row.number
    assert row.number in ann.get(f"/console/cases/{linked.number}").text
    write_in(web, f"Re: {row.number}", "Away.", auto_submitted="auto-replied")
    assert len(web.troth.desk.cases(web.keys["support"], "ticket", "open")) == 2
    close_and_go_on(web, ann, row, path, {linked.number})


def close_and_go_on(web: Web, ann: Clerk, row: Served, path: str, others: set[str]) -> None:
    """What comes back to a closed ticket opens one of its own, linked with it; opened again, it goes on with all that was written."""
    assert ann.post(f"{path}/steps", step="close", reason="answered").status_code == 303
    write_in(web, f"Re: [{row.number}]", "One more.")
    again = next(one for one in web.troth.desk.cases(web.keys["support"], "ticket", "open") if one.about and one.number not in others)  # fmt: skip
    assert (again.about, again.person) == (row.number, row.person)
    assert "Hold the button." not in ann.post(f"{path}/read").text
    reopened = ann.post(f"{path}/steps", step="reopen")
    assert reopened.status_code == 303
    whole = ann.post(reopened.headers["location"].partition("?")[0] + "/read").text
    assert "It hums." in whole
    assert "Hold the button." in whole
    goes_on_where_it_was_opened_again(web, ann, row, reopened.headers["location"].partition("?")[0])
    mail = web.troth.folder / "mail"
    assert [one for one in canary_files(web, CANARY) if not Path(one).is_relative_to(mail)] == []
    assert canary_files(web, "zq-canary-file") == []


def goes_on_where_it_was_opened_again(web: Web, ann: Clerk, row: Served, path: str) -> None:
    """A mail that names the old number joins the ticket as it goes on, from its writer only."""
    open_before = {one.number for one in web.troth.desk.cases(web.keys["support"], "ticket", "open")}
    write_in(web, f"Re: [{row.number}]", "And now it is warm.")
    assert {one.number for one in web.troth.desk.cases(web.keys["support"], "ticket", "open")} == open_before
    assert "And now it is warm." in ann.post(f"{path}/read").text
    write_in(web, f"Re: [{row.number}]", "What is warm?", "eve@example.com")
    assert "What is warm?" not in ann.post(f"{path}/read").text


OWN = "<CAF+zq-own.1@mail.example.org>"


@pytest.mark.clause("II.12")
def test_answers_stand_in_the_conversation_of_whoever_asked(engine_web: Web) -> None:
    """Each mail of ours answers the person's own by its Message-ID, which nobody else is told; by it their next mail joins too."""
    web = engine_web
    write_in(web, "Help", "It hums.", mark=OWN)
    (row,) = web.troth.desk.cases(web.keys["support"], "ticket", "open")
    (received,) = sent(web)
    assert (received["In-Reply-To"], received["References"]) == (OWN, OWN)
    write_in(web, "And one thing more", "It blinks.", mark="<zq-own.2@mail.example.org>", in_reply_to=OWN)
    write_in(web, "Me too", "Let me in.", "eve@example.com", in_reply_to=OWN)
    write_in(web, "Mine", "The same mark.", "eve@example.com", mark=OWN)
    ann = Clerk(web, "ann.support", "staff.support")
    path = f"/console/cases/{row.number}"
    assert ann.post(f"{path}/steps", step="take").status_code == 303
    page = ann.post(f"{path}/read").text
    assert ("It hums." in page, "It blinks." in page, "Let me in." in page, "zq-own" in page) == (
        True,
        True,
        False,
        False,
    )
    assert ann.post(f"{path}/steps", step="answer", answer="Hold the button.").status_code == 303
    web.troth.background.run_due()
    answer = sent(web)[-1]
    assert answer["In-Reply-To"] == "<zq-own.2@mail.example.org>"
    assert answer["References"].split() == [OWN, received["Message-ID"], "<zq-own.2@mail.example.org>"]
    first, second = sent(web, "eve@example.com")
    assert "zq-own" not in first.as_string()
    assert second["In-Reply-To"] == OWN
    linked = web.troth.desk.cases(web.keys["support"], "ticket", "open")
    assert [one.about for one in linked if one.case != row.case] == ["", ""]
    mail = web.troth.folder / "mail"
    assert [one for one in canary_files(web, "zq-own") if not Path(one).is_relative_to(mail)] == []


@pytest.mark.clause("II.12")
def test_hostile_marks_of_mails_are_left_out(web: Web) -> None:
    """A Message-ID that is too long, torn, no ASCII, twice there, or looks like a payment card, is taken over nowhere; the mail is."""
    hostile = (
        f"<{'a' * 300}@x>", "<a\x07b@x>", "<a b@x>", "<a@x>\r\n <b@x>", "<\u00e4@x>", "a@x", "<a@x", "<4111111111111111@x>",
        "<a@x>\r\nMessage-ID: <b@x>",
    )  # fmt: skip
    for number, mark in enumerate(hostile):
        head = f"From: u{number}@example.com\r\nTo: support@example.com\r\nSubject: Help\r\nMessage-ID: {mark}\r\n\r\n"
        web.troth.inbox.keep(
            f"u{number}@example.com", ["support@example.com"], f"{head}It hums.\r\n".encode()
        )
    web.troth.background.run_due()
    for number, mark in enumerate(hostile):
        (told,) = sent(web, f"u{number}@example.com")
        assert (told["In-Reply-To"], told["References"]) == (None, None), mark
    assert len(web.troth.desk.cases(web.keys["support"], "ticket", "open")) == len(hostile)


HOSTILE_NAMES = (
    ('filename="../../etc/passwd"', "passwd.txt"),
    ('filename="..\\\\..\\\\windows\\\\win.ini"', "win.ini"),
    ('filename="CON.txt"', "CON_file.txt"),
    ('filename="nul"', "nul_file.txt"),
    ('filename="a\x00b.txt"', "ab.txt"),
    ("filename*=utf-8''%E2%80%AEtxt.exe", "txt_exe.txt"),
    ("filename*=utf-8''a%0D%0AX-Evil:%201.txt", "a X-Evil_ 1.txt"),
    ('filename="=?utf-8?q?=2E=2E=2Fhidden=2Etxt?="', "hidden.txt"),
    ('filename*0="../"; filename*1="pieces"; filename*2=".txt"', "pieces.txt"),
    ('filename="x.html"', "x_html.txt"),
    ('filename="<script>alert(1)</script>.txt"', "script.txt"),
    (f'filename="{"a" * 10_000}.txt"', "a" * 96 + ".txt"),
    ('filename=".htaccess"', "htaccess.txt"),
    ('filename=""', "file.txt"),
    ("", "file.txt"),
)


def _with_files(parts: list[str], boundary: str = "zq") -> bytes:
    """A mail as it comes over the wire, with parts as they are."""
    head = (
        "From: ann@example.com\r\nTo: support@example.com\r\nSubject: Files\r\nMIME-Version: 1.0\r\n"
        f"Message-ID: <{new_id()}@mail.example.org>\r\nContent-Type: multipart/mixed; boundary={boundary}\r\n\r\n"
    )
    text = f"--{boundary}\r\nContent-Type: text/plain\r\n\r\nSee the files.\r\n"
    return (
        head + text + "".join(f"--{boundary}\r\n{one}\r\n" for one in parts) + f"--{boundary}--\r\n"
    ).encode("utf-8")


def _part(disposition: str, content: str = "zq-file", kind: str = "text/plain") -> str:
    return f"Content-Type: {kind}\r\nContent-Disposition: attachment{'; ' * bool(disposition)}{disposition}\r\n\r\n{content}"


def _opened(web: Web, mail: bytes) -> tuple[Clerk, str, str]:
    """Somebody of support opens the ticket that a mail becomes; gives them, its page's address and the page."""
    before = {one.number for one in web.troth.desk.cases(web.keys["support"], "ticket", "open")}
    web.troth.inbox.keep("ann@example.com", ["support@example.com"], mail)
    web.troth.background.run_due()
    (number,) = {one.number for one in web.troth.desk.cases(web.keys["support"], "ticket", "open")} - before
    clerk = Clerk(web, f"{number}.support", "staff.support")
    assert clerk.post(f"/console/cases/{number}/steps", step="take").status_code == 303
    return clerk, f"/console/cases/{number}", clerk.post(f"/console/cases/{number}/read").text


@pytest.mark.clause("II.12")
def test_files_come_under_names_that_do_no_harm(web: Web) -> None:
    """Folders, devices, line ends, text turned around, HTML: a file is saved under a plain name of its kind, and is never shown."""
    for start in range(0, len(HOSTILE_NAMES), 5):
        some = HOSTILE_NAMES[start : start + 5]
        clerk, path, page = _opened(web, _with_files([_part(disposition) for disposition, _ in some]))
        assert "<script>alert" not in page
        for place, (_, name) in enumerate(some):
            saved = clerk.post(f"{path}/file", place=str(place), field="ticket_file")
            assert saved.content == b"zq-file"
            assert unquote(saved.headers["content-disposition"]) == f"attachment; filename*=UTF-8''{name}"
            assert saved.headers["content-type"] == "application/octet-stream"
            assert saved.headers["x-content-type-options"] == "nosniff"
            assert "x-evil" not in saved.headers


@pytest.mark.clause("II.12")
def test_files_of_other_kinds_than_they_claim_are_left_out(web: Web) -> None:
    """HTML called a picture, drawings with script, programs, more files than five, parts within parts: the text comes, its sender is told."""
    lies = [
        _part('filename="a.png"', "<html><script>alert(1)</script></html>", "image/png"),
        _part(
            'filename="a.svg"', "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"
        ),
        _part('filename="a.exe"', "MZ\x01\x02", "application/x-msdownload"),
    ]
    clerk, path, page = _opened(web, _with_files(lies))
    assert "See the files." in page
    assert clerk.post(f"{path}/file", place="0", field="ticket_file").status_code == 404
    assert "3 of the files" in text_of(sent(web)[-1])
    _, _, page = _opened(web, _with_files([_part(f'filename="{number}.txt"') for number in range(40)]))
    assert page.count(".txt") == 5
    assert "35 of the files" in text_of(sent(web)[-1])
