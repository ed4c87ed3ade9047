"""Bringing the copies of a campaign that is over to their end, whoever had them in hand when it ended."""

from datetime import timedelta

from troth.campaigns import keeping
from troth.kernel import Clock, micros
from troth.outreach import LeftCopies
from troth.storage import Database

LEASE = timedelta(seconds=60)
"""How long a campaign is in a process's hands without a word of it."""
SKIPPED_AS = {"stopped": "stopped", "done": "over"}
"""By state of the campaign, why a copy is skipped that was not handed over before its end."""


class Settling:
    """Settles campaigns that are over.

    Args:
        database: Keeps them.
        clock: Tells whose lease has run out.
        left: Deals with copies in hand.
        who: In whose name a campaign is taken for that.
    """

    def __init__(self, database: Database, clock: Clock, left: LeftCopies, who: str) -> None:
        self._database, self._clock, self._left, self._who = database, clock, left, who

    def settle(self, case: str, state: str) -> bool:
        """Settle a campaign that is over; False where it may still be in another's hands, whose copies are left alone.

        Each part may be done again: the campaign is let go of last.
        """
        now = self._clock.now()
        with self._database.transaction() as tx:
            if keeping.lease(tx, case, self._who, micros(now), micros(now + LEASE)) is None:
                return False
        self._left.end(case, SKIPPED_AS[state])
        with self._database.transaction() as tx:
            keeping.let_go(tx, case, self._who)
        return True
