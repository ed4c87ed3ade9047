"""Adapters: the outside systems that Troth can use."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troth.adapters.blind_signing import BlindSigner, blind_signed, new_blind_key, public_numbers
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
    from troth.adapters.inbound import Limits, mail_listener, open_mailbox
    from troth.adapters.letters import letter_pdf, sealing_to
    from troth.adapters.mail.connection import Server
    from troth.adapters.mail.folder import FolderMailer
    from troth.adapters.mail.forming import wire_form
    from troth.adapters.mail.opening import open_mailer
    from troth.adapters.mail.signing import DkimKey, DkimSigner, dkim_key, new_dkim_key, published_record
    from troth.adapters.mail.smtp import SmtpMailer
    from troth.adapters.openid import LEEWAY, NotSaid, Provider, Said
    from troth.adapters.pages import fetch_page
    from troth.adapters.pdf import certificate_pdf
    from troth.adapters.root_keys import create_root_key_file, open_root_key

__all__ = [
    "EVENTS",
    "LEEWAY",
    "WEBHOOK_HEADERS",
    "BlindSigner",
    "DkimKey",
    "DkimSigner",
    "FolderMailer",
    "Limits",
    "Memory",
    "NotSaid",
    "Provider",
    "RecipientResult",
    "Said",
    "Server",
    "SmtpMailer",
    "SqlStore",
    "WebhookStore",
    "blind_signed",
    "certificate_pdf",
    "check_url",
    "create_root_key_file",
    "dkim_key",
    "fetch_page",
    "letter_pdf",
    "mail_listener",
    "new_blind_key",
    "new_dkim_key",
    "new_secret",
    "open_mailbox",
    "open_mailer",
    "open_root_key",
    "public_numbers",
    "published_record",
    "sealing_to",
    "secret_bytes",
    "wire_form",
]

_PLACES = {
    "BlindSigner": "blind_signing",
    "blind_signed": "blind_signing",
    "new_blind_key": "blind_signing",
    "public_numbers": "blind_signing",
    "EVENTS": "connectors",
    "WEBHOOK_HEADERS": "connectors",
    "Memory": "connectors",
    "RecipientResult": "connectors",
    "SqlStore": "connectors",
    "WebhookStore": "connectors",
    "check_url": "connectors",
    "new_secret": "connectors",
    "secret_bytes": "connectors",
    "Limits": "inbound",
    "mail_listener": "inbound",
    "open_mailbox": "inbound",
    "letter_pdf": "letters",
    "sealing_to": "letters",
    "FolderMailer": "mail.folder",
    "Server": "mail.connection",
    "DkimKey": "mail.signing",
    "DkimSigner": "mail.signing",
    "dkim_key": "mail.signing",
    "new_dkim_key": "mail.signing",
    "published_record": "mail.signing",
    "SmtpMailer": "mail.smtp",
    "wire_form": "mail.forming",
    "open_mailer": "mail.opening",
    "LEEWAY": "openid",
    "NotSaid": "openid",
    "Provider": "openid",
    "Said": "openid",
    "fetch_page": "pages",
    "certificate_pdf": "pdf",
    "create_root_key_file": "root_keys",
    "open_root_key": "root_keys",
}


def __getattr__(name: str) -> Any:
    """Load an adapter when it is first used, so that a command pays for no mail, TLS or SQL that it does not use (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
