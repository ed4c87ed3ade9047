"""A power cut after 250 loses no mail that came in, and none is kept in clear."""

import re
import smtplib
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clauses.vendor import CANARY, Vendor
from tests.support.process import free_port

pytestmark = pytest.mark.slow
_KEPT = re.compile(rb"Kept as ([0-9a-f]{32})")
KILLS = 3
MAILS = 7


def listen(vendor: Vendor, **more: str) -> int:
    """Let the vendor take mail in; gives the port."""
    port = free_port()
    settings = vendor.data / "troth.toml"
    text = settings.read_text(encoding="utf-8")
    for name, value in {"listen": f'"smtp://127.0.0.1:{port}"', **more}.items():
        text = re.sub(rf"(?m)(?s:(\[mail\.inbound\].*?))^{name} = [^\n]*$", rf"\1{name} = {value}", text)
    settings.write_text(text, encoding="utf-8")
    return port


def test_mail_that_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    """The server is killed right after an answer of 250, again and again: every mail that it accepted is there afterwards."""
    vendor = Vendor(tmp_path)
    port = listen(vendor)
    accepted: list[str] = []
    for _ in range(KILLS):
        with vendor.program.serving() as server, smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            for number in range(MAILS):
                client.ehlo_or_helo_if_needed()
                client.mail("writer@example.org")
                assert client.rcpt("postmaster@example.com")[0] == 250
                code, told = client.data(f"From: writer@example.org\r\n\r\n{CANARY} {number}\r\n")
                found = _KEPT.search(told)
                assert (code, bool(found)) == (250, True), told
                accepted += [found[1].decode()] if found else []
            server.kill()
            client.close()
    vendor.clock.advance(timedelta(hours=1))  # what a killed server had begun is free again
    vendor.program.run("jobs", "run")
    kept = vendor.json("mail", "list")["mails"]
    assert [one["mail"] for one in kept] == sorted(accepted)
    assert {one["reason"] for one in kept} == {"no-reader"}
    assert vendor.files_with(CANARY) == []
    assert vendor.files_with("writer@example.org") == []
