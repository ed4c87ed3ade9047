"""`troth calls`: call lists, which the call centre pulls one call at a time."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.frame import command, group
from troth.cli.letters import Announcing, KeptName, Language, Meant, TextFile, Topic, Use, Which, said_in
from troth.cli.say import Say, table
from troth.cli.sources import KeyFile, api_key, moment

if TYPE_CHECKING:
    from troth.outreach import Call, CallList

app = group(
    "calls", "Call lists; each number is handed over, by a decision, when the call centre pulls the call."
)
_LIST = {
    "list": "its id",
    "case": "case under which its calls are planned",
    "recipient": "who calls",
    "ends": "when it ends by itself",
    "topic": "declared topic that they are about, or empty",
}


@command(
    app,
    "open",
    example="troth calls open ID --text script.md --purpose essential.service.notifications.phone --key-file desk.key",
    gives=_LIST,
)
def open_(
    say: Say,
    case: Which,
    *,
    text: TextFile = None,
    message: KeptName = "",
    purpose: Use = "",
    language: Language = "",
    topic: Topic = "",
    announcing: Announcing = False,
    key_file: KeyFile = None,
) -> None:
    """Open the call list of a case, with the script that is read; whoever the case is about is on it."""
    from troth.outreach import CallOrder

    key = api_key(key_file)
    with say.open() as troth:
        said = said_in(troth, text, message, "phone", Meant(purpose, language, topic))
        order = CallOrder(case, said.purpose, said.text, key, announcing, said.message, said.topic)
        made = troth.calls.open(order)
    document = {
        "list": made.list,
        "case": made.case,
        "recipient": made.recipient,
        "ends": moment(made.ends_at),
        "topic": made.topic,
    }
    say.answer(document, f"{made.recipient} may pull its calls until {document['ends']}.")


@command(
    app,
    "list",
    example="troth calls list",
    gives={"lists": "list, case, recipient, ends, topic, closed and the number of calls in each state"},
)
def list_(
    say: Say,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="How many.")] = 100,
) -> None:
    """List call lists, the newest first; by numbers, never by whom they are about."""
    with say.open() as troth:
        rows = [_listed(one, troth.calls.counts(one.case)) for one in troth.calls.lists(limit)]
    cells = [[row["list"], row["recipient"], row["ends"], _numbers(row["calls"])] for row in rows]
    heads = ("list", "recipient", "ends", "calls")
    say.answer({"lists": rows}, table(heads, cells) if rows else "No call list was opened.")


@command(
    app,
    "next",
    example="troth calls next --key-file centre.key",
    gives={"calls": "call, name, number, subject, script, reason, language and until of each"},
)
def next_(
    say: Say,
    *,
    most: Annotated[
        int, typer.Option("--most", min=1, max=10, metavar="N", help="How many; 1 lets a stop hold at once.")
    ] = 1,
    key_file: KeyFile = None,
) -> None:
    """Pull the next call, with the call centre's own key; the number is handed over by this decision."""
    key = api_key(key_file)
    with say.open() as troth:
        found = troth.calls.pull(key, most)
    shown = "\n\n".join(_shown(one) for one in found)
    say.answer({"calls": [told(one) for one in found]}, shown or "No call is due.")


@command(
    app,
    "outcome",
    example="troth calls outcome ID no-answer --key-file centre.key",
    gives={"call": "its id", "state": "what became of it: sent, planned again, failed, or bounced"},
)
def outcome(
    say: Say,
    call: Annotated[str, typer.Argument(metavar="CALL", help="The call.")],
    word: Annotated[str, typer.Argument(metavar="OUTCOME", help="reached, no-answer, wrong-number or stop.")],
    *,
    key_file: KeyFile = None,
) -> None:
    """Tell how a call went. `stop` stops such calls at once, also after the call."""
    key = api_key(key_file)
    with say.open() as troth:
        state = troth.calls.outcome(key, call, word)
    say.answer({"call": call, "state": state}, f"Noted: {word}; the call is {state}.")


def told(one: "Call") -> dict[str, Any]:
    """A call as JSON."""
    return {
        "call": one.id,
        "name": one.name,
        "number": one.number,
        "subject": one.subject,
        "script": one.script,
        "reason": one.reason,
        "language": one.language,
        "until": moment(one.until),
    }


def _numbers(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in counts.items())


def _listed(one: "CallList", calls: dict[str, int]) -> dict[str, Any]:
    return {
        "list": one.list,
        "case": one.case,
        "recipient": one.recipient,
        "ends": moment(one.ends_at),
        "topic": one.topic,
        "closed": moment(one.closed_at),
        "calls": calls,
    }


def _shown(one: "Call") -> str:
    return (
        f"call {one.id}\n{one.name}\n{one.number}\n\n{one.subject}\n\n{one.script}\n\n"
        f"If they ask why: because {one.reason}.\nIf they want no more such calls: "
        f"troth calls outcome {one.id} stop"
    )
