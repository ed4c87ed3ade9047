"""What no person wrote: reports of failures (RFC 3464) and complaints (RFC 5965), automatic answers (RFC 3834), lists."""

import re
from email import message_from_string
from email.message import Message

from troth.inbound.model import Bounce, Complaint, parted_address

_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
_MESSAGE_ID = re.compile(r"(?im)^message-id\s*:\s*(<[^<>\s]{1,250}>)")
_LISTS = ("list-id", "list-unsubscribe", "list-post")
_ANSWERS = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-autoresponder")
_ORIGINALS = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"})
_MOST = 100_000
_MOST_LINK = 4_000


def automatic_reason(message: "Message[str, str]") -> str:
    """Why a mail is taken for one that no person wrote; empty for a person's."""
    if str(message.get("return-path") or "").strip() == "<>":
        return "null-sender"
    said = str(message.get("auto-submitted") or "no").partition(";")[0].strip().lower()
    if said != "no":
        return "auto-submitted"
    if any(name in message for name in _LISTS):
        return "list"
    if str(message.get("precedence") or "").strip().lower() in _BULK:
        return "precedence"
    if any(name in message for name in _ANSWERS):
        return "auto-response"
    if _is_report(message):
        return "null-sender"
    if (
        _report_type(message) == "disposition-notification"
    ):  # a mail program tells that a mail was read (RFC 8098)
        return "auto-response"
    return ""


def bounce_of(message: "Message[str, str]") -> Bounce | None:
    """What a report of a failed delivery says; None when the mail is none."""
    if not _is_report(message):
        return None
    action, status, who, back = "", "", "", ""
    parts = message.get_payload()
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, Message):
            continue
        kind = part.get_content_type()
        if kind == "message/delivery-status" and not action:
            action, status, who = _told(part)
        elif kind in _ORIGINALS and not back:
            found = _MESSAGE_ID.search(part.as_string()[:_MOST])
            back = found[1] if found else ""
    return Bounce(back, action, status, who)


def _is_report(message: "Message[str, str]") -> bool:
    return _report_type(message) == "delivery-status"


def _report_type(message: "Message[str, str]") -> str:
    """What kind of report a mail is (RFC 6522); empty when it is none."""
    kind = str(message.get_param("report-type") or "").strip().lower()
    return kind if message.get_content_type() == "multipart/report" else ""


def complaint_of(message: "Message[str, str]") -> Complaint | None:
    """What a report says that a mail is called spam; None when the mail is none."""
    if _report_type(message) != "feedback-report":
        return None
    kind, sender, unsubscribe = "", "", ""
    parts = message.get_payload()
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, Message):
            continue
        inner = _inner(part)
        if part.get_content_type() == "message/feedback-report":
            kind = str(inner.get("feedback-type") or "").strip().lower()[:40]
            sender = sender or _address(str(inner.get("original-mail-from") or ""))
        elif part.get_content_type() in _ORIGINALS:
            sender = sender or _address(str(inner.get("return-path") or ""))
            unsubscribe = str(inner.get("list-unsubscribe") or "")[:_MOST_LINK]
    return Complaint(kind, sender, "".join(unsubscribe.split()))


def _inner(part: "Message[str, str]") -> "Message[str, str]":
    """The headers inside a part that is a message, or holds the headers of one as text."""
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        return inner[0]
    return message_from_string(inner[:_MOST] if isinstance(inner, str) else "")


def _address(text: str) -> str:
    """The address of a field such as `<ann@example.com>` or `rfc822; ann@example.com`; empty where it is none."""
    bare = text.rpartition(";")[2].strip().strip("<>").strip()
    parted = parted_address(bare)
    return f"{parted[0]}@{parted[1]}" if parted is not None else ""


def _told(part: "Message[str, str]") -> tuple[str, str, str]:
    """Action, status and address of the first recipient that the report is about."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Message) and block.get("action"):
            action = str(block.get("action")).strip().lower()
            status = _STATUS.search(str(block.get("status") or ""))
            who = _address(str(block.get("original-recipient") or block.get("final-recipient") or ""))
            return (action if action in _ACTIONS else ""), (status[0] if status else ""), who
    return "", "", ""
