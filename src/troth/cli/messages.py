"""`troth messages`: the company's own messages, checked against the policy and kept by version."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import KeyFile, PolicyFile, api_key, file_text

if TYPE_CHECKING:
    from troth.bootstrap import Troth
    from troth.outreach import Composed, KeptMessage, Message
    from troth.policy import Policy

app = group("messages", "The company's own messages: Markdown whose variables are fields of the policy.")
Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE",
        help="A message; its texts in other languages beside it, each a file.",
        exists=True,
        dir_okay=False,
    ),
]
Name = Annotated[str, typer.Argument(metavar="MESSAGE", help="Its name, or the start of a version's digest.")]
Language = Annotated[str, typer.Option("--language", metavar="TAG", help="As de; left out: the main one.")]
_TOLD = {
    "name": "its name",
    "version": "SHA-256 of everything in it",
    "purpose": "data use that it serves",
    "topic": "its topic, or empty",
    "channel": "its channel",
    "languages": "that it is written in, the main one first",
    "fields": "fields that it shows",
}
_COMPOSED = {
    "subject": "its subject",
    "text": "plain text; of a letter with all that stands around it",
    "html": "the HTML form; of a letter and a call the text",
}


@command(
    app,
    "check",
    example="troth messages check spring-news.md spring-news.de.md",
    gives={"messages": ", ".join(_TOLD)},
)
def check(say: Say, files: Files, *, policy: PolicyFile = None) -> None:
    """Compile messages against the policy; a message that names what its purpose may not send is refused."""
    with say.open() as troth:
        found = _compiled(troth, files, policy)
    say.answer(
        {"messages": [_document(one) for one in found]},
        "\n".join(f"{one.name}: {', '.join(one.languages)}, no findings." for one in found),
    )


@command(app, "add", example="troth messages add spring-news.md", gives={"messages": ", ".join(_TOLD)})
def add(say: Say, files: Files) -> None:
    """Check messages and keep them; the same text again makes no new version, and is the current one."""
    with say.open() as troth:
        found = [troth.messages.add(one) for one in _compiled(troth, files, None)]
    say.answer(
        {"messages": [_document(one.message) for one in found]},
        "\n".join(f"{one.message.name} {one.digest[:12]}" for one in found),
    )


@command(app, "list", example="troth messages list", gives={"messages": f"{', '.join(_TOLD)}, added"})
def list_(say: Say) -> None:
    """List the newest version of each message."""
    from troth.kernel import from_micros

    with say.open() as troth:
        found = troth.messages.newest()

    def added(one: "KeptMessage") -> str:
        return from_micros(one.added_at).isoformat(timespec="seconds")

    rows = [
        (one.message.name, one.digest[:12], one.message.purpose, " ".join(one.message.languages), added(one))
        for one in found
    ]
    document = {"messages": [{**_document(one.message), "added": added(one)} for one in found]}
    say.answer(document, table(("message", "version", "purpose", "languages", "added"), rows))


@command(
    app,
    "show",
    example="troth messages show spring-news",
    gives={
        **_TOLD,
        "subjects": "by language",
        "bodies": "Markdown by language",
        "reasons": "of a letter or a call: why somebody gets it, by language",
    },
)
def show(say: Say, message: Name) -> None:
    """Show what a version of a message says."""
    with say.open() as troth:
        found = troth.messages.named(message).message
    texts = [f"[{one}] {found.subjects[one]}\n\n{found.bodies[one]}" for one in found.languages]
    say.answer(
        {
            **_document(found),
            "subjects": found.subjects,
            "bodies": found.bodies,
            "reasons": found.reasons,
        },
        "\n\n".join(texts).rstrip(),
    )


@command(app, "preview", example="troth messages preview spring-news", gives=_COMPOSED)
def preview(
    say: Say,
    message: Name,
    *,
    language: Language = "",
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML form there.")
    ] = None,
    pdf: Annotated[
        Path | None,
        typer.Option("--pdf", metavar="FILE", help="Of a letter: write it there, as it is printed."),
    ] = None,
) -> None:
    """Show a message as it would arrive, with the titles of fields in place of values."""
    from troth.bootstrap import preview_message, preview_pdf

    with say.open() as troth:
        found = troth.messages.named(message).message
        composed: Composed = preview_message(troth, found, language)
        if pdf is not None:
            pdf.write_bytes(preview_pdf(troth, found, language))
    if html is not None:
        html.write_text(composed.html, encoding="utf-8")
    say.answer(composed._asdict(), f"Subject: {composed.subject}\n\n{composed.text.rstrip()}")


@command(
    app,
    "test",
    example="troth messages test spring-news --to ann@example.com --key-file marketing.key",
    gives={"sent": "left part of the Message-ID"},
)
def send_one(
    say: Say,
    message: Name,
    *,
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Of somebody who works here.")] = "",
    language: Language = "",
    key_file: KeyFile = None,
) -> None:
    """Send a message, as the preview shows it, to somebody who works here."""
    from troth.bootstrap import send_test

    key = api_key(key_file)
    address = say.ask(to, "--to", "whom of your own people to send it to")
    with say.open() as troth:
        sent = send_test(troth, key, troth.messages.named(message).message, address, language)
    say.answer({"sent": sent}, f"Sent as {sent}.")


def _compiled(troth: "Troth", files: list[Path], policy: Path | None) -> list["Message"]:
    from troth.bootstrap import compile_texts
    from troth.outreach import read_messages
    from troth.policy import compile_policy

    held_to: Policy | None = compile_policy(policy.read_bytes(), str(policy)) if policy else None
    texts = {str(file): file_text(file) for file in files}
    return [compile_texts(troth, one, held_to) for one in read_messages(texts)]


def _document(one: "Message") -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.digest,
        "purpose": one.purpose,
        "topic": one.topic,
        "channel": one.channel,
        "languages": list(one.languages),
        "fields": list(one.fields),
    }
