"""`troth letters`: letters in batches for the print house."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import KeyFile, api_key, moment

if TYPE_CHECKING:
    from troth.bootstrap import Said, Troth
    from troth.outreach import LetterBatch, LetterText

app = group(
    "letters", "Letters in batches for the print house, each decided at the moment of making the batch."
)
TextFile = Annotated[
    Path | None,
    typer.Option(
        "--text",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="What is said: `Subject:` and `Reason:` lines, an empty line, Markdown with variables in braces. A bulletin brings its own, which was approved.",
    ),
]
KeptName = Annotated[
    str,
    typer.Option(
        "--message",
        metavar="NAME[@VERSION]",
        help="A kept message for the channel in place of a file; the newest version, or the one whose digest begins so.",
    ),
]
Language = Annotated[
    str,
    typer.Option(
        "--language", metavar="CODE", help="en, de or fr; left out: en, or the main one of a kept message."
    ),
]
Use = Annotated[
    str,
    typer.Option(
        "--purpose", metavar="USE", help="Data use that it serves; left out: that of the kept message."
    ),
]
Announcing = Annotated[
    bool, typer.Option("--announcing", help="It announces something, and says how to get no more.")
]
Which = Annotated[str, typer.Argument(metavar="CASE", help="Case under which they are planned.")]
Topic = Annotated[
    str,
    typer.Option(
        "--topic",
        metavar="NAME",
        help="Declared topic that it is about, whose stop is heeded; left out: that of the kept message. Marketing needs one.",
    ),
]
_GIVES = {
    "batch": "its id",
    "case": "case under which its letters were written",
    "recipient": "who prints and posts them",
    "state": "making, made, delivered, discarded, or gone: nobody fetched it in time",
    "letters": "how many",
    "pages": "how many, of all letters",
    "sealed": "whether each letter is encrypted to the print house",
    "file": "where it lies; empty where it is gone",
    "made": "when",
    "topic": "declared topic that they are about, or empty",
}


@command(
    app,
    "batch",
    example="troth letters batch ID --text letter.md --purpose essential.service.notifications.letter --key-file desk.key",
    gives=_GIVES,
)
def batch(
    say: Say,
    case: Which,
    *,
    text: TextFile = None,
    message: KeptName = "",
    purpose: Use = "",
    language: Language = "",
    topic: Topic = "",
    announcing: Announcing = False,
    postage: Annotated[
        str, typer.Option("--postage", metavar="WORD", help="Class of postage, as the print house names it.")
    ] = "standard",
    most: Annotated[
        int, typer.Option("--most", min=1, max=10_000, metavar="N", help="Most letters.")
    ] = 10_000,
    key_file: KeyFile = None,
) -> None:
    """Make a batch of the letters that are planned under a case: one ZIP with a PDF each and a list of them."""
    from troth.outreach import LetterOrder

    key = api_key(key_file)
    with say.open() as troth:
        said = said_in(troth, text, message, "letter", Meant(purpose, language, topic))
        order = LetterOrder(case, said.purpose, said.text, key, announcing, postage, most)
        made = troth.letters.make(order._replace(message=said.message, topic=said.topic))
        if made is None:
            say.answer(dict.fromkeys(_GIVES), "Nobody is left to write to; no batch was made.")
            return
        document = _told(made, troth.letters.place(made.batch))
    say.answer(
        document,
        f"{made.letters} letters, {made.pages} pages for {made.recipient}.\nbatch {made.batch}\n{document['file']}",
    )


@command(
    app,
    "list",
    example="troth letters list",
    gives={"batches": "each as `troth letters batch` gives it, the newest first"},
)
def list_(
    say: Say,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="How many.")] = 100,
) -> None:
    """List batches, the newest first."""
    with say.open() as troth:
        rows = [_told(one, troth.letters.place(one.batch)) for one in troth.letters.batches(limit)]
    heads = ("batch", "recipient", "state", "letters", "pages", "made")
    cells = [[str(row[head]) for head in heads] for row in rows]
    say.answer({"batches": rows}, table(heads, cells) if rows else "No batch was made.")


@command(
    app,
    "fetch",
    example="troth letters fetch ID --out batch.zip --key-file desk.key",
    gives={
        **_GIVES,
        "taken_out": "letters to people who may not be written to any more",
        "changed": "letters that wait to be made anew, for the name or the address changed",
    },
)
def fetch(
    say: Say,
    which: Annotated[str, typer.Argument(metavar="BATCH", help="The batch.")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to lay it; a new file.")],
    key_file: KeyFile = None,
) -> None:
    """Take a batch to hand it over, once: everybody in it is decided again, and it goes from here."""
    key = api_key(key_file)
    with say.open() as troth:
        done = troth.letters.fetch(key, which, out)
        document = _told(done.batch, troth.letters.place(which)) | {"file": str(out)}
    document |= {"taken_out": done.taken_out, "changed": done.changed}
    summary = f"{done.batch.letters} letters are in {out}; {done.taken_out} were taken out."
    if done.changed:
        summary += f"\n{done.changed} wait to be made anew, for the name or the address changed: troth letters batch {done.batch.case}"
    say.answer(document, summary)


@command(app, "delivered", example="troth letters delivered ID", gives=_GIVES)
def delivered(say: Say, which: Annotated[str, typer.Argument(metavar="BATCH", help="The batch.")]) -> None:
    """Note that the print house has a batch that was taken from the folder; its file is removed here."""
    with say.open() as troth:
        found = troth.letters.delivered(which)
        document = _told(found, troth.letters.place(which))
    say.answer(document, f"Delivered: {found.letters} letters. The file is removed.")


@command(
    app,
    "discard",
    example="troth letters discard ID --key-file desk.key",
    gives={**_GIVES, "waiting": "letters of the case that its next batch takes up; 0 once it is closed"},
)
def discard(
    say: Say,
    which: Annotated[str, typer.Argument(metavar="BATCH", help="The batch.")],
    *,
    key_file: KeyFile = None,
) -> None:
    """Throw away a batch that nobody has: its file is removed, and its letters can be made again."""
    key = api_key(key_file)
    with say.open() as troth:
        found = troth.letters.discard(key, which)
        document = _told(found, troth.letters.place(which)) | {"waiting": troth.letters.waiting(found.case)}
    becomes = (
        f"{document['waiting']} wait under case {found.case}."
        if document["waiting"]
        else f"None waits: case {found.case} is closed."
    )
    say.answer(document, f"Discarded: {found.letters} letters. {becomes} The file is removed.")


@command(
    app,
    "returned",
    example="troth letters returned 019a8e3f5d2c7b41a6f0c1d2e3f4a5b6",
    gives={"returned": "how many"},
)
def returned(
    say: Say,
    signs: Annotated[
        list[str], typer.Argument(metavar="REFERENCE", help="What stands on a letter as our reference.")
    ],
) -> None:
    """Note letters that came back: they count as such, and of a bulletin the next channel follows."""
    with say.open() as troth:
        number = troth.letters.returned(signs)
    say.answer({"returned": number}, f"{number} came back.")


class Meant(NamedTuple):
    """What is told beside a text: the data use, the language and the topic; each empty for that of the kept message."""

    purpose: str
    language: str
    topic: str


def said_in(troth: "Troth", file: Path | None, message: str, channel: str, meant: Meant) -> "Said":
    """What is said, by a file or by a kept message, what it serves and what it is about; no text for a case that brings its own.

    Raises:
        InvalidInput: Both are given, the data use is missing, or see `text_of` and `kept_text`.
    """
    from troth.bootstrap import Said, kept_text
    from troth.kernel import InvalidInput

    if file is not None and message:
        raise InvalidInput(
            "Both a file and a kept message say what shall be said.",
            field="message",
            mend="Give one of them.",
        )
    if message:
        return kept_text(troth, message, channel, **meant._asdict())
    if not meant.purpose:
        raise InvalidInput(
            "It is not told what it serves.", field="purpose", mend="Give a data use with --purpose."
        )
    return Said(text_of(file, meant.language or "en"), meant.purpose, topic=meant.topic)


def text_of(file: Path | None, language: str) -> "LetterText | None":
    """What a file says; None where there is none.

    Raises:
        InvalidInput: It is not text, or lacks its head.
    """
    from troth.kernel import InvalidInput
    from troth.outreach import read_text

    if file is None:
        return None
    try:
        written = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is not text in UTF-8.", field="text", mend="Save it as UTF-8.") from error
    return read_text(written, language)


def _told(one: "LetterBatch", place: Path) -> dict[str, Any]:
    return {
        "batch": one.batch,
        "case": one.case,
        "recipient": one.recipient,
        "state": one.state,
        "letters": one.letters,
        "pages": one.pages,
        "sealed": bool(one.sealed),
        "file": str(place) if place.is_file() else "",
        "made": moment(one.made_at),
        "topic": one.topic,
    }
