"""Inbound mail: accepted means on disk and sealed; read under limits; given to the handler that its address names."""

from troth.inbound.model import MOST_HOPS, Attachment, Bounce, Complaint, File, InboundMail, parted_address
from troth.inbound.polling import Fetched, Mailbox, OpenMailbox, Poller, Wanted
from troth.inbound.reading import hops_of, is_mail_id, read_mail
from troth.inbound.routing import ForStaff, Handle, Received, Route, for_staff
from troth.inbound.service import RECEIVED, STAFF, WAITING, Inbox, Kept

__all__ = [
    "MOST_HOPS",
    "RECEIVED",
    "STAFF",
    "WAITING",
    "Attachment",
    "Bounce",
    "Complaint",
    "Fetched",
    "File",
    "ForStaff",
    "Handle",
    "InboundMail",
    "Inbox",
    "Kept",
    "Mailbox",
    "OpenMailbox",
    "Poller",
    "Received",
    "Route",
    "Wanted",
    "for_staff",
    "hops_of",
    "is_mail_id",
    "parted_address",
    "read_mail",
]
