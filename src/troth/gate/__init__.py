"""The gate: decide, act, record in one unit of work; the only door to personal data."""

from troth.gate.access import (
    Actor,
    KeyRecord,
    extend_key,
    issue_key,
    key_records,
    revoke_held,
    revoke_key,
)
from troth.gate.admitting import Admission, Arrival
from troth.gate.analysing import Analysis
from troth.gate.batcher import Batcher, SharedCommits
from troth.gate.case_facts import (
    APPROVED,
    OWNED,
    PROMOTIONAL,
    REASON_LISTED,
    case_facts,
    note_case_fact,
    withdraw_case_fact,
)
from troth.gate.cases import (
    Case,
    case_is_live,
    case_is_open,
    case_is_over,
    case_is_verified,
    case_of,
    end_case,
    joined_records,
    open_cases,
)
from troth.gate.choosing import Chosen
from troth.gate.confirming import (
    Waiting,
    link_opens,
    mailbox_of,
    mailbox_owner,
    proven_mailbox,
    waiting_by_link,
    waiting_submission,
)
from troth.gate.counting import Count, Inquiry, Values, may_look
from troth.gate.disposing import DISPOSAL, DISPOSER, LISTED, dispose_suppressions
from troth.gate.facts import matching_fields
from troth.gate.form import OPTING_OUT, RETURNING, UNDELIVERABLE
from troth.gate.holds import LegalHold, active_holds, holds_of
from troth.gate.idling import DuePerson, idle_people
from troth.gate.model import MAX_RECORDS, Ask, Outcome, Problem
from troth.gate.noting import (
    IN_RECEIPT,
    Shown,
    ToldByStaff,
    note_choice,
    note_matter,
    note_shown,
    note_told,
)
from troth.gate.opening import Change, Follower, Opening
from troth.gate.owning import possible_owners, read_values
from troth.gate.parcels import Parcels
from troth.gate.promising import ERASED, KEY_ENDS, MAIL, language_of, stage_mail
from troth.gate.proofs import CONFIRM, SIGN_IN, VERIFY
from troth.gate.publication import Version, add_draft, post_version, version_text, versions
from troth.gate.reconsidering import Wanted, topic_purposes
from troth.gate.retaining import DueRecord, due_records, free_remnants
from troth.gate.scanning import PersonalDataFound
from troth.gate.service import Gate
from troth.gate.sessions import session_opened
from troth.gate.stopping import every_wish, is_stopped, mailbox_hash
from troth.gate.tallying import Seen, clear_notes, unwatched
from troth.vault import said_since, stops_seen

__all__ = [
    "APPROVED",
    "CONFIRM",
    "DISPOSAL",
    "DISPOSER",
    "ERASED",
    "IN_RECEIPT",
    "KEY_ENDS",
    "LISTED",
    "MAIL",
    "MAX_RECORDS",
    "OPTING_OUT",
    "OWNED",
    "PROMOTIONAL",
    "REASON_LISTED",
    "RETURNING",
    "SIGN_IN",
    "UNDELIVERABLE",
    "VERIFY",
    "Actor",
    "Admission",
    "Analysis",
    "Arrival",
    "Ask",
    "Batcher",
    "Case",
    "Change",
    "Chosen",
    "Count",
    "DuePerson",
    "DueRecord",
    "Follower",
    "Gate",
    "Inquiry",
    "KeyRecord",
    "LegalHold",
    "Opening",
    "Outcome",
    "Parcels",
    "PersonalDataFound",
    "Problem",
    "Seen",
    "SharedCommits",
    "Shown",
    "ToldByStaff",
    "Values",
    "Version",
    "Waiting",
    "Wanted",
    "active_holds",
    "add_draft",
    "case_facts",
    "case_is_live",
    "case_is_open",
    "case_is_over",
    "case_is_verified",
    "case_of",
    "clear_notes",
    "dispose_suppressions",
    "due_records",
    "end_case",
    "every_wish",
    "extend_key",
    "free_remnants",
    "holds_of",
    "idle_people",
    "is_stopped",
    "issue_key",
    "joined_records",
    "key_records",
    "language_of",
    "link_opens",
    "mailbox_hash",
    "mailbox_of",
    "mailbox_owner",
    "matching_fields",
    "may_look",
    "note_case_fact",
    "note_choice",
    "note_matter",
    "note_shown",
    "note_told",
    "open_cases",
    "possible_owners",
    "post_version",
    "proven_mailbox",
    "read_values",
    "revoke_held",
    "revoke_key",
    "said_since",
    "session_opened",
    "stage_mail",
    "stops_seen",
    "topic_purposes",
    "unwatched",
    "version_text",
    "versions",
    "waiting_by_link",
    "waiting_submission",
    "withdraw_case_fact",
]
