"""Adapters: the outside systems that Troth can use."""

from troth.adapters.connectors import (
    EVENTS,
    WEBHOOK_HEADERS,
    Memory,
    RecipientResult,
    SqlStore,
    WebhookStore,
    check_url,
    new_secret,
    secret_bytes,
)
from troth.adapters.inbound import Limits, mail_listener
from troth.adapters.mail import FolderMailer, SmtpMailer, open_mailer
from troth.adapters.openid import NotSaid, Provider, Said
from troth.adapters.pages import fetch_page
from troth.adapters.pdf import certificate_pdf
from troth.adapters.root_keys import create_root_key_file, open_root_key

__all__ = [
    "EVENTS",
    "WEBHOOK_HEADERS",
    "FolderMailer",
    "Limits",
    "Memory",
    "NotSaid",
    "Provider",
    "RecipientResult",
    "Said",
    "SmtpMailer",
    "SqlStore",
    "WebhookStore",
    "certificate_pdf",
    "check_url",
    "create_root_key_file",
    "fetch_page",
    "mail_listener",
    "new_secret",
    "open_mailer",
    "open_root_key",
    "secret_bytes",
]
