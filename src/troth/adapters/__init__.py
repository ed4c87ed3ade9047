"""Adapters: the outside systems that Troth can use."""

from troth.adapters.inbound import Limits, mail_listener
from troth.adapters.mail import FolderMailer, SmtpMailer, open_mailer
from troth.adapters.pages import fetch_page
from troth.adapters.pdf import certificate_pdf
from troth.adapters.root_keys import create_root_key_file, open_root_key

__all__ = [
    "FolderMailer",
    "Limits",
    "SmtpMailer",
    "certificate_pdf",
    "create_root_key_file",
    "fetch_page",
    "mail_listener",
    "open_mailer",
    "open_root_key",
]
