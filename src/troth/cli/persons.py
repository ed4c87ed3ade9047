"""`troth person` and `troth case`: people and cases, through the gate."""

from typing import Annotated

import typer

from troth.cli.acts import By, Person, Reason
from troth.cli.codes import BadUsage
from troth.cli.frame import command, group
from troth.cli.outcomes import OUTCOME, perform
from troth.cli.say import Say, table
from troth.cli.sources import CaseId, FieldNames, KeyFile, Purpose, moment, pairs

app = group("person", "Read, find and erase people, through the gate.")
cases = group("case", "Open, close and list cases, which give acts their business need.")
Handle = Annotated[str, typer.Argument(metavar="[HANDLE]", help="Handle of the person; or use --by.")]
Yes = Annotated[
    bool, typer.Option("--yes", help="Do it without asking; mandatory where nobody can be asked.")
]
_MOST_FIELDS = 64
_ASK_PURPOSE = "the data use that this serves, as essential.service.operations.support"
_ASK_CASE = "the id of the open case that needs it"


@command(
    app,
    "show",
    example=(
        "troth person show --by email=ann@example.com --purpose essential.service.operations.support"
        " --case ID --field name --key-file support.key"
    ),
    gives=OUTCOME,
)
def show(
    say: Say,
    *,
    person: Handle = "",
    by: By = None,
    field: FieldNames = None,
    purpose: Purpose = "",
    case: CaseId = "",
    reason: Reason = "",
    key_file: KeyFile = None,
) -> None:
    """Read fields of a person: those named, else all that the policy allows for the purpose and case."""
    given = concerning(person, by)
    given["purpose"] = say.ask(purpose, "--purpose", _ASK_PURPOSE)
    given["case"] = say.ask(case, "--case", _ASK_CASE)
    given |= {"fields": field or _personal_fields(say), "partial": not field, "reason": reason}
    perform(say, key_file, {"act": "use", **given})


@command(
    app,
    "find",
    example="troth person find --by email=ann@example.com --purpose essential.service.operations.support --case ID",
    gives=OUTCOME,
)
def find(
    say: Say,
    *,
    by: By = None,
    purpose: Purpose = "",
    case: CaseId = "",
    reason: Reason = "",
    key_file: KeyFile = None,
) -> None:
    """Find out the handle of a person by an identifier. Needs the right to read that identifier."""
    given = concerning("", by)
    given["purpose"] = say.ask(purpose, "--purpose", _ASK_PURPOSE)
    given["case"] = say.ask(case, "--case", _ASK_CASE)
    perform(say, key_file, {"act": "use", "fields": tuple(pairs(by, "--by")), "reason": reason, **given})


@command(
    app,
    "erase",
    example="troth person erase HANDLE --purpose essential.service.rights_request --case ID --yes",
    gives=OUTCOME,
)
def erase(
    say: Say,
    *,
    person: Handle = "",
    by: By = None,
    purpose: Purpose = "",
    case: CaseId = "",
    reason: Reason = "",
    yes: Yes = False,
    key_file: KeyFile = None,
) -> None:
    """Erase a person for good: keys, identifiers, fields. Nobody can undo it."""
    given = concerning(person, by)
    given["purpose"] = say.ask(purpose, "--purpose", _ASK_PURPOSE)
    given["case"] = say.ask(case, "--case", _ASK_CASE)
    make_sure(say, yes=yes)
    perform(say, key_file, {"act": "erase", "reason": reason, **given})


@command(
    cases,
    "open",
    example="troth case open ticket --person HANDLE --purpose essential.service.operations.support",
    gives=OUTCOME,
)
def open_(
    say: Say,
    *,
    case_type: Annotated[
        str, typer.Argument(metavar="TYPE", help="ticket, order, request... as the policy declares.")
    ],
    person: Person = "",
    by: By = None,
    purpose: Purpose = "",
    reason: Reason = "",
    key_file: KeyFile = None,
) -> None:
    """Open a case about a person."""
    given = concerning(person, by)
    given["purpose"] = say.ask(purpose, "--purpose", _ASK_PURPOSE)
    perform(
        say,
        key_file,
        {"act": "instruct", "order": "open-case", "case_type": case_type, "reason": reason, **given},
    )


@command(
    cases,
    "close",
    example="troth case close ID --purpose essential.service.operations.support",
    gives=OUTCOME,
)
def close(
    say: Say,
    *,
    case: Annotated[str, typer.Argument(metavar="ID", help="The case.")],
    purpose: Purpose = "",
    person: Person = "",
    reason: Reason = "",
    key_file: KeyFile = None,
) -> None:
    """Close a case; nothing is read on its strength any more."""
    given = {"purpose": say.ask(purpose, "--purpose", _ASK_PURPOSE), "person": person, "reason": reason}
    perform(say, key_file, {"act": "instruct", "order": "close-case", "case": case, **given})


@command(
    cases,
    "list",
    example="troth case list",
    gives={"cases": "case, type, person and opened of each open case, oldest first"},
)
def list_(
    say: Say,
    *,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="At most so many.")
    ] = 100,
) -> None:
    """List the open cases, oldest first."""
    from troth.gate import open_cases

    with say.open() as troth, troth.database.snapshot() as tx:
        found = open_cases(tx, limit)
    rows = [{"case": row[0], "type": row[1], "person": row[2], "opened": moment(row[3])} for row in found]
    cells = [tuple(row.values()) for row in rows]
    say.answer(
        {"cases": rows}, table(("case", "type", "person", "opened"), cells) if rows else "No case is open."
    )


def concerning(person: str, by: list[str] | None) -> dict[str, object]:
    """Whom an act concerns.

    Raises:
        BadUsage: Nobody was named.
    """
    if not person and not by:
        raise BadUsage(
            "Nobody is named.", mend="Give a handle, or --by email=ann@example.com.", field="person"
        )
    return {"person": person, "identify": pairs(by, "--by")}


def make_sure(say: Say, *, yes: bool) -> None:
    """Ask before somebody is erased, unless that was settled.

    Raises:
        BadUsage: It was not confirmed.
    """
    if not yes and say.ask("", "--yes", "erasing cannot be undone; type erase to go on") != "erase":
        raise BadUsage("Nothing was erased.", mend="Type erase, or add --yes.", field="yes")


def _personal_fields(say: Say) -> tuple[str, ...]:
    with say.open() as troth:
        fields = troth.policy().fields.values()
    return tuple(one.name for one in fields if one.klass != "anonymous")[:_MOST_FIELDS]
