"""Rights: requests, disputes and questions of people, with clocks that nobody moves and steps that stand in the ledger."""

from troth.rights.calendars import Calendar, Weekdays, calendar_of
from troth.rights.clocks import Due, Rule, due, told
from troth.rights.duties import answer_of, clocks, rules_for
from troth.rights.keeping import matter_by_case, matters_of
from troth.rights.listing import MOST, Place, counts, late_count, queue
from troth.rights.model import (
    KINDS,
    MATTERS,
    MOVES,
    NEEDS_PROOF,
    REASONED,
    SHAPES,
    Duty,
    IllegalMove,
    Matter,
    MatterRow,
    Step,
)
from troth.rights.numbers import read_number
from troth.rights.reading_mail import Reading, read_asking
from troth.rights.receiving import FOLLOWER, PROVE, RECEIVED
from troth.rights.service import NEWS, Rights, Told
from troth.rights.statutes import STATUTES, statutes_for
from troth.rights.watching import Fired, watch

__all__ = [
    "FOLLOWER",
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
    "Calendar",
    "Due",
    "Duty",
    "Fired",
    "IllegalMove",
    "Matter",
    "MatterRow",
    "Place",
    "Reading",
    "Rights",
    "Rule",
    "Step",
    "Told",
    "Weekdays",
    "answer_of",
    "calendar_of",
    "clocks",
    "counts",
    "due",
    "late_count",
    "matter_by_case",
    "matters_of",
    "queue",
    "read_asking",
    "read_number",
    "rules_for",
    "statutes_for",
    "told",
    "watch",
]
