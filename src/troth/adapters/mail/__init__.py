"""What carries mail away: an SMTP server, or a folder that stands in for one."""

from troth.adapters.mail.folder import FolderMailer
from troth.adapters.mail.opening import open_mailer
from troth.adapters.mail.smtp import SmtpMailer

__all__ = ["FolderMailer", "SmtpMailer", "open_mailer"]
