"""`troth keys`: look at the key store, and put it or people under new keys."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say
from troth.cli.sources import moment

if TYPE_CHECKING:
    from troth.bootstrap import Troth

app = group("keys", "Look at the key store, and put it or people under new keys.")


@command(
    app,
    "status",
    example="troth keys status",
    gives={
        "persons": "people who have keys",
        "person_keys": "their keys",
        "oldest_key": "when the oldest of them was made",
        "store_keys": "key_no, use, root, created and retired of each store key",
        "rekeying_since": "when a re-keying began that has not ended; empty for none",
        "rotating": "whether a rotation of the store key has begun and not ended",
    },
)
def status(say: Say) -> None:
    """Show what is in the key store: people's keys, store keys, and whether a change is under way."""
    from troth.bootstrap import folder_keys

    with say.open() as troth:
        found = folder_keys(troth)
    document = {
        "persons": found.persons,
        "person_keys": found.person_keys,
        "oldest_key": moment(found.oldest_key or 0),
        "store_keys": [
            {"key_no": one.key_no, "use": one.use, "root": one.root, "created": moment(one.created_at), "retired": moment(one.retired_at)}
            for one in found.store_keys
        ],
        "rekeying_since": moment(found.rekeying_since),
        "rotating": found.rotating,
    }  # fmt: skip
    say.answer(document, _told(document))


def _told(document: dict[str, Any]) -> str:
    lines = [
        f"{document['person_keys']} keys of {document['persons']} people, the oldest of {document['oldest_key'] or 'never'}"
    ]
    for one in document["store_keys"]:
        retired = f", retired {one['retired']}" if one["retired"] else ""
        lines.append(
            f"store key {one['key_no']} ({one['use']}) under {one['root']}, made {one['created']}{retired}"
        )
    if document["rekeying_since"]:
        lines.append(f"Re-keying since {document['rekeying_since']}: run `troth keys rekey` to go on.")
    if document["rotating"]:
        lines.append("A rotation is under way: run `troth keys rotate` to go on.")
    return "\n".join(lines)


@command(
    app,
    "rekey",
    example="troth keys rekey",
    gives={"persons": "people who got new keys", "fields": "fields that were sealed under them"},
)
def rekey(say: Say) -> None:
    """Give every person new keys and seal their data under them. Interrupted, it goes on when run again."""
    from troth.bootstrap import rekey_folder

    done = _with_progress(say, "re-keying people", rekey_folder)
    text = f"{done.persons} people have new keys; {done.fields} fields are sealed under them."
    say.answer({"persons": done.persons, "fields": done.fields}, text)


@command(
    app,
    "rotate",
    example="troth keys rotate",
    gives={
        "store_key": "number of the store key now in use",
        "keys": "keys of people that were put under it",
    },
)
def rotate(say: Say) -> None:
    """Put everybody's keys under a new store key. Interrupted, it goes on when run again."""
    from troth.bootstrap import rotate_folder

    done = _with_progress(say, "rotating", rotate_folder)
    text = f"Store key {done.key_no} is in use; {done.keys} keys of people are under it."
    say.answer({"store_key": done.key_no, "keys": done.keys}, text)


@command(
    app,
    "sweep",
    example="troth keys sweep",
    gives={"swept": "handles whose keys were destroyed"},
)
def sweep(say: Say) -> None:
    """Destroy keys that a crash left without a person. Reads the whole key store: run it daily, not at each start."""
    from troth.bootstrap import sweep_folder

    with say.open() as troth:
        swept = sweep_folder(troth)
    say.answer({"swept": swept}, f"{swept} handles without a person had keys; they are destroyed.")


@command(
    app,
    "rotate-root",
    example="troth keys rotate-root --to file:keys/root-2.key",
    gives={"root": "place of the root key now", "store_keys": "store keys that were put under it"},
)
def rotate_root(
    say: Say,
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="PLACE",
            help="file:PATH, aws-kms:KEY or vault-transit:URL#KEY; left out: the next file, or the newest version of the same key.",
        ),
    ] = "",
) -> None:
    """Put the key store under another root key, and note it in troth.toml. Interrupted, it goes on when run again."""
    from troth.bootstrap import change_root

    place, moved = change_root(say.folder, to)
    text = (
        f"{moved} store keys are under {place}, which troth.toml names now. Copy it to a safe place.\n"
        "Keep the old root key as long as there are backups of the key store that it opens."
    )
    say.answer({"root": place, "store_keys": moved}, text)


def _with_progress(say: Say, about: str, work: "Callable[[Troth, Callable[[int, int], None]], Any]") -> Any:
    with say.open() as troth, say.progress() as progress:
        task = progress.add_task(about, total=None)
        return work(troth, lambda done, total: progress.update(task, completed=done, total=total))
