"""A folder of a mailbox over IMAP (RFC 3501, 9051), by TLS (RFC 8314); in the clear only inside this machine.

What a server says is believed no further than it must be: literals have a largest size, a connection has an end, and nothing
of an answer gets into a message or the log.
"""

import contextlib
import hashlib
import imaplib
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from threading import Timer
from typing import Any

from troth.adapters.credentials import Credentials
from troth.inbound import Fetched, OpenMailbox, Wanted
from troth.kernel import Unavailable

TIMEOUT_SECONDS = 15.0
"""The longest that a server may say nothing."""
CONNECTION_SECONDS = 120.0
"""The longest connection, whatever is said on it."""
HEAD_BYTES = 64 * 1024
"""What is taken of a mail that is too large."""
_ROOM = 64 * 1024
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,19})\b")
_PRINTED = re.compile(r"([^\x20-\x7e]+)")
_FAILURES = (imaplib.IMAP4.error, OSError, ValueError)


class _Bounded(imaplib.IMAP4):
    """A connection with an end, and with a largest literal."""

    largest = HEAD_BYTES
    _end: Timer | None = None

    def open(self, *args: Any, **more: Any) -> None:
        """Connect; from then on the time counts."""
        super().open(*args, **more)
        # Not the socket's own method: that of TLS does not end a read that is under way.
        self._end = Timer(CONNECTION_SECONDS, _end, [self.sock])
        self._end.daemon = True
        self._end.start()

    def read(self, size: int) -> bytes:
        """Read a literal, unless the server announces more than was asked for."""
        if size > self.largest:
            msg = "the literal is larger than what was asked for"
            raise self.abort(msg)
        return super().read(size)

    def shutdown(self) -> None:
        """Close it."""
        if self._end is not None:
            self._end.cancel()
        super().shutdown()


class _Tls(_Bounded, imaplib.IMAP4_SSL):
    """The same over TLS."""


class ImapMailbox:
    """A folder of a mailbox.

    Certificates are checked against the system's authorities, or those that `SSL_CERT_FILE` names.

    Args:
        host: The server's name.
        port: Its port.
        credentials: User and password.
        tls: Whether TLS is spoken from the first byte; without it only inside this machine.
        folder: The folder that is looked into.
        done: The folder to which mails that were taken are moved; empty where they are only marked as read.
    """

    def __init__(
        self, host: str, port: int, credentials: Credentials, *, tls: bool, folder: str, done: str
    ) -> None:
        self._host, self._port, self._credentials, self._tls = host, port, credentials, tls
        self._folder, self._done = quoted(folder), quoted(done) if done else ""
        told = "\0".join((host, str(port), credentials.user, folder))
        self.place = hashlib.sha256(told.encode()).hexdigest()[:32]
        self.name = f"{host}:{port} {folder}"

    @contextlib.contextmanager
    def opened(self) -> Iterator[OpenMailbox]:
        """See `Mailbox.opened`."""
        client = None
        try:
            client = self._connected()
            self._sign_in(client)
            yield _Folder(client, self._folder, self._done)
            client.logout()
        except _FAILURES as error:
            raise Unavailable(
                f"The mailbox {self.name} cannot be looked into ({type(error).__name__}).",
                mend="Check the settings mail.inbound.imap*, the server's certificate, and user and password.",
            ) from None
        finally:
            if client is not None:
                with contextlib.suppress(OSError):  # it is closed already
                    client.shutdown()

    def _connected(self) -> _Bounded:
        if self._tls:
            context = ssl.create_default_context()
            return _Tls(self._host, self._port, ssl_context=context, timeout=TIMEOUT_SECONDS)
        return _Bounded(self._host, self._port, timeout=TIMEOUT_SECONDS)

    def _sign_in(self, client: _Bounded) -> None:
        user, password = self._credentials
        if "AUTH=PLAIN" in client.capabilities:
            # The library's own LOGIN takes only ASCII.
            client.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        else:
            client.login(user, password)


class _Folder:
    """An open folder; see `OpenMailbox`."""

    def __init__(self, client: _Bounded, folder: str, done: str) -> None:
        self._client, self._done = client, done
        _fine(client.select(folder))
        self.validity, self.next_uid = self._told("UIDVALIDITY"), self._told("UIDNEXT")

    def uids(self, wanted: Wanted) -> list[int]:
        """See `OpenMailbox.uids`."""
        words = ["UNDELETED", "UID", f"{wanted.first}:*"]
        if wanted.first < wanted.new_from:
            older = "UNSEEN"
            if wanted.since is not None:
                day = wanted.since
                older = f"OR UNSEEN SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}"
            words += ["OR", "UID", f"{wanted.new_from}:*", *older.split()]
        (line,) = _fine(self._client.uid("SEARCH", *words))[:1]
        found = {int(one) for one in (line or b"").split()}
        return sorted(uid for uid in found if uid >= wanted.first)  # `n:*` also means the last one below n

    def fetch(self, uid: int, most: int) -> Fetched | None:
        """See `OpenMailbox.fetch`."""
        self._client.largest = most + _ROOM
        _, rows = self._client.uid("FETCH", str(uid), "(UID RFC822.SIZE)")
        sizes = [found[1] for row in rows if (found := _SIZE.search(_of(row, uid)))]
        if not sizes:
            return None
        whole = int(sizes[0]) <= most
        part = "BODY.PEEK[]" if whole else f"BODY.PEEK[]<0.{HEAD_BYTES}>"
        _, rows = self._client.uid("FETCH", str(uid), f"(UID {part})")
        bodies = [row[1] for row in rows if isinstance(row, tuple) and _of(row, uid)]
        if not bodies:
            return None
        return (
            Fetched(bodies[0][:HEAD_BYTES], whole=False)
            if len(bodies[0]) > most
            else Fetched(bodies[0], whole)
        )

    def mark(self, uids: Sequence[int], *, left: bool) -> None:
        """See `OpenMailbox.mark`."""
        which = ",".join(map(str, uids))
        if left:
            _fine(self._client.uid("STORE", which, "+FLAGS.SILENT", r"(\Flagged)"))
            return
        _fine(self._client.uid("STORE", which, "+FLAGS.SILENT", r"(\Seen)"))
        if not self._done:
            return
        # The library remembers only what the server told before the sign-in.
        if b"MOVE" not in _fine(self._client.capability())[-1].upper().split():
            raise Unavailable(
                "The mail server cannot move mails.", mend="Leave mail.inbound.imap_done empty."
            )
        if self._client.uid("MOVE", which, self._done)[0] != "OK":
            raise Unavailable(
                "The mail server did not move what was taken.",
                mend="Make the folder that mail.inbound.imap_done names.",
            )

    def _told(self, name: str) -> int:
        """A number that the server tells with the folder."""
        values = self._client.response(name)[1]
        return int(values[0] or b"") if values else 1


def quoted(name: str) -> str:
    """A folder's name as it stands in a command: in modified UTF-7 (RFC 3501, 5.1.3), and in quotes."""
    parts = _PRINTED.split(name.replace("&", "&-"))
    for place in range(1, len(parts), 2):
        encoded = b64encode(parts[place].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
        parts[place] = f"&{encoded}-"
    return '"' + "".join(parts).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _of(row: Any, uid: int) -> bytes:
    """The head of a row of an answer to FETCH; empty when the row is about another mail, which servers may tell of at any time."""
    head = row[0] if isinstance(row, tuple) else row
    if not isinstance(head, bytes):
        return b""
    found = _UID.search(head)
    return head if found and int(found[1]) == uid else b""


def _fine(answer: tuple[str, list[Any]]) -> list[Any]:
    """What an answer holds, when it is one of success."""
    if answer[0] != "OK":
        msg = "the server does not do it"
        raise imaplib.IMAP4.error(msg)
    return answer[1]


def _end(connected: socket.socket) -> None:
    """End a connection from another thread: a read that is under way ends too."""
    with contextlib.suppress(OSError):  # it is closed already
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
