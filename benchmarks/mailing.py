"""Outgoing mail: what a signature costs, and how many mails a second a mail server on this machine is handed."""

import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import dkim

from benchmarks.over_http import free_port
from benchmarks.report import Report, Result, median_micros, rate
from troth.adapters import DkimSigner, Server, SmtpMailer, dkim_key, new_dkim_key, wire_form
from troth.kernel import SettableClock
from troth.outreach import WIRE, Limits, Mail, MailCounts, PacedMailer, Pacing, Rate
from troth.storage import create_all, data_tables, open_database

_CONNECTIONS = 4
_COUNT = 1_000
_LEAST = 400
_MOST_MICROS = 1_000
_CLOCK = SettableClock(datetime(2026, 1, 5, 9, tzinfo=UTC))
_TEXT = "Your sensor has a new version, and this line tells what is better in it for you.\n" * 25
_SINK = """
import asyncio, sys
from aiosmtpd.smtp import SMTP

class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 taken"

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink()), "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def run(report: Report, place: Path) -> None:
    """Measure signing, then handing over."""
    keys = dkim_key("one", new_dkim_key("rsa")), dkim_key("two", new_dkim_key("ed25519"))
    sign = DkimSigner("example.com", keys[:1], _CLOCK)
    _signing(report, sign, DkimSigner("example.com", keys, _CLOCK))
    mails = [_mail(number) for number in range(_COUNT)]
    with _serving() as port:
        baselines = _plain(port, mails)
        with closing(
            SmtpMailer(Server("127.0.0.1", port, "none"), sign=sign, connections=_CONNECTIONS)
        ) as mailer:
            figure = rate(lambda: _by_threads(mailer.send, mails))
        _tell(report, "hand signed mails to a local server over 4 connections", figure, baselines)
        figure = _paced(port, mails, sign, place)
        _tell(report, "the same, with a limit and a warm-up that are kept on disk", figure, baselines)


def _signing(report: Report, once: DkimSigner, twice: DkimSigner) -> None:
    content = wire_form(_mail(1).message)
    pem = new_dkim_key("rsa")
    library = median_micros(lambda _: _by_library(content, pem), 20)
    for work, sign in (("sign a mail, RSA-2048", once), ("sign a mail, RSA-2048 and Ed25519", twice)):
        figure = median_micros(lambda _, sign=sign: _signed(sign, content), 400)  # type: ignore[misc]
        report.add(
            Result(
                work,
                figure,
                "µs",
                f"at most {_MOST_MICROS:,} µs",
                figure <= _MOST_MICROS,
                f"dkimpy alone: {library:,.0f} µs",
                f"{library / figure:.0f} times as fast",
                f"a mail of {len(content):,} bytes in wire form, one core",
            )
        )


def _signed(sign: DkimSigner, content: bytes) -> None:
    sign(content)


def _by_library(content: bytes, pem: bytes) -> None:
    dkim.sign(content, b"one", b"example.com", pem, canonicalize=(b"relaxed", b"relaxed"))


def _tell(report: Report, work: str, figure: float, baselines: Sequence[float]) -> None:
    each, kept = baselines
    report.add(
        Result(
            work,
            figure,
            "/s",
            f"{_LEAST:,}/s",
            figure >= _LEAST,
            f"smtplib, unsigned, one connection kept: {kept:,.0f}/s; one for each mail: {each:,.0f}/s",
            f"{figure / kept:.2f} and {figure / each:.2f} times",
            f"{_COUNT:,} mails on {_CONNECTIONS} threads, the best of three; the server is aiosmtpd in another process",
        )
    )


def _plain(port: int, mails: Sequence[Mail]) -> tuple[float, float]:
    """What the standard library does by itself: a connection for each mail, and one connection for all."""

    def each() -> int:
        some = mails[: len(mails) // 4]
        for mail in some:
            with smtplib.SMTP("127.0.0.1", port) as server:
                server.send_message(_whole(mail), mail.sender, [mail.address])
        return len(some)

    def kept() -> int:
        with smtplib.SMTP("127.0.0.1", port) as server:
            for mail in mails:
                server.send_message(_whole(mail), mail.sender, [mail.address])
        return len(mails)

    return rate(each), rate(kept)


def _whole(mail: Mail) -> EmailMessage:
    assert isinstance(mail.message, EmailMessage)
    return mail.message


def _paced(port: int, mails: Sequence[Mail], sign: DkimSigner, place: Path) -> float:
    """The rate where each mail is counted under two limits in a database on disk."""
    file = place / "troth-bench-mail.db"
    database = open_database(str(file))
    try:
        create_all(database, data_tables)
        counts = MailCounts(database, _CLOCK)
        limits = Limits(others=Rate(1_000_000, datetime.resolution * 86_400_000_000), warm_up=(1_000_000,))
        carrier = SmtpMailer(Server("127.0.0.1", port, "none"), sign=sign, connections=_CONNECTIONS)
        with closing(PacedMailer(carrier, Pacing(limits, counts, _CLOCK, "example.com"), counts)) as mailer:
            return rate(lambda: _by_threads(mailer.send, mails))
    finally:
        database.close()
        for one in place.glob(f"{file.name}*"):
            one.unlink()


def _by_threads(send: Callable[[Mail], None], mails: Sequence[Mail]) -> int:
    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        for _ in threads.map(send, mails):
            pass
    return len(mails)


def _mail(number: int) -> Mail:
    message = EmailMessage(policy=WIRE)
    message["From"] = Address("Example Security, Inc.", addr_spec="support@example.com")
    message["To"] = Address(addr_spec=f"person{number}@example.com")
    message["Subject"] = "A new version of your sensor"
    message["Date"] = "Mon, 05 Jan 2026 09:00:00 +0000"
    message["Message-ID"] = f"<{number:032x}@example.com>"
    message["List-Unsubscribe"] = f"<https://example.com/stop/{number:0200x}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_TEXT)
    message.add_alternative(f"<p>{_TEXT}</p>", subtype="html")
    return Mail(
        f"{number:032x}", "a" * 32, "support@example.com", f"person{number}@example.com", message, bulk=True
    )


@contextmanager
def _serving() -> Iterator[int]:
    """A mail server in another process, as it is in life."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-c", _SINK, str(port)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield port
        finally:
            process.terminate()
            process.wait(30)
