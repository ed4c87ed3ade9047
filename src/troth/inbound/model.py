"""What a mail that arrived says. Pure."""

import re
from typing import NamedTuple

MOST_HOPS = 30
"""A mail that went through more servers than this goes round in circles."""
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,255}")


class Attachment(NamedTuple):
    """A part of a mail that is not its text, without its content.

    Args:
        name: File name as the sender gave it, cleaned; may be empty.
        type: Media type as the sender gave it.
        size: Bytes, decoded.
    """

    name: str
    type: str
    size: int


class File(NamedTuple):
    """An attachment with its content, as the sender gave it.

    Args:
        name: File name, cleaned; may be empty.
        type: Media type.
        content: Its bytes, decoded.
    """

    name: str
    type: str
    content: bytes

    def __repr__(self) -> str:
        return f"File(size={len(self.content)})"


class Bounce(NamedTuple):
    """A report that a mail was not delivered (RFC 3464).

    Args:
        message_id: Message-ID of the mail that came back; empty when the report does not tell.
        action: failed, delayed, delivered, relayed or expanded; empty when it does not tell.
        status: Enhanced status code such as `5.1.1`; empty when it does not tell.
        recipient: Whom it did not reach; empty when it does not tell.
    """

    message_id: str = ""
    action: str = ""
    status: str = ""
    recipient: str = ""

    @property
    def hard(self) -> bool:
        """Whether the address takes no mail for good."""
        return self.action == "failed" and self.status.startswith("5")


class Complaint(NamedTuple):
    """A report that whoever got a mail calls it spam (RFC 5965).

    Args:
        kind: abuse, fraud, not-spam, virus, other...; empty when it does not tell.
        sender: Envelope sender of the mail; empty when it does not tell.
        unsubscribe: List-Unsubscribe of the mail, without blanks; empty when it does not tell.
    """

    kind: str = ""
    sender: str = ""
    unsubscribe: str = ""

    def __repr__(self) -> str:
        return f"Complaint(kind={self.kind!r})"


class Envelope(NamedTuple):
    """What the headers tell of the envelope that a mail had.

    Args:
        sender: To whom failures would be told; empty for reports, and where nothing is told.
        recipients: Addresses, the surest first: each group comes from another header, the last from To and Cc.
    """

    sender: str
    recipients: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        return "Envelope(...)"


class InboundMail(NamedTuple):
    """A mail as read under limits. Everything in it is what the sender claims; nothing of it is proven.

    Args:
        sender: Address of From, in lower case where that is certain; empty when there is none.
        sender_name: The name beside it.
        reply_to: Address of Reply-To; empty when there is none.
        to: Addresses of To and Cc.
        subject: On one line.
        message_id: Message-ID with its angle brackets; empty where there is none that could stand in a header.
        replies_to: Message-IDs of In-Reply-To and References.
        language: What the sender's program says of the language, such as `de`; empty when it says nothing.
        text: The text/plain part, or the text of the HTML part.
        from_html: Whether `text` was made of HTML.
        attachments: Other parts, without their content.
        automatic: Why it is taken for a mail that no person wrote: `auto-submitted`, `precedence`, `list`, `null-sender`,
            `auto-response`; empty for a person's.
        hops: How many servers say that they passed it on.
        bounce: What a delivery report says; None when it is no report.
        complaint: What a report says that a mail is called spam; None when it is no such report.
        malformed: Why it cannot be trusted to be read whole, a static word; empty when it can.
        dkim: Domain whose valid signature covers From, as checked by us; empty where nothing was checked.
    """

    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    to: tuple[str, ...] = ()
    subject: str = ""
    message_id: str = ""
    replies_to: tuple[str, ...] = ()
    language: str = ""
    text: str = ""
    from_html: bool = False
    attachments: tuple[Attachment, ...] = ()
    automatic: str = ""
    hops: int = 0
    bounce: Bounce | None = None
    complaint: Complaint | None = None
    malformed: str = ""
    dkim: str = ""

    def __repr__(self) -> str:
        return f"InboundMail(automatic={self.automatic!r}, malformed={self.malformed!r})"

    @property
    def looping(self) -> bool:
        """Whether it goes round in circles."""
        return self.hops > MOST_HOPS


def parted_address(address: str) -> tuple[str, str] | None:
    """Local part and domain of an address, in lower case; None when it has not the form of one."""
    if not _ADDRESS.fullmatch(address):
        return None
    local, _, domain = address.rpartition("@")
    return local.lower(), domain.lower().rstrip(".")
