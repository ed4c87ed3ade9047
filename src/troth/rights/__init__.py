"""Rights: requests, disputes and questions of people, with clocks that nobody moves and steps that stand in the ledger."""

from troth.rights.calendars import Calendar, Weekdays, calendar_of
from troth.rights.clocks import Due, Rule, due, told
from troth.rights.duties import answer_of, clocks, rules_for
from troth.rights.keeping import matter_by_case, matters_of
from troth.rights.listing import MOST, Place, counts, late_count, queue
from troth.rights.model import (
    JOINED,
    KINDS,
    MATTERS,
    MOVES,
    NEEDS_PROOF,
    REASONED,
    SHAPES,
    UNPROVEN,
    Duty,
    IllegalMove,
    Matter,
    MatterRow,
    Step,
)
from troth.rights.numbers import read_number
from troth.rights.plans import (
    ANSWER,
    DONE,
    FAILED,
    KEPT,
    WAITING,
    Item,
    add_receipts,
    items_of,
    note_item,
    receipts_of,
    released_items,
    replace_items,
    stage_answer,
)
from troth.rights.proving import NEWS
from troth.rights.reading_mail import Reading, read_asking
from troth.rights.receiving import FOLLOWER, PROVE, RECEIVED
from troth.rights.service import Rights, Told
from troth.rights.statutes import STATUTES, statutes_for
from troth.rights.watching import Fired, watch

__all__ = [
    "ANSWER",
    "DONE",
    "FAILED",
    "FOLLOWER",
    "JOINED",
    "KEPT",
    "KINDS",
    "MATTERS",
    "MOST",
    "MOVES",
    "NEEDS_PROOF",
    "NEWS",
    "PROVE",
    "REASONED",
    "RECEIVED",
    "SHAPES",
    "STATUTES",
    "UNPROVEN",
    "WAITING",
    "Calendar",
    "Due",
    "Duty",
    "Fired",
    "IllegalMove",
    "Item",
    "Matter",
    "MatterRow",
    "Place",
    "Reading",
    "Rights",
    "Rule",
    "Step",
    "Told",
    "Weekdays",
    "add_receipts",
    "answer_of",
    "calendar_of",
    "clocks",
    "counts",
    "due",
    "items_of",
    "late_count",
    "matter_by_case",
    "matters_of",
    "note_item",
    "queue",
    "read_asking",
    "read_number",
    "receipts_of",
    "released_items",
    "replace_items",
    "rules_for",
    "stage_answer",
    "statutes_for",
    "told",
    "watch",
]
