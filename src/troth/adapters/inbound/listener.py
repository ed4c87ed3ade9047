"""A listener for mail: SMTP (RFC 5321) or LMTP (RFC 2033), on the event loop of the server.

A mail is answered with 250 only when it is on disk. Whoever connects learns which addresses have the right form, and nothing
about people. It is meant to stand behind the company's own mail server, which does TLS, SPF and the first sorting.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from troth.adapters.inbound.opening import Limits
from troth.inbound import MOST_HOPS, Inbox, hops_of
from troth.kernel import InvalidInput, Log, NotFound, Refused, TrothError

SESSION_SECONDS = 600.0
"""The longest connection, whatever is said on it."""
_PORTS = {"smtp": 25, "lmtp": 24}
_COMMANDS = 200
"""How often a connection may say each command."""
_IDENT = "Troth"
_log = Log("troth.inbound")
# The library writes addresses and whole lines of mails to its log; ours holds ids only.
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)


class MailListener:
    """Takes mail in.

    Args:
        inbox: Keeps it.
        place: `smtp://host:port` or `lmtp://host:port`.
        name: How it greets.
        limits: What one sender may ask of it.

    Raises:
        InvalidInput: The place is none.
    """

    def __init__(self, inbox: Inbox, place: str, name: str, limits: Limits) -> None:
        self._inbox, self._name, self._limits = inbox, name, limits
        self.host, self._port, self._lmtp = _parted(place)
        self._open: set[asyncio.BaseTransport] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        if self._server is None:
            return self._port
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen.

        Raises:
            InvalidInput: Something else listens there, or the address is not this machine's.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._connection, self.host, self._port)
        except OSError as error:
            raise InvalidInput(
                f"Mail cannot be listened for on {self.host}:{self._port} ({error.strerror}).",
                field="mail.inbound.listen",
                mend="Name an address of this machine and a free port.",
            ) from error
        _log.info("mail_listening", host=self.host, port=self.port)

    async def stop(self) -> None:
        """Take no more connections, and end those that are open; what was answered with 250 is on disk."""
        if self._server is None:
            return
        self._server.close()
        for transport in tuple(self._open):
            transport.close()
        await self._server.wait_closed()

    def _connection(self) -> asyncio.BaseProtocol:
        if len(self._open) >= self._limits.connections:
            return _Full()
        kind = _LmtpConnection if self._lmtp else _SmtpConnection
        return kind(
            _Taking(self._inbox, self._limits, per_recipient=self._lmtp),
            open_ones=self._open,
            data_size_limit=self._limits.size,
            enable_SMTPUTF8=True,
            hostname=self._name,
            ident=_IDENT,
            timeout=self._limits.seconds,
            command_call_limit=_COMMANDS,
            loop=asyncio.get_running_loop(),
        )


class _Taking:
    """What is answered to recipients and mails; the methods' names are the library's."""

    def __init__(self, inbox: Inbox, limits: Limits, *, per_recipient: bool) -> None:
        self._inbox, self._limits, self._per_recipient = inbox, limits, per_recipient

    async def handle_RCPT(  # noqa: N802  the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Sequence[str]
    ) -> str:
        """Take a recipient whose address has the form of one of ours."""
        if len(envelope.rcpt_tos) >= self._limits.recipients:
            return "452 4.5.3 Too many recipients"
        if self._inbox.route(address) is None:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_VRFY(self, *_: Any) -> str:  # noqa: N802  the library's name
        """Tell nothing about an address."""
        return "252 2.5.2 Send the mail and see"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  the library's name
        """Keep a mail; one answer a recipient where the protocol wants that (RFC 2033, section 4.2)."""
        answer = await self._kept(envelope)
        return "\r\n".join([answer] * len(envelope.rcpt_tos)) if self._per_recipient else answer

    async def _kept(self, envelope: Envelope) -> str:
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        if hops_of(raw) > MOST_HOPS:
            return "554 5.4.6 This mail goes round in circles"
        sender = (envelope.mail_from or "").strip("<>")
        try:
            ids = await asyncio.to_thread(self._inbox.keep, sender, envelope.rcpt_tos, raw)
        except NotFound:
            return "550 5.1.1 No such mailbox here"
        except Refused as error:
            return f"550 5.7.1 Not permitted by clause {error.clause or '0.2'} of our privacy policy"
        except TrothError as error:
            _log.warning("mail_put_off", error=error.code)
            return "451 4.3.0 Not now; try again later"
        return f"250 2.0.0 Kept as {ids[0]}"

    async def handle_exception(self, error: Exception) -> str:
        """Answer what nobody foresaw; its text may hold what somebody sent, so it is not logged."""
        _log.error("mail_failed", error=type(error).__name__)
        return "451 4.3.0 Not now; try again later"


class _Counted(SMTP):
    """A connection that is counted and has an end."""

    def __init__(self, handler: _Taking, *, open_ones: set[asyncio.BaseTransport], **more: Any) -> None:
        super().__init__(handler, **more)
        self._open_ones = open_ones
        self._counted: asyncio.BaseTransport | None = None
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it, and let it end in time."""
        self._counted = transport
        self._open_ones.add(transport)
        self._end = self.loop.call_later(SESSION_SECONDS, transport.close)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """It counts no more."""
        if self._counted is not None:
            self._open_ones.discard(self._counted)
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(error)


class _SmtpConnection(_Counted):
    """A connection of SMTP."""


class _LmtpConnection(_Counted, LMTP):
    """A connection of LMTP."""


class _Full(asyncio.Protocol):
    """Turns a connection away."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so, and close."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 Too many connections; try again later\r\n")
        transport.close()


def _parted(place: str) -> tuple[str, int, bool]:
    try:
        parts = urlsplit(place)
        port = parts.port if parts.port is not None else _PORTS.get(parts.scheme, 0)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise InvalidInput(
            "The place to listen for mail is not known.",
            field="mail.inbound.listen",
            mend="Write `smtp://127.0.0.1:2525` or `lmtp://127.0.0.1:2424`.",
        )
    return parts.hostname, port, parts.scheme == "lmtp"
