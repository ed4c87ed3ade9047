"""Reading a mail that arrived (RFC 5322, 2045 to 2049), as hostile as it may be, under limits.

Never raises: what cannot be read whole is marked `malformed`, with as much of it as could be read, and goes to a person.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from typing import TYPE_CHECKING

from troth.inbound.bouncing import automatic_reason, bounce_of, complaint_of
from troth.inbound.model import Attachment, Envelope, File, InboundMail, parted_address
from troth.inbound.texts import clean_line, clean_text, decoded_bytes, html_text

if TYPE_CHECKING:
    _Mail = Message[str, str]

MOST_HEAD = 256 * 1024
"""Bytes of all headers of a mail together."""
MOST_HEADERS = 500
MOST_HEADER = 16 * 1024
"""Characters of one header that are looked at."""
MOST_PARTS = 100
MOST_DEPTH = 10
MOST_TEXT = 100_000
"""Characters of the text."""
MOST_NAMED = 100
"""Addresses, and Message-IDs, that are looked at."""
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to")
_LINE_ENDS = re.compile(rb"\r?\n\r?\n")
_MULTIPART = re.compile(rb"(?i)content-type\s*:\s*(?:multipart|message)/")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def read_mail(raw: bytes) -> InboundMail:
    """What a mail says.

    Args:
        raw: As it came over the wire.
    """
    fault = _fault_before_parsing(raw)
    try:
        # Only the head, where the rest would be too much for a parser.
        message: _Mail = message_from_bytes(_head(raw)[:MOST_HEAD] + b"\r\n\r\n" if fault else raw)
        return _read(message, fault)
    except Exception:  # noqa: BLE001  the standard parser raises what it likes on hostile input; a person sees the mail
        return InboundMail(malformed="unreadable")


def headers_of(raw: bytes) -> list[tuple[str, str]]:
    """The headers of a mail in order, decoded and on one line each, without signs that are not seen. Never raises.

    Args:
        raw: The mail.
    """
    try:
        message: _Mail = message_from_bytes(_head(raw)[:MOST_HEAD] + b"\r\n\r\n")
        given = list(message.items())[:MOST_HEADERS]
        return [
            (clean_line(str(name))[:100], clean_line(_decoded(str(value)[:MOST_HEADER])))
            for name, value in given
        ]
    except Exception:  # noqa: BLE001  the standard parser raises what it likes on hostile input
        return []


def files_of(raw: bytes, most: int) -> list[File]:
    """The attachments of a mail with their contents, in order. Never raises: of what cannot be read there are none.

    Args:
        raw: The mail.
        most: Most attachments.
    """
    if _fault_before_parsing(raw):
        return []
    try:
        parts, fault = _leaves(message_from_bytes(raw), "")
        found = [] if fault else _bodies(parts)[2]
        return [File(*_attachment(part)[:2], decoded_bytes(part)) for part in found[:most]]
    except Exception:  # noqa: BLE001  the standard parser raises what it likes on hostile input
        return []


def hops_of(raw: bytes) -> int:
    """How many servers say that they passed a mail on, without parsing it."""
    return len(re.findall(rb"(?im)^received\s*:", _head(raw)[:MOST_HEAD]))


def envelope_of(raw: bytes) -> Envelope:
    """Whom a mail came from and for whom, as the headers tell that the last servers wrote; for mail without an envelope.

    Never raises: what cannot be read tells nothing.

    Args:
        raw: The mail, or the beginning of it.
    """
    try:
        message: _Mail = message_from_bytes(_head(raw)[:MOST_HEAD] + b"\r\n\r\n")
        back = message.get("return-path")
        senders = _addresses(message, "from" if back is None else "return-path")
        named = tuple(tuple(one for _, one in _addresses(message, name)) for name in _DELIVERED)
        to = tuple(one for name in ("to", "cc") for _, one in _addresses(message, name))
    except Exception:  # noqa: BLE001  the standard parser raises what it likes on hostile input
        return Envelope("", ())
    return Envelope(senders[0][1] if senders else "", (*named, to))


def is_mail_id(text: str) -> bool:
    """Whether a text is a Message-ID that can stand in a header: in brackets, visible signs of ASCII only, not too long."""
    return _MESSAGE_ID.fullmatch(text) is not None


def _head(raw: bytes) -> bytes:
    end = _LINE_ENDS.search(raw[: MOST_HEAD + 4])
    return raw[: end.start()] if end else raw


def _fault_before_parsing(raw: bytes) -> str:
    """What makes a mail too much for a parser that recurses and keeps everything."""
    head = _head(raw)
    if len(head) > MOST_HEAD or head.count(b"\n") > 2 * MOST_HEADERS:
        return "long-head"
    if len(_MULTIPART.findall(raw)) > MOST_PARTS:
        return "many-parts"
    return ""


def _read(message: "_Mail", fault: str) -> InboundMail:
    senders = _addresses(message, "from")
    name, sender = senders[0] if senders else ("", "")
    parts, fault = _leaves(message, fault)
    text, from_html, attached = _bodies(parts)
    bounce = bounce_of(message)
    automatic = automatic_reason(message)
    if not fault:
        fault = _fault(message, len(senders), text, automatic)
    replies = _addresses(message, "reply-to")
    return InboundMail(
        sender=sender,
        sender_name=clean_line(name),
        reply_to=replies[0][1] if replies else "",
        to=tuple(address for _, address in [*_addresses(message, "to"), *_addresses(message, "cc")]),
        subject=clean_line(_header(message, "subject")),
        message_id=_own_id(message),
        replies_to=tuple(dict.fromkeys((*_ids(message, "in-reply-to"), *_ids(message, "references")))),
        language=_language(message),
        text=clean_text(text)[:MOST_TEXT],
        from_html=from_html,
        attachments=tuple(_attachment(part) for part in attached),
        automatic=automatic,
        hops=len(message.get_all("received") or ()),
        bounce=bounce,
        complaint=complaint_of(message),
        malformed=fault,
    )


def _fault(message: "_Mail", senders: int, text: str, automatic: str) -> str:
    """What a reader must not decide alone: who wrote it, or what."""
    if len(message.get_all("from") or ()) > 1 or senders > 1:
        return "several-senders"
    if not senders and automatic != "null-sender":
        return "no-sender"
    if len(text) > MOST_TEXT:
        return "long-text"
    return "broken-parts" if any(part.defects for part in _walk(message)) else ""


def _walk(message: "_Mail", depth: int = 0) -> "Iterator[_Mail]":
    yield message
    if depth < MOST_DEPTH and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _walk(part, depth + 1)


def _leaves(message: "_Mail", fault: str) -> "tuple[list[_Mail], str]":
    """The parts with content of their own, and what is wrong; a mail inside the mail is an attachment."""
    found: list[_Mail] = []
    waiting: list[tuple[_Mail, int]] = [(message, 0)]
    while waiting:
        part, depth = waiting.pop()
        if len(found) >= MOST_PARTS or depth > MOST_DEPTH:
            return found, fault or "many-parts"
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            inner = [one for one in part.get_payload() if isinstance(one, Message)]
            waiting += [(one, depth + 1) for one in reversed(inner)]
        else:
            found.append(part)
    return found, fault


def _bodies(parts: "list[_Mail]") -> "tuple[str, bool, list[_Mail]]":
    """The text, whether it was made of HTML, and the attachments; the first text/plain comes before any HTML."""
    texts = [part for part in parts if not _is_attached(part)]
    plain = next((part for part in texts if part.get_content_type() == "text/plain"), None)
    html = next((part for part in texts if part.get_content_type() == "text/html"), None)
    attached = [
        part
        for part in parts
        if part is not plain and part is not html and part.get_content_type() != "message/delivery-status"
    ]
    if plain is not None and (html is None or decoded_bytes(plain).strip()):
        return _text(plain), False, attached
    return (html_text(_text(html)) if html is not None else ""), html is not None, attached


def _is_attached(part: "_Mail") -> bool:
    return part.get_content_disposition() == "attachment" or part.get_content_maintype() != "text"


def _text(part: "_Mail") -> str:
    raw = decoded_bytes(part)
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        return raw.decode("latin-1")


def _attachment(part: "_Mail") -> Attachment:
    name = part.get_filename() or ""
    return Attachment(
        clean_line(_decoded(name))[:100], part.get_content_type()[:100], len(decoded_bytes(part))
    )


def _header(message: "_Mail", name: str) -> str:
    return _decoded(str(message.get(name) or "")[:MOST_HEADER])


def _decoded(value: str) -> str:
    """A header with its encoded words (RFC 2047) made text; what is none stays as it is."""
    pieces = []
    for text, charset in decode_header(value):
        if isinstance(text, str):
            pieces.append(text)
            continue
        try:
            pieces.append(text.decode(charset or "utf-8", "replace"))
        except (LookupError, ValueError):
            pieces.append(text.decode("latin-1"))
    return "".join(pieces)


def _addresses(message: "_Mail", name: str) -> list[tuple[str, str]]:
    """Names and addresses of a header, those that have the form of one."""
    values = [str(value)[:MOST_HEADER] for value in message.get_all(name) or ()][:MOST_NAMED]
    found = []
    for shown, address in getaddresses(values)[:MOST_NAMED]:
        parted = parted_address(address)
        if parted is not None:
            found.append((_decoded(shown), f"{parted[0]}@{parted[1]}"))
    return found


def _ids(message: "_Mail", name: str) -> list[str]:
    values = " ".join(str(value)[:MOST_HEADER] for value in message.get_all(name) or ())
    return _MESSAGE_ID.findall(values)[:MOST_NAMED]


def _own_id(message: "_Mail") -> str:
    """The Message-ID, where there is one and it can stand in a header of ours; else an empty text."""
    values = [str(value).strip() for value in message.get_all("message-id") or ()]
    return values[0] if len(values) == 1 and is_mail_id(values[0]) else ""


def _language(message: "_Mail") -> str:
    for name in ("content-language", "accept-language"):
        found = _LANGUAGE.match(_header(message, name).strip())
        if found:
            return found[0]
    return ""
