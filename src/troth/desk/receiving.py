"""What the desk adds to cases in the unit of work that opens, assigns or closes them: a number, steps, an acknowledgement."""

from troth.desk import keeping
from troth.desk.model import DONE, TICKET, Served
from troth.gate import Change, Follower, Opening, stage_mail
from troth.policy import Policy
from troth.rights import FOLLOWER as RIGHTS
from troth.rights import few_today, matter_by_case, new_number
from troth.storage import Transaction

TAKEN_IN = "ticket-received"
"""Mail template: that a ticket was received, with its number."""


def opened(tx: Transaction, policy: Policy, opening: Opening) -> str:
    """Take in a case: a matter as such, and what is worked on in stages under a number of its own; gives its id.

    Whoever wrote a ticket is told its number at once (clause II.12), but not more often than anybody can bear who is written in
    whose name.
    """
    case = RIGHTS.opened(tx, policy, opening)
    if opening.declared.stages:
        _add(tx, opening)
    if opening.declared.matter == TICKET and opening.person and opening.record:
        row = matter_by_case(tx, case)
        if row is not None and few_today(tx, row, opening.at):
            message = stage_mail(tx, TAKEN_IN, person=opening.person, now=opening.at, case=case)
            keeping.note_mail(tx, message, case, opening.at)
    return case


def closed(tx: Transaction, case: str, role: str, who: str, at: int) -> None:
    """End a case: a ticket is answered with it, and what is worked on in stages is over."""
    RIGHTS.closed(tx, case, role, who, at)
    row = keeping.case_row(tx, case)
    if row is not None:
        keeping.end_row(tx, case, at, DONE)
        keeping.note_step(tx, case, at, "closed", role, who)


def assigned(tx: Transaction, change: Change) -> None:
    """Note to whom a case is assigned from now on."""
    RIGHTS.assigned(tx, change)
    if keeping.case_row(tx, change.case) is None:
        return
    keeping.hold_case(tx, change.case, change.holder)
    step = "taken" if change.holder == change.who else "handed-over" if change.holder else "put-back"
    keeping.note_step(tx, change.case, change.at, step, change.role, change.who)


def reopened(tx: Transaction, change: Change) -> None:
    """Go on with a case that was closed, one stage before the last where that was reached."""
    row = keeping.case_row(tx, change.case)
    if row is None:
        return
    keeping.begin_again(tx, change.case, change.holder, row.state)
    keeping.note_step(tx, change.case, change.at, "reopened", change.role, change.who)


def _add(tx: Transaction, opening: Opening) -> None:
    declared = opening.declared
    row = Served(
        opening.case, new_number(declared.name), declared.name, "", opening.person, opening.record,
        opening.holder, opening.at,
    )  # fmt: skip
    keeping.add_case(tx, row)
    keeping.note_step(tx, row.case, opening.at, "opened", "", "")


FOLLOWER = Follower(opened, closed, assigned, reopened)
"""Gives every case by which staff serve people its number, its steps and its mails."""
