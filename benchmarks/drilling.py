"""A restore drill over a backup of very many people, one in a hundred of whom was erased since."""

import shutil
from hashlib import file_digest
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.company import RIGHTS, Company, company, done
from benchmarks.report import Report, Result
from troth import Ask
from troth.bootstrap import backup_folder, drill_folder

GOAL_SECONDS, GOAL_PEOPLE = 60.0, 1_000_000
_BATCH = 100


def run(report: Report, place: Path, people: int) -> None:
    """Measure the drill, against reading and copying the backup's file."""
    began = perf_counter()
    with company(people, place, tickets=False) as made:
        filled = perf_counter() - began
        halves = made.folder.parent / "halves", made.folder.parent / "halves-keys"
        began = perf_counter()
        backup_folder(made.troth, *halves)
        backed_up = perf_counter() - began
        erased = _erase(made)
        raw, size = _copied(halves[0] / "data.db"), (halves[0] / "data.db").stat().st_size
        began, worked = perf_counter(), process_time()
        drill = drill_folder(made.troth)
        span, work = perf_counter() - began, process_time() - worked
        for half in halves:
            shutil.rmtree(half)
    goal = GOAL_SECONDS * people / GOAL_PEOPLE
    report.add(
        Result(
            f"drill, {people:,} people, {erased:,} erased",
            span,
            "s",
            f"within {goal:.1f} s",
            drill.passed and drill.people == erased and span <= goal,
            f"digest and copy of the data: {raw:.2f} s",
            f"{span / raw:.1f}x",
            f"{work:.1f} s of CPU; {size / 1e6:,.0f} MB of data; people made in {filled:,.0f} s, backup in {backed_up:.1f} s; "
            f"{drill.fields:,} values tried, {drill.opened} opened",
        )
    )


def _erase(made: Company) -> int:
    gone = made.people[::100]
    for start in range(0, len(gone), _BATCH):
        part = gone[start : start + _BATCH]
        opened = done(
            made.troth.perform(
                [
                    Ask(
                        act="instruct", order="open-case", case_type="request", purpose=RIGHTS,
                        key=made.privacy_key, person=who,
                    )
                    for who in part
                ]
            )
        )  # fmt: skip
        done(
            made.troth.perform(
                [
                    Ask(act="erase", purpose=RIGHTS, key=made.privacy_key, person=who, case=case.case)
                    for who, case in zip(part, opened, strict=True)
                ]
            )
        )
    return len(gone)


def _copied(file: Path) -> float:
    """Seconds to read, digest and copy a file."""
    began = perf_counter()
    with file.open("rb") as content:
        file_digest(content, "sha256")
    beside = file.with_name("copy")
    shutil.copyfile(file, beside)
    beside.unlink()
    return perf_counter() - began
