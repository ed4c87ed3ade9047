"""Clause III.4: by e-mail to the privacy address, by form, API or staff: one intake; an unreadable mail is a case too."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

import pytest

from tests.clauses.mailbox import mail_to
from tests.clauses.matters import ask, shown, step
from tests.clauses.vendor import CANARY, RIGHTS, Site, Vendor
from tests.faults.test_inbound import listen
from tests.support.waiting import wait_until

PRIVACY = "privacy@example.com"


@contextmanager
def mailing(vendor: Vendor) -> Iterator[tuple[Site, smtplib.SMTP]]:
    """The vendor's service with a connection to its mail listener."""
    port = listen(vendor)
    with vendor.open() as site, smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        yield site, client


def letter(subject: str, text: str, sender: str = "Ann Example <ann@example.org>") -> EmailMessage:
    """A mail to the privacy address."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, PRIVACY, subject
    mail.set_content(text)
    return mail


def open_numbers(vendor: Vendor) -> list[str]:
    """Numbers of the open matters."""
    return [one["number"] for one in vendor.json("requests", "list")["matters"]]


@pytest.mark.clause("III.4")
def test_a_mail_gives_a_case_and_an_acknowledgement(vendor: Vendor) -> None:
    """Whoever writes, known or not, reads a number and a day; the mail itself lies sealed in the same intake as a form."""
    with mailing(vendor) as (site, client):
        client.send_message(letter("Please delete my data", f"All of it. {CANARY}"))
        answer = mail_to(vendor, "ann@example.org")
        (number,) = open_numbers(vendor)
        assert number in answer["Subject"]
        found = shown(vendor, number)
        assert (found["kind"], found["channel"], found["state"]) == ("erase", "email", "identity-pending")
        again = ask(site, "erase", "ann@example.org").json()["number"]
        german = letter("Auskunft", "Bitte eine Kopie meiner Daten.", "Uli <uli@example.org>")
        german["Content-Language"] = "de-DE"
        client.send_message(german)
        subject = str(mail_to(vendor, "uli@example.org")["Subject"])
        assert subject.startswith("Ist das Ihr Anliegen?")
    # the same request by form is one with the one that came by mail, once it is known that both are Ann's
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    step(vendor, desk, "verify", number)
    assert step(vendor, desk, "verify", again)["about"] == found["case"]
    assert set(open_numbers(vendor)) == {number, subject.rpartition(" ")[2]}
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("III.4")
def test_a_mail_that_cannot_be_read_becomes_a_case_for_a_person(vendor: Vendor) -> None:
    """Two senders and a broken body: accepted, a case with its clock, and the mail kept sealed for somebody to read."""
    raw = (
        b"From: a@example.org\r\nFrom: b@example.org\r\nTo: privacy@example.com\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nbroken " + CANARY.encode()
    )
    with mailing(vendor) as (_, client):
        client.sendmail("writer@example.org", [PRIVACY], raw)
        wait_until(lambda: bool(open_numbers(vendor)), "a case is opened")
    (number,) = open_numbers(vendor)
    assert (shown(vendor, number)["kind"], shown(vendor, number)["person"]) == ("other", "")
    assert len(vendor.json("mail", "list")["mails"]) == 1
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("III.4")
def test_what_no_person_wrote_opens_nothing(vendor: Vendor) -> None:
    """An automatic answer waits for a look, is not answered, and opens no case: no loop begins."""
    mail = letter("Out of office", "I am away. Please delete my data.")
    mail["Auto-Submitted"] = "auto-replied"
    with mailing(vendor) as (_, client):
        client.send_message(mail)
        wait_until(lambda: bool(vendor.json("mail", "list")["mails"]), "the mail is left to a person")
    assert open_numbers(vendor) == []


@pytest.mark.clause("III.4")
def test_staff_and_programs_reach_the_same_intake(vendor: Vendor) -> None:
    """A call noted by staff, and a request over the API by a service, stand in the same list with the same clock."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    body = {
        "channel": "phone",
        "notice": "request-notice",
        "values": {
            "request_text": "Asked by telephone.",
            "request_kind": "other",
            "email": "ann@example.org",
        },
    }
    with vendor.open() as site:
        by_phone = site.request("POST", "/collect/privacy-request", key=desk, body=body).json()
        by_form = ask(site, "access", "bob@example.org").json()
    assert set(open_numbers(vendor)) == {by_phone["number"], by_form["number"]}
    assert by_phone["due_because"] == by_form["due_because"]
    assert shown(vendor, by_phone["number"])["channel"] == "phone"
    assert shown(vendor, by_phone["number"])["state"] == "verified"
