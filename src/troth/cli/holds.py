"""`troth holds`: what a court or an authority keeps from being erased."""

from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.acts import By
from troth.cli.frame import command, group
from troth.cli.outcomes import OUTCOME, perform
from troth.cli.persons import Handle, concerning
from troth.cli.say import Say, table
from troth.cli.sources import CaseId, KeyFile, moment

if TYPE_CHECKING:
    from troth.gate import LegalHold

app = group(
    "holds", "Legal holds: keep what a court or an authority asks for from being erased, and end that again."
)
_PURPOSE = "essential.legal_obligation.hold"
Purpose = Annotated[
    str, typer.Option("--purpose", metavar="USE", help="The data use that what is kept may still serve.")
]


@command(
    app,
    "place",
    example='troth holds place --by email=ann@example.com --case ID --reason "court of Example City, 12/2026"',
    gives={**OUTCOME, "hold": "id of the hold, by which it is ended"},
)
def place(
    say: Say,
    *,
    person: Handle = "",
    by: By = None,
    record: Annotated[
        str, typer.Option("--record", metavar="ID", help="Only this record; left out: everything.")
    ] = "",
    case: CaseId = "",
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, as the person is told; no personal data.")
    ] = "",
    purpose: Purpose = _PURPOSE,
    key_file: KeyFile = None,
) -> None:
    """Keep a person, or one record of theirs, from being erased. The rest of an erasure goes on."""
    given = {**concerning(person, by), "record": record, "case": case, "reason": reason}
    perform(say, key_file, {"act": "instruct", "order": "place-hold", "purpose": purpose, **given})


@command(app, "end", example="troth holds end HOLD --case ID", gives=OUTCOME)
def end(
    say: Say,
    hold: Annotated[
        str, typer.Argument(metavar="HOLD", help="Id of the hold, as `troth holds list` shows it.")
    ],
    *,
    case: CaseId = "",
    purpose: Purpose = _PURPOSE,
    key_file: KeyFile = None,
) -> None:
    """End a hold. What it kept of an erasure is erased within the hour, by itself."""
    from troth.gate import active_holds

    with say.open() as troth, troth.database.snapshot() as tx:
        person = next((one.person for one in active_holds(tx) if one.hold == hold), "")
    given = {"about": hold, "person": person, "case": case, "purpose": purpose}
    perform(say, key_file, {"act": "instruct", "order": "end-hold", **given})


@command(
    app,
    "list",
    example="troth holds list",
    gives={"holds": "hold, person, record, purpose, reason, case, role and placed of each, the oldest first"},
)
def list_(say: Say) -> None:
    """List the holds that are in force."""
    from troth.gate import active_holds

    with say.open() as troth, troth.database.snapshot() as tx:
        found = active_holds(tx)
    rows = [_row(one) for one in found]
    heads = ("hold", "person", "record", "reason", "role", "placed")
    say.answer({"holds": rows}, table(heads, [[row[h] for h in heads] for row in rows]))


def _row(one: "LegalHold") -> dict[str, object]:
    return {
        "hold": one.hold,
        "person": one.person,
        "record": one.record,
        "purpose": one.purpose,
        "reason": one.reason,
        "case": one.case,
        "role": one.role,
        "placed": moment(one.placed_at),
    }
