"""Opening the listener: its library is imported only where mail is listened for."""

from typing import TYPE_CHECKING, NamedTuple

from troth.inbound import Inbox

if TYPE_CHECKING:
    from troth.adapters.inbound.listener import MailListener


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
