"""`troth telemetry`: who opted in, by number, and what is done with reports."""

from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import moment

if TYPE_CHECKING:
    from troth.ingress import ReportStatus

app = group(
    "telemetry",
    "Telemetry of installed products: what may be reported, who opted in, by number, and the reports.",
)


@command(
    app,
    "installations",
    example="troth telemetry installations",
    gives={"counts": "product (empty once it was switched off), state and number of installations"},
)
def installations(say: Say) -> None:
    """Count the installations by product and state. There is no list of them: nobody is shown."""
    with say.open() as troth:
        found = troth.telemetry.switching.counts()
    counts = [{"product": product, "state": state, "installations": count} for product, state, count in found]
    say.answer({"counts": counts}, table(("product", "state", "installations"), found))


@command(
    app,
    "revoke",
    example="troth telemetry revoke 5f0c8d1e2b3a49687756a5b4c3d2e1f0",
    gives={"revoked": "false where it was over already"},
)
def revoke(
    say: Say,
    installation: Annotated[
        str,
        typer.Argument(help="Its handle, shown to its administrator with the receipt, and in the ledger."),
    ],
) -> None:
    """Revoke the receipt of an installation at once.

    Where it holds a token that is not spent, the signing key of its week closes too, and everybody else fetches a new token.
    """
    with say.open() as troth:
        done = troth.telemetry.switching.revoke(installation)
        troth.flush_ledger()
    say.answer({"revoked": done}, "revoked" if done else "it was over already")


@command(
    app,
    "status",
    example="troth telemetry status",
    gives={
        "waiting": "reports in the inbox",
        "lake": "version, folded, events, files and size of the table; null without troth[lake]",
    },
)
def status(say: Say) -> None:
    """Show what waits in the inbox and what the lake holds."""
    with say.open() as troth:
        found = troth.telemetry.keeper.status()
    lake = found.lake._asdict() if found.lake is not None else None
    say.answer({"waiting": found.waiting.count, "lake": lake}, _told(found))


@command(
    app,
    "fold",
    example="troth telemetry fold",
    gives={"folded": "reports put into the lake"},
)
def fold(say: Say) -> None:
    """Fold the inbox into the lake now; a running server does it by itself."""
    with say.open() as troth:
        moved = troth.telemetry.keeper.fold()
    say.answer({"folded": moved}, f"{moved} reports folded")


@command(
    app,
    "dispose",
    example="troth telemetry dispose",
    gives={
        "disposed": "reports that went",
        "before": "they were of days before this; empty when no retention limits them",
    },
)
def dispose(say: Say) -> None:
    """Dispose of reports past their declared retention now; a running server does it by itself every day."""
    with say.open() as troth:
        found = troth.telemetry.keeper.dispose()
    document = {"disposed": found.reports, "before": moment(found.before)}
    say.answer(document, f"{found.reports} reports disposed of, from before {document['before'] or 'never'}")


def _told(found: "ReportStatus") -> str:
    waiting, lake = found
    if lake is None:
        return f"{waiting.count} reports wait; no lake: they stay in the inbox; install troth[lake]"
    return f"{waiting.count} reports wait; {lake.events} in the lake, {lake.files} files, {lake.size} bytes"
