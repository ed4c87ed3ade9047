"""Bulk import: rows of a file become collections through the gate, a batch at a time.

How far a file has come stands in the data database and commits with the batch that it counts, so that a run that is cut
off goes on where it was: no row is taken twice, none is left out. A run is known by the SHA-256 of the file's bytes, the
point and the purpose.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from troth.collection.checking import WORTH, Checked, Job, checked_batches
from troth.collection.errors import Fault
from troth.collection.reading import Row, Sheet, look_through
from troth.collection.reports import Report
from troth.collection.service import Collection
from troth.collection.tables import import_run
from troth.gate import Ask, Gate, Outcome, version_text
from troth.kernel import Clock, InvalidInput, Refused, Unauthenticated, Unavailable, from_micros, micros
from troth.policy import Point
from troth.storage import Database, Lookup, Scratch, Transaction, Upsert

CHANNEL = "import"
_COUNTS = ("position", "taken", "refused", "begun_at", "ended_at")
_KEY = ("file", "point", "purpose")
_READ = Lookup(import_run, by=_KEY, take=_COUNTS)
_KEEP = Upsert(import_run, by=_KEY, update=_COUNTS)
_UNAUTHENTICATED, _SERVER_ERRORS = 401, 500

Faulty = tuple[Row, Sequence[Fault]]
"""A row with what is wrong with it."""


class Imported(NamedTuple):
    """What became of an import.

    Args:
        rows: Rows of data in the file.
        position: Rows dealt with, by this run and those before.
        taken: Of these, taken in.
        refused: Of these, refused.
        resumed_at: Row up to which an earlier run had come; 0 when there was none.
        begun: Instant at which the first run began.
        done_before: Whether an earlier run had finished, so that this one did nothing.
    """

    rows: int
    position: int
    taken: int
    refused: int
    resumed_at: int
    begun: datetime
    done_before: bool


class _Count(NamedTuple):
    position: int = 0
    taken: int = 0
    refused: int = 0
    begun_at: int = 0
    ended_at: int = 0


class Importer:
    """Imports files at a collection point.

    Args:
        gate: Performs the batches.
        database: Keeps how far a file has come.
        clock: Dates the runs.
        key: API key of the service that imports.
        point: Name of a declared point that takes the channel `import`.
        purpose: Data use; empty when the point has only one.

    Raises:
        NotFound: The policy declares no such point.
        InvalidInput: The point takes no imports, or the purpose is none of its own.
        Unauthenticated: The key does not work.
        Refused: The key was not granted the purpose.
    """

    def __init__(
        self, gate: Gate, database: Database, clock: Clock, key: str, point: str, purpose: str = ""
    ) -> None:
        self._gate, self._database, self._clock = gate, database, clock
        self._policy = gate.policy()
        Collection(gate.policy, key).describe(point)
        self._point = self._policy.points[point]
        self._purpose = _purpose(self._point, purpose)
        if not gate.actor(key).may_serve(self._purpose):
            raise Refused(
                "The API key was not granted the purpose of this import.",
                clause=self._policy.front.defaults.deny,
                field="purpose",
                mend="Issue one with `troth access issue --purpose`.",
            )
        self._key = key

    def look_through(self, file: Path) -> Sheet:
        """Look through a file before anything of it is imported; see `reading.look_through`."""
        return look_through(file, self._point, self._policy)

    def run(
        self,
        sheet: Sheet,
        *,
        report: Path | None = None,
        dry_run: bool = False,
        again: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Imported:
        """Import a file, or go on with it.

        Args:
            sheet: The file, looked through.
            report: Where to write why rows were refused.
            dry_run: Check and decide every row, and store nothing.
            again: Begin anew although an earlier run finished.
            progress: Told the number of rows dealt with.

        Raises:
            Unauthenticated: The key stopped to work; what was counted is in.
            Unavailable: A store takes no work; what was counted is in.
            InvalidInput: The file changed meanwhile.
        """
        count = _Count() if dry_run else self._count(sheet)
        if count.ended_at and not again:
            return self._told(sheet, count, count.position, done_before=True)
        if count.ended_at:
            count = _Count()
        start = count.position
        count = count._replace(begun_at=count.begun_at or micros(self._clock.now()))
        with closing(Report(report, start)) as writer, Scratch() as seen:
            for checked in self._batches(sheet, start):
                if dry_run:
                    count = self._try(checked, count, writer, seen)
                else:
                    count = self._take(sheet, checked, count, writer)
                progress(count.position)
        if not dry_run:
            count = count._replace(ended_at=micros(self._clock.now()))
            with self._database.transaction() as tx:
                self._keep(tx, sheet, count)
        return self._told(sheet, count, start, done_before=False)

    def _batches(self, sheet: Sheet, start: int) -> Iterator[Checked]:
        with self._database.snapshot() as tx:
            text = version_text(tx, self._policy.sha256)
        job = Job(self._point.name, {"channel": CHANNEL, "purpose": self._purpose})
        beside = sheet.rows - start >= WORTH
        return checked_batches(sheet, start, self._policy, text, job, beside=beside)

    def _take(self, sheet: Sheet, checked: Checked, count: _Count, report: Report) -> _Count:
        """Take a batch: the rows, the count of them and the ledger entries commit together, the report is on disk before."""
        asks, asked, faults = self._asked(checked)
        done: list[_Count] = []

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            found = faults + _refused(asked, outcomes)
            found.sort(key=lambda one: one[0].number)
            report.tell(found)
            done.append(_counted(count, checked.rows, len(found)))
            self._keep(tx, sheet, done[-1])

        if asks:
            self._gate.perform_along(asks, along)
        else:
            with self._database.transaction() as tx:
                along(tx, ())
        return done[-1]

    def _try(self, checked: Checked, count: _Count, report: Report, seen: Scratch) -> _Count:
        asks, asked, faults = self._asked(checked)
        found = faults + _refused(asked, self._gate.rehearse(asks, seen) if asks else ())
        found.sort(key=lambda one: one[0].number)
        report.tell(found)
        return _counted(count, checked.rows, len(found))

    def _asked(self, checked: Checked) -> tuple[list[Ask], list[Row], list[Faulty]]:
        """The acts that rows ask for, the rows that ask, and what is wrong with the others."""
        asks: list[Ask] = []
        asked: list[Row] = []
        faults: list[Faulty] = []
        for row, found in zip(checked.rows, checked.found, strict=True):
            if isinstance(found, dict):
                asked.append(row)
                asks.append(
                    Ask(
                        act="collect",
                        purpose=self._purpose,
                        key=self._key,
                        point=self._point.name,
                        channel=CHANNEL,
                        values=found,
                    )
                )
            else:
                faults.append((row, found))
        return asks, asked, faults

    def _count(self, sheet: Sheet) -> _Count:
        key = (sheet.sha256, self._point.name, self._purpose)
        with self._database.snapshot() as tx:
            row = tx.lookup(_READ, [key]).get(key)
        return _Count(*row) if row is not None else _Count()

    def _keep(self, tx: Transaction, sheet: Sheet, count: _Count) -> None:
        tx.run(_KEEP, (sheet.sha256, self._point.name, self._purpose, *count))

    def _told(self, sheet: Sheet, count: _Count, start: int, *, done_before: bool) -> Imported:
        begun = from_micros(count.begun_at)
        return Imported(sheet.rows, count.position, count.taken, count.refused, start, begun, done_before)


def _purpose(point: Point, given: str) -> str:
    if CHANNEL not in point.channels:
        raise InvalidInput(
            "The point takes no imports.",
            clause=point.clause,
            field="point",
            mend=f"Use one that has the channel {CHANNEL}.",
        )
    if not given and len(point.purposes) == 1:
        return point.purposes[0]
    if given not in point.purposes:
        raise InvalidInput(
            "The point does not collect for this purpose." if given else "No purpose was named.",
            clause=point.clause,
            field="purpose",
            mend=f"Use one of {', '.join(point.purposes)}.",
        )
    return given


def _counted(count: _Count, rows: Sequence[Row], refused: int) -> _Count:
    return count._replace(
        position=rows[-1].number,
        taken=count.taken + len(rows) - refused,
        refused=count.refused + refused,
    )


def _refused(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> list[Faulty]:
    """What the gate refused, with why.

    Raises:
        Unauthenticated, Unavailable: It could not work at all; the batch is undone.
    """
    found: list[Faulty] = []
    for row, outcome in zip(rows, outcomes, strict=True):
        problem = outcome.problem
        if problem is None:
            continue
        if problem.status == _UNAUTHENTICATED:
            raise Unauthenticated(problem.detail, mend=problem.mend)
        if problem.status >= _SERVER_ERRORS:
            raise Unavailable(problem.detail, mend=problem.mend)
        found.append((row, [Fault(problem.field, problem.detail, problem.mend, problem.clause)]))
    return found
