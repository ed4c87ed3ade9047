"""The sender of telemetry, as a product carries it: recording a metric, its memory, importing it."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.report import Report, Result
from troth.policy import kept_policy, schema_document
from troth.telemetry import Schema, Telemetry

_POLICY = Path(__file__).resolve().parents[1] / "policies" / "software-vendor" / "policy.md"
_ROUNDS, _COUNT = 30, 20_000
_MICROSECONDS, _BYTES, _MILLISECONDS = 2.0, 2_000_000, 30.0
_SOURCE = str(Path(__file__).resolve().parents[1] / "src")
_IMPORT = """
import sys, time
sys.path.insert(0, {source!r})
begun = time.perf_counter()
import {module}
print((time.perf_counter() - begun) * 1000)
"""

_GROWTH = """
import sys, json, re, typing, datetime, threading, pathlib, atexit, contextlib
sys.path.insert(0, {source!r})
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
before = resident()
from troth.telemetry import Schema, Telemetry
schema = Schema.from_document(json.load(open(sys.argv[1])))
telemetry = Telemetry(
    schema, sys.argv[2], product="example-sensor", release="5.2", endpoint="https://telemetry.example.com",
    uploads=False, environ={{"TROTH_TELEMETRY": "on"}},
)
for metric in schema.metrics.values():
    for label in metric.choices or (None,):
        telemetry.add(metric.name, 1, label)
    telemetry.observe(metric.name, 3)
    for value in (1, True, *metric.choices):
        telemetry.set(metric.name, value)
for number in range(100_000):
    telemetry.add("undeclared%d" % number)
telemetry.close()
print(resident() - before)
"""


def run(report: Report, place: Path) -> None:
    """Measure recording while telemetry is on, with what it puts on disk, and while it is off; memory; the import."""
    document = schema_document(kept_policy(_POLICY.read_bytes()))
    assert document is not None
    with tempfile.TemporaryDirectory(prefix="troth-bench-", dir=place) as folder:
        on, off = ({"TROTH_TELEMETRY": word} for word in ("on", "off"))
        bare = _seconds(_Counter())
        for name, environ in (("on", on), ("off", off)):
            telemetry = _telemetry(document, Path(folder), environ)
            _tell_time(report, f"telemetry: record a metric, {name}", _seconds(telemetry), bare)
            telemetry.close()
        report.add(_memory(document, Path(folder)))
    report.add(_import())


class _Counter:
    """The least that counting costs: a dictionary without bounds, locks, weeks or disk."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str | None], int] = {}

    def add(self, name: str, n: int = 1, label: str | None = None) -> None:
        """Count."""
        key = (name, label)
        self._counts[key] = self._counts.get(key, 0) + n

    def flush(self) -> bool:
        """Nothing to put anywhere."""
        return True


def _telemetry(document: dict[str, Any], folder: Path, environ: dict[str, str]) -> Telemetry:
    return Telemetry(
        Schema.from_document(document),
        folder / "telemetry",
        product="example-sensor",
        release="5.2",
        endpoint="https://telemetry.example.com",
        uploads=False,
        environ=environ,
    )


def _seconds(counter: "Telemetry | _Counter") -> float:
    """Seconds for one record of a round, and its share of putting the round on disk; the best of each over some rounds."""
    add = counter.add
    counting, flushing = [], []
    for _ in range(_ROUNDS):
        begun = perf_counter()
        for _ in range(_COUNT // 2):
            add("errors")
            add("features_used", label="search")
        counted = perf_counter()
        counter.flush()
        counting.append(counted - begun)
        flushing.append(perf_counter() - counted)
    return (min(counting) + min(flushing)) / _COUNT


def _tell_time(report: Report, work: str, seconds: float, bare: float) -> None:
    figure = seconds * 1e6
    report.add(
        Result(
            work,
            figure,
            "microseconds",
            f"{_MICROSECONDS:g} at most",
            figure <= _MICROSECONDS,
            baseline=f"a method that counts into a dictionary: {bare * 1e6:.2f} microseconds",
            ratio=f"{seconds / bare:.1f}x",
            note=f"best of {_ROUNDS} rounds of {_COUNT:,}, counters and labelled counters by turns, with its share of putting a round on disk",
        )
    )


def _memory(document: dict[str, Any], folder: Path) -> Result:
    """How much a process grows: importing the sender, schema, every metric and label, undeclared names, putting it on disk."""
    schema = folder / "schema.json"
    schema.write_text(json.dumps(document), encoding="utf-8")
    command = [
        sys.executable,
        "-I",
        "-c",
        _GROWTH.format(source=_SOURCE),
        str(schema),
        str(folder / "memory"),
    ]
    told = [subprocess.run(command, capture_output=True, check=True).stdout for _ in range(3)]
    grown = max(map(int, told))
    note = "the most of 3 processes by resident memory; json, re, typing, datetime, threading, pathlib were loaded before; no upload"
    return Result(
        "telemetry: memory", grown / 1e6, "MB", f"{_BYTES / 1e6:g} MB at most", grown <= _BYTES, note=note
    )


def _import() -> Result:
    def milliseconds(module: str) -> float:
        code = _IMPORT.format(source=_SOURCE, module=module)
        told = [
            subprocess.run(
                [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
            ).stdout
            for _ in range(_ROUNDS)
        ]
        return min(float(json.loads(one)) for one in told)

    figure, bare = milliseconds("troth.telemetry"), milliseconds("json, re, typing, datetime, threading")
    return Result(
        "telemetry: import",
        figure,
        "ms",
        f"{_MILLISECONDS:g} ms at most",
        figure <= _MILLISECONDS,
        baseline=f"json, re, typing, datetime and threading of the standard library: {bare:.1f} ms",
        ratio=f"{figure / bare:.1f}x",
        note=f"best of {_ROUNDS} fresh processes, compiled files at hand",
    )
