"""Messages to people, each decided at the moment of sending: mail, letters, calls; audiences, counted and never listed."""

from troth.outreach.audiences import Audiences, Choice, Size, declared_audience
from troth.outreach.batches import BatchSending
from troth.outreach.call_tables import CallList
from troth.outreach.calls import OUTCOMES, Call, CallLists, CallOrder, Centre
from troth.outreach.channels import DISCLOSE, Channel, check_topic
from troth.outreach.clicks import COUNTED, check_counted, counted_links, led_over
from troth.outreach.composing import Composed, Composer, filled, marked
from troth.outreach.copies import AGAIN, COUNT, Batch, Handed
from troth.outreach.counts import MailCounts
from troth.outreach.expressions import Expression, read_expression
from troth.outreach.handing import HandedLetters
from troth.outreach.handovers import Handovers
from troth.outreach.leftovers import LeftCopies
from troth.outreach.letter_files import MOST_LETTERS
from troth.outreach.letter_message import text_of_message
from troth.outreach.letter_order import House, LetterOrder
from troth.outreach.letter_setting import Frame, read_text
from troth.outreach.letter_setting import document as letter_document
from troth.outreach.letter_setting import variables as letter_variables
from troth.outreach.letter_tables import LetterBatch
from troth.outreach.letter_text import LAYOUTS, LetterText, layout_for
from troth.outreach.letters import LetterBatches
from troth.outreach.messages import KeptMessage, Messages
from troth.outreach.model import (
    Deferred,
    Formed,
    Mail,
    Mailer,
    Marks,
    OpenMailer,
    Template,
    Unanswered,
    Undeliverable,
)
from troth.outreach.outbox import MOVES, STATES, Outbox, Row
from troth.outreach.overseeing import FIRST, Overseeing, OverseenBatch, Place
from troth.outreach.overseeing_calls import SOONEST, CallNumbers, CallOverseeing, OverseenList
from troth.outreach.pacing import Limits, PacedMailer, Pacing, Rate, by_domain, read_rate
from troth.outreach.phrases import asked_on, greeting
from troth.outreach.rendering import compose, is_marketing, written_in
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
from troth.outreach.writing import (
    Message,
    Sender,
    Written,
    compile_message,
    may_show,
    named_by,
    read_message,
    read_messages,
)

__all__ = [
    "AGAIN",
    "COUNT",
    "COUNTED",
    "DISCLOSE",
    "FIRST",
    "LAYOUTS",
    "MOST_LETTERS",
    "MOST_TRIES",
    "MOVES",
    "OUTCOMES",
    "SOONEST",
    "STATES",
    "WIRE",
    "Audiences",
    "Batch",
    "BatchSending",
    "Call",
    "CallList",
    "CallLists",
    "CallNumbers",
    "CallOrder",
    "CallOverseeing",
    "Centre",
    "Channel",
    "Choice",
    "Composed",
    "Composer",
    "Deferred",
    "Expression",
    "Formed",
    "Frame",
    "From",
    "Handed",
    "HandedLetters",
    "Handovers",
    "House",
    "KeptMessage",
    "LeftCopies",
    "LetterBatch",
    "LetterBatches",
    "LetterOrder",
    "LetterText",
    "Limits",
    "Mail",
    "MailCounts",
    "Mailer",
    "Marks",
    "Message",
    "Messages",
    "OpenMailer",
    "Outbox",
    "Overseeing",
    "OverseenBatch",
    "OverseenList",
    "PacedMailer",
    "Pacing",
    "Place",
    "Rate",
    "Row",
    "Sender",
    "Sending",
    "Size",
    "Template",
    "Unanswered",
    "Undeliverable",
    "Written",
    "address_field",
    "asked_on",
    "by_domain",
    "check_counted",
    "check_topic",
    "compile_message",
    "compose",
    "counted_links",
    "declared_audience",
    "deliverable",
    "filled",
    "greeting",
    "hand_over",
    "is_marketing",
    "layout_for",
    "led_over",
    "letter_document",
    "letter_variables",
    "mail_recipient",
    "marked",
    "may_show",
    "named_by",
    "read_expression",
    "read_message",
    "read_messages",
    "read_rate",
    "read_text",
    "text_of_message",
    "written_in",
]
