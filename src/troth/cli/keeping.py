"""`troth backup`, `troth restore` and `troth migrate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.frame import KEEPING, command
from troth.cli.say import Say

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

    from troth.bootstrap import Lost, Restored
    from troth.flows import Backup

app = typer.Typer()
NEITHER = "The root key is in neither; keep a copy of it elsewhere."


@command(
    app,
    "backup",
    panel=KEEPING,
    example="troth backup /backup/data-2026-11-24 --keys /safe/keys-2026-11-24",
    gives={
        "data": "folder with the data half",
        "keys": "folder with the sealed key store half",
        "pair": "id of the backup",
        "made": "when",
        "until": "when its epoch key is destroyed at the latest; from then on the key store half opens no more",
        "epochs": "folders that hold its epoch key",
    },
)
def backup(
    say: Say,
    *,
    destination: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to make for the copy of the data.")
    ],
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys", metavar="DIR", help="Folder to make for the copy of the key store; left out: DIR-keys."
        ),
    ] = None,
) -> None:
    """Copy a running folder into two folders: the data, and the key store, sealed under a key that lives for some days."""
    from troth.bootstrap import backup_folder, epoch_places

    keys_to = keys or destination.with_name(destination.name + "-keys")
    with say.open() as troth, say.progress() as progress:
        made = backup_folder(troth, destination, keys_to, show(progress, "copying"))
        places = epoch_places(troth.folder, troth.settings)
        alone = all(place.is_relative_to(troth.folder.resolve()) for place in places)
    _tell_backup(say, made, places, alone=alone)


def show(progress: "Progress", about: str) -> "Callable[[int, int], None]":
    """What shows how far something is."""
    task = progress.add_task(about, total=None)
    return lambda done, total: progress.update(task, completed=done, total=total or None)


def _tell_backup(say: Say, made: "Backup", places: list[Path], *, alone: bool) -> None:
    until = made.until.isoformat(timespec="minutes")
    lines = [f"Data in {made.data}", f"Key store, sealed, in {made.keys}", NEITHER]
    lines.append(f"It opens until {until}, with its epoch key in {', '.join(map(str, places))}.")
    if alone:
        lines.append(
            "That is beside the data: when this disk is lost, the backup opens no more. Name a second folder, on"
            " another machine, in the setting `epochs` of [backup]."
        )
    document = {
        "data": str(made.data),
        "keys": str(made.keys),
        "pair": made.pair,
        "made": made.made.isoformat(),
        "until": made.until.isoformat(),
        "epochs": [str(place) for place in places],
    }
    say.answer(document, "\n".join(lines))


@command(
    app,
    "restore",
    panel=KEEPING,
    example="troth restore /backup/data-2026-11-24 --from-keys /safe/keys-2026-11-24 --to restored",
    gives={
        "folder": "the restored folder",
        "made": "when the backup was made",
        "keys_from": "where the keys come from: backup, or key store in use",
        "erased_again": "people and slots (fields, or fields in records) that were erased since and are erased here too",
        "lost": "values that no key opens any more: of how many people, and how many by field",
        "told_by": "what told who was erased since",
        "ledger": "size and root of the ledger that was verified",
        "versions": "policy versions that were verified",
    },
)
def restore(
    say: Say,
    *,
    source: Annotated[Path, typer.Argument(metavar="DIR", help="The data half of a backup.")],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Folder to make.")],
    keys_from: Annotated[
        Path | None,
        typer.Option("--from-keys", metavar="DIR", help="The key store half; left out: DIR-keys."),
    ] = None,
    epochs: Annotated[
        list[Path] | None,
        typer.Option(
            "--epochs",
            metavar="FOLDER",
            help="A folder of epoch keys and erasures, when the folder in use is lost; may be given again.",
        ),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            "--root",
            metavar="FILE",
            help="The root key, when it is kept in a file and not in the folder in use.",
        ),
    ] = None,
) -> None:
    """Restore a backup into a new folder, without whoever was erased since; --data names the folder in use, if there is one."""
    from troth.bootstrap import Wish, restore_folder

    keys = keys_from or source.with_name(source.name + "-keys")
    wish = Wish(source, keys, to, present=say.folder, epochs=tuple(epochs or ()), root=root)
    with say.progress() as progress:
        made = restore_folder(wish, progress=show(progress, "restoring"))
    _tell_restored(say, made)


def _tell_restored(say: Say, made: "Restored") -> None:
    again = made.replayed
    document: dict[str, Any] = {
        "folder": made.folder,
        "made": made.made.isoformat(),
        "keys_from": made.keys_from,
        "erased_again": {"people": again.people, "slots": again.slots},
        "lost": {"people": again.lost.people, "values": again.lost.values},
        "told_by": list(again.told_by),
        "ledger": {"size": made.ledger_size, "root": made.ledger_root},
        "versions": made.versions,
    }
    lines = [
        f"Restored into {made.folder}, with the keys of the {made.keys_from}.",
        f"Erased again: {again.people} people, {again.slots} fields, as told by {', '.join(again.told_by)}.",
        *_lost(again.lost),
        f"Verified: {made.ledger_size} ledger entries, {made.versions} policy versions.",
    ]
    say.answer(document, "\n".join(lines))


def _lost(lost: "Lost") -> list[str]:
    if not lost.people:
        return []
    values = ", ".join(f"{number} of {field}" for field, number in lost.values.items())
    total = sum(lost.values.values())
    told = f"LOST: {total} values of {lost.people} people, which no key opens any more: {values}."
    return [f"{told} The keys that sealed them were ended since, by an erasure beside them or a re-keying."]


@command(
    app,
    "migrate",
    panel=KEEPING,
    example="troth migrate up",
    gives={"data": "schema revision of the data database", "keys": "schema revision of the key store"},
)
def migrate(
    say: Say,
    *,
    direction: Annotated[str, typer.Argument(metavar="up|down", help="up: to this version; down: to --to.")],
    to: Annotated[str, typer.Option("--to", metavar="REVISION", help="The revision to go to.")] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Go down although what later revisions added is lost.")
    ] = False,
) -> None:
    """Change the schema of both stores. Stop the server before, and back up."""
    from troth.cli.schemas import walk

    revisions = walk(say, direction, to, sure=yes)
    say.answer(revisions, f"Data database at {revisions['data']}, key store at {revisions['keys']}.")
