"""The listener over real sockets: what it takes, what it turns away, and what it does not tell."""

import asyncio
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, Self

import pytest

from tests.inbound.conftest import ADDRESS, REFUSED, Post, engine_served, post
from tests.support.waiting import wait_until
from troth.adapters import Limits, mail_listener
from troth.inbound import MOST_HOPS, WAITING, Inbox
from troth.kernel import InvalidInput

__all__ = ["engine_served", "post"]
MAIL = "From: ann@example.com\r\nSubject: Hello\r\n\r\nText\r\n.dotted\r\n"
Listen = Callable[..., int]


class Taking(Protocol):
    """Something with an inbox."""

    @property
    def inbox(self) -> Inbox:
        """The inbox that what is listened for goes to."""


@contextmanager
def listening(post: Taking, scheme: str = "smtp", limits: Limits | None = None) -> Iterator[int]:
    """A listener in a thread of its own; gives its port."""
    loop = asyncio.new_event_loop()
    listener = mail_listener(post.inbox, f"{scheme}://127.0.0.1:0", "mail.example.com", limits or Limits())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(listener.start(), loop).result(60)
        yield listener.port
    finally:
        asyncio.run_coroutine_threadsafe(listener.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Raw:
    """Somebody who speaks the protocol by hand."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def heard(self) -> str:
        """The next answer, all its lines; empty when the other side has closed."""
        lines = []
        try:
            while line := self.file.readline():
                lines.append(line.decode())
                if line[3:4] != b"-":
                    break
        except ConnectionError:
            return ""
        return "".join(lines)

    def say(self, line: str | bytes) -> str:
        """Say a line and give the answer."""
        self.socket.sendall((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.heard()


def test_client_of_the_standard_library_delivers(post: Post) -> None:
    """A mail with a dotted line comes through whole, to each recipient, and 250 tells its id."""
    with listening(post) as port:
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            assert client.sendmail("ann@example.com", [ADDRESS], MAIL) == {}
            code, told = client.vrfy(ADDRESS)
            assert (code, b"Send" in told) == (252, True)
        assert len(post.inbox.kept(WAITING)) == 1
    post.run()
    assert post.got[0].mail.text == "Text\n.dotted"


def test_unknown_recipient_gets_550_and_known_ones_the_mail(post: Post) -> None:
    """One wrong address does not keep the mail from the right one."""
    with listening(post) as port, smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        refused = client.sendmail("ann@example.com", [ADDRESS, "nobody@example.com"], MAIL)
        assert refused["nobody@example.com"][0] == 550
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("ann@example.com", ["ann@example.com"], MAIL)
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("ann@example.com", [REFUSED], MAIL)
        assert caught.value.smtp_code == 550
        assert b"clause" in caught.value.smtp_error
    assert len(post.inbox.kept(WAITING)) == 1


def test_limits_hold(post: Post) -> None:
    """Size, recipients and hops are limited, each with its own code."""
    limits = Limits(size=2_000, recipients=1)
    with listening(post, limits=limits) as port, smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as large:
            client.sendmail("a@example.org", [ADDRESS], MAIL + "x" * 3_000)
        assert large.value.smtp_code == 552
        client.ehlo()
        client.mail("a@example.org")
        assert client.rcpt(ADDRESS)[0] == 250
        assert client.rcpt(ADDRESS)[0] == 452
        assert client.data("Received: x\r\n" * (MOST_HOPS + 1) + MAIL)[0] == 554
    assert post.inbox.kept(WAITING) == []


def test_connections_are_limited_while_they_are_open(post: Post) -> None:
    """One too many is turned away with a code; one that was closed counts no more."""
    with listening(post, limits=Limits(connections=2)) as port:
        with Raw(port) as first, Raw(port) as second:
            assert first.heard().startswith("220")
            assert second.heard().startswith("220")
            with Raw(port) as third:
                assert third.heard().startswith("421")
                assert third.heard() == ""
        wait_until(lambda: _greeted(port), "a closed connection counts no more")


def test_who_says_nothing_is_left(post: Post) -> None:
    """The connection ends, and counts no more."""
    with listening(post, limits=Limits(connections=1, seconds=0.5)) as port, Raw(port) as silent:
        assert silent.heard().startswith("220")
        assert silent.heard() == ""
        wait_until(lambda: _greeted(port), "a closed connection counts no more")


def _greeted(port: int) -> bool:
    with Raw(port) as other:
        return other.heard().startswith("220")


def test_bytes_on_the_wire_are_taken_literally(post: Post) -> None:
    """A bare line feed ends no mail (CVE-2023-51764); nonsense ends no server; too much nonsense ends the connection."""
    with listening(post) as port:
        with Raw(port) as raw:
            assert raw.heard().startswith("220 mail.example.com")
            assert raw.say(b"\xff\xfe\x00").startswith("500")
            assert raw.say("DATA").startswith("503")
            assert raw.say("EHLO x").startswith("250")
            assert raw.say("MAIL FROM:<>").startswith("250")
            assert raw.say(f"RCPT TO:<{ADDRESS}>").startswith("250")
            assert raw.say("DATA").startswith("354")
            smuggled = b"From: a@example.org\r\n\r\none\n.\nMAIL FROM:<x@example.org>\n.\r\ntwo\r\n."
            assert raw.say(smuggled).startswith("250 2.0.0 Kept as ")
            for _ in range(10):
                if not raw.say("NONSENSE").startswith("5"):
                    break
        assert len(post.inbox.kept(WAITING)) == 1
    post.run()
    assert "two" in post.got[0].mail.text
    assert post.got[0].mail.automatic == "null-sender"


def test_connection_that_breaks_off_leaves_nothing(post: Post) -> None:
    """Without the last dot a mail was not sent."""
    with listening(post) as port:
        with Raw(port) as raw:
            raw.heard()
            for line in ("EHLO x", "MAIL FROM:<a@example.org>", f"RCPT TO:<{ADDRESS}>", "DATA"):
                raw.say(line)
            raw.socket.sendall(MAIL.encode())
        assert _greeted(port)
    assert post.inbox.kept(WAITING) == []


def test_lmtp_answers_for_each_recipient(post: Post) -> None:
    """RFC 2033: LHLO, and as many answers to the data as there are recipients."""
    with listening(post, "lmtp") as port, Raw(port) as raw:
        assert raw.heard().startswith("220")
        assert raw.say("EHLO x").startswith("500")
        assert raw.say("LHLO x").startswith("250")
        raw.say("MAIL FROM:<a@example.org>")
        for _ in range(2):
            assert raw.say(f"RCPT TO:<{ADDRESS}>").startswith("250")
        raw.say("DATA")
        assert raw.say(f"{MAIL}.").startswith("250")
        assert raw.heard().startswith("250")


def test_store_that_takes_nothing_is_told(post: Post) -> None:
    """The sender is asked to come back when a store is away; nothing counts as accepted."""
    with listening(post) as port, smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        post.troth.keystore.close()
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("a@example.org", [ADDRESS], MAIL)
        assert caught.value.smtp_code == 451


@pytest.mark.parametrize("place", ["", "x", "http://127.0.0.1", "smtp://", "smtp://h:99999", "smtp://h/x"])
def test_place_that_is_none_is_refused(post: Post, place: str) -> None:
    """A slip in the setting is named."""
    with pytest.raises(InvalidInput) as caught:
        mail_listener(post.inbox, place, "x", Limits())
    assert caught.value.field == "mail.inbound.listen"
