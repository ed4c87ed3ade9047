"""Lakes of known content: web events and reports of installations, written as Troth writes them, for tests and benchmarks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

PARTITIONS = ["day", "signed_in"]
_TEXTS = (
    "id", "day", "site", "name", "page", "referrer", "properties", "visitor", "person", "country", "device", "identity",
    "source", "entry",
)  # fmt: skip
_MIDNIGHT = datetime.min.time()


def event(visitor: str, page: str, number: int, **more: Any) -> dict[str, Any]:
    """An event; `more` changes what is usual."""
    told = {
        "id": f"{visitor}-{page}-{number}",
        "day": "2026-01-05",
        "site": "www",
        "name": "pageview",
        "page": page,
        "visitor": visitor,
        "identity": "cookie",
        "source": "plausible",
        "entry": "e",
        "device": "desktop",
    } | more
    return {**dict.fromkeys(_TEXTS, ""), "robot": False, "signed_in": bool(more.get("person")), **told}


def write_events(place: Path, events: Sequence[Mapping[str, Any]]) -> None:
    """Add events to a lake."""
    columns: dict[str, Any] = {name: pa.array([one[name] for one in events], pa.string()) for name in _TEXTS}
    columns["at"] = pa.array(
        [one.get("at") or datetime.combine(date.fromisoformat(one["day"]), _MIDNIGHT, UTC) for one in events],
        pa.timestamp("us", "UTC"),
    )
    for name in ("robot", "signed_in"):
        columns[name] = pa.array([one[name] for one in events], pa.bool_())
    write_deltalake(str(place), pa.table(columns), mode="append", partition_by=PARTITIONS)


def installation(
    numbers: Mapping[str, float] | None = None, words: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """A report of an installation."""
    return {
        "day": "2026-01-11", "week": "2026-W02", "product": "example-sensor", "release": "5.0", "schema": "0" * 16,
        "source": "troth", "numbers": dict(numbers or {}), "words": dict(words or {}), "entry": "e", **more,
    }  # fmt: skip


def write_reports(place: Path, reports: Iterable[Mapping[str, Any]]) -> None:
    """Add reports to a lake; a column that is none of theirs is written too."""
    rows = list(reports)
    kinds: dict[str, pa.DataType] = {
        "numbers": pa.map_(pa.string(), pa.float64()),
        "words": pa.map_(pa.string(), pa.string()),
    }
    columns = {
        name: pa.array(
            [list(one[name].items()) if name in kinds else one.get(name) for one in rows],
            kinds.get(name, pa.string()),
        )
        for name in dict.fromkeys(key for one in rows for key in one)
    }
    write_deltalake(str(place), pa.table(columns), mode="append", partition_by=["day"], schema_mode="merge")
