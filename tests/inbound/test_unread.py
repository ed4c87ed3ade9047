"""Mail that was left to a person: opened as plain text under a case and on record, then a matter or gone for a reason."""

import json
from pathlib import Path

import pytest

from tests.support.inside import call
from tests.web import conftest as web_conftest
from tests.web.conftest import Web
from troth.inbound import STAFF
from troth.kernel import InvalidInput, NotFound, Refused
from troth.ledger import encode_entry, entry

engine_web, web = web_conftest.engine_web, web_conftest.web
RIGHTS = "essential.service.rights_request"
CANARY = "zq-canary-unread-31"
HOSTILE = "\r\n".join(
    [
        "From: Ann <ann@example.org>",
        "To: privacy@example.com",
        "Subject: =?utf-8?b?PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==?=",
        "Auto-Submitted: auto-generated",
        "X-Trick: one\x1b[31m two",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b"',
        "",
        "--b",
        "Content-Type: text/html",
        "",
        f"<p onclick=alert(1)>Please delete my data {CANARY}</p><script>alert(2)</script><img src=https://evil.example/x>",
        "--b",
        'Content-Type: application/x-msdownload; name="pay.exe"',
        'Content-Disposition: attachment; filename="pay.exe"',
        "",
        "MZ" * 500,
        "--b--",
        "",
    ]
).encode()


def left(web: Web, raw: bytes = HOSTILE) -> str:
    """A mail that nobody but a person may read; gives its id."""
    (mail_id,) = web.troth.inbox.keep("ann@example.org", ["privacy@example.com"], raw)
    web.troth.background.run_due()
    assert [one.mail_id for one in web.troth.inbox.kept(STAFF)] == [mail_id]
    return mail_id


def key(web: Web, role: str = "staff.privacy", *purposes: str) -> str:
    """A key of staff."""
    return web.troth.issue_key(name=role, role=role, purposes=list(purposes or (RIGHTS,)), cases=["*"])[0]


def mailed(web: Web, address: str) -> int:
    """How many mails went to an address."""
    found = (one.read_text(encoding="utf-8") for one in (web.troth.folder / "mail").glob("*.eml"))
    return sum(f"To: {address}" in one for one in found)


def test_a_hostile_mail_is_plain_text_under_a_case(engine_web: Web) -> None:
    """No tag, no sign that moves the cursor, no content of an attachment; each look is an entry under a case of its own."""
    web, mail_id = engine_web, left(engine_web)
    desk = key(web)
    opened = web.troth.unread.show(desk, mail_id)
    mail = opened.received.mail
    assert mail.text == f"Please delete my data {CANARY}"
    assert mail.automatic == "auto-submitted"
    assert [(one.name, one.type, one.size) for one in mail.attachments] == [
        ("pay.exe", "application/x-msdownload", 1000)
    ]
    headers = dict(opened.headers)
    assert headers["Subject"] == "<script>alert(1)</script>"
    assert "\x1b" not in headers["X-Trick"]
    web.troth.flush_ledger()
    with web.troth.database.snapshot() as tx:
        look = entry(tx, opened.entry).entry
    assert (look.act, look.effect, look.case, look.purpose) == ("use", "permit", opened.case, RIGHTS)
    assert look.fields
    assert CANARY not in encode_entry(look).decode()
    again = web.troth.unread.show(desk, mail_id, web.troth.rights.row(opened.case).number)
    assert (again.case, again.entry != opened.entry) == (opened.case, True)


def test_whom_the_policy_does_not_let_opens_nothing(engine_web: Web) -> None:
    """Marketing and a key without the purpose are refused, on record, before anything is opened."""
    mail_id = left(engine_web)
    for role, purpose in (("staff.marketing", "marketing"), ("staff.privacy", "analytics")):
        with pytest.raises(Refused):
            engine_web.troth.unread.show(key(engine_web, role, purpose), mail_id)
    with pytest.raises(NotFound):
        engine_web.troth.unread.show(key(engine_web), "0" * 32)


@pytest.mark.parametrize(("matter", "kind"), [("request", "erase"), ("dispute", "")])
def test_it_becomes_a_matter_and_its_sender_hears(engine_web: Web, matter: str, kind: str) -> None:
    """With a number and a day, once; the mail and the case of the look are gone."""
    web, mail_id, desk = engine_web, left(engine_web), key(engine_web)
    look = web.troth.unread.show(desk, mail_id).case
    case = web.troth.unread.classify(desk, mail_id, matter, kind, look)  # type: ignore[arg-type]
    row = web.troth.rights.row(case)
    assert (row.matter, row.kind, row.channel) == (matter, kind, "email")
    assert web.troth.rights.row(look).ended_at
    web.troth.background.run_due()
    assert mailed(web, "ann@example.org") == 1
    assert web.troth.inbox.kept(STAFF) == []
    with pytest.raises(NotFound):
        web.troth.unread.classify(desk, mail_id, matter, kind)  # type: ignore[arg-type]
    for file in web.troth.folder.rglob("*.db*"):
        assert CANARY.encode() not in file.read_bytes()


def test_it_is_discarded_for_a_reason(engine_web: Web) -> None:
    """The ledger keeps the word, nobody is written to, and nothing of the mail is left."""
    web, mail_id, desk = engine_web, left(engine_web), key(engine_web)
    with pytest.raises(InvalidInput):
        web.troth.unread.discard(desk, mail_id, "because")
    told = web.troth.unread.discard(desk, mail_id, "spam")
    web.troth.background.run_due()
    web.troth.flush_ledger()
    with web.troth.database.snapshot() as tx:
        found = entry(tx, told).entry
    assert found.detail == {"what": "mail-discarded", "reason": "spam"}
    assert web.troth.inbox.kept(STAFF) == []
    assert mailed(web, "ann@example.org") == 0


def test_on_the_command_line(web: Web, tmp_path: Path) -> None:
    """Shown with headers and attachments, and classified, by whoever holds the key of the desk."""
    mail_id, file = left(web), tmp_path / "desk.key"
    file.write_text(key(web), encoding="utf-8")
    environment = {"TROTH_DATA": str(web.troth.folder)}
    shown = json.loads(call(environment, "--json", "mail", "show", mail_id, "--key-file", file).stdout)
    assert shown["attachments"] == [{"name": "pay.exe", "type": "application/x-msdownload", "size": 1000}]
    text = call(environment, "mail", "show", mail_id, "--case", shown["case"], "--key-file", file).stdout
    assert "From: Ann <ann@example.org>" in text
    assert "<img" not in text
    made = json.loads(
        call(environment, "--json", "mail", "classify", mail_id, "request", "--kind", "erase", "--case", shown["case"],
             "--key-file", file).stdout
    )  # fmt: skip
    assert made["number"].startswith("R-")
