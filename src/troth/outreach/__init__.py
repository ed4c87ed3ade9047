"""Messages to people, each decided at the moment of sending: mail, letters, calls; audiences, counted and never listed."""

from troth.outreach.audiences import Audiences, declared_audience
from troth.outreach.batches import Batch, BatchSending, Handed
from troth.outreach.call_tables import CallList
from troth.outreach.calls import OUTCOMES, Call, CallLists, CallOrder, Centre
from troth.outreach.channels import Channel
from troth.outreach.composing import Composed, Composer
from troth.outreach.counts import MailCounts
from troth.outreach.expressions import Expression, read_expression
from troth.outreach.letter_files import MOST_LETTERS
from troth.outreach.letter_setting import read_text
from troth.outreach.letter_tables import LetterBatch
from troth.outreach.letter_text import LAYOUTS, LetterText
from troth.outreach.letters import House, LetterBatches, LetterOrder
from troth.outreach.model import Deferred, Mail, Mailer, Marks, OpenMailer, Template, Undeliverable
from troth.outreach.outbox import MOVES, STATES, Outbox, Row
from troth.outreach.pacing import Limits, PacedMailer, Pacing, Rate, by_domain, read_rate
from troth.outreach.phrases import greeting
from troth.outreach.service import (
    MOST_TRIES,
    From,
    Sending,
    address_field,
    deliverable,
    hand_over,
    mail_recipient,
)
from troth.outreach.wire import WIRE

__all__ = [
    "LAYOUTS",
    "MOST_LETTERS",
    "MOST_TRIES",
    "MOVES",
    "OUTCOMES",
    "STATES",
    "WIRE",
    "Audiences",
    "Batch",
    "BatchSending",
    "Call",
    "CallList",
    "CallLists",
    "CallOrder",
    "Centre",
    "Channel",
    "Composed",
    "Composer",
    "Deferred",
    "Expression",
    "From",
    "Handed",
    "House",
    "LetterBatch",
    "LetterBatches",
    "LetterOrder",
    "LetterText",
    "Limits",
    "Mail",
    "MailCounts",
    "Mailer",
    "Marks",
    "OpenMailer",
    "Outbox",
    "PacedMailer",
    "Pacing",
    "Rate",
    "Row",
    "Sending",
    "Template",
    "Undeliverable",
    "address_field",
    "by_domain",
    "declared_audience",
    "deliverable",
    "greeting",
    "hand_over",
    "mail_recipient",
    "read_expression",
    "read_rate",
    "read_text",
]
