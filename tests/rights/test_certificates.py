"""Certificates of erasure: one for each, proven without us, altered by nobody, and fetched by whoever was erased."""

import json
import re
from datetime import timedelta
from email import message_from_bytes
from email import policy as mail_policy
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web import conftest as web_conftest
from tests.web.conftest import RIGHTS, Web
from troth.bootstrap.certifying import certificate_link, unread_mail
from troth.kernel import TrothError, micros
from troth.rights import certificate_of, certificates, read_certificate, verify_certificate

engine_web = web_conftest.engine_web
ANN = "ann@example.com"


def ask(web: Web, kind: str = "erase", email: str = ANN) -> str:
    """Somebody asks by the form, and the desk answers for who they are; gives the case."""
    values = {"request_kind": kind, "request_text": "Please.", "email": email}
    body = {"channel": "web", "notice": "request-notice", "values": values}
    answer = web.post("/collect/privacy-request", body)
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["number"]
    case = web.troth.rights.matter(number).matter.case
    key = web.troth.issue_key(name="desk", role="staff.privacy", purposes=[RIGHTS], cases=["request"])[0]
    web.troth.rights.verify(key, case)
    return case


def issued(web: Web, case: str) -> str:
    """The certificate's file."""
    with web.troth.database.snapshot() as tx:
        found = certificate_of(tx, case)
    assert found is not None
    return found.body


def last_mail(web: Web) -> str:
    """The text of the last mail of the erasure, taken before the mail folder forgot the person."""
    (file,) = (web.troth.folder / "kept").glob("*.eml")
    body = message_from_bytes(file.read_bytes(), policy=mail_policy.default).get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


@pytest.fixture
def erased(engine_web: Web, monkeypatch: pytest.MonkeyPatch) -> tuple[Web, str]:
    """Ann registered a product and asked to be erased; her mailbox keeps what came."""
    from troth.adapters import FolderMailer

    send = FolderMailer.send

    def kept(mailer: FolderMailer, mail: Any) -> None:
        send(mailer, mail)
        if "deleting" in str(mail.message["Subject"]):
            folder = engine_web.troth.folder / "kept"
            folder.mkdir(exist_ok=True)
            (folder / f"{mail.id}.eml").write_bytes(mail.message.as_bytes())

    monkeypatch.setattr(FolderMailer, "send", kept)
    assert engine_web.register().status_code == 201
    case = ask(engine_web)
    engine_web.troth.background.run_due()
    return engine_web, case


def test_an_erasure_ends_with_one_certificate(erased: tuple[Web, str]) -> None:
    """Complete, with receipts of the act and of its end; no value in it; whoever has the key verifies it."""
    web, case = erased
    row = web.troth.rights.matter(case).matter
    assert row.state == "completed"
    with web.troth.database.snapshot() as tx:
        assert [one.number for one in certificates(tx)] == [row.number]
    file = issued(web, case)
    found = verify_certificate(file, web.troth.signer.verifier_key)
    assert (found.complete, found.edition, found.number) == (True, 1, row.number)
    assert [proof.act for proof in found.proofs] == ["erase", "erased"]
    assert {line.store for line in found.lines} >= {
        "closing",
        "events",
        "relay",
        "mail",
        "vault",
        "suppression",
    }
    for value in (ANN, "Ann Example", "EX-2015-0001"):
        assert value not in file
    web.troth.answering.carry_out(case)
    assert issued(web, case) == file


def test_the_last_mail_leads_to_it(erased: tuple[Web, str]) -> None:
    """As page, signed file and PDF, for ninety days; with another signature, or later, to nothing."""
    web, case = erased
    found = re.search(r"(/certificates/\S+)", last_mail(web))
    assert found
    link = found[1]
    answer = web.client.get(link)
    assert answer.status_code == 200, answer.text
    assert "Everything was deleted." in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert web.client.get(f"{link}&as=json").text == issued(web, case)
    assert _pdf_text(web.client.get(f"{link}&as=pdf").content).startswith("Certificate of erasure")
    assert web.client.get(link.replace("sig=", "sig=0")).status_code == 404
    assert web.client.get(f"{link}&as=exe").status_code == 422
    web.clock.advance(timedelta(days=91))
    assert web.client.get(link).status_code == 404


def test_staff_have_it_with_the_request(erased: tuple[Web, str]) -> None:
    """Whoever may see the request sees its certificate, and nobody else."""
    web, case = erased
    number = web.troth.rights.matter(case).matter.number
    assert web.get(f"/v1/requests/{number}/certificate", "privacy").text == issued(web, case)
    assert web.get(f"/v1/requests/{number}/certificate", "support").status_code == 404
    assert web.get("/schemas/certificate.json").json()["$ref"]


def test_mail_that_nobody_has_read_is_told(engine_web: Web) -> None:
    """It is sealed and of nobody known, so it cannot be looked for; it goes by its own time, at the latest on a day that is told."""
    assert unread_mail(engine_web.troth) == []
    mail = b"From: ann@example.com\r\nSubject: Hello\r\n\r\nA question.\r\n"
    address = engine_web.troth.policy().front.contact.privacy
    engine_web.troth.inbox.keep(ANN, [address], mail)
    (told,) = unread_mail(engine_web.troth)
    assert told.until == micros(
        engine_web.clock.now() + timedelta(days=engine_web.troth.settings.mail.inbound.keep_days)
    )


def test_it_is_not_there_before_it_is(engine_web: Web) -> None:
    """A link that comes before the end says so."""
    assert engine_web.register().status_code == 201
    case = ask(engine_web)
    link = certificate_link(engine_web.troth, case).partition("8080")[2]
    assert "still at work" in engine_web.client.get(link).text
    assert engine_web.client.get(f"{link}&as=json").status_code == 404


def _pdf_text(content: bytes) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """A certificate, and the key that it verifies with."""
    with web_conftest.serving(tmp_path_factory.mktemp("signed") / "data") as web:
        assert web.register().status_code == 201
        case = ask(web)
        web.troth.background.run_due()
        return json.loads(issued(web, case)), web.troth.signer.verifier_key


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=60,
)
@given(data=st.data())
def test_whatever_is_altered_is_found(signed: tuple[dict[str, Any], str], data: st.DataObject) -> None:
    """Any member of it, a receipt, a line left out, or the signature: nothing of it verifies any more."""
    document, key = signed
    altered = json.loads(json.dumps(document))
    certificate = altered["certificate"]
    what = data.draw(st.sampled_from([*sorted(certificate), "signature", "receipt", "line"]))
    if what == "signature":
        place = data.draw(st.integers(0, len(altered["signature"]) - 3))
        old = altered["signature"][place]
        altered["signature"] = (
            altered["signature"][:place] + ("A" if old != "A" else "B") + altered["signature"][place + 1 :]
        )
    elif what == "receipt":
        certificate["proofs"] = certificate["proofs"][1:]
    elif what == "line":
        certificate["lines"][0]["state"] = "kept"
    else:
        old = certificate[what]
        certificate[what] = {
            str: f"{old}x",
            int: 7,
            bool: not old,
            list: [],
            type(None): {"ended": "", "passed": True, "backups": 1, "opened": 0},
        }[type(old)]
        if certificate[what] == old:
            return
    with pytest.raises(TrothError):
        verify_certificate(json.dumps(altered), key)
    assert read_certificate(json.dumps(document)).certificate.edition == 1
