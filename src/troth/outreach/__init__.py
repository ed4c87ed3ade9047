"""Mail to people: templates, and the act that sends one, decided at the moment of sending; audiences, counted and never listed."""

from troth.outreach.audiences import Audiences, declared_audience
from troth.outreach.batches import Batch, BatchSending, Handed
from troth.outreach.composing import Composed, Composer
from troth.outreach.counts import MailCounts
from troth.outreach.expressions import Expression, read_expression
from troth.outreach.model import Deferred, Mail, Mailer, Marks, OpenMailer, Template, Undeliverable
from troth.outreach.outbox import MOVES, STATES, Outbox, Row
from troth.outreach.pacing import Limits, PacedMailer, Pacing, Rate, by_domain, read_rate
from troth.outreach.service import MOST_TRIES, From, Sending, deliverable, hand_over, mail_recipient
from troth.outreach.wire import WIRE

__all__ = [
    "MOST_TRIES",
    "MOVES",
    "STATES",
    "WIRE",
    "Audiences",
    "Batch",
    "BatchSending",
    "Composed",
    "Composer",
    "Deferred",
    "Expression",
    "From",
    "Handed",
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
    "by_domain",
    "declared_audience",
    "deliverable",
    "hand_over",
    "mail_recipient",
    "read_expression",
    "read_rate",
]
