"""Size: a read among very many people against a read among few; and how quickly the command line answers."""

import subprocess
import sys
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from benchmarks.company import Company, company, done
from benchmarks.report import Report, Result

_READS = 3_000
_HELPS = 7


def run(report: Report, place: Path, few: int, many: int) -> None:
    """Measure the median of a read with few and with many people."""
    with company(few, place) as made:
        small = _median_read(made)
    with company(few, place) as made:
        began = perf_counter()
        made.grow(many)
        grown = (many - few) / (perf_counter() - began)
        large = _median_read(made)
    report.add(
        Result(
            f"median read, {many:,} people against {few:,}",
            large * 1e6,
            "µs",
            "within 1.5x",
            large / small <= 1.5,
            f"{few:,} people: {small * 1e6:,.0f} µs",
            f"{large / small:.2f}x",
            f"random people, one caller; filled at {grown:,.0f} people/s, ticket and ledger included",
        )
    )


def startup(report: Report) -> None:
    """Measure `troth --help` as a whole process."""
    spans = []
    for _ in range(_HELPS):
        began = perf_counter()
        subprocess.run([Path(sys.executable).parent / "troth", "--help"], check=True, capture_output=True)
        spans.append(perf_counter() - began)
    report.add(
        Result(
            "`troth --help`",
            median(spans) * 1e3,
            "ms",
            "under 300 ms",
            median(spans) < 0.3,
            note=f"whole process, median of {_HELPS}",
        )
    )


def _median_read(made: Company) -> float:
    random = Random(7)
    asks = [made.read(random.randrange(len(made.people))) for _ in range(_READS)]
    spans = []
    for ask in asks:
        began = perf_counter()
        done(made.troth.perform([ask]))
        spans.append(perf_counter() - began)
    return median(spans)
