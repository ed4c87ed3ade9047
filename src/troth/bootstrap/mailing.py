"""Mail, wired: its templates, what carries it, and in whose name it is sent."""

from typing import TYPE_CHECKING

from troth.adapters import open_mailer
from troth.outreach import Composer, From, Mailer, Sending, Template

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_NOTIFY = "essential.service.notifications.email"
_KEY_FILE = "mail.key"


def mail_templates(troth: "Troth") -> list[Template]:  # noqa: ARG001  those with links ask their rooms for tokens
    """Every kind of mail that the service sends. A room that sends one adds it here, its text to `outreach/mails/`."""
    return [Template("case-news", _NOTIFY, variables=("case",))]


def mailer_of(troth: "Troth") -> Mailer:
    """What carries mail away, by the settings."""
    return open_mailer(troth.settings.mail.transport, troth.folder)


def mail_sending(troth: "Troth", mailer: Mailer) -> Sending:
    """The handler of promised mails."""
    settings, composer = troth.settings, Composer(mail_templates(troth))

    def key() -> str:
        return troth.service_keys.key(
            _KEY_FILE, name="outgoing mail", role=settings.mail.role, purposes=composer.purposes, cases=("*",)
        )

    return Sending(
        perform=troth.perform,
        policy=troth.policy,
        key=key,
        composer=composer,
        mailer=mailer,
        clock=troth.clock,
        sender=From(settings.mail.sender, settings.mail.recipient, settings.web.public_url),
    )
