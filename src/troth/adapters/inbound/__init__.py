"""Mail that comes in: an SMTP or LMTP listener in front of the inbox."""

from troth.adapters.inbound.opening import Limits, mail_listener

__all__ = ["Limits", "mail_listener"]
