"""Disposing of what the suppression list keeps, when its declared time is over."""

from datetime import datetime

from troth.gate.admitting import Arrival
from troth.gate.service import Gate
from troth.kernel import Clock, Refused, Unavailable, micros
from troth.policy import Policy, instant_before, read_span
from troth.storage import Database
from troth.vault import dispose_listed

DISPOSER = "service.disposal"
"""The role in which Troth erases what has reached the end of its retention."""
DISPOSAL = "essential.service.disposal"
LISTED = "suppression.added"
"""The event from which the retention of the suppression list counts."""


def dispose_suppressions(gate: Gate, database: Database, clock: Clock) -> int:
    """Take off the suppression list what has stood there for the declared time, on record; gives the number.

    Where several retentions count from `suppression.added`, the longest holds; where none does, nothing is removed.

    Raises:
        Refused: The policy does not let it be disposed of.
        Unavailable: A store takes no work.
    """
    policy = gate.policy()
    before = _over(policy, clock.now())
    if before is None:
        return 0
    with database.transaction() as tx:
        now = clock.now()
        due = dispose_listed(tx, micros(before))
        if not due:
            return 0
        # The identifiers of a version long gone may have names that the version in force does not know.
        fields = tuple(name for name in sorted(due) if name in policy.fields)
        arrival = Arrival("erase", DISPOSAL, fields, role=DISPOSER)
        count = sum(due.values())
        admitted = gate.admit(tx, policy, {arrival: count}, micros(now))
        if admitted is None:
            raise Unavailable("The policy is being changed at this moment.", mend="Try again.")
        if not admitted[arrival].permitted:
            raise Refused(
                "The policy does not let the suppression list be disposed of when it is due.",
                clause=next(iter(admitted[arrival].clauses), ""),
                mend=f"Permit {DISPOSER} to erase for {DISPOSAL}.",
            )
    return count


def _over(policy: Policy, now: datetime) -> datetime | None:
    spans = [read_span(one.keep) for one in policy.retentions.values() if one.after == LISTED]
    return min((instant_before(now, span) for span in spans if span is not None), default=None)
