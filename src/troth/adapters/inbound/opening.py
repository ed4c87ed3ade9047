"""Opening the listener and mailboxes: their libraries are imported only where mail comes in."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from troth.adapters.credentials import Kept, is_here, read_credentials
from troth.inbound import Inbox
from troth.kernel import InvalidInput

if TYPE_CHECKING:
    from troth.adapters.inbound.imap import ImapMailbox
    from troth.adapters.inbound.listener import MailListener

_KEPT = Kept("TROTH_IMAP_USER", "TROTH_IMAP_PASSWORD", Path("keys") / "imap.txt", field="mail.inbound.imap")
_PORTS = {"imap": 143, "imaps": 993}


class Limits(NamedTuple):
    """What one sender may ask of us.

    Args:
        size: Bytes of a mail.
        recipients: Recipients of a mail.
        connections: Connections at once.
        seconds: Until the next command, and for the whole of a mail's data.
    """

    size: int = 10_000_000
    recipients: int = 20
    connections: int = 50
    seconds: float = 60.0


def mail_listener(inbox: Inbox, place: str, name: str, limits: Limits) -> "MailListener":
    """What takes mail in, not listening yet; see `MailListener`.

    Raises:
        InvalidInput: The place is none.
    """
    from troth.adapters.inbound.listener import MailListener

    return MailListener(inbox, place, name, limits)


def open_mailbox(
    url: str, folder: str, done: str, data: Path, environment: Mapping[str, str] | None = None
) -> "ImapMailbox":
    """A folder of a mailbox, not connected yet; see `ImapMailbox`.

    Args:
        url: `imaps://host:port`, or `imap://host:port` inside this machine.
        folder: The folder that is looked into.
        done: The folder to which mails that were taken are moved; empty where they are only marked.
        data: The data folder.
        environment: Where user and password are looked for; the process's own when None.

    Raises:
        InvalidInput: The place or a folder is none, or user and password are missing or lie open.
    """
    from troth.adapters.inbound.imap import ImapMailbox

    host, port, tls = _server(url)
    for name, value in (("imap_folder", folder), ("imap_done", done)):
        if (not value and name == "imap_folder") or not value.isprintable():
            raise InvalidInput(
                "The folder of the mailbox has no fit name.",
                field=f"mail.inbound.{name}",
                mend="Write its name as the server lists it, such as `INBOX`.",
            )
    credentials = read_credentials(data, os.environ if environment is None else environment, _KEPT)
    if credentials is None:
        raise InvalidInput(
            "User and password of the mailbox are missing.",
            field="mail.inbound.imap",
            mend=f"Set {_KEPT.user} and {_KEPT.password}, or write both into {_KEPT.file}.",
        )
    return ImapMailbox(host, port, credentials, tls=tls, folder=folder, done=done)


def _server(url: str) -> tuple[str, int, bool]:
    """Host, port and whether TLS is spoken."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        parts, port = urlsplit(""), 0
    bare = parts.username is None and parts.password is None and parts.path in ("", "/") and not parts.query
    if parts.scheme not in _PORTS or not parts.hostname or not bare:
        raise InvalidInput(
            "The mailbox is not known.",
            field="mail.inbound.imap",
            mend=f"Write `imaps://host:port`; user and password go into {_KEPT.file}.",
        )
    if parts.scheme == "imap" and not is_here(parts.hostname):
        raise InvalidInput(
            "The mailbox would be read in the clear.",
            field="mail.inbound.imap",
            mend="Write `imaps://`; `imap://` is for this machine only.",
        )
    return parts.hostname, port, parts.scheme == "imaps"
