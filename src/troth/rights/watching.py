"""Watching the clocks: reminders fire on their day, and what is late is noted. Neither moves a due date."""

from collections.abc import Callable
from typing import NamedTuple

from troth.gate import note_matter
from troth.kernel import Clock, micros
from troth.policy import Policy
from troth.rights import keeping
from troth.rights.keeping import Noted
from troth.rights.model import Duty, MatterRow
from troth.rights.proving import lapse
from troth.storage import Database, Transaction

_AT_ONCE = 500
Tell = Callable[[Transaction, MatterRow, Duty | None], None]
"""Promises mail to staff in the unit of work: about a reminder, or without one about a matter that became late."""


class Fired(NamedTuple):
    """What a look at the clocks found: reminders of open matters, matters that became late, and those that nobody proved."""

    reminders: list[tuple[MatterRow, Duty]]
    late: list[MatterRow]
    lapsed: list[MatterRow]


def watch(database: Database, policy: Policy, clock: Clock, tell: Tell | None = None) -> Fired:
    """Fire every reminder that is due, note every matter that is late, and end what nobody proved in time; each exactly once.

    Args:
        database: The data database.
        policy: The version in force, whose clauses the ledger entries cite.
        clock: Says what is due.
        tell: Promises mail about what fires; None for no mail.
    """
    fired = Fired([], [], [])
    while True:
        with database.transaction() as tx:
            now = micros(clock.now())
            reminders, met = _remind(tx, now)
            late = _note_late(tx, policy, now)
            lapsed = lapse(tx, policy, now, _AT_ONCE)
            if tell is not None:
                for row, duty in [*reminders, *((row, None) for row in late)]:
                    tell(tx, row, duty)
        fired.reminders.extend(reminders)
        fired.late.extend(late)
        fired.lapsed.extend(lapsed)
        if max(met, len(late), len(lapsed)) < _AT_ONCE:
            return fired


def _remind(tx: Transaction, now: int) -> tuple[list[tuple[MatterRow, Duty]], int]:
    """Reminders that fired, and how many clocks were met; a clock for an answer stays unmet until the matter ends."""
    found, met = [], 0
    for one in keeping.due_reminders(tx, now, _AT_ONCE):
        row = keeping.matter_by_case(tx, one.case)
        met += keeping.meet_duty(tx, one, now)
        if row is not None and not row.ended_at:
            keeping.note_step(tx, one.case, now, "reminded", Noted("", ""), one.remind)
            found.append((row, one))
    return found, met


def _note_late(tx: Transaction, policy: Policy, now: int) -> list[MatterRow]:
    late = keeping.late_matters(tx, now, _AT_ONCE)
    for row in late:
        keeping.note_late(tx, row, now)
        rule = policy.requires.get(row.due_rule)
        note_matter(tx, policy, case=row.case, what="overdue", clause=rule.clause if rule else "", now=now)
    return late
