"""One connection to a mail server (RFC 5321), over which mails go one after the other."""

import smtplib
import socket
import ssl
from typing import Literal, NamedTuple

from troth.adapters.credentials import Credentials
from troth.kernel import Unavailable
from troth.outreach import Deferred, Unanswered, Undeliverable

TIMEOUT_SECONDS = 15.0
GONE = 421
"""The server's word that it closes the connection."""
_GO_ON, _REFUSED, _FOR_GOOD, _TOO_LARGE = 354, 400, 500, 552
Security = Literal["tls", "starttls", "none"]


class Server(NamedTuple):
    """A mail server and how it is spoken to.

    Args:
        host: Its name.
        port: Its port.
        security: TLS from the first byte, STARTTLS before anything is said, or none.
        credentials: User and password; None where the server asks for none. They are never sent in the clear.
    """

    host: str
    port: int
    security: Security
    credentials: Credentials | None = None


class Parcel(NamedTuple):
    """A mail in wire form with its envelope."""

    sender: str
    address: str
    content: bytes


class Lost(Exception):
    """The connection broke, or the server took leave (421), before it had the mail: another connection may carry it.

    Args:
        reply: 421, or 0 where nothing was said.
    """

    def __init__(self, reply: int = 0) -> None:
        super().__init__(reply)
        self.reply = reply


class Connection:
    """An open connection.

    Args:
        server: Where to.

    Raises:
        smtplib.SMTPException: The server does not speak as it must.
        OSError: It cannot be reached, or its certificate is not trusted.
    """

    def __init__(self, server: Server) -> None:
        self._place = f"{server.host}:{server.port}"
        self._smtp = _connected(server)
        self._between = True
        self._carried = 0

    def deliver(self, parcel: Parcel) -> None:
        """Hand a mail over.

        Raises:
            Undeliverable: It was refused for good.
            Deferred: It was refused for now.
            Unavailable: The sender was refused.
            Unanswered: The connection broke after the mail was sent.
            Lost: The connection was gone before the server had the mail.
        """
        commands = self._envelope(parcel)
        self._between = False
        try:
            replies = self._asked(commands)
        except (smtplib.SMTPException, OSError) as error:
            raise Lost from error
        if GONE in replies:
            raise Lost(GONE)
        refused = next((place for place, reply in enumerate(replies) if reply >= _REFUSED), None)
        if refused is not None:
            self._take_back(awaited=replies[-1] == _GO_ON)
            raise self._refusal(refused, replies[refused])
        self._send(parcel.content)
        self._carried += 1

    def usable(self, most: int) -> bool:
        """Whether another mail may go over it: it is open, between two mails, and has carried less than so many."""
        return self._between and self._smtp.sock is not None and self._carried < most

    def close(self) -> None:
        """Take leave; without a word in the middle of a mail."""
        try:
            if self._between and self._smtp.sock is not None:
                self._smtp.quit()
        except (smtplib.SMTPException, OSError):
            self._between = False
        finally:
            self._smtp.close()

    def _envelope(self, parcel: Parcel) -> list[str]:
        """The commands before the mail's text, with what the server is told about it (RFC 1870, 6152, 6531)."""
        options = ""
        if self._smtp.has_extn("size"):
            options += f" SIZE={len(parcel.content)}"
            most = self._smtp.esmtp_features["size"]
            if most.isdigit() and 0 < int(most) < len(parcel.content):
                raise Undeliverable(f"The mail server {self._place} takes no mail so large.", _TOO_LARGE)
        if not parcel.content.isascii():
            options += self._extension("8bitmime", " BODY=8BITMIME")
        if not (parcel.sender + parcel.address).isascii():
            options += self._extension("smtputf8", " SMTPUTF8")
        sender = f"MAIL FROM:<{parcel.sender}>{options}"
        return [sender, f"RCPT TO:<{parcel.address}>", "DATA"]

    def _extension(self, name: str, option: str) -> str:
        """The option of an extension that a mail needs."""
        if not self._smtp.has_extn(name):
            raise Undeliverable(f"The mail server {self._place} does not offer {name.upper()}.")
        return option

    def _asked(self, commands: list[str]) -> list[int]:
        """Replies to commands: all at once where the server offers it (RFC 2920), else until one is refused."""
        lines = [f"{command}\r\n".encode() for command in commands]
        if self._smtp.has_extn("pipelining"):
            self._smtp.send(b"".join(lines))
            return [self._smtp.getreply()[0] for _ in lines]
        replies: list[int] = []
        for line in lines:
            self._smtp.send(line)
            replies.append(self._smtp.getreply()[0])
            if replies[-1] >= _REFUSED:
                break
        return replies

    def _send(self, content: bytes) -> None:
        """The mail's text. Once it is sent nobody knows, until the server says so, whether it has it."""
        try:
            self._smtp.send(_stuffed(content) + b".\r\n")
            reply = self._smtp.getreply()[0]
        except (smtplib.SMTPException, OSError) as error:
            raise Unanswered(
                f"The mail server {self._place} did not say whether it took the mail ({type(error).__name__}).",
                mend="It is sent again with the same Message-ID, or given up where the settings say so.",
            ) from None
        self._between = reply != GONE
        if reply >= _REFUSED:
            raise self._refused(reply)

    def _take_back(self, *, awaited: bool) -> None:
        """Let the server forget a refused mail; nothing goes where it waits for the text all the same (RFC 2920, 3.1)."""
        try:
            if awaited:
                self._smtp.send(b".\r\n")
                self._smtp.getreply()
            self._between = self._smtp.rset()[0] < _REFUSED
        except (smtplib.SMTPException, OSError):
            self._smtp.close()

    def _refusal(self, place: int, code: int) -> Undeliverable | Unavailable:
        """The error for the command that was refused; a refused sender, the first, is the company's own matter."""
        if place == 0 and code >= _FOR_GOOD and code != _TOO_LARGE:
            return Unavailable(
                f"The mail server {self._place} refused the sender with {code}.",
                mend="Check the settings mail.from and mail.transport, and user and password.",
            )
        return self._refused(code)

    def _refused(self, code: int) -> Undeliverable | Deferred:
        """The error for a reply code; its text is left out, for servers repeat the address in it."""
        what = f"The mail server {self._place} refused the mail with {code}."
        return Undeliverable(what, code) if code >= _FOR_GOOD else Deferred(what, code)


def _stuffed(content: bytes) -> bytes:
    """A mail whose lines that begin with a dot begin with two (RFC 5321, 4.5.2)."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _connected(server: Server) -> smtplib.SMTP:
    if server.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        if server.security == "starttls":
            smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        if smtp.sock is not None:
            # Else the end of a text, which is no whole packet, waits until the server has acknowledged what is before it.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.credentials is not None and server.security != "none":
            smtp.login(*server.credentials)
    except BaseException:
        smtp.close()
        raise
    return smtp
