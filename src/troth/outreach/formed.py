"""Mass mail written as bytes at once: a library that makes an object of every header takes ten times as long.

What stands in it is text that was checked before: addresses by `deliverable`, subjects and bodies by the writer, which lets no
line end into a value. Everything is ASCII on the wire (RFC 5322, RFC 2045 to 2047).
"""

import binascii
from collections.abc import Mapping
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache

from troth.kernel import InvalidInput
from troth.outreach.composing import Composed
from troth.outreach.model import Formed

_LONGEST = 900
_CRLF = "\r\n"


def form_mail(
    composed: Composed,
    *,
    sender: tuple[str, str],
    to: str,
    message_id: str,
    at: datetime,
    more: Mapping[str, str],
) -> Formed:
    """A mail with both forms of its body.

    Args:
        composed: Subject and body.
        sender: Name and address that it comes from.
        to: Address that it goes to, ASCII.
        message_id: Without angle brackets.
        at: Its date.
        more: Further headers, ASCII, each on one line.

    Raises:
        InvalidInput: A header holds a line end or what is not ASCII.
    """
    name, address = sender
    boundary = f"=_{message_id.partition('@')[0]}"
    headers = {
        "From": _mailbox(name, address),
        "To": to,
        "Subject": _text(composed.subject),
        "Date": _dated(at.replace(microsecond=0)),
        "Message-ID": f"<{message_id}>",
        "MIME-Version": "1.0",
        **more,
    }
    lines = [*_head(headers), f'Content-Type: multipart/alternative; boundary="{boundary}"', ""]
    for kind, body in (("plain", composed.text), ("html", composed.html)):
        lines += _part(boundary, kind, body)
    lines += [f"--{boundary}--", ""]
    return Formed(_CRLF.join(lines).encode("ascii"), at)


_dated = lru_cache(maxsize=2)(format_datetime)


@lru_cache(maxsize=8)
def _mailbox(name: str, address: str) -> str:
    """The company's own mailbox, which every mail comes from."""
    return formataddr((name, address))


def _head(headers: Mapping[str, str]) -> list[str]:
    for key, value in headers.items():
        if key != "Subject" and not (value.isascii() and value.isprintable()):
            raise InvalidInput("A header holds what no header may.", field=key, mend="Leave it out.")
    return [f"{key}: {value}" for key, value in headers.items()]


def _part(boundary: str, kind: str, body: str) -> list[str]:
    encoding, encoded = _body(body)
    return [
        f"--{boundary}",
        f'Content-Type: text/{kind}; charset="utf-8"',
        f"Content-Transfer-Encoding: {encoding}",
        "",
        encoded,
    ]


def _text(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    return Header(" ".join(value.split()), "utf-8", maxlinelen=76).encode(linesep=_CRLF)


def _body(text: str) -> tuple[str, str]:
    """A body's encoding, and the body in it: as it is where every server takes it so, else quoted-printable."""
    lines = text.splitlines()
    if text.isascii() and len(max(lines, key=len, default="")) < _LONGEST:
        return "7bit", _CRLF.join(lines)
    quoted = binascii.b2a_qp("\n".join(lines).encode(), istext=True)
    return "quoted-printable", quoted.decode("ascii").replace("\n", _CRLF)
