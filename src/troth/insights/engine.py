"""The engine: Ibis expressions over the Delta tables, run by DuckDB inside this process or by Apache Spark.

What one visitor or installation can move is bounded there, before anything is added up. Only the sums leave, for the noise.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from troth.insights.event_sums import bounded_events, funnel, sums_by_key, visitors, wanted_events
from troth.insights.periods import Period
from troth.insights.planning import EventPlan, Part
from troth.insights.readers import Opener, Reader, open_duckdb
from troth.kernel import Conflict, Unavailable

if TYPE_CHECKING:
    import ibis.expr.types as ir

EXTRAS = "troth[insights,lake]"
MOST_KEYS = 100_000
"""Most groups that noise is drawn for."""
EVENT_COLUMNS = frozenset((
    "id", "at", "day", "signed_in", "site", "name", "page", "referrer", "properties", "visitor", "person", "country",
    "device", "robot", "identity", "source", "entry",
))  # fmt: skip
"""Columns of the lake of events. Those that point to somebody are what is bounded by, and are never grouped by."""
REPORT_COLUMNS = frozenset(
    ("day", "week", "product", "release", "schema", "source", "numbers", "words", "entry")
)
"""Columns of the lake of reports; none of them points to an installation."""


_STRANGE = frozenset(("columnMapping", "deletionVectors"))
"""What another program may switch on in a Delta table, and what would make its plain files tell something else."""


class EventSums(NamedTuple):
    """Sums over web events, bounded by visitor; true numbers, for the noise only.

    Args:
        visitors: Visitors of whom some event counts; of a funnel, all of them.
        by_key: Visitors and their events by group; empty of a funnel.
        steps: Of a funnel: the visitors who reached each step.
    """

    visitors: int
    by_key: Mapping[str, tuple[int, int]]
    steps: tuple[int, ...] = ()


class Engine:
    """Reads one Delta table; as a context, it closes what it ran on.

    Args:
        place: Its folder.
        columns: The columns that it is known to have.
        opened: Opens what it runs on.
    """

    def __init__(self, place: Path, columns: frozenset[str], opened: Opener = open_duckdb) -> None:
        need_engine()
        self._place, self._columns, self._opened = place, columns, opened
        self._stack = ExitStack()
        self._reader: Reader | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader = None
        self._stack.__exit__(kind, error, trace)

    def unknown_columns(self) -> tuple[str, ...]:
        """Columns of the table that nobody knows, each of which could point to somebody."""
        if not self._exists():
            return ()
        from deltalake import DeltaTable

        names = {field.name for field in DeltaTable(str(self._place)).schema().fields}
        return tuple(sorted(names - self._columns))

    def persons(self, plan: EventPlan, period: Period) -> set[str]:
        """Handles of the people who stand in the events of a period."""
        events = self._events(plan, period)
        if events is None:
            return set()
        found = events.filter(events.person != "").select("person").distinct()
        return {row["person"] for row in self._running().rows(found)}

    def events(self, plan: EventPlan, period: Period, permitted: Collection[str]) -> EventSums:
        """Add up the events of a period.

        Args:
            plan: What is asked.
            period: The days.
            permitted: Handles of the people who may be counted; all others with a handle are left out.

        Raises:
            Conflict: There are too many groups.
            Unavailable: The engine takes no work.
        """
        events = self._events(plan, period)
        if events is None:
            return EventSums(0, {}, (0,) * len(plan.steps))
        reader = self._running()
        if plan.steps:
            everybody, reached = funnel(reader, events, plan, permitted)
            (steps,) = reader.rows(reached)
            told = tuple(int(steps[f"s{place}"] or 0) for place in range(len(plan.steps)))
            return EventSums(_only(reader, everybody), {}, told)
        pairs = bounded_events(reader, events, plan, permitted)
        rows = reader.rows(sums_by_key(pairs).limit(MOST_KEYS + 1))
        if len(rows) > MOST_KEYS:
            raise Conflict(
                f"There are more than {MOST_KEYS} groups.",
                field="by",
                mend="Group by a field with fewer values.",
            )
        by_key = {row["key"]: (int(row["people"]), int(row["events"])) for row in rows}
        return EventSums(_only(reader, visitors(pairs)), by_key)

    def reports(self, parts: Sequence[Part]) -> list[list[int]]:
        """Add up the reports of installations; a list of sums for each part.

        Raises:
            Unavailable: The engine takes no work.
        """
        from troth.insights.report_sums import add_up

        reports = self._table(lambda _: True)
        if reports is None:
            return [[0] * len(part.keys) for part in parts]
        return add_up(self._running(), reports, parts)

    def _running(self) -> Reader:
        if self._reader is None:
            self._reader = self._stack.enter_context(self._opened())
        return self._reader

    def _events(self, plan: EventPlan, period: Period) -> "ir.Table | None":
        first, end = period.start.isoformat(), period.end.isoformat()
        events = self._table(lambda day: first <= day < end)
        return None if events is None else wanted_events(events, plan)

    def _exists(self) -> bool:
        return (self._place / "_delta_log").is_dir()

    def _table(self, wanted: Callable[[str], bool]) -> "ir.Table | None":
        """The files of the wanted days; None where there are none."""
        files = self._files(wanted)
        return self._running().lake(self._place, files) if files else None

    def _files(self, wanted: Callable[[str], bool]) -> list[str]:
        if not self._exists():
            return []
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            table = DeltaTable(str(self._place))
            found, strange = table.file_uris(), _STRANGE & {*(table.protocol().reader_features or ())}
        except (DeltaError, OSError) as error:
            raise Unavailable(
                f"The lake in {self._place} cannot be read ({type(error).__name__}).",
                mend="Look at its folder; run the report again.",
            ) from error
        if strange:
            raise Conflict(
                f"Another program switched {', '.join(sorted(strange))} on in the lake in {self._place}: its files may hold rows "
                "that were deleted.",
                mend="Have that program write the table anew without it.",
            )
        return [one.removeprefix("file://") for one in found if wanted(_day(one))]


def _only(reader: Reader, table: "ir.Table") -> int:
    """The one number of a table."""
    (row,) = reader.rows(table)
    return int(*row.values())


def engine_available() -> bool:
    """Whether what reports with noise need is installed."""
    return all(find_spec(name) is not None for name in ("duckdb", "ibis", "deltalake", "opendp"))


def need_engine() -> None:
    """See to it that what reports with noise need is installed.

    Raises:
        Conflict: It is not.
    """
    if not engine_available():
        raise Conflict(
            "Figures with noise need the extras `insights` and `lake`, which are not installed.",
            mend=f"Install {EXTRAS}.",
        )


def _day(file: str) -> str:
    """The day of a file of a table that is partitioned by it."""
    return next((part[4:] for part in file.split("/") if part.startswith("day=")), "")
