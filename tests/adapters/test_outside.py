"""What leaves us, seen from outside: a real mail server passes it on, receivers verify it, and another language reads it."""

import json
import os
import subprocess
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import dkim
import listunsub
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.sink import Sink, made_certificate, serving
from tests.adapters.test_signing import ED25519, RSA, SIGN, published
from tests.support.clients import packages
from tests.support.postfix import postfix
from tests.support.waiting import wait_until
from troth.adapters import Server, SmtpMailer, wire_form
from troth.outreach import WIRE, Mail

STOP = "https://www.example.com/stop/" + "AbC-123_xyz" * 25
NASTY: list[tuple[str, str, str]] = [
    ("Example Security, Inc.", "Your order", "Hello,\n\n.\n..\nFrom here on\n-- \nus\n"),
    ('Søren "O\'Neil" (sales); <x@example.net>', "Grüße — 日本語 " * 30, "Grüße\n" * 400),
    ("Fake =_?= boundary=x", "=?utf-8?b?ZmFrZQ==?= =?utf-8?q?=0D=0ABcc:_x?=", "x" * 5_000),
    ("日本語の会社", "\u202eturned\u202c\u200b words", "tabs\t \nends \n\ttabs\n😀 and = and =3D\n"),
    ("A, B; C: D", "Re: Re: Subject: To: nobody", "\u2028odd\u2028line\x0bends\x0c\n--=-boundary--\n"),
]
"""Names of companies, subjects and texts that a careless writer of mails would get wrong."""


class Raw(Sink):
    """Keeps mails as they came."""

    def __init__(self) -> None:
        super().__init__()
        self.raw: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail."""
        self.raw.append(envelope.content)
        return await super().handle_DATA(server, session, envelope)


def written(name: str, subject: str, text: str) -> Mail:
    """A mail of mass mail, as we write them."""
    message = EmailMessage(policy=WIRE)
    message["From"] = Address(name, addr_spec="support@example.com")
    message["To"] = Address(addr_spec="ann@example.org")
    message["Subject"] = subject
    message["Date"] = "Mon, 05 Jan 2026 09:00:00 +0000"
    message["Message-ID"] = f"<{'1' * 32}@example.com>"
    message["List-Unsubscribe"] = f"<{STOP}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text)
    message.add_alternative(f"<p>{subject}</p>", subtype="html")
    return Mail("1" * 32, "a" * 32, "bounce+1@example.com", "ann@example.org", message)


def read_by_node(mails: Sequence[bytes], folder: Path) -> list[dict[str, Any]]:
    """What postal-mime finds in mails."""
    for number, content in enumerate(mails):
        (folder / f"{number}.eml").write_bytes(content)
    script = f"""
    import {{ readFileSync }} from "node:fs";
    const {{ default: PostalMime }} = await import("postal-mime");
    const found = [];
    for (let n = 0; n < {len(mails)}; n++) found.push(await PostalMime.parse(readFileSync("{folder}/" + n + ".eml")));
    console.log(JSON.stringify(found));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        cwd=packages().parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def lines(text: str) -> list[str]:
    """A text without what mail does to the ends of its lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def test_another_language_reads_what_we_write(tmp_path: Path) -> None:
    """postal-mime (Node.js) and Python find the same names, subjects, texts and addresses that we put in, and nothing more."""
    sent = [wire_form(written(*one).message, SIGN) for one in NASTY]
    for (name, subject, text), content, seen in zip(NASTY, sent, read_by_node(sent, tmp_path), strict=True):
        python = message_from_bytes(content, policy=policy.default)
        assert seen["from"] == {"address": "support@example.com", "name": name}
        assert [one["address"] for one in seen["to"]] == ["ann@example.org"]
        assert " ".join(seen["subject"].split()) == " ".join(subject.split())
        assert lines(seen["text"]) == lines(text)
        assert seen["attachments"] == []
        assert seen["messageId"] == f"<{'1' * 32}@example.com>"
        headers = {one["key"]: one["value"] for one in seen["headers"]}
        assert headers["list-unsubscribe"] == f"<{STOP}>"
        assert " ".join(python["Subject"].split()) == " ".join(subject.split())
        assert python["From"].addresses[0].display_name == name
        body = python.get_body(("plain",))
        assert body is not None
        assert lines(body.get_content()) == lines(text)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=400)


@given(name=TEXT, subject=TEXT, text=TEXT)
def test_nobody_adds_a_header_or_a_part(name: str, subject: str, text: str) -> None:
    """Whatever stands in a name, a subject or a text: it is refused, or the mail has the headers and parts that we gave it, and the text."""
    try:
        message = written(name, subject, text).message
    except ValueError:
        assert any(unicodedata.category(one) in {"Cc", "Zl", "Zp"} for one in name + subject)
        return
    assert isinstance(message, EmailMessage)
    content = wire_form(message)
    got = message_from_bytes(content, policy=policy.default)
    assert sorted(got.keys()) == sorted(message.keys())
    assert [part.get_content_type() for part in got.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert [one.addr_spec for one in got["From"].addresses] == ["support@example.com"]
    assert [one.addr_spec for one in got["To"].addresses] == ["ann@example.org"]
    assert got["List-Unsubscribe"] == f"<{STOP}>"
    body = got.get_body(("plain",))
    assert body is not None
    assert lines(body.get_content()) == lines(text)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix starts as root")
def test_signatures_survive_a_real_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind Postfix, which takes mail by STARTTLS and offers pipelining: both signatures verify, one-click is covered, the text is whole."""
    sink, sent = Raw(), written(*NASTY[1])
    certificate = made_certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with serving(sink) as onward, postfix(certificate, onward) as port:
        with closing(SmtpMailer(Server("localhost", port, "starttls"), sign=SIGN)) as mailer:
            for _ in range(2):
                mailer.send(sent)
        wait_until(lambda: len(sink.raw) == 2, "the mails are handed on")
    content = sink.raw[0]
    assert content.startswith(b"Received: ")
    verdicts = [dkim.DKIM(content).verify(place, dnsfunc=published(RSA, ED25519)) for place in (0, 1)]
    assert verdicts == [True, True]
    assert all(map(listunsub.dkim_covers, message_from_bytes(content).get_all("DKIM-Signature", [])))
    assert sink.envelopes == [("bounce+1@example.com", ["ann@example.org"])] * 2
    body = sink.mails[0].get_body(("plain",))
    assert body is not None
    assert lines(body.get_content()) == lines(NASTY[1][2])
