"""The mailbox page of the demonstration: what Troth's folder transport wrote. No real site has such a page."""

import email
import email.policy
import re
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup, escape

_LINK = re.compile(r"https?://[^/\s]+(/[^\s<>\"]*[^\s<>\".,;)])")
_MOST = 20


class Mail(NamedTuple):
    """A mail as the page shows it."""

    to: str
    subject: str
    text: Markup


def newest(folder: Path) -> list[Mail]:
    """The newest mails, their links made paths of this site."""
    return [_read(file) for file in sorted(folder.rglob("*.eml"), key=_came, reverse=True)[:_MOST]]


def _came(file: Path) -> tuple[float, str]:
    """When a mail came: its date knows whole seconds only, and its id, made in the order of time, tells the rest."""
    return file.stat().st_mtime, file.name.split(".")[1]


def _read(file: Path) -> Mail:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    text, linked, end = body.get_content() if body is not None else "", Markup(), 0
    for found in _LINK.finditer(text):
        linked += escape(text[end : found.start()]) + Markup('<a href="{0}">{0}</a>').format(found[1])
        end = found.end()
    return Mail(str(message["to"]), str(message["subject"]), linked + escape(text[end:]))
