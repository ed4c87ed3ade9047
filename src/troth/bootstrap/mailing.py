"""Mail, wired: its templates, what carries it, and in whose name it is sent."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.adapters import FolderMailer, open_mailer
from troth.bootstrap.links import AUTHENTICATION, MailedLinks
from troth.bootstrap.matters import matter_templates
from troth.bootstrap.packaging import copy_templates
from troth.bootstrap.representing import AgentMails
from troth.bootstrap.serving import ticket_templates
from troth.bootstrap.settings import LimitSettings
from troth.bootstrap.signing import signer_of
from troth.kernel import InvalidInput
from troth.outreach import (
    Composer,
    From,
    Handovers,
    LeftCopies,
    Limits,
    Mailer,
    PacedMailer,
    Pacing,
    Sending,
    Template,
    by_domain,
    read_rate,
)
from troth.preferences import NOTED
from troth.storage import Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_NOTIFY = "essential.service.notifications.email"
_DAILY = timedelta(days=1)
_KEY_FILE = "mail.key"
_HANDOVERS = "handovers"


def mail_templates(troth: "Troth") -> list[Template]:
    """Every kind of mail that the service sends. A room that sends one adds it here, its text to `outreach/mails/`."""
    links = MailedLinks(troth)
    return [
        Template("case-news", _NOTIFY, variables=("case",)),
        Template(
            "confirm-submission",
            _NOTIFY,
            variables=("link", "what", "ends"),
            fresh=links.confirmation,
            instead=links.instead_of_confirmation,
        ),
        Template("account-exists", _NOTIFY, variables=("link",), fresh=links.sign_in),
        Template("sign-in-link", _NOTIFY, variables=("link",), fresh=links.sign_in),
        Template("address-in-use", _NOTIFY, variables=("link",), fresh=links.sign_in),
        Template(
            "preferences-link",
            _NOTIFY,
            variables=("link", "ends"),
            fresh=links.preferences,
        ),
        Template(NOTED, _NOTIFY, variables=("link", "what", "all"), fresh=links.stopped),
        Template("address-changed", _NOTIFY),
        Template("account-closed", _NOTIFY),
        *matter_templates(troth, links, _NOTIFY),
        *AgentMails(troth, links).templates(_NOTIFY),
        *copy_templates(troth, links, _NOTIFY),
        *ticket_templates(troth, _NOTIFY),
    ]


def mailer_of(troth: "Troth") -> PacedMailer:
    """What carries mail away, by the settings.

    Raises:
        InvalidInput: The settings name a transport or a limit that is none, or a key that is not there.
    """
    mail = troth.settings.mail
    opened = open_mailer(
        mail.transport,
        troth.folder,
        sign=signer_of(troth),
        connections=mail.connections,
        mails_each=mail.mails_per_connection,
    )
    sender = mail.sender or troth.policy().front.contact.support
    domain = sender.rpartition("@")[2].lower()
    return PacedMailer(
        opened, Pacing(_limits(mail.limits), troth.mail_counts, troth.clock, domain), troth.mail_counts
    )


def handovers_of(troth: "Troth") -> Handovers:
    """What tells after a crash which copies a server had taken."""
    return Handovers(troth.folder / _HANDOVERS)


def left_copies_of(troth: "Troth") -> LeftCopies:
    """What deals with mails that a process left in hand."""
    return LeftCopies(troth.database, troth.outbox, handovers_of(troth))


def mail_folder(troth: "Troth") -> FolderMailer | None:
    """The folder that mails lie in; None where they go to a server."""
    mailer = troth.mailer.mailer
    return mailer if isinstance(mailer, FolderMailer) else None


def mail_tasks(troth: "Troth") -> list[Task]:
    """What is done about outgoing mail periodically."""
    tasks = [
        Task(
            "mail-counts", _DAILY, _clearing(troth), "Remove counts of mail that no limit looks at any more."
        )
    ]
    folder = mail_folder(troth)
    if folder is not None:
        keep = timedelta(days=troth.settings.mail.keep_days)

        def purge() -> None:
            folder.purge(troth.clock.now() - keep)

        tasks.append(Task("mail-folder", _DAILY, purge, "Remove old mails from the mail folder."))
    return tasks


def _clearing(troth: "Troth") -> Callable[[], None]:
    def clear() -> None:
        troth.mail_counts.clear()

    return clear


def _limits(given: LimitSettings) -> Limits:
    domains, at_once = "mail.limits.domains", "mail.limits.at_once"
    counts = by_domain(given.at_once, at_once)
    for text in counts.values():
        if not text.isascii() or not text.isdigit() or int(text) == 0:
            raise InvalidInput(
                f"{text[:64]!r} is no number.", field=at_once, mend="Write it like example.com=2."
            )
    return Limits(
        {name: read_rate(text, domains) for name, text in by_domain(given.domains, domains).items()},
        read_rate(given.others, "mail.limits.others") if given.others else None,
        {name: int(text) for name, text in counts.items()},
        given.warm_up,
    )


def mail_sending(troth: "Troth", mailer: Mailer) -> Sending:
    """The handler of promised mails."""
    settings, composer = troth.settings, Composer(mail_templates(troth))

    return Sending(
        perform=troth.perform,
        policy=troth.policy,
        key=lambda: mail_key(troth),
        composer=composer,
        mailer=mailer,
        clock=troth.clock,
        sender=From(settings.mail.sender, settings.mail.recipient, settings.web.public_url),
    )


def mail_key(troth: "Troth") -> str:
    """The key in whose name mail is sent, and mailboxes are given links that prove them."""
    purposes = (AUTHENTICATION, *sorted({one.purpose for one in mail_templates(troth)}))
    role = troth.settings.mail.role
    return troth.service_keys.key(_KEY_FILE, name="outgoing mail", role=role, purposes=purposes, cases=("*",))
