"""Clause II.15: a written opt-out counts, from whatever address it comes; it is confirmed, and the next message is not sent."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

import pytest

from tests.clauses.mailbox import Browser, link_in, mail_to, mails
from tests.clauses.preferring import EVENTS, MAIL, inside, marketing, subscribed, ways
from tests.clauses.test_III_4 import letter
from tests.clauses.vendor import CANARY, Site, Vendor
from tests.faults.test_inbound import listen
from tests.support.waiting import wait_until

ANN = f"{CANARY}@example.com"
UNKNOWN = "unknown@example.org"
DOMAIN = "example.com"


@contextmanager
def mailing(vendor: Vendor) -> Iterator[tuple[Site, smtplib.SMTP, Browser]]:
    """The vendor's service with a connection to its mail listener, and a browser."""
    port = listen(vendor)
    with (
        vendor.open() as site,
        smtplib.SMTP("127.0.0.1", port, timeout=60) as client,
        Browser(site) as browser,
    ):
        yield site, client, browser


def to(address: str, subject: str, sender: str = "Ann <ann@elsewhere.example>") -> EmailMessage:
    """A mail to an address of ours."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, address, subject
    mail.set_content("Please stop.")
    return mail


def report(status: str, recipient: str = "", action: str = "failed") -> EmailMessage:
    """A delivery report (RFC 3464)."""
    told = f"Final-Recipient: rfc822; {recipient}\r\n" if recipient else ""
    raw = (
        "From: MAILER-DAEMON@mx.example\r\nTo: x@example.com\r\nSubject: failed\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"{told}Action: {action}\r\nStatus: {status}\r\n\r\n--b--\r\n"
    )
    return _parsed(raw)


def complaint(envelope: str, kind: str = "abuse") -> EmailMessage:
    """A report that a mail is spam (RFC 5965)."""
    raw = (
        "From: fbl@provider.example\r\nTo: complaints@example.com\r\nSubject: report\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSpam.\r\n"
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nUser-Agent: x/1\r\nVersion: 1\r\n"
        f"Original-Mail-From: <{envelope}>\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: News\r\n\r\n--b--\r\n"
    )
    return _parsed(raw)


def _parsed(raw: str) -> EmailMessage:
    from email import policy
    from email.parser import BytesParser

    return BytesParser(policy=policy.SMTP).parsebytes(raw.encode())


@pytest.mark.clause("II.15")
@pytest.mark.clause("III.4")
@pytest.mark.slow
def test_a_written_opt_out_counts_from_any_address(vendor: Vendor) -> None:
    """The published subject, from who is known or not: kept under a keyed hash, confirmed with a number, and nothing is sent next."""
    mailer = vendor.key("service.mailer", MAIL)
    with mailing(vendor) as (site, client, browser):
        ann = subscribed(vendor, site, browser, ANN)
        out = ways(vendor, ann, ANN, EVENTS)
        client.send_message(letter("Opt out", "", f"Ann <{ANN}>"))
        client.send_message(letter("RE: opt OUT", "Nothing more, please.", UNKNOWN))
        assert "R-" in str(mail_to(vendor, ANN, 2)["Subject"])
        mail_to(vendor, UNKNOWN)
        assert marketing(vendor, site, mailer, ANN)[0] == 403
        shown = vendor.json(
            "suppression", "show", "--by", f"email={UNKNOWN}", "--purpose", "essential.service.rights_request",
            "--key-file", _key_file(vendor),
        )  # fmt: skip
        assert [one["reason"] for one in shown["values"]["suppressions"]] == ["opted-out"]
        # a mail to the address that a message names stops for whoever got it, wherever it comes from
        bob = subscribed(vendor, site, browser, "bob@example.com")
        assert marketing(vendor, site, mailer, "bob@example.com", EVENTS)[0] == 200
        by_mail = (
            ways(vendor, bob, "bob@example.com", EVENTS).by_mail.removeprefix("mailto:").partition("?")[0]
        )
        client.send_message(to(by_mail, "unsubscribe"))
        assert "It is done" in _text(mail_to(vendor, "bob@example.com", 2))
        assert marketing(vendor, site, mailer, "bob@example.com", EVENTS) == (403, ["II.14"])
        # whoever wrote in and signs up again from the same mailbox hears again; the form alone changes nothing
        wait_until(lambda: _objected(vendor), "the request is carried out")
        assert site.collect("email-opt-in", {"email": ANN}).status_code == 202
        wait_until(lambda: len(_asking(vendor)) == 2, "the mailbox is asked")
        assert marketing(vendor, site, mailer, ANN)[0] == 403
        assert browser.post(link_in(_asking(vendor)[1])).status_code == 200
        assert marketing(vendor, site, mailer, ANN)[0] == 200
    assert out.envelope.startswith("bounce+")


@pytest.mark.clause("II.15")
@pytest.mark.slow
def test_reports_count_only_for_messages_of_ours(vendor: Vendor) -> None:
    """A mail that comes back for good, and one called spam, end it at once; a forged report does nothing."""
    mailer = vendor.key("service.mailer", MAIL)
    people = ["ann@example.com", "bob@example.com", "cat@example.com"]
    with mailing(vendor) as (site, client, browser):
        ann, bob, cat = (subscribed(vendor, site, browser, one) for one in people)
        outs = [ways(vendor, who, one) for who, one in zip((ann, bob, cat), people, strict=True)]
        local, _, domain = outs[2].envelope.partition("@")
        forged = f"{local[:-2]}{'ab' if not local.endswith('ab') else 'cd'}@{domain}"
        client.sendmail("", [outs[0].envelope], report("5.1.1", people[0]).as_bytes())
        client.sendmail("", [outs[2].envelope], report("5.1.1", "other@elsewhere.example").as_bytes())
        client.sendmail("", [forged], report("5.1.1", people[2]).as_bytes())
        client.sendmail("fbl@provider.example", ["complaints@example.com"], complaint(forged).as_bytes())
        client.sendmail(
            "fbl@provider.example", ["complaints@example.com"], complaint(outs[1].envelope).as_bytes()
        )
        wait_until(lambda: marketing(vendor, site, mailer, people[1])[0] == 403, "the complaint counts")
        wait_until(lambda: marketing(vendor, site, mailer, people[0])[0] == 403, "the report counts")
        assert marketing(vendor, site, mailer, people[0]) == (403, ["I.5"])
        assert marketing(vendor, site, mailer, people[1])[1] == ["II.14"]
        assert marketing(vendor, site, mailer, people[2])[0] == 200
        with site.server.client() as program:
            told = program.get("/metrics").text
        for fate in ("bounced-hard", "bounced-soft", "complained", "stopped"):
            assert f'troth_mails_total{{fate="{fate}"}} 1.0' in told
        assert not any(one in told for one in people)
    with inside(vendor) as troth:
        counts = troth.outbox.reasons("campaign")
    assert counts == {("bounced", "hard"): 1, ("complained", ""): 1, ("bounced", "soft"): 1}


def _asking(vendor: Vendor) -> list[EmailMessage]:
    """The mails that ask Ann's mailbox to confirm a sign-up."""
    found = mails(vendor, ANN)
    return [one for one in found if one["Subject"] == found[0]["Subject"]]


def _objected(vendor: Vendor) -> bool:
    """Whether some objection is on record."""
    return any("record-stance" in str(entry) for entry in vendor.ledger())


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _key_file(vendor: Vendor) -> str:
    file = vendor.data.parent / "desk.key"
    file.write_text(vendor.privacy_key, encoding="utf-8")
    file.chmod(0o600)
    return str(file)
