"""`troth package`: the copy that a person may have: made, verified offline, and the schema of its JSON."""

from pathlib import Path
from typing import Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say
from troth.cli.sources import KeyFile, api_key

app = group("package", "The copy of everything that a person may have: make one, verify one.")


@command(
    app,
    "make",
    example="troth package make R-7KQM-93XD --out copy.zip",
    gives={"number": "number of the request", "file": "where it was written", "bytes": "its length"},
)
def make(
    say: Say,
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Number of a request whose sender is proven, or its case.")
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to write it; readable by you only.")
    ],
    language: Annotated[
        str,
        typer.Option(
            "--language", metavar="CODE", help="Of its page: en, de or fr; left out: the request's."
        ),
    ] = "",
    key_file: KeyFile = None,
) -> None:
    """Make the copy for a request, to be handed to the person, for those who cannot fetch it themselves."""
    import os

    from troth.bootstrap import made_copy, work_for
    from troth.flows import zipped

    with say.open() as troth:
        work = work_for(troth, number, api_key(key_file), language)
        with made_copy(troth, work) as spool:
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                size = sum(file.write(piece) for piece in zipped(spool))
    document = {"number": work.number, "file": str(out), "bytes": size}
    say.answer(document, f"{out}: {size:,} bytes for {work.number}.")


@command(
    app,
    "verify",
    example="troth package verify copy.zip --key 'example.com/troth+1b5f...'",
    gives={
        "signer": "name of whoever signed it",
        "request": "number of the request",
        "person": "handle of the person",
        "made": "instant at which it was made",
        "policy": "SHA-256 of the policy version then in force",
        "files": "how many files were checked",
    },
)
def verify(
    say: Say,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The package, a ZIP file.")],
    *,
    key: Annotated[
        str,
        typer.Option(
            "--key",
            metavar="VKEY",
            help="The verifier key that /ledger shows; left out: that of the data folder.",
        ),
    ] = "",
) -> None:
    """Verify a package offline: who signed it, and that no file is missing, added or altered. Exit code 4 when not."""
    from troth.cli.logs import verifier_key
    from troth.flows import verify_package

    found = verify_package(file, verifier_key(say, key))
    told = (
        f"Verified: {found.files} files for {found.request}, made {found.made} and signed by {found.signer}."
    )
    say.answer(found._asdict(), told)


@command(
    app,
    "schema",
    example="troth package schema > package.schema.json",
    gives={
        "$schema": "the JSON Schema of data.json, whole",
        "title": "what it describes",
        "type": "object",
        "required": "members that are always there",
        "properties": "every member",
    },
)
def schema(say: Say) -> None:
    """Print the JSON Schema of `data.json`."""
    import json

    from troth.flows import package_schema

    text = package_schema().decode()
    say.answer(json.loads(text), text.rstrip("\n"))
