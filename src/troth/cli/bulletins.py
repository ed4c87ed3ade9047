"""`troth bulletins`: crucial notices about products, which must arrive and may not advertise."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import KeyFile, api_key, file_text, moment
from troth.kernel import InvalidInput

if TYPE_CHECKING:
    from troth.bulletins import Bulletin, Progress, Text

app = group(
    "bulletins", "Crucial notices about products: written, approved by a second person, delivered to the end."
)
Case = Annotated[str, typer.Argument(metavar="BULLETIN", help="Id of the bulletin's case.")]
ProductName = Annotated[
    str, typer.Option("--product", metavar="NAME", help="The declared product it is about.")
]
VersionRange = Annotated[
    str,
    typer.Option("--versions", metavar="RANGE", help='Affected versions, as ">=5.0, <5.2.1"; "*" for all.'),
]
Reason = Annotated[str, typer.Option("--reason", metavar="NAME", help="A declared reason of that product.")]
Files = Annotated[
    list[str],
    typer.Option("--text", metavar="LANGUAGE=FILE", help="A text, such as en=notice.md; may be repeated."),
]
_GIVES = {
    "bulletin": "id of its case",
    "product": "the product",
    "versions": "the range",
    "reason": "the reason",
    "state": "draft, approved, running, stopped or done",
    "digest": "SHA-256 of what it says, which an approval names",
    "languages": "languages that it is in",
    "written": "when it was last written",
    "approved": "when it was approved",
    "started": "when delivery began",
    "ended": "when it was done, or stopped",
}


@command(
    app,
    "check",
    example="troth bulletins check --product example-sensor --versions '<5.2.1' --reason security-fault --text en=notice.md",
    gives={"found": "rule, about, language, part, line, column and text of each place that advertises"},
)
def check(say: Say, *, product: ProductName, versions: VersionRange, reason: Reason, text: Files) -> None:
    """Check a draft: product, versions, reason, texts, and every place that counts as promotion. Nothing is kept."""
    from troth.bulletins import Draft

    with say.open() as troth:
        found = troth.bulletins.check(Draft(product, versions, reason, read_texts(text)))
    document = {"found": [one._asdict() for one in found]}
    say.answer(document, "\n".join(map(str, found)) or "Nothing in it advertises.")
    if found:
        raise typer.Exit(1)


@command(
    app,
    "new",
    example="troth bulletins new --product example-sensor --versions '<5.2.1' --reason security-fault --text en=notice.md --key-file ann.key",
    gives=_GIVES,
)
def new(
    say: Say,
    *,
    product: ProductName,
    versions: VersionRange,
    reason: Reason,
    text: Files,
    key_file: KeyFile = None,
) -> None:
    """Write a bulletin, which then waits for a second person."""
    from troth.bulletins import Draft

    key = api_key(key_file)
    with say.open() as troth:
        made = troth.bulletins.write(key, Draft(product, versions, reason, read_texts(text)))
    _tell(say, made)


@command(
    app, "revise", example="troth bulletins revise ID --text en=notice.md --key-file ann.key", gives=_GIVES
)
def revise(say: Say, bulletin: Case, *, text: Files, key_file: KeyFile = None) -> None:
    """Give a bulletin other texts; an approval that it had is void."""
    key = api_key(key_file)
    with say.open() as troth:
        made = troth.bulletins.revise(key, bulletin, read_texts(text))
    _tell(say, made)


@command(
    app,
    "show",
    example="troth bulletins show ID --key-file ben.key",
    gives={**_GIVES, "texts": "by language"},
)
def show(say: Say, bulletin: Case, *, key_file: KeyFile = None) -> None:
    """Show what a bulletin says, with the digest that an approval names."""
    key = api_key(key_file)
    with say.open() as troth:
        found = troth.bulletins.show(key, bulletin)
    texts = {name: {"subject": one.subject, "body": one.body} for name, one in found.texts.items()}
    shown = "\n\n".join(f"[{name}] {one.subject}\n\n{one.body}" for name, one in found.texts.items())
    say.answer(document_of(found) | {"texts": texts}, f"{_line(found)}\ndigest {found.digest}\n\n{shown}")


@command(app, "approve", example="troth bulletins approve ID --digest HEX --key-file ben.key", gives=_GIVES)
def approve(
    say: Say,
    bulletin: Case,
    *,
    digest: Annotated[
        str,
        typer.Option(
            "--digest", metavar="HEX", help="Digest of what you read, as `troth bulletins show` tells it."
        ),
    ],
    key_file: KeyFile = None,
) -> None:
    """Approve a bulletin as a second person, who read what has this digest."""
    key = api_key(key_file)
    with say.open() as troth:
        made = troth.bulletins.approve(key, bulletin, digest)
    _tell(say, made)


@command(app, "start", example="troth bulletins start ID --key-file ann.key", gives=_GIVES)
def start(say: Say, bulletin: Case, *, key_file: KeyFile = None) -> None:
    """Start delivery; `troth serve` carries it on until every owner has an end."""
    key = api_key(key_file)
    with say.open() as troth:
        made = troth.bulletins.start(key, bulletin)
    _tell(say, made)


@command(app, "stop", example="troth bulletins stop ID --key-file ann.key", gives=_GIVES)
def stop(say: Say, bulletin: Case, *, key_file: KeyFile = None) -> None:
    """End a bulletin at once; nobody is sent it any more."""
    key = api_key(key_file)
    with say.open() as troth:
        made = troth.bulletins.stop(key, bulletin)
    _tell(say, made)


@command(
    app,
    "status",
    example="troth bulletins status ID --key-file ann.key",
    gives={
        **_GIVES,
        "owners": "owners found",
        "open": "owners who have no end yet",
        "ends": "how many by end: told, unreachable, not-concerned, gone",
        "told": "how many were told, by channel",
        "waits": "how many wait, by channel",
        "bounced": "mails that came back",
        "unknown_version": "owners of the product who never told their version, and are left out of a range",
    },
)
def status(say: Say, bulletin: Case, *, key_file: KeyFile = None) -> None:
    """Show how far delivery is, by counts."""
    key = api_key(key_file)
    with say.open() as troth:
        found = troth.bulletins.show(key, bulletin)
        progress = troth.delivering.progress(found.case)
    say.answer(document_of(found) | progress_of(found, progress), progress_text(found, progress))


@command(
    app,
    "list",
    example="troth bulletins list --key-file ann.key",
    gives={"bulletins": "bulletin, product, versions, reason, state, digest and instants of each"},
)
def list_(say: Say, *, key_file: KeyFile = None) -> None:
    """List bulletins, the newest first."""
    key = api_key(key_file)
    with say.open() as troth:
        found = troth.bulletins.newest(key)
    cells = [(one.case, one.state, one.product, one.versions, one.reason) for one in found]
    say.answer(
        {"bulletins": [document_of(one) for one in found]},
        table(("bulletin", "state", "product", "versions", "reason"), cells),
    )


def read_texts(given: list[str]) -> dict[str, "Text"]:
    """The texts of `LANGUAGE=FILE` options.

    Raises:
        InvalidInput: One is no such option, or its file no text.
    """
    from troth.bulletins import read_text

    found = {}
    for one in given:
        language, equals, file = one.partition("=")
        path = Path(file)
        if not equals or not path.is_file():
            raise InvalidInput(
                "There is no such text file.", field="--text", mend="Give it as --text en=notice.md."
            )
        found[language] = read_text(file_text(path))
    return found


def document_of(one: "Bulletin") -> dict[str, Any]:
    """A bulletin as JSON."""
    return {
        "bulletin": one.case,
        "product": one.product,
        "versions": one.versions,
        "reason": one.reason,
        "state": one.state,
        "digest": one.digest,
        "languages": sorted(one.texts),
        "written": moment(one.written_at),
        "approved": moment(one.approved_at),
        "started": moment(one.started_at),
        "ended": moment(one.ended_at),
    }


def progress_of(one: "Bulletin", progress: "Progress") -> dict[str, Any]:
    """How far a bulletin is, as JSON."""
    return {
        "owners": progress.owners,
        "open": progress.open,
        "ends": dict(progress.ends),
        "told": dict(progress.told),
        "waits": dict(progress.waits),
        "bounced": progress.bounced,
        "unknown_version": one.unknown,
    }


def progress_text(one: "Bulletin", progress: "Progress") -> str:
    """How far a bulletin is, in words."""
    left = "not told, for it was stopped" if one.state == "stopped" else "without an end yet"
    lines = [_line(one), f"{progress.owners} owners found, {progress.open} {left}"]
    lines += [f"  told by {channel}: {number}" for channel, number in progress.told.items() if number]
    lines += [f"  waiting for {channel}: {number}" for channel, number in progress.waits.items() if number]
    lines += [f"  {end}: {number}" for end, number in progress.ends.items() if number and end != "told"]
    if one.unknown:
        lines.append(f"  left out, for their version is not known: {one.unknown}")
    return "\n".join(lines)


def _line(one: "Bulletin") -> str:
    return f"{one.case}  {one.state}: {one.product} {one.versions}, {one.reason}"


def _tell(say: Say, one: "Bulletin") -> None:
    say.answer(document_of(one), f"{_line(one)}\ndigest {one.digest}")
