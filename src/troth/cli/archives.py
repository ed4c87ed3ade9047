"""`troth archives` and `troth drill`: what backups there are, and that they bring back nobody who was erased."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.codes import Code
from troth.cli.frame import KEEPING, command
from troth.cli.keeping import show
from troth.cli.say import Say, table
from troth.cli.sources import moment

if TYPE_CHECKING:
    from troth.bootstrap import DrillFound
    from troth.vault import Archive, Drill

app = typer.Typer()


@command(
    app,
    "archives",
    panel=KEEPING,
    example="troth archives",
    gives={
        "archives": "archive, made, until, finished, destroyed, data, keys and epochs of each; the newest first",
        "drill": "the newest restore drill, or null",
    },
)
def archives(say: Say) -> None:
    """List the backups, until when each can hold anything readable of erased people, and the newest restore drill."""
    from troth.bootstrap import drill_found
    from troth.vault import archives as on_record
    from troth.vault import latest_drill

    with say.open() as troth, troth.database.snapshot() as tx:
        found, drill = on_record(tx), latest_drill(tx)
    rows = [_row(one) for one in found]
    heads = list(rows[0]) if rows else ["no backups"]
    told = _drill_document(drill, drill_found(drill)) if drill else None
    say.answer({"archives": rows, "drill": told}, table(heads, [list(row.values()) for row in rows]))


def _row(one: "Archive") -> dict[str, object]:
    return {
        "archive": one.archive,
        "made": moment(one.made_at),
        "until": moment(one.until),
        "finished": moment(one.finished_at),
        "destroyed": moment(one.destroyed_at),
        "data": one.data_at,
        "keys": one.keys_at,
        "epochs": ", ".join(one.epochs.split("\n")),
    }


@command(
    app,
    "drill",
    panel=KEEPING,
    example="troth drill",
    gives={
        "drill": "its id",
        "began": "when it began",
        "ended": "when it ended",
        "passed": "whether nobody erased could be read and somebody living could; exit code 4 when not",
        "people": "erased people who are in the backups, counted once for each backup",
        "fields": "values that were tried",
        "opened": "those that opened; none, when all is well",
        "controls": "values of living people that opened in the same way",
        "archives": "archive, at, state, people, fields, opened, controls, lost and told of each",
    },
)
def drill(
    say: Say,
    *,
    halves: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DIR]...", help="Data halves to try, each with DIR-keys; left out: those on record."
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Try all on record; else the newest, the oldest and one between, by chance."
        ),
    ] = False,
) -> None:
    """Restore old backups into scratch and try to read everybody who was erased since; nobody may open."""
    from troth.bootstrap import drill_folder, drill_found

    with say.open() as troth, say.progress() as progress:
        done = drill_folder(
            troth, tuple(halves or ()), every=every, progress=show(progress, "restoring and trying")
        )
        troth.flush_ledger()
    document = _drill_document(done, drill_found(done))
    say.answer(document, _told(document), Code.DONE if done.passed else Code.UNVERIFIED)


def _drill_document(done: "Drill", found: "list[DrillFound]") -> dict[str, object]:
    names = ("archive", "at", "state", "people", "fields", "opened", "controls", "lost", "told")
    return {
        "drill": done.drill,
        "began": moment(done.began_at),
        "ended": moment(done.ended_at),
        "passed": done.passed,
        "people": done.people,
        "fields": done.fields,
        "opened": done.opened,
        "controls": done.controls,
        "archives": [{name: getattr(one, name) for name in names} for one in found],
    }


_STATES = {
    "open": "its epoch key lives, nobody erased came back",
    "shut": "its epoch key is gone, it opens with the key store in use alone",
    "rekeyed": "its epoch key is gone and everybody has new keys since, nothing opens it",
    "other-root": "an earlier root key wrapped its epoch key",
    "absent": "it is not there",
    "refused": "it cannot be restored",
}


def _told(document: dict[str, object]) -> str:
    lines = []
    archives_tried: list[dict[str, object]] = document["archives"]  # type: ignore[assignment]
    for one in archives_tried:
        lines.append(f"{one['at']}: {_STATES[str(one['state'])]}. {one['told']}".rstrip())
        if one["opened"]:
            lines.append(f"  {one['opened']} values of erased people opened.")
        if one["lost"]:
            lines.append(
                f"  {one['lost']} values of living people open with no key any more; a restore leaves them out."
            )
    verdict = "Passed" if document["passed"] else "FAILED"
    why = ""
    if not document["passed"] and not document["controls"]:
        why = " Nobody living could be read either, so that the drill proves nothing."
    lines.append(
        f"{verdict}: {document['people']} erased people with {document['fields']} values tried, {document['opened']} opened;"
        f" {document['controls']} values of living people opened.{why}"
    )
    return "\n".join(lines)
