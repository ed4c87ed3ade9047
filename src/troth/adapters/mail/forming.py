"""A mail as it goes over the wire: seven bits, CR LF, with its signatures on top."""

import re
from collections.abc import Callable
from email.message import EmailMessage

from troth.outreach import WIRE, Formed, Mail

Sign = Callable[[bytes], bytes]
"""Gives a mail in wire form with its signatures."""
_LONE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


def unsigned(content: bytes) -> bytes:
    """The mail as it is, where no signing was set up."""
    return content


def wire_form(message: EmailMessage | Formed, sign: Sign = unsigned) -> bytes:
    """A mail as bytes that every mail server takes: only CR LF ends a line, and one stands at the end.

    A lone CR or LF, which servers read in different ways, becomes CR LF before the mail is signed.
    """
    if isinstance(message, Formed):
        return message.content if message.signed else sign(message.content)
    content = message.as_bytes(policy=WIRE)
    if not content.count(b"\r") == content.count(b"\n") == content.count(b"\r\n"):
        content = _LONE.sub(b"\r\n", content)
    return sign(content if content.endswith(b"\r\n") else content + b"\r\n")


def made_ready(mail: Mail, sign: Sign) -> Mail:
    """A mail in wire form with its signatures, so that nothing but carrying is left to do."""
    message = mail.message
    dated = message.date if isinstance(message, Formed) else message["Date"].datetime
    return mail._replace(message=Formed(wire_form(message, sign), dated, signed=True))
