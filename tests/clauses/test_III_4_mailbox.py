"""Clause III.4: a request that lies in a mailbox takes the same intake as one that is handed to the service."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.clauses.mailbox import mails
from tests.clauses.matters import shown
from tests.clauses.test_III_4 import PRIVACY, letter, open_numbers
from tests.clauses.vendor import CANARY, Vendor
from tests.support.imap_server import PASSWORD, USER, ImapServer, imap_server

pytestmark = pytest.mark.slow


@pytest.fixture
def server(vendor: Vendor) -> Iterator[ImapServer]:
    """A mailbox that the vendor's settings name."""
    secret = vendor.data / "keys" / "imap.txt"
    secret.write_text(f"{USER}\n{PASSWORD}\n", encoding="utf-8")
    secret.chmod(0o600)
    settings = vendor.data / "troth.toml"
    text = settings.read_text(encoding="utf-8")
    with imap_server() as made:
        text = re.sub(r'(?m)^imap = ""$', f'imap = "imap://127.0.0.1:{made.port}"', text)
        settings.write_text(text, encoding="utf-8")
        yield made


@pytest.mark.clause("III.4")
def test_a_mail_in_a_mailbox_gives_one_case_and_one_acknowledgement(
    vendor: Vendor, server: ImapServer
) -> None:
    """It gets a number and a day, and is answered once; what cannot be read becomes a case for a person.

    That holds however often the mailbox is looked into. `troth doctor` tells when it cannot be reached.
    """
    broken = (
        b"From: a@example.org\r\nFrom: b@example.org\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nbroken"
    )
    away = vendor.json("doctor", status=1)
    (check,) = [one for one in away["checks"] if one["name"] == "mailbox"]
    assert not check["ok"]
    assert USER not in str(away)
    with server.serving():
        server.deliver(broken, letter("Please delete my data", f"All of it. {CANARY}").as_bytes())
        for _ in range(3):
            assert "mailbox" in vendor.json("jobs", "run")["tasks"]
            vendor.clock.advance(timedelta(minutes=2))
        assert vendor.json("doctor")["ok"]
        assert server.flags() == [{"\\Seen"}] * 2
    found = {shown(vendor, number)["kind"]: number for number in open_numbers(vendor)}
    assert set(found) == {"erase", "other"}
    (answer,) = mails(vendor, "ann@example.org")
    assert found["erase"] in answer["Subject"]
    assert shown(vendor, found["other"])["person"] == ""
    assert PRIVACY not in str(vendor.json("mail", "list"))
    assert vendor.files_with(CANARY) == []
