"""Mail that comes in: an SMTP or LMTP listener in front of the inbox, and mailboxes that are looked into by IMAP."""

from troth.adapters.inbound.opening import Limits, mail_listener, open_mailbox

__all__ = ["Limits", "mail_listener", "open_mailbox"]
