"""A mailbox that is looked into, wired: its settings, its task, and what `troth doctor` tells of it."""

from datetime import timedelta
from typing import TYPE_CHECKING

from troth.adapters import open_mailbox
from troth.bootstrap.web_secret import web_secret
from troth.inbound import Inbox, Poller
from troth.storage import Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth


def poller_of(troth: "Troth", inbox: Inbox) -> Poller | None:
    """What looks into the mailbox that the settings name; None when they name none.

    Raises:
        InvalidInput: The settings name none that can be, or user and password are missing or lie open.
    """
    given = troth.settings.mail.inbound
    if not given.imap:
        return None
    return Poller(
        inbox,
        troth.database,
        troth.clock,
        open_mailbox(given.imap, given.imap_folder, given.imap_done, troth.folder),
        most=given.max_bytes,
        every=timedelta(seconds=given.imap_seconds),
        otherwise=lambda: troth.policy().front.contact.privacy,
        secret=web_secret(troth.folder),
    )


def polling_tasks(troth: "Troth", inbox: Inbox) -> list[Task]:
    """The look into the mailbox, where the settings name one."""
    poller = poller_of(troth, inbox)
    if poller is None:
        return []
    every = timedelta(seconds=troth.settings.mail.inbound.imap_seconds)

    def look() -> None:
        poller.look()

    return [Task("mailbox", every, look, "Take what is new in the mailbox.")]


def mailbox_state(troth: "Troth") -> str:
    """What there is to say of the mailbox, after a try to look into it.

    Raises:
        InvalidInput: The settings name none that can be, or user and password are missing or lie open.
        Unavailable: The server cannot be reached or trusted, or does not let us in.
    """
    poller = poller_of(troth, troth.inbox)
    if poller is None:
        return "no mailbox is looked into"
    left = poller.check()
    given = troth.settings.mail.inbound
    waiting = f"; {left} mails were left in it for a person" if left else ""
    return f"{given.imap} answers, folder {given.imap_folder}{waiting}"
