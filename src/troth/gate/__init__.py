"""The gate: decide, act, record in one unit of work; the only door to personal data."""

from troth.gate.access import Actor, KeyRecord, issue_key, key_records, revoke_key
from troth.gate.admitting import Admission, Arrival
from troth.gate.batcher import Batcher, SharedCommits
from troth.gate.cases import open_cases
from troth.gate.facts import matching_fields
from troth.gate.model import Ask, Outcome, Problem
from troth.gate.noting import IN_RECEIPT, Shown, note_choice, note_shown
from troth.gate.promising import ERASED, MAIL, stage_mail
from troth.gate.publication import Version, add_draft, post_version, version_text, versions
from troth.gate.service import Gate

__all__ = [
    "ERASED",
    "IN_RECEIPT",
    "MAIL",
    "Actor",
    "Admission",
    "Arrival",
    "Ask",
    "Batcher",
    "Gate",
    "KeyRecord",
    "Outcome",
    "Problem",
    "SharedCommits",
    "Shown",
    "Version",
    "add_draft",
    "issue_key",
    "key_records",
    "matching_fields",
    "note_choice",
    "note_shown",
    "open_cases",
    "post_version",
    "revoke_key",
    "stage_mail",
    "version_text",
    "versions",
]
