"""What follows an erasure at the desk: nothing is left to ship or to invoice to somebody who is gone."""

from troth.desk import keeping
from troth.gate import end_case
from troth.rights import matters_of
from troth.storage import Transaction

ERASED_PERSON = "the person was erased"
"""Outcome of a case that ended because nobody is left to serve."""


def forget_person(tx: Transaction, person: str, now: int) -> None:
    """End the open cases of somebody who was erased, at an instant (microseconds)."""
    for case in keeping.cases_of(tx, person):
        row = keeping.case_row(tx, case)
        if row is not None and not row.ended_at:
            keeping.end_row(tx, case, now, ERASED_PERSON)
            keeping.note_step(tx, case, now, "closed", "", "")
            end_case(tx, case, now)
    for matter in matters_of(tx, person):
        keeping.forget_their_mails(tx, matter.case)
