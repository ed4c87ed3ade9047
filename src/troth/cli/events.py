"""`troth events`: where web events are, and what is done with them."""

from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say
from troth.cli.sources import moment
from troth.kernel import Conflict

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
    "erase",
    example="troth events erase 019a0c2e7d1c7a40b1d2c3e4f5a60718",
    gives={"erased": "events that went"},
)
def erase(
    say: Say,
    person: Annotated[list[str], typer.Argument(help="Handles of people whom the gate has erased.")],
) -> None:
    """Remove what events are left of people who were erased; a running server does it by itself.

    Somebody who is not erased yet is erased through the gate: `troth person erase`.
    """
    with say.open() as troth:
        with troth.database.snapshot() as tx:
            living = troth.vault.people(tx, person)
        if living:
            raise Conflict(
                "This person is not erased; nothing was done.",
                field="person",
                mend="Erase the person through the gate: `troth person erase`.",
            )
        gone = troth.events.keeper.erase_subjects(person)
    say.answer({"erased": gone}, f"{gone} events erased")


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
