"""Mail, wired: its templates, what carries it, and in whose name it is sent."""

from typing import TYPE_CHECKING

from troth.adapters import open_mailer
from troth.bootstrap.links import AUTHENTICATION, MailedLinks
from troth.bootstrap.matters import matter_templates
from troth.bootstrap.packaging import copy_templates
from troth.bootstrap.representing import AgentMails
from troth.bootstrap.signing import signer_of
from troth.outreach import Composer, From, Mailer, OpenMailer, Sending, Template

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_NOTIFY = "essential.service.notifications.email"
_KEY_FILE = "mail.key"


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
        Template("address-changed", _NOTIFY),
        Template("account-closed", _NOTIFY),
        *matter_templates(troth, links, _NOTIFY),
        *AgentMails(troth, links).templates(_NOTIFY),
        *copy_templates(troth, links, _NOTIFY),
    ]


def mailer_of(troth: "Troth") -> OpenMailer:
    """What carries mail away, by the settings."""
    mail = troth.settings.mail
    return open_mailer(
        mail.transport,
        troth.folder,
        sign=signer_of(troth),
        connections=mail.connections,
        mails_each=mail.mails_per_connection,
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
