"""Mail is read whatever it is: nothing raises, what is doubtful is marked, and what is clear is read right."""

import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.inbound import MOST_HOPS, hops_of, read_mail
from troth.inbound.reading import MOST_PARTS, MOST_TEXT, envelope_of

CRLF = "\r\n"


def made(text: str = "Hello.\n", **headers: str) -> EmailMessage:
    """A well-formed mail."""
    mail = EmailMessage(policy=email.policy.SMTP)
    given = {
        "From": "Ann Example <Ann@Example.com>",
        "To": "privacy@example.com",
        "Subject": "Hello",
        **headers,
    }
    for name, value in given.items():
        if value:
            mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def test_clear_mail_is_read() -> None:
    """From, Reply-To, To, subject, language, text and attachments are what the sender wrote."""
    mail = made(
        "Grüße!\n\nBitte löschen.\n", Subject="Löschung bitte", Reply_To="a@example.org", Accept_Language="de",
        Message_ID="<1@example.org>", In_Reply_To="<0@example.com>",
    )  # fmt: skip
    mail.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="Kündigung.pdf")
    read = read_mail(mail.as_bytes())
    assert (read.sender, read.sender_name, read.reply_to) == (
        "ann@example.com",
        "Ann Example",
        "a@example.org",
    )
    assert (read.to, read.subject, read.language) == (("privacy@example.com",), "Löschung bitte", "de")
    assert read.text == "Grüße!\n\nBitte löschen."
    assert read.attachments == (("Kündigung.pdf", "application/pdf", 6),)
    assert (read.message_id, read.replies_to) == ("<1@example.org>", ("<0@example.com>",))
    assert (read.automatic, read.malformed, read.bounce, read.from_html) == ("", "", None, False)


def test_html_becomes_plain_text() -> None:
    """Scripts, styles and markup go; lines stay."""
    mail = made("")
    mail.set_content(
        "<style>p{}</style><p>One &amp; two</p><div>three<br>four</div><script>alert(1)</script><!-- x -->",
        subtype="html",
    )
    read = read_mail(mail.as_bytes())
    assert read.from_html
    assert read.text.split() == ["One", "&", "two", "three", "four"]
    assert "alert" not in read.text


def test_plain_text_comes_before_html() -> None:
    """Of two forms the plain one is read; an empty one is no form."""
    mail = made("plain\n")
    mail.add_alternative("<p>html</p>", subtype="html")
    assert read_mail(mail.as_bytes()).text == "plain"
    empty = made("\n")
    empty.add_alternative("<p>html</p>", subtype="html")
    assert read_mail(empty.as_bytes()).text == "html"


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("Auto-Submitted", "auto-replied", "auto-submitted"),
        ("Auto-Submitted", "auto-generated; x=y", "auto-submitted"),
        ("Precedence", "Bulk", "precedence"),
        ("List-Id", "<list.example.org>", "list"),
        ("Return-Path", "<>", "null-sender"),
        ("X-Autoreply", "yes", "auto-response"),
        ("Auto-Submitted", "no", ""),
    ],
)
def test_automatic_mail_is_known(header: str, value: str, reason: str) -> None:
    """What no person wrote is marked with why."""
    assert read_mail(made(**{header.replace("-", "_"): value}).as_bytes()).automatic == reason


def test_bounce_is_read() -> None:
    """A delivery report tells which mail came back, how and why, and is automatic."""
    raw = CRLF.join(
        (
            "From: MAILER-DAEMON@example.net", "To: support@example.com", "Subject: Undelivered",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "MIME-Version: 1.0", "",
            "--b", "Content-Type: text/plain", "", "It failed.",
            "--b", "Content-Type: message/delivery-status", "",
            "Reporting-MTA: dns; mx.example.net", "",
            "Final-Recipient: rfc822; x@example.net", "Action: failed", "Status: 5.1.1 (bad)", "",
            "--b", "Content-Type: text/rfc822-headers", "", "Message-ID: <job@example.com>", "Subject: x", "",
            "--b--", "",
        )
    ).encode()  # fmt: skip
    read = read_mail(raw)
    assert read.bounce == ("<job@example.com>", "failed", "5.1.1", "x@example.net")
    assert read.bounce is not None
    assert read.bounce.hard
    assert read.automatic


def test_complaint_is_read() -> None:
    """A report of a complaint tells its kind, and which mail it is about, by envelope sender and link to stop."""
    raw = CRLF.join(
        (
            "From: fbl@example.net", "To: complaints@example.com", "Subject: Complaint",
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b"', "MIME-Version: 1.0", "",
            "--b", "Content-Type: text/plain", "", "Spam.",
            "--b", "Content-Type: message/feedback-report", "", "Feedback-Type: Abuse", "Version: 1", "",
            "--b", "Content-Type: message/rfc822", "", "Return-Path: <bounce+a@example.com>",
            "List-Unsubscribe: <https://example.com/stop/", " abc>", "Subject: x", "", "Buy.",
            "--b--", "",
        )
    ).encode()  # fmt: skip
    read = read_mail(raw)
    assert read.complaint == ("abuse", "bounce+a@example.com", "<https://example.com/stop/abc>")
    assert read.bounce is None
    assert "stop" not in repr(read.complaint)
    assert read_mail(made().as_bytes()).complaint is None


def test_circling_mail_is_known() -> None:
    """Too many servers: it goes round in circles; the count needs no parsing."""
    raw = b"Received: by mx.example.com\r\n" * (MOST_HOPS + 1) + made().as_bytes()
    assert hops_of(raw) == MOST_HOPS + 1
    assert read_mail(raw).looping


def nested(depth: int) -> bytes:
    """Mails in mails in mails."""
    head = "".join(
        f'Content-Type: multipart/mixed; boundary="b{number}"{CRLF}{CRLF}--b{number}{CRLF}'
        for number in range(depth)
    )
    return f"From: a@example.org{CRLF}{head}Content-Type: text/plain{CRLF}{CRLF}deep{CRLF}".encode()


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "no-sender"),
        (b"\r\n\r\n", "no-sender"),
        (b"\x00\xff" * 500, "no-sender"),
        (b"Subject: x\r\n\r\nNo sender", "no-sender"),
        (b"From: a@example.org\r\nFrom: b@example.org\r\n\r\nx", "several-senders"),
        (b"From: a@example.org, b@example.org\r\n\r\nx", "several-senders"),
        (b"From: a@example.org\r\n" + b"X: y\r\n" * 2000 + b"\r\nx", "long-head"),
        (b"From: a@example.org\r\nX: " + b"y" * 400_000 + b"\r\n\r\nx", "long-head"),
        (b"From: a@example.org\r\n\r\n" + b"x" * (MOST_TEXT + 1), "long-text"),
        (nested(MOST_PARTS + 5), "many-parts"),
        (nested(20), "many-parts"),
        (b"From: a@example.org\r\nContent-Type: multipart/mixed\r\n\r\nno boundary", "broken-parts"),
    ],
)
def test_doubtful_mail_is_marked(raw: bytes, fault: str) -> None:
    """What a program must not decide about goes to a person, with why."""
    assert read_mail(raw).malformed == fault


def test_signs_that_are_not_seen_are_left_out() -> None:
    """Control characters and those that turn the direction of a text do not come through."""
    raw = "From: a@example.org\r\nSubject: =?utf-8?q?a=E2=80=AEb=00c?=\r\n\r\nx\u202ey\x07z\r\n".encode()
    read = read_mail(raw)
    assert (read.subject, read.text) == ("abc", "xyz")


_LINES = st.sampled_from(
    [
        b"From: a@example.org", b"From: <>", b"From: =?utf-8?b?/w==?= <b@example.org>", b"To: x@example.com, ,;",
        b"Subject: =?x-none?q?=FF?=", b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: text/html; charset=\xff",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b", b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: x-uuencode", b"--b", b"--b--", b"", b" folded", b"Content-Disposition: attachment; filename*=utf-8''%ff%00", b"Content-Type: message/rfc822", b"Content-Type: message/delivery-status",
        b"Action: failed", b"Status: 5.1.1", b"References: <a@b> <", b"begin 644 x", b"=?", b"text",
    ]
)  # fmt: skip


@given(
    st.lists(st.one_of(_LINES, st.binary(max_size=80)), max_size=40), st.sampled_from([b"\r\n", b"\n", b"\r"])
)
def test_nothing_raises(lines: list[bytes], end: bytes) -> None:
    """Whatever arrives is read within the limits, and its parts can be shown."""
    read = read_mail(end.join(lines))
    assert len(read.text) <= MOST_TEXT
    assert len(read.attachments) <= MOST_PARTS + 1
    for shown in (read.subject, read.sender_name, *(one.name for one in read.attachments)):
        assert "\n" not in shown
        assert "\x00" not in shown
    f"{read.text}{read.subject}".encode()


@given(st.binary(max_size=2_000))
def test_no_bytes_raise(raw: bytes) -> None:
    """Bytes that are no mail at all are marked."""
    assert read_mail(raw).malformed or read_mail(raw).sender


@given(st.text(max_size=300), st.text(max_size=60))
def test_text_comes_back(text: str, subject: str) -> None:
    """What a mail program sends is what is read, but for signs that are not seen."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = "a@example.org"
    kept = "".join(one for one in text if one.isascii() and (one.isprintable() or one == "\n"))
    mail["Subject"] = "".join(one for one in subject if one.isascii() and one.isprintable())
    mail.set_content(kept)
    read = read_mail(mail.as_bytes())
    assert read.text == kept.strip("\n ")
    assert not read.malformed


@given(st.binary(max_size=500), st.binary(max_size=500))
def test_no_header_of_an_envelope_raises(before: bytes, after: bytes) -> None:
    """Whatever stands in them, what comes out are addresses, or nothing."""
    raw = b"Return-Path: " + before + b"\r\nDelivered-To: " + after + b"\r\nTo: " + before + b"\r\n\r\n"
    found = envelope_of(raw)
    assert all(
        "@" in one for group in (*found.recipients, [found.sender] if found.sender else []) for one in group
    )


def test_an_envelope_is_told_by_the_last_servers() -> None:
    """A report has no sender; where no server noted one, it is the writer; the surest recipients stand first."""
    head = b"From: Ann <Ann@Example.org>\r\nTo: <a@example.com>, b@example.com\r\nCc: c@example.com\r\n"
    assert envelope_of(head + b"\r\nX-Original-To: text@example.com").sender == "ann@example.org"
    told = envelope_of(b"Return-Path: <>\r\nX-Original-To: x@example.com\r\n" + head + b"\r\n")
    assert told.sender == ""
    assert [group for group in told.recipients if group] == [
        ("x@example.com",),
        ("a@example.com", "b@example.com", "c@example.com"),
    ]
