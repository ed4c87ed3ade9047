"""Connections to a mail server are kept, shared by threads, and replaced when they are gone; no mail is lost by that, or sent twice."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from threading import Barrier
from typing import Any

import pytest

from tests.adapters.scripted import HANG_UP, Scripted, speaking
from tests.adapters.sink import Sink, serving
from tests.adapters.test_mailers import mail
from troth.adapters import Server, SmtpMailer
from troth.kernel import Unavailable
from troth.outreach import Deferred, Mail, Unanswered, Undeliverable

PIPELINING = ("PIPELINING", "SIZE 100000", "8BITMIME", "SMTPUTF8")


def to(port: int, connections: int = 4, mails_each: int = 100) -> AbstractContextManager[SmtpMailer]:
    """A mailer to a server of the test."""
    server = Server("127.0.0.1", port, "none")
    return closing(SmtpMailer(server, connections=connections, mails_each=mails_each))


def verbs(script: Scripted) -> list[list[str]]:
    """The commands of each connection, without their arguments."""
    return [[command[:4].upper() for command in one] for one in script.heard]


class Counting(Sink):
    """Knows the connections that mails came over."""

    def __init__(self) -> None:
        super().__init__()
        self.peers: set[Any] = set()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail."""
        self.peers.add(session.peer)
        return await super().handle_DATA(server, session, envelope)


def test_threads_share_a_few_connections() -> None:
    """Eight threads send over three connections; each mail arrives once."""
    sink, start = Counting(), Barrier(8)
    with serving(sink) as port, to(port, connections=3) as mailer:

        def send(first: int) -> None:
            start.wait(60)
            for number in range(first, first + 10):
                mailer.send(mail(number))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(send, range(0, 80, 10)))
        assert sorted(str(one["Message-ID"]) for one in sink.mails) == sorted(
            f"<{n}@example.com>" for n in range(80)
        )
        assert 1 <= len(sink.peers) <= 3


def test_a_connection_ends_after_its_mails() -> None:
    """After so many mails another connection is opened, with a word of leave to the server."""
    script = Scripted()
    with speaking(script) as port, to(port, mails_each=2) as mailer:
        for number in range(5):
            mailer.send(mail(number))
    carried = ["MAIL", "RCPT", "DATA"]
    assert verbs(script) == [
        ["EHLO", *carried, *carried, "QUIT"],
        ["EHLO", *carried, *carried, "QUIT"],
        ["EHLO", *carried, "QUIT"],
    ]


@pytest.mark.parametrize("extensions", [(), PIPELINING])
@pytest.mark.parametrize(
    "second", [{"MAIL": ["250 ok", HANG_UP]}, {"MAIL": ["250 ok", "421 you were silent"]}]
)
def test_a_server_that_hung_up_is_asked_again(
    extensions: Sequence[str], second: Mapping[str, Sequence[str]]
) -> None:
    """A kept connection that is gone, or is closed at the first word, is replaced by a new one; the mail arrives once."""
    script = Scripted(second, extensions=extensions)
    with speaking(script) as port, to(port) as mailer:
        mailer.send(mail(1))
        mailer.send(mail(2))
    assert len(script.mails) == 2
    assert len(script.heard) == 2


@pytest.mark.parametrize("extensions", [(), PIPELINING])
def test_silence_after_the_text_is_not_sent_again_at_once(extensions: Sequence[str]) -> None:
    """When the server is gone after the text, nobody knows; whoever promised the mail repeats it, with the same Message-ID."""
    script = Scripted({".": [HANG_UP]}, extensions=extensions)
    with speaking(script) as port, to(port) as mailer:
        with pytest.raises(Unanswered):
            mailer.send(mail())
        assert len(script.heard) == 1
        mailer.send(mail())
    assert len(script.mails) == 1


REFUSALS: list[tuple[dict[str, Sequence[str]], type[Exception], int]] = [
    ({"RCPT": ["550 no ann@example.com"]}, Undeliverable, 550),
    ({"RCPT": ["450 greylisted ann@example.com"]}, Deferred, 450),
    ({"MAIL": ["451 later"]}, Deferred, 451),
    ({"MAIL": ["552 too large"]}, Undeliverable, 552),
    ({"DATA": ["451 disk"]}, Deferred, 451),
    ({".": ["554 spam"]}, Undeliverable, 554),
    ({".": ["452 disk"]}, Deferred, 452),
]


@pytest.mark.parametrize("extensions", [(), PIPELINING])
@pytest.mark.parametrize(("answers", "error", "reply"), REFUSALS)
def test_a_refusal_leaves_the_connection_whole(
    answers: Mapping[str, Sequence[str]],
    error: type[Deferred | Undeliverable],
    reply: int,
    extensions: Sequence[str],
) -> None:
    """Whatever is refused, and when: the code is told, the refused mail leaves nothing behind, and the next goes over the same line."""
    script = Scripted(answers, extensions=extensions)
    with speaking(script) as port, to(port) as mailer:
        with pytest.raises(error) as caught:
            mailer.send(mail(1))
        assert isinstance(caught.value, Deferred | Undeliverable)
        assert caught.value.reply == reply
        assert "ann@" not in str(caught.value)
        mailer.send(mail(2))
    assert len(script.heard) == 1
    assert [b"<2@example.com>" in one for one in script.mails] == [True]


def test_a_refused_sender_is_the_companys_matter() -> None:
    """It would be wrong to write the person's address off."""
    with speaking(Scripted({"MAIL": ["550 not yours"]})) as port, to(port) as mailer:
        with pytest.raises(Unavailable) as caught:
            mailer.send(mail())
        assert "mail.from" in caught.value.mend


@pytest.mark.parametrize("answers", [{"HELLO": ["421 busy"]}, {"RCPT": ["421 too many"]}])
def test_a_server_that_takes_leave_defers(answers: Mapping[str, Sequence[str]]) -> None:
    """421 on a fresh connection is no failure of the network."""
    with speaking(Scripted(answers)) as port, to(port) as mailer:
        with pytest.raises(Deferred) as caught:
            mailer.send(mail())
        assert caught.value.reply == 421


def test_the_server_is_told_what_comes() -> None:
    """The size always, 8BITMIME and SMTPUTF8 where the mail needs them; a mail that the server cannot take is not begun."""
    script = Scripted(extensions=PIPELINING)
    with speaking(script) as port, to(port) as mailer:
        mailer.send(mail())
        mailer.send(mail()._replace(address="jürgen@example.com"))
        with pytest.raises(Undeliverable):
            mailer.send(mail(3, "x\n" * 60_000))
    first, second = (line for line in script.heard[0] if line.startswith("MAIL"))
    assert first == f"MAIL FROM:<support@example.com> SIZE={len(script.mails[0])}"
    assert second.endswith(" SMTPUTF8")
    assert "RCPT TO:<jürgen@example.com>" in script.heard[0]


def test_an_address_that_the_server_cannot_take_is_not_sent_to() -> None:
    """Without SMTPUTF8 there is no way to write to it."""
    script = Scripted()
    abroad: Mail = mail()._replace(address="jürgen@example.com")
    with speaking(script) as port, to(port) as mailer, pytest.raises(Undeliverable):
        mailer.send(abroad)
    assert script.mails == []
