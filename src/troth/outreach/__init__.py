"""Mail to people: templates, and the act that sends one. Every mail is decided at the moment of sending."""

from troth.outreach.composing import Composer
from troth.outreach.model import Mail, Mailer, Template, Undeliverable
from troth.outreach.service import From, Sending, mail_recipient

__all__ = ["Composer", "From", "Mail", "Mailer", "Sending", "Template", "Undeliverable", "mail_recipient"]
