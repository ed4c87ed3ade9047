"""`troth ledger`: verify, prove, watch, read and export the log of every decision."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.codes import BadUsage
from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import moment

if TYPE_CHECKING:
    from troth.ledger import Recorded

app = group("ledger", "Verify, prove, watch, read and export the log of every decision.")
LogKey = Annotated[
    str,
    typer.Option("--key", metavar="VKEY", help="The log's verifier key; left out: that of the data folder."),
]
Place = Annotated[
    str,
    typer.Argument(
        metavar="[PLACE]",
        help="A receipt file, a folder of exported tiles or a web address; left out: the data folder.",
    ),
]


@command(
    app,
    "verify",
    example="troth ledger verify receipt.txt --key 'example.com/troth+1b5f...'",
    gives={
        "origin": "name of the log",
        "size": "entries in the tree that was verified",
        "root": "its root hash (hexadecimal)",
        "index": "of a receipt: the leaf that it proves",
        "entry": "of a receipt: the entry",
    },
)
def verify(
    say: Say,
    *,
    place: Place = "",
    key: LogKey = "",
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="FILE", help="An earlier checkpoint that the log must contain."),
    ] = None,
) -> None:
    """Verify a receipt or a whole log, offline, with nothing but its public key. Exit code 4 when it is not true."""
    from troth.cli.logs import verified_log, verified_receipt

    if place and "://" not in place and Path(place).is_file():
        say.answer(*verified_receipt(say, Path(place), key))
    else:
        say.answer(*verified_log(say, place, key, since))


@command(
    app,
    "prove",
    example="troth ledger prove ENTRY --out receipt.txt",
    gives={
        "entry": "id of the entry",
        "index": "its leaf",
        "receipt": "the receipt, whole",
        "file": "where --out put it",
    },
)
def prove(
    say: Say,
    *,
    entry: Annotated[
        str, typer.Argument(metavar="ENTRY", help="Id of the ledger entry, as every act gives it.")
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the receipt here.")] = None,
) -> None:
    """Make a receipt: the proof, for anybody, that a decision stands in the ledger."""
    with say.open() as troth:
        receipt = troth.receipt(entry)
    text = receipt.to_text()
    if out is not None:
        out.write_text(text, encoding="utf-8")
    document = {"entry": entry, "index": receipt.index, "receipt": text, "file": str(out or "")}
    say.answer(document, f"Receipt of leaf {receipt.index} in {out}." if out else text.rstrip("\n"))


@command(
    app,
    "watch",
    example="troth ledger watch https://privacy.example.com/ledger --key VKEY --state witness/",
    gives={
        "origin": "name of the log",
        "size": "entries in the tree that was looked at",
        "checkpoint": "its checkpoint with this witness's signature",
        "witness": "verifier key of this witness",
    },
)
def watch(
    say: Say,
    *,
    place: Place = "",
    state: Annotated[
        Path,
        typer.Option("--state", metavar="FOLDER", help="Where the witness keeps its key and what it saw."),
    ] = Path("witness"),
    key: LogKey = "",
    every: Annotated[
        float, typer.Option("--every", min=0, metavar="SECONDS", help="Look again and again; 0 looks once.")
    ] = 0,
) -> None:
    """Look at a log as a witness: cosign what grew, raise on a fork or a log cut short (exit code 4).

    With --every, --json prints one document a look.
    """
    from threading import Event

    from troth.cli.logs import look

    pause = Event()
    while True:
        say.answer(*look(say, place, key, state))
        if not every:
            return
        pause.wait(every)


@command(
    app,
    "head",
    example="troth ledger head",
    gives={
        "origin": "name of the log",
        "size": "entries in the tree",
        "root": "root hash (hexadecimal)",
        "at": "when it was signed",
        "key": "the log's verifier key, to be published and kept by others",
        "checkpoint": "the signed checkpoint",
    },
)
def head(say: Say) -> None:
    """Show the signed head of the ledger, and the key that verifies it."""
    from troth.ledger import tree_head

    with say.open() as troth:
        troth.flush_ledger()
        with troth.database.snapshot() as tx:
            found = tree_head(tx)
        key, origin = troth.signer.verifier_key, troth.signer.name
    document = {
        "origin": origin,
        "size": found.size,
        "root": found.root.hex(),
        "at": moment(found.at),
        "key": key,
    }
    text = f"{found.size} entries, signed {moment(found.at)}\nkey {key}\n\n{found.note.rstrip()}"
    say.answer({**document, "checkpoint": found.note}, text)


@command(
    app,
    "export",
    example="troth ledger export tiles/",
    gives={"folder": "where the files are", "size": "entries in the tree", "root": "root hash (hexadecimal)"},
)
def export(
    say: Say,
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to write; made when missing, else continued.")
    ],
) -> None:
    """Write the log as static files (tlog-tiles), which anybody can serve, copy and verify."""
    from troth.ledger import export_tiles

    with say.open() as troth:
        troth.flush_ledger()
        found = export_tiles(troth.database, folder)
    document = {"folder": str(folder), "size": found.size, "root": found.root.hex()}
    say.answer(document, f"{found.size} entries in {folder}, root {found.root.hex()}")


@command(
    app,
    "show",
    example="troth ledger show --last 20",
    gives={"entries": "leaf (null while not yet in the tree) and entry of each, oldest first"},
)
def show(
    say: Say,
    *,
    entry: Annotated[str, typer.Argument(metavar="[ENTRY]", help="Id of one entry.")] = "",
    person: Annotated[
        str, typer.Option("--person", metavar="HANDLE", help="The entries about one person.")
    ] = "",
    last: Annotated[
        int, typer.Option("--last", min=1, max=10_000, metavar="N", help="How many of the newest.")
    ] = 10,
) -> None:
    """Show an entry, the entries about a person, or the newest ones. Entries hold no personal values."""
    from troth.cli.logs import recorded

    if entry and person:
        raise BadUsage("An entry and a person are named.", mend="Name one of them.", field="person")
    rows = [_row(one) for one in recorded(say, entry, person, last)]
    cells = (
        (r["leaf"], r["at"], r["act"], r["effect"], " ".join(r["clauses"]), r["actor"], r["id"])
        for r in map(_flat, rows)
    )
    say.answer({"entries": rows}, table(("leaf", "at", "act", "effect", "clauses", "actor", "entry"), cells))


def _row(one: "Recorded") -> dict[str, Any]:
    import json

    return {"leaf": one.leaf_index, "entry": json.loads(one.body)}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    entry = row["entry"]
    leaf = "-" if row["leaf"] is None else row["leaf"]
    return {"clauses": [], "actor": "", **entry, "leaf": leaf, "at": moment(entry["at"])}
