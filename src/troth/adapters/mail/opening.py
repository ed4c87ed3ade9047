"""The mailer that the settings name."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from troth.adapters.credentials import Kept, is_here, read_credentials
from troth.adapters.mail.folder import FolderMailer
from troth.adapters.mail.forming import Sign, unsigned
from troth.kernel import InvalidInput
from troth.outreach import OpenMailer

if TYPE_CHECKING:
    from troth.adapters.mail.connection import Security

FOLDER = "folder"
USER, PASSWORD = "TROTH_SMTP_USER", "TROTH_SMTP_PASSWORD"
CREDENTIALS_FILE = Path("keys") / "smtp.txt"
_PORTS = {"smtp": 587, "smtps": 465}
_KEPT = Kept(USER, PASSWORD, CREDENTIALS_FILE, "mail.transport")


def open_mailer(
    transport: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    sign: Sign = unsigned,
    connections: int = 4,
    mails_each: int = 100,
) -> OpenMailer:
    """The mailer for a transport.

    Args:
        transport: `folder`, `smtp://host:port` (STARTTLS, except inside this machine) or `smtps://host:port`.
        folder: The data folder.
        environment: Where user and password are looked for; the process's own when None.
        sign: Gives a mail with its signatures.
        connections: Most connections to a server at once.
        mails_each: Mails after which a connection is closed.

    Raises:
        InvalidInput: It is none of these, or the file with user and password can be read by others.
    """
    if transport == FOLDER:
        return FolderMailer(folder / "mail", sign)
    from troth.adapters.mail.connection import Server
    from troth.adapters.mail.smtp import SmtpMailer

    host, port, scheme = _place(transport)
    security: Security = "tls" if scheme == "smtps" else "none" if is_here(host) else "starttls"
    variables = os.environ if environment is None else environment
    server = Server(host, port, security, read_credentials(folder, variables, _KEPT))
    return SmtpMailer(server, sign=sign, connections=connections, mails_each=mails_each)


def _place(transport: str) -> tuple[str, int, str]:
    mend = "Write `folder`, `smtp://host:port` or `smtps://host:port`; docs/mail.md explains each."
    try:
        parts = urlsplit(transport)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise InvalidInput("The mail transport is not a URL.", field="mail.transport", mend=mend) from None
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            "The mail transport holds a user or a password.",
            field="mail.transport",
            mend=f"Set {USER} and {PASSWORD}, or write both into {CREDENTIALS_FILE}.",
        )
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise InvalidInput("The mail transport is not known.", field="mail.transport", mend=mend)
    return parts.hostname, port, parts.scheme
