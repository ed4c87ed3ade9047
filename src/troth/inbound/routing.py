"""Where mail that arrives goes: an address leads to a handler, and a handler may leave a mail to a person."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from troth.gate import Arrival
from troth.inbound.model import File, InboundMail
from troth.policy import Policy
from troth.storage import Transaction


def _no_files(most: int) -> Sequence[File]:
    """The files of a mail that was made without any, at most so many."""
    return ()[:most]


class Received(NamedTuple):
    """A mail as its handler gets it.

    Args:
        mail_id: The same at each try.
        recipient: The address of ours that it came to, in lower case.
        sender: Sender of the envelope, to whom failures would be told; empty for reports.
        arrived: When it was accepted.
        mail: What it says.
        settle: Note, in the handler's own unit of work, that it is handled; False when it was noted before, and then the
            handler must do nothing. A handler whose work repeats without harm need not call it.
        leave: Note, in the handler's own unit of work, that it waits for a person, with a static word as the reason; False when
            it was handled or left before. The handler raises `ForStaff` after it.
        files: Gives at most so many of its attachments with their contents; they are read only when somebody asks.
    """

    mail_id: str
    recipient: str
    sender: str
    arrived: datetime
    mail: InboundMail
    settle: Callable[[Transaction], bool]
    leave: Callable[[Transaction, str], bool]
    files: Callable[[int], Sequence[File]] = _no_files

    def __repr__(self) -> str:
        return f"Received(mail_id={self.mail_id!r})"


class ForStaff(Exception):
    """Raised by a handler: a person must look at this mail; it stays sealed in the inbox.

    Args:
        reason: A static word.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Handle = Callable[[Received], None]


class Route(NamedTuple):
    """Where mail to an address goes.

    Args:
        name: Kept with the mail, so that the handler is found again after a restart.
        takes: Whether an address of ours (local part and domain, in lower case) is meant; goes by its form alone and must
            not tell whom we know.
        arrival: The collection under which such a mail is kept, for a version of the policy.
        handle: Handles a mail; may be called again for the same one. Raises `ForStaff` for what a person must see.
        unread: Told of a mail that cannot be read whole, before it is left to a person; None when nothing is to be done.
    """

    name: str
    takes: Callable[[str, str], bool]
    arrival: Callable[[Policy], Arrival]
    handle: Handle
    unread: Handle | None = None


def for_staff(received: Received) -> None:
    """The handler of addresses that nothing reads yet: a person must look.

    Raises:
        ForStaff: Always.
    """
    raise ForStaff("no-reader") if not received.mail.malformed else ForStaff(received.mail.malformed)
