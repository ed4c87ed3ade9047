"""What is done with reports once they are on disk: folded into the lake, disposed of."""

from pathlib import Path
from typing import NamedTuple

from troth.gate import DISPOSAL, DISPOSER, Arrival, Gate
from troth.ingress.inbox import entries_of
from troth.ingress.lake import ReportLake
from troth.ingress.model import CHANNEL
from troth.ingress.switching import Taking, taking
from troth.ingress.tables import REPORTS
from troth.kernel import Clock, NotFound, Refused, Unavailable, from_micros, micros
from troth.policy import Policy, Retention, instant_before, read_span
from troth.storage import Condition, Database, Folding, Transaction, Waits

RECEIVED = "report.received"
"""The event that the retention of reports counts from."""


class ReportStatus(NamedTuple):
    """Where the reports are: what waits in the inbox, and what the lake holds (None without one)."""

    waiting: Waits
    lake: Condition | None


class DisposedReports(NamedTuple):
    """What a disposal removed, and from before which instant (microseconds); 0 when nothing limits the reports."""

    reports: int
    before: int


class ReportKeeper:
    """Folds and disposes; one at a time on a machine.

    Args:
        database: Holds the inbox.
        lake: The table; None where the extra `lake` is not installed.
        gate: Decides and records disposals.
        clock: Tells what is over.
        lock: A file that whoever works on the table holds.
    """

    def __init__(
        self, database: Database, lake: ReportLake | None, gate: Gate, clock: Clock, lock: Path
    ) -> None:
        self._database, self.lake, self._gate, self._clock = database, lake, gate, clock
        self._folding = Folding(database, REPORTS, lake, entries_of, lock)

    def fold(self) -> int:
        """Fold everything that waits into the lake; gives how many reports went. Without a lake nothing does.

        Raises:
            Unavailable: A store takes no work; what waits stays.
        """
        return self._folding.fold()

    def status(self) -> ReportStatus:
        """Where the reports are."""
        with self._database.snapshot() as tx:
            waiting = REPORTS.waiting(tx)
        return ReportStatus(waiting, self.lake.condition() if self.lake is not None else None)

    def dispose(self) -> DisposedReports:
        """Remove what is past its declared retention, by a decision that the ledger records with its number.

        Raises:
            Refused: The policy does not let it be disposed of.
            Unavailable: A store takes no work.
        """
        policy = self._gate.policy()
        try:
            known = taking(policy)
        except (
            NotFound
        ):  # telemetry is not declared: nothing comes in, and nothing tells how long what came may stay
            return DisposedReports(0, 0)
        before = _disposal_instant(policy, known, micros(self._clock.now()))
        if not before:
            return DisposedReports(0, 0)
        with self._folding.alone():
            self._folding.agree()
            with self._database.transaction() as tx:
                count = REPORTS.dispose(tx, before)
                count += self.lake.count_before(before) if self.lake is not None else 0
                if count:
                    self._decide(tx, known, count)
            if count and self.lake is not None:
                self.lake.dispose(before)
        if count:
            self._database.scrub()
        return DisposedReports(count, before)

    def tidy(self) -> None:
        """Put small files together."""
        if self.lake is not None:
            with self._folding.alone():
                self.lake.tidy()

    def _decide(self, tx: Transaction, known: Taking, count: int) -> None:
        arrival = Arrival("erase", DISPOSAL, (), role=DISPOSER, channel=CHANNEL, data=known.data)
        admitted = self._gate.admit(tx, known.policy, {arrival: count}, micros(self._clock.now()))
        if admitted is None:
            raise Unavailable("The policy is being changed at this moment.", mend="Try again.")
        found = admitted[arrival]
        if not found.permitted:
            raise found.error or Refused(
                "The policy does not let these reports be removed; nothing was done.",
                clause=next(iter(found.clauses), ""),
                mend=f"Permit {DISPOSER} to erase for {DISPOSAL}.",
            )


def _disposal_instant(policy: Policy, known: Taking, now: int) -> int:
    """The beginning of the day (microseconds) before which reports are over; 0 where no retention limits them."""
    spans = [
        read_span(one.keep)
        for one in policy.of(Retention)
        if one.after == RECEIVED and set(known.data) & set(one.data)
    ]
    limits = [instant_before(from_micros(now), span) for span in spans if span is not None]
    if not limits:
        return 0
    return micros(max(limits).replace(hour=0, minute=0, second=0, microsecond=0))
