"""`troth desk`: orders and tickets, as the console has them: the queue, taking one, opening it, answering and closing it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import KeyFile, api_key, moment
from troth.kernel import NotFound, Refused

if TYPE_CHECKING:
    from troth.desk import Desk, Served

app = group("desk", "Orders and tickets: the queue of cases, and every step with one.")

Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="Number of the case, such as O-7KQM-93XD, or its id.")
]
_CASE = {
    "number": "what people call it by",
    "case": "its id",
    "kind": "type of case",
    "state": "stage or state; empty for a new one",
    "holder": "id of the member of staff, or of the key, that it is assigned to",
    "opened": "when it was opened",
    "due": "by when it is answered; empty where nothing says so",
    "ended": "when it was closed; empty while it is open",
    "outcome": "why it was closed",
    "about": "number of the case that it is linked with",
}


@command(
    app,
    "list",
    example="troth desk list ticket --view free --key-file support.key",
    gives={"cases": "the members that `troth desk show` gives, without steps"},
)
def list_(
    say: Say,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Type of case: ticket, order...")],
    *,
    view: Annotated[str, typer.Option("--view", metavar="VIEW", help="open, mine, free or closed.")] = "open",
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, metavar="N", help="At most so many.")] = 50,
    key_file: KeyFile = None,
) -> None:
    """List cases of a kind that the key works on: numbers and states, nothing of anybody."""
    with say.open() as troth:
        found = [_told(one) for one in troth.desk.cases(api_key(key_file), kind, view, most=limit)]
    cells = [
        (one["number"], one["state"] or "new", one["holder"] or "nobody", one["opened"]) for one in found
    ]
    text = table(("number", "state", "assigned to", "opened"), cells) if found else "Nothing is there."
    say.answer({"cases": found}, text)


@command(
    app, "show", example="troth desk show O-7KQM-93XD --key-file shipping.key",
    gives={**_CASE, "steps": "what happened: at, step and role", "next": "stage that follows; empty for none"},
)  # fmt: skip
def show(say: Say, number: Number, *, key_file: KeyFile = None) -> None:
    """Show where a case stands; nothing of what anybody wrote."""
    with say.open() as troth:
        found = troth.desk.case(api_key(key_file), number)
    steps = [{"at": moment(one.at), "step": one.step, "role": one.role} for one in found.steps]
    told = {**_told(found.row), "steps": steps, "next": found.following.name if found.following else ""}
    lines = [f"{one['at']}  {one['step']}  {one['role']}" for one in steps]
    say.answer(told, "\n".join([_line(found.row), *lines]))


@command(
    app,
    "find",
    example="troth desk find OR-2015-0001 --key-file shipping.key",
    gives={"cases": "the members that `troth desk show` gives, without steps"},
)
def find(say: Say, number: Annotated[str, typer.Argument(metavar="NUMBER", help="Number of a case, an order or a product, whole.")], *, key_file: KeyFile = None) -> None:  # fmt: skip
    """Find cases by what people quote. By an order or serial number it is an act, which its person can see."""
    with say.open() as troth:
        found = troth.desk.find(api_key(key_file), number)
    say.answer({"cases": [_told(one) for one in found]}, "\n".join(_line(one) for one in found))


@command(app, "take", example="troth desk take Q-7KQM-93XD --key-file support.key", gives=_CASE)
def take(say: Say, number: Number, *, key_file: KeyFile = None) -> None:
    """Take a case over; nobody else opens a ticket from then on."""
    _step(say, lambda desk: desk.take(api_key(key_file), number))


@command(app, "give", example="troth desk give Q-7KQM-93XD bea.example --key-file support.key", gives=_CASE)
def give(
    say: Say,
    number: Number,
    to: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Member of staff that gets it; left out: nobody.")
    ] = "",
    *,
    key_file: KeyFile = None,
) -> None:
    """Give a case to somebody else, or put it back."""
    with say.open() as troth:
        members = {one.name: one for one in troth.roster.members() if not one.disabled_at}
        if to and to not in members:
            raise NotFound("Nobody of that name works here.", field="name", mend="See `troth staff list`.")
        row = troth.desk.hand_over(api_key(key_file), number, members[to].staff if to else "")
    say.answer(_told(row), _line(row))


@command(
    app, "read", example="troth desk read Q-7KQM-93XD --key-file support.key",
    gives={"records": "for each record of the case its values by field", "withheld": "fields that the role is not given", "entry": "ledger entry of the look"},
)  # fmt: skip
def read(say: Say, number: Number, *, key_file: KeyFile = None) -> None:
    """Open what stands in a case: an act under it, which its person can see."""
    with say.open() as troth:
        found = troth.desk.read(api_key(key_file), number)
    if found.refused:
        raise Refused(found.refused, clause=found.clause, mend="Take the case, or ask whoever has it.")
    lines = [f"{name}: {value}" for record in found.records for name, value in record.items()]
    told = {"records": list(found.records), "withheld": list(found.withheld), "entry": found.entry}
    say.answer(told, "\n".join(lines) or "Nothing is kept of it.")


@command(
    app, "answer", example="troth desk answer Q-7KQM-93XD answer.txt --key-file support.key", gives=_CASE
)
def answer(
    say: Say,
    number: Number,
    file: Annotated[
        typer.FileText, typer.Argument(metavar="FILE", help="The answer; - for the standard input.")
    ],
    *,
    key_file: KeyFile = None,
) -> None:
    """Answer a ticket by mail; the answer is kept sealed with it."""
    text = file.read()
    _step(say, lambda desk: desk.answer(api_key(key_file), number, text))


@command(app, "close", example="troth desk close Q-7KQM-93XD answered --key-file support.key", gives=_CASE)
def close(
    say: Say,
    number: Number,
    reason: Annotated[
        str,
        typer.Argument(
            metavar="REASON",
            help="answered, no-reply, duplicate, taken-back, not-ours, spam; of an order: taken-back, undeliverable, unpaid, duplicate.",
        ),
    ],
    *,
    key_file: KeyFile = None,
) -> None:
    """Close a case; nobody opens it from then on."""
    _step(say, lambda desk: desk.close(api_key(key_file), number, reason))


@command(app, "reopen", example="troth desk reopen O-7KQM-93XD --key-file billing.key", gives=_CASE)
def reopen(say: Say, number: Number, *, key_file: KeyFile = None) -> None:
    """Open a case again, within the time that the policy gives; a ticket goes on under a new number."""
    _step(say, lambda desk: desk.reopen(api_key(key_file), number))


def _step(say: Say, do: "Callable[[Desk], Served]") -> None:
    with say.open() as troth:
        row = do(troth.desk)
    say.answer(_told(row), _line(row))


def _told(row: "Served") -> dict[str, Any]:
    return {
        "number": row.number, "case": row.case, "kind": row.kind, "state": row.state, "holder": row.holder,
        "opened": moment(row.opened_at), "due": moment(row.due_at) if row.due_at else "",
        "ended": moment(row.ended_at) if row.ended_at else "", "outcome": row.outcome, "about": row.about,
    }  # fmt: skip


def _line(row: "Served") -> str:
    return f"{row.number}  {row.kind}  {row.state or 'new'}{'  closed' if row.ended_at else ''}"
