"""The mailer that the settings name."""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from troth.adapters.mail.folder import FolderMailer
from troth.kernel import InvalidInput
from troth.outreach import Mailer

if TYPE_CHECKING:
    from troth.adapters.mail.smtp import Credentials, Security

FOLDER = "folder"
USER, PASSWORD = "TROTH_SMTP_USER", "TROTH_SMTP_PASSWORD"
CREDENTIALS_FILE = Path("keys") / "smtp.txt"
_PORTS = {"smtp": 587, "smtps": 465}
_OTHERS = 0o077


def open_mailer(transport: str, folder: Path, environment: Mapping[str, str] | None = None) -> Mailer:
    """The mailer for a transport.

    Args:
        transport: `folder`, `smtp://host:port` (STARTTLS, except inside this machine) or `smtps://host:port`.
        folder: The data folder.
        environment: Where user and password are looked for; the process's own when None.

    Raises:
        InvalidInput: It is none of these, or the file with user and password can be read by others.
    """
    if transport == FOLDER:
        return FolderMailer(folder / "mail")
    from troth.adapters.mail.smtp import SmtpMailer

    host, port, scheme = _place(transport)
    security: Security = "tls" if scheme == "smtps" else "none" if _is_here(host) else "starttls"
    return SmtpMailer(
        host, port, security, _credentials(folder, os.environ if environment is None else environment)
    )


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


def _is_here(host: str) -> bool:
    """Whether a name is this machine's own and what is sent there leaves it not."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _credentials(folder: Path, environment: Mapping[str, str]) -> "Credentials | None":
    from troth.adapters.mail.smtp import Credentials

    user, password = environment.get(USER, ""), environment.get(PASSWORD, "")
    if user and password:
        return Credentials(user, password)
    file = folder / CREDENTIALS_FILE
    if not file.is_file():
        return None
    if file.stat().st_mode & _OTHERS:
        raise InvalidInput(
            f"Others than its owner can reach {file}.", field="mail.transport", mend=f"chmod 600 {file}"
        )
    lines = file.read_text(encoding="utf-8").split("\n")
    if len(lines) < 2 or not (lines[0] and lines[1]):  # noqa: PLR2004  user and password
        raise InvalidInput(
            f"{file} does not hold user and password.",
            field="mail.transport",
            mend="Write each on a line of its own.",
        )
    return Credentials(lines[0], lines[1])
