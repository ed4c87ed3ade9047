"""`troth events`: where web events are, and what is done with them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say
from troth.cli.sources import KeyFile, api_key, moment
from troth.kernel import Conflict, InvalidInput

if TYPE_CHECKING:
    from troth.events import Status

app = group("events", "Web events: the inbox, the lake, and what is past its time.")


@command(
    app,
    "status",
    example="troth events status",
    gives={
        "waiting": "events in the inbox",
        "batches": "batches that they are in",
        "oldest": "when the oldest of them came in; empty for none",
        "lake": "version, folded, events, files and size of the lake; null without troth[lake]",
    },
)
def status(say: Say) -> None:
    """Show what waits in the inbox and what the lake holds."""
    with say.open() as troth:
        found = troth.events.keeper.status()
    document = {
        "waiting": found.waiting.events,
        "batches": found.waiting.batches,
        "oldest": moment(found.waiting.oldest),
        "lake": found.lake._asdict() if found.lake is not None else None,
    }
    say.answer(document, _told(found))


@command(
    app,
    "fold",
    example="troth events fold",
    gives={"folded": "events put into the lake", "waiting": "events left"},
)
def fold(say: Say) -> None:
    """Fold the inbox into the lake now; a running server does it by itself."""
    with say.open() as troth:
        moved = troth.events.keeper.fold()
        left = troth.events.keeper.status().waiting.events
    say.answer({"folded": moved, "waiting": left}, f"{moved} events folded, {left} wait")


@command(
    app,
    "study",
    example="troth events study PERSON --case CASE --purpose functional.service.improve --key-file product.key",
    gives={"events": "at, site, name and page of each"},
)
def study(
    say: Say,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Handle of the person.")],
    *,
    case: Annotated[str, typer.Option(help="The open study about this person.")],
    purpose: Annotated[str, typer.Option(help="The data use that it serves.")],
    key_file: KeyFile = None,
) -> None:
    """Look at what one person did while signed in, for an approved study; it stands in the journal, and objecting ends it."""
    key = api_key(key_file)
    with say.open() as troth:
        found = troth.events.keeper.study(key, person, case, purpose)
    told = [{"at": moment(one.at), "site": one.site, "name": one.name, "page": one.page} for one in found]
    lines = [f"{one['at']}  {one['site']}  {one['name']}  {one['page']}" for one in told]
    say.answer({"events": told}, "\n".join(lines) or "Nothing was done while signed in.")


@command(
    app,
    "erase",
    example="troth events erase --cookie - --key-file desk.key",
    gives={"erased": "events that went"},
)
def erase(
    say: Say,
    person: Annotated[
        list[str] | None, typer.Argument(help="Handles of people whom the gate has erased.")
    ] = None,
    *,
    cookie: Annotated[
        Path | None,
        typer.Option(
            "--cookie",
            metavar="FILE",
            allow_dash=True,
            help="A file with the value of the cookie by which a visitor is told apart; - for standard input.",
        ),
    ] = None,
    key_file: KeyFile = None,
) -> None:
    """Remove the events of a visitor who shows his cookie, or what events are left of people who were erased.

    A visitor is nobody whom we know by name: what he can prove is the value of his cookie. The policy decides by the API key
    whether it may be done, and the ledger records it. It may be repeated. Events of people who were erased go by themselves
    while a server runs; somebody who is not erased yet is erased through the gate: `troth person erase`.
    """
    if bool(person) == (cookie is not None):
        raise InvalidInput(
            "Neither people nor a cookie are given, or both.",
            field="cookie",
            mend="Give handles, or --cookie FILE.",
        )
    if cookie is not None:
        shown = (sys.stdin.read() if str(cookie) == "-" else cookie.read_text(encoding="utf-8")).strip()
        key = api_key(key_file)
        with say.open() as troth:
            gone = troth.events.erase_visitor(key, shown)
            troth.flush_ledger()
    else:
        gone = _erase_people(say, person or [])
    say.answer({"erased": gone}, f"{gone} events erased")


def _erase_people(say: Say, people: list[str]) -> int:
    with say.open() as troth:
        with troth.database.snapshot() as tx:
            living = troth.vault.people(tx, people)
        if living:
            raise Conflict(
                "This person is not erased; nothing was done.",
                field="person",
                mend="Erase the person through the gate: `troth person erase`.",
            )
        return troth.events.keeper.erase_subjects(people)


@command(
    app,
    "dispose",
    example="troth events dispose",
    gives={
        "disposed": "events that went",
        "before": "they were older than this; empty when no retention limits them",
    },
)
def dispose(say: Say) -> None:
    """Dispose of events past their declared retention now; a running server does it by itself every day."""
    with say.open() as troth:
        found = troth.events.keeper.dispose()
    document = {"disposed": found.events, "before": moment(found.before)}
    say.answer(document, f"{found.events} events disposed of, from before {document['before'] or 'never'}")


def _told(found: "Status") -> str:
    waiting, lake = found
    first = f"{waiting.events} events wait in {waiting.batches} batches\n"
    if lake is None:
        return first + "no lake: events stay in the inbox; install troth[lake]"
    return first + f"{lake.events} events in the lake, {lake.files} files, {lake.size} bytes"
