"""`troth collect`: what comes in by the file."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.codes import Code
from troth.cli.frame import command, group
from troth.cli.say import Say
from troth.cli.sources import KeyFile, Purpose, api_key

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from troth.collection import Imported

app = group("collect", "Take in people by the file.")


@command(
    app,
    "import",
    example=(
        "troth collect import people.csv --point import --purpose essential.service.fulfil_order"
        " --report refused.csv --key-file import.key"
    ),
    gives={
        "rows": "rows of data in the file",
        "position": "rows dealt with, by this run and those before",
        "taken": "of these, taken in (with --dry-run: that would be)",
        "refused": "of these, refused; exit code 1 when there are any",
        "begun": "instant at which the first run began",
        "resumed_at": "row up to which an earlier run had come",
        "done_before": "true when an earlier run had finished this very file, and this one did nothing",
        "dry_run": "whether nothing was to be stored",
        "sha256": "of the file",
        "report": "file with the refused rows, or null",
    },
)
def import_(
    say: Say,
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV in UTF-8 with a header, or NDJSON (.ndjson, .jsonl).")
    ],
    point: Annotated[
        str, typer.Option("--point", metavar="NAME", help="Collection point with the channel import.")
    ] = "import",
    purpose: Purpose = "",
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE", help="Write why rows were refused: CSV, or NDJSON by its name."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and decide every row, store nothing.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Import a file once more that was imported to its end.")
    ] = False,
    key_file: KeyFile = None,
) -> None:
    """Import people from a file. A run that was cut off goes on where it was: give the same command again."""
    from troth.collection import Importer

    key = api_key(key_file)
    with say.open() as troth:
        importer = Importer(troth.gate, troth.database, troth.clock, key, point, purpose)
        sheet = importer.look_through(file)
        with say.progress() as bar:
            task = bar.add_task("checking" if dry_run else "importing", total=sheet.rows)
            moved = partial(_move, bar, task)
            done = importer.run(sheet, report=report, dry_run=dry_run, again=again, progress=moved)
        troth.flush_ledger()
    document = _document(done) | {"dry_run": dry_run, "sha256": sheet.sha256.hex(), "report": report}
    text = _told(done, dry_run=dry_run, report=report)
    say.answer(document, text, Code.ERROR if done.refused else Code.DONE)


def _move(bar: "Progress", task: "TaskID", position: int) -> None:
    bar.update(task, completed=position)


def _document(done: "Imported") -> dict[str, Any]:
    return {**done._asdict(), "begun": done.begun.isoformat(timespec="seconds")}


def _told(done: "Imported", *, dry_run: bool, report: Path | None) -> str:
    if done.done_before:
        return f"This file was imported to its end before, on {done.begun:%Y-%m-%d}. Nothing was done; --again repeats it."
    lines = [
        f"{'Would take' if dry_run else 'Took'} {done.taken} of {done.rows} rows, refused {done.refused}."
    ]
    if done.resumed_at:
        lines.append(f"Went on behind row {done.resumed_at}, where an earlier run was cut off.")
    if done.refused:
        lines.append(f"Why: {report}" if report else "Add --report FILE with --dry-run to see why.")
    return "\n".join(lines)
