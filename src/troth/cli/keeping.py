"""`troth backup`, `troth restore` and `troth migrate`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from troth.cli.frame import KEEPING, command
from troth.cli.say import Say

app = typer.Typer()
NEITHER = "The root key is in neither; keep a copy of it elsewhere."
PLAIN = (
    "The copy of the key store is as secret as the key store, and opens whoever was erased after it was made:"
    " keep it for days, not years. (Sealing it under a key that is destroyed after some days is not built yet.)"
)


@command(
    app,
    "backup",
    panel=KEEPING,
    example="troth backup /backup/data-2026-11-24 --keys /safe/keys-2026-11-24",
    gives={
        "data": "folder with the data half",
        "keys": "folder with the key store half",
        "pair": "id of the backup",
        "made": "when",
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
    """Copy a running data folder into two folders: the data, and the key store that opens it."""
    from troth.bootstrap import backup_folder

    keys_to = keys or destination.with_name(destination.name + "-keys")
    with say.open() as troth, say.progress() as progress:
        task = progress.add_task("copying", total=None)
        made = backup_folder(
            troth,
            destination,
            keys_to,
            lambda done, pages: progress.update(task, completed=done, total=pages),
        )
    document = {"data": made.data, "keys": made.keys, "pair": made.pair, "made": made.made.isoformat()}
    say.answer(document, f"Data in {made.data}\nKey store in {made.keys}\n{NEITHER}\n{PLAIN}")


@command(
    app,
    "restore",
    panel=KEEPING,
    example="troth restore /backup/data-2026-11-24 --from-keys /safe/keys-2026-11-24 --root /safe/root.key --data restored --keys restored-keys",
    gives={
        "data": "folder with data and settings",
        "keys": "folder with the key store",
        "ledger": "size and root of the ledger that was verified",
        "versions": "policy versions that were verified",
    },
)
def restore(
    say: Say,
    *,
    source: Annotated[Path, typer.Argument(metavar="DIR", help="The data half of a backup.")],
    keys_to: Annotated[
        Path, typer.Option("--keys", metavar="FOLDER", help="Folder to make for the key store.")
    ],
    keys_from: Annotated[
        Path | None,
        typer.Option("--from-keys", metavar="DIR", help="The key store half; left out: DIR-keys."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option("--root", metavar="FILE", help="The root key, when it is kept in a file.")
    ] = None,
) -> None:
    """Restore a backup into new folders, --data and --keys, and verify it. Nothing is ever overwritten."""
    from troth.bootstrap import restore_folder

    keys = keys_from or source.with_name(source.name + "-keys")
    made = restore_folder(source, keys, data_to=say.folder, keys_to=keys_to, root=root)
    ledger = {"size": made.ledger_size, "root": made.ledger_root}
    document: dict[str, Any] = {
        "data": made.data,
        "keys": made.keys,
        "ledger": ledger,
        "versions": made.versions,
    }
    text = f"Restored into {made.data} and {made.keys}.\nVerified: {made.ledger_size} ledger entries, {made.versions} policy versions."
    say.answer(document, text)


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
