"""Copies that a process left in hand: dealt with before others send on, or for good where their batch is over."""

from troth.outreach.copies import COUNT
from troth.outreach.handovers import Handovers
from troth.outreach.outbox import FAILED, PLANNED, SENT, SKIPPED, Outbox
from troth.storage import Database, Transaction

UNCERTAIN = "uncertain"
_Settled = tuple[str, str]
"""A copy's state, and why it is in it."""


class LeftCopies:
    """What a process that was killed, or halted in the middle, left of the mails of a batch.

    Only for whoever alone has the batch in hand.

    Args:
        database: Keeps the outbox.
        outbox: The copies.
        handovers: Tell what a server has taken.
    """

    def __init__(self, database: Database, outbox: Outbox, handovers: Handovers) -> None:
        self._database, self._outbox, self._handovers = database, outbox, handovers

    def recover(self, batch: str, uncertain: str) -> int:
        """Deal with copies in hand of a batch that goes on; gives of how many nobody knows whether they were taken.

        Args:
            batch: Id of its case.
            uncertain: What becomes of those: `AGAIN` or `COUNT`.
        """
        settled_as = (FAILED, UNCERTAIN) if uncertain == COUNT else (PLANNED, "")
        with self._database.transaction() as tx:
            unknown = self._settle(tx, batch, untried=(PLANNED, ""), uncertain=settled_as)
        self._handovers.forget(batch)
        return unknown

    def end(self, batch: str, why: str) -> int:
        """Bring every copy of a batch that is over to its end, for nothing of it goes out any more; gives what `recover` gives.

        What may have been taken is not sent again, and would be told wrong as skipped: it failed, `uncertain`.

        Args:
            batch: Id of its case.
            why: Why what was certainly not taken is skipped.
        """
        with self._database.transaction() as tx:
            unknown = self._settle(tx, batch, untried=(SKIPPED, why), uncertain=(FAILED, UNCERTAIN))
            self._outbox.end(tx, batch, why)
        self._handovers.forget(batch)
        return unknown

    def _settle(self, tx: Transaction, batch: str, *, untried: _Settled, uncertain: _Settled) -> int:
        told, unknown = self._handovers.told(batch), 0
        for row in self._outbox.in_hand(tx, batch):
            if told.took(row):
                self._outbox.settle(tx, row, SENT)
            elif told.untried(row):
                self._outbox.settle(tx, row, *untried, tried=-1)
            else:
                unknown += 1
                self._outbox.settle(tx, row, *uncertain)
        return unknown
