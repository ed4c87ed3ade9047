"""A report with noise over many web events, held against the plain query over the same bounded rows."""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import troth
from benchmarks.report import Report, Result
from troth.bootstrap import open_troth
from troth.kernel import SettableClock

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
REPORT, USAGE = "feature-frequency", "analytics.reporting.product_usage"
MOST = 7
"""Events of one visitor: as many as count, so that the plain query reads the same rows."""
FEATURES, DAYS = 200, 7
_TARGET_SECONDS, _TARGET_GB, _TARGET_RATIO = 15.0, 4.0, 3.0
_PLAIN = """
SELECT name, count(DISTINCT visitor), count(*)
FROM read_parquet({files}, hive_partitioning = true, hive_types_autocast = false)
WHERE name <> 'pageview' AND NOT robot GROUP BY name
"""


def run(report: Report, place: Path, count: int) -> None:
    """Measure; `count` is the number of events, a tenth of which is the number of people in the issue's words."""
    folder = Path(tempfile.mkdtemp(prefix="troth-insights-", dir=place))
    try:
        clock = SettableClock(MONDAY)
        troth.init_folder(folder / "data", clock=clock)
        written = write_lake(folder / "data" / "lake" / "events", count)
        told = _child("report", folder / "data")
        plain = _child("plain", folder / "data")
        spark = _child("spark", folder / "data")
    finally:
        shutil.rmtree(folder)
    ratio = told["seconds"] / plain["seconds"]
    size = f"{written:,} events of {written // MOST:,} visitors"
    report.add(
        Result(
            f"feature report, {size}", told["seconds"], "s", f"at most {_TARGET_SECONDS:.0f} s for 10,000,000",
            told["seconds"] <= _TARGET_SECONDS, "everything, from the gate to the kept figures", "", "one run, in a process of its own",
        )
    )  # fmt: skip
    report.add(
        Result(
            "the same: bounding and adding up", told["engine"], "s", f"within {_TARGET_RATIO:.0f}x of the plain query",
            told["engine"] <= _TARGET_RATIO * plain["seconds"], f"plain query over the same rows: {plain['seconds']:.2f} s",
            f"{told['engine'] / plain['seconds']:.2f}x; with all else {ratio:.2f}x", "best of two each; DuckDB, the same files",
        )
    )  # fmt: skip
    report.add(
        Result(
            "the same: bounding and adding up on Spark", spark["seconds"], "s", "right", spark["right"] == 1.0,
            f"the first time, with Java cold: {spark['first']:.2f} s", f"{spark['seconds'] / told['engine']:.1f}x of DuckDB",
            "a master and a worker with two cores on this machine; session open",
        )
    )  # fmt: skip
    report.add(
        Result(
            "the same: peak memory", told["gb"], "GB", f"at most {_TARGET_GB:.0f} GB", told["gb"] <= _TARGET_GB,
            f"plain query: {plain['gb']:.2f} GB", "", "largest resident size of the process",
        )
    )  # fmt: skip


def write_lake(place: Path, count: int) -> int:
    """Write so many events, each visitor's spread over the week; gives how many."""
    import numpy as np
    import pyarrow as pa
    from deltalake import write_deltalake

    visitors = count // MOST
    draw = np.random.default_rng(20260105)  # made data: the noise is not drawn from it
    for day in range(DAYS):
        numbers = range(visitors)
        at = MONDAY + timedelta(days=day)
        words = {
            "id": [f"{number:027x}{day:05x}" for number in numbers],
            "visitor": [f"{number * 2654435761 % 2**64:032x}" for number in numbers],
            "name": [f"feature {one}" for one in draw.integers(0, FEATURES, visitors)],
        }
        same = {
            "day": at.date().isoformat(), "site": "www", "page": "www.example.com/product", "referrer": "", "properties": "",
            "person": "", "country": "", "device": "desktop", "identity": "cookie", "source": "plausible", "entry": "e",
        }  # fmt: skip
        columns: dict[str, Any] = {name: pa.array(values, pa.string()) for name, values in words.items()}
        columns |= {name: pa.array([one] * visitors, pa.string()) for name, one in same.items()}
        columns["at"] = pa.array([at] * visitors, pa.timestamp("us", "UTC"))
        columns |= {name: pa.array([False] * visitors, pa.bool_()) for name in ("robot", "signed_in")}
        write_deltalake(str(place), pa.table(columns), mode="append", partition_by=["day", "signed_in"])
    return visitors * DAYS


def _child(part: str, folder: Path) -> dict[str, float]:
    """A part in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.insights", part, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _report(folder: Path) -> dict[str, float]:
    from troth.insights import EVENT_COLUMNS, Engine, event_plan, period_before, reported

    clock = SettableClock(MONDAY + timedelta(days=7))
    with open_troth(folder, clock=clock) as opened:
        key, _ = opened.issue_key(name="analyst", role="staff.analyst", purposes=[USAGE])
        begun = perf_counter()
        done = opened.insights.run(REPORT, key)
        seconds = perf_counter() - begun
        assert done.state == "done", done
        policy = opened.policy()
    period = period_before("weekly", clock.now())
    plan = event_plan(reported(policy, REPORT), policy, period, pages=False)
    engine = Engine(folder / "lake" / "events", EVENT_COLUMNS)
    times = []
    for _ in range(2):
        begun = perf_counter()
        engine.events(plan, period, ())
        times.append(perf_counter() - begun)
    return {"seconds": seconds, "engine": min(times)}


def _spark(folder: Path) -> dict[str, float]:
    """The same sums on a cluster of one worker; `right` is 1 where they are those of DuckDB."""
    from contextlib import nullcontext

    from tests.support.spark import HERE, cluster
    from troth.insights import EVENT_COLUMNS, Engine, event_plan, open_spark, period_before, reported

    with open_troth(folder, clock=SettableClock(MONDAY + timedelta(days=7))) as opened:
        policy, period = opened.policy(), period_before("weekly", opened.clock.now())
    plan = event_plan(reported(policy, REPORT), policy, period, pages=False)
    lake = folder / "lake" / "events"
    wide = HERE | {"spark.executor.memory": "3g", "spark.sql.shuffle.partitions": "8"}
    times = []
    with cluster(folder / "work", 2, "4g") as address, open_spark(address, wide) as reader:
        engine = Engine(lake, EVENT_COLUMNS, lambda: nullcontext(reader))
        for _ in range(2):
            begun = perf_counter()
            sums = engine.events(plan, period, ())
            times.append(perf_counter() - begun)
    right = Engine(lake, EVENT_COLUMNS).events(plan, period, ()) == sums
    return {"seconds": times[1], "first": times[0], "right": float(right)}


def _plain(folder: Path) -> dict[str, float]:
    import duckdb
    from deltalake import DeltaTable

    files = [one.removeprefix("file://") for one in DeltaTable(str(folder / "lake" / "events")).file_uris()]
    times = []
    for _ in range(2):
        with duckdb.connect() as connection:
            begun = perf_counter()
            connection.sql(_PLAIN.format(files=files)).fetchall()
            times.append(perf_counter() - begun)
    return {"seconds": min(times)}


def main() -> None:
    """Run one part and print what it took."""
    part, folder = sys.argv[1:]
    took = {"report": _report, "plain": _plain, "spark": _spark}[part](Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps(took | {"gb": peak}))


if __name__ == "__main__":
    main()
