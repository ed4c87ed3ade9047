"""Importing a CSV file of people: checked row by row, decided, sealed under keys of their own, recorded."""

import csv
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.company import REGISTER, company
from benchmarks.report import Report, Result
from troth.collection import Importer
from troth.kernel import SystemClock

_PEOPLE = 40_000


def run(report: Report, place: Path) -> None:
    """Measure the import of a file into a company that has people already."""
    with company(1_000, place) as made:
        file = made.folder.parent / "people.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            rows = csv.writer(opened)
            rows.writerow(("email", "name", "country", "product", "serial"))
            for number in range(_PEOPLE):
                rows.writerow(
                    (f"import{number}@example.com", f"Person {number}", "US", "sensor", f"IM-{number:08d}")
                )
        key, _ = made.troth.issue_key(name="import", role="service.import", purposes=[REGISTER])
        importer = Importer(made.troth.gate, made.troth.database, SystemClock(), key, "import", REGISTER)
        began, worked = perf_counter(), process_time()
        done = importer.run(importer.look_through(file))
        rate = done.taken / (perf_counter() - began)
        busy = done.taken / (process_time() - worked)
    report.add(
        Result(
            "import of CSV",
            rate,
            "/s",
            "5,000 people/s",
            done.taken == _PEOPLE and rate >= 5_000,
            f"{busy:,.0f} a second of processor time in the process of the gate",
            note="five fields in three key groups each, two of them identifiers; start of the checking process included",
        )
    )
