"""The desk: orders and tickets as cases, with views that end with the case and a queue that shows nobody."""

from troth.desk.forgetting import forget_person
from troth.desk.keeping import (
    case_of_mails,
    mails_of,
    note_mail,
    note_step,
    note_their_mail,
    records_of_mails,
)
from troth.desk.listing import Listing, Place
from troth.desk.model import (
    ANSWERED,
    CLOSED,
    FREE,
    MINE,
    OPEN,
    TICKET,
    VIEWS,
    IllegalStage,
    Served,
    check_stage,
    following,
    is_last,
    mail_mark,
    reasons_of,
)
from troth.desk.picking import answer_field
from troth.desk.receiving import FOLLOWER, TAKEN_IN
from troth.desk.service import ANSWER, Desk, Read, Shown

__all__ = [
    "ANSWER",
    "ANSWERED",
    "CLOSED",
    "FOLLOWER",
    "FREE",
    "MINE",
    "OPEN",
    "TAKEN_IN",
    "TICKET",
    "VIEWS",
    "Desk",
    "IllegalStage",
    "Listing",
    "Place",
    "Read",
    "Served",
    "Shown",
    "answer_field",
    "case_of_mails",
    "check_stage",
    "following",
    "forget_person",
    "is_last",
    "mail_mark",
    "mails_of",
    "note_mail",
    "note_step",
    "note_their_mail",
    "reasons_of",
    "records_of_mails",
]
