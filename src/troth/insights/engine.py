"""The engine: Ibis expressions over the Delta tables, run by DuckDB inside this process.

What one visitor or installation can move is bounded here, before anything is added up. Only the sums leave, for the noise;
nothing is written to disk.
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from troth.insights.model import LONGEST_VALUE
from troth.insights.periods import Period
from troth.insights.planning import EventPlan, Part
from troth.kernel import Conflict, Unavailable

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

MOST_MEMORY = "3GB"
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
_PAGE_VIEW = "pageview"
_SECRET_BYTES = 16


class EventSums(NamedTuple):
    """Sums over web events, bounded by visitor; true numbers, for the noise only.

    Args:
        visitors: Visitors of whom some event counts.
        by_key: Visitors and their events by group.
    """

    visitors: int
    by_key: Mapping[str, tuple[int, int]]


class Engine:
    """Reads one Delta table.

    Args:
        place: Its folder.
        columns: The columns that it is known to have.
    """

    def __init__(self, place: Path, columns: frozenset[str]) -> None:
        if not engine_available():
            raise Conflict(
                "Figures with noise need the extras `insights` and `lake`, which are not installed.",
                mend="Install troth[insights,lake].",
            )
        self._place, self._columns = place, columns

    def unknown_columns(self) -> tuple[str, ...]:
        """Columns of the table that nobody knows, each of which could point to somebody."""
        if not self._exists():
            return ()
        from deltalake import DeltaTable

        names = {field.name for field in DeltaTable(str(self._place)).schema().fields}
        return tuple(sorted(names - self._columns))

    def persons(self, plan: EventPlan, period: Period) -> set[str]:
        """Handles of the people who stand in the events of a period."""
        backend, events = self._events(plan, period)
        if events is None:
            return set()
        found = events.filter(events.person != "").select("person").distinct()
        return set(backend.to_pyarrow(found).column("person").to_pylist())

    def events(self, plan: EventPlan, period: Period, permitted: Collection[str]) -> EventSums:
        """Add up the events of a period.

        Args:
            plan: What is asked.
            period: The days.
            permitted: Handles of the people who may be counted; all others with a handle are left out.

        Raises:
            Conflict: There are too many groups.
        """
        backend, events = self._events(plan, period)
        if events is None:
            return EventSums(0, {})
        pairs = bounded_events(backend, events, plan, permitted)
        visitors = int(backend.to_pyarrow(pairs.unit.nunique()).as_py())
        grouped = pairs.group_by("key").aggregate(people=pairs.count(), events=pairs.number.sum())
        rows = backend.to_pyarrow(grouped.limit(MOST_KEYS + 1)).to_pylist()
        if len(rows) > MOST_KEYS:
            raise Conflict(
                f"There are more than {MOST_KEYS} groups.",
                field="by",
                mend="Group by a field with fewer values.",
            )
        return EventSums(visitors, {row["key"]: (int(row["people"]), int(row["events"])) for row in rows})

    def reports(self, parts: Sequence[Part]) -> list[list[int]]:
        """Add up the reports of installations; a list of sums for each part."""
        from troth.insights.report_sums import add_up

        backend, reports = self._table(lambda _: True)
        if reports is None:
            return [[0] * len(part.keys) for part in parts]
        return add_up(backend, reports, parts)

    def _events(self, plan: EventPlan, period: Period) -> "tuple[Backend, ir.Table | None]":
        first, last = period.start.isoformat(), period.end.isoformat()
        backend, events = self._table(lambda day: first <= day < last)
        if events is None:
            return backend, None
        kind = events.name == _PAGE_VIEW if plan.pages else events.name != _PAGE_VIEW
        return backend, events.filter(kind & ~events.robot)

    def _exists(self) -> bool:
        return (self._place / "_delta_log").is_dir()

    def _table(self, wanted: Callable[[str], bool]) -> "tuple[Backend, ir.Table | None]":
        """DuckDB with the files of the wanted days; None in place of the table where there are none."""
        import ibis

        backend = ibis.duckdb.connect(memory_limit=MOST_MEMORY, temp_directory="")
        files = self._files(wanted)
        if not files:
            return backend, None
        return backend, backend.read_parquet(
            files, table_name="lake", hive_partitioning=True, hive_types_autocast=False
        )

    def _files(self, wanted: Callable[[str], bool]) -> list[str]:
        if not self._exists():
            return []
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            found = DeltaTable(str(self._place)).file_uris()
        except (DeltaError, OSError) as error:
            raise Unavailable(
                f"The lake in {self._place} cannot be read ({type(error).__name__}).",
                mend="Look at its folder; run the report again.",
            ) from error
        return [one.removeprefix("file://") for one in found if wanted(_day(one))]


def bounded_events(
    backend: "Backend", events: "ir.Table", plan: EventPlan, permitted: Collection[str]
) -> "ir.Table":
    """A row for each visitor and group with the number of events, no more of one visitor than the plan lets count.

    Whoever has more is drawn from: the order is that of a keyed hash under a secret that lives as long as this run, so that times
    and ids decide nothing, and nobody who chooses ids can steer it. All others are taken as they are, which saves the drawing.
    """
    rows = _known(events, plan, permitted)
    pairs = backend.create_table(
        "pairs", rows.group_by("unit", "key", "most").aggregate(number=rows.count()), temp=True
    )
    whole = pairs.group_by("unit", "most").aggregate(together=pairs.number.sum())
    over = backend.create_table("over", whole.filter(whole.together > whole.most), temp=True)
    within = pairs.anti_join(over, "unit").select("unit", "key", "number")
    drawn = backend.create_table("drawn", _drawn(rows.semi_join(over, "unit")), temp=True)
    return within.union(drawn)


def _known(events: "ir.Table", plan: EventPlan, permitted: Collection[str]) -> "ir.Table":
    """The events of visitors who are told apart and may be counted, with how many of one visitor count."""
    import ibis

    known = events.filter((events.visitor != "") | (events.person != ""))
    known = known.filter((known.person == "") | known.person.isin(list(permitted) or [""]))
    if not plan.daily:
        known = known.filter(known.identity != "daily")
    return known.select(
        "id",
        # A number is quicker to group by. Two visitors in 10^19 share one, and count as one then.
        unit=ibis.ifelse(known.person != "", known.person, known.visitor).hash(),
        key=known[plan.column].left(LONGEST_VALUE),
        most=ibis.ifelse(known.identity == "daily", plan.daily, plan.most),
    )


def _drawn(rows: "ir.Table") -> "ir.Table":
    """As many of each visitor's events as count."""
    import ibis

    secret = ibis.literal(secrets.token_hex(_SECRET_BYTES))
    hashed = rows.mutate(drawn=(secret + rows.id).hexdigest("md5"))
    place = ibis.row_number().over(group_by=hashed.unit, order_by=hashed.drawn)
    placed = hashed.mutate(place=place)
    kept = placed.filter(placed.place < placed.most)
    return kept.group_by("unit", "key").aggregate(number=kept.count())


def engine_available() -> bool:
    """Whether what the engine needs is installed."""
    return all(find_spec(name) is not None for name in ("duckdb", "ibis", "deltalake", "opendp"))


def _day(file: str) -> str:
    """The day of a file of a table that is partitioned by it."""
    return next((part[4:] for part in file.split("/") if part.startswith("day=")), "")
