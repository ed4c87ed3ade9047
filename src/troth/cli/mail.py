"""`troth mail`: mail that came in and is not handled yet, or was left to a person; and the signatures of mail that leaves."""

from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli import dkim
from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import KeyFile, api_key, moment

if TYPE_CHECKING:
    from troth.bootstrap import Opened

app = group(
    "mail", "Mail that came in and waits for its handler or for a person; the signatures of mail that leaves."
)
Mail = Annotated[str, typer.Argument(metavar="ID", help="The mail, as the list has it.")]
Cited = Annotated[
    str,
    typer.Option(
        "--case", metavar="CASE", help="Case or number under which it is read; left out: a new one."
    ),
]


@command(
    app,
    "list",
    example="troth mail list",
    gives={
        "mails": "mail, route, state, reason, size (bytes) and arrived of each, oldest first; never who wrote, or what",
    },
)
def list_(
    say: Say,
    *,
    state: Annotated[
        str,
        typer.Option(
            "--state", metavar="STATE", help="`staff`: a person must look; `waiting`: it is handled soon."
        ),
    ] = "staff",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="How many.")] = 100,
) -> None:
    """List inbound mail that is not handled, oldest first."""
    with say.open() as troth:
        rows = [
            {
                "mail": one.mail_id,
                "route": one.route,
                "state": one.state,
                "reason": one.reason,
                "size": one.size,
                "arrived": moment(one.arrived_at),
            }
            for one in troth.inbox.kept(state, limit)
        ]
    heads = list(rows[0]) if rows else ["no mail"]
    say.answer({"mails": rows}, table(heads, [list(row.values()) for row in rows]))


@command(
    app,
    "show",
    example="troth mail show 0197f0c2a1b27d3e8f4a5b6c7d8e9f01 --key-file privacy.key",
    gives={
        "case": "under which it was read",
        "entry": "in the ledger, of this look",
        "reason": "why it was left to a person",
        "headers": "name and value of each, in order",
        "text": "what it says, as plain text",
        "attachments": "name, type and size (bytes) of each; never their content",
    },
)
def show(say: Say, mail: Mail, *, case: Cited = "", key_file: KeyFile = None) -> None:
    """Open a mail that was left to a person, as plain text. The look is decided by the policy, under a case, and on record."""
    with say.open() as troth:
        opened = troth.unread.show(api_key(key_file), mail, case)
    found = opened.received.mail
    document = {
        "case": opened.case,
        "entry": opened.entry,
        "reason": found.malformed or found.automatic,
        "headers": [list(one) for one in opened.headers],
        "text": found.text,
        "attachments": [one._asdict() for one in found.attachments],
    }
    say.answer(document, _page(opened))


def _page(opened: "Opened") -> str:
    """A mail as people read it."""
    found = opened.received.mail
    headers = [f"{name}: {value}" for name, value in opened.headers]
    attached = [
        f"Attached: {one.name or '(no name)'}, {one.type}, {one.size} bytes." for one in found.attachments
    ]
    looked = f"Case {opened.case}, ledger entry {opened.entry}."
    return "\n".join([looked, "", *headers, "", found.text or "(no text)", "", *attached])


@command(
    app,
    "classify",
    example="troth mail classify 0197f0c2a1b27d3e8f4a5b6c7d8e9f01 request --kind erase --key-file privacy.key",
    gives={"number": "of the new matter", "case": "its case", "due": "when it must be answered"},
)
def classify(
    say: Say,
    mail: Mail,
    matter: Annotated[str, typer.Argument(metavar="MATTER", help="request, dispute or question.")],
    *,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="Of a request: what it asks for; left out: other.")
    ] = "",
    case: Cited = "",
    key_file: KeyFile = None,
) -> None:
    """Make a mail that was left to a person a request, a dispute or a question; its sender is written to at once."""
    from troth.kernel import InvalidInput
    from troth.rights import MATTERS

    known = next((one for one in MATTERS if one == matter), None)
    if known is None:
        raise InvalidInput(
            "There is no such matter.", field="matter", mend=f"Use one of {', '.join(MATTERS)}."
        )
    with say.open() as troth:
        made = troth.unread.classify(api_key(key_file), mail, known, kind, case)
        row = troth.rights.row(made)
    document = {"number": row.number, "case": row.case, "due": moment(row.due_at)}
    say.answer(document, f"{row.number}, to be answered by {moment(row.due_at)}.")


@command(
    app,
    "discard",
    example="troth mail discard 0197f0c2a1b27d3e8f4a5b6c7d8e9f01 --reason spam --key-file privacy.key",
    gives={"entry": "in the ledger, that tells of it"},
)
def discard(
    say: Say,
    mail: Mail,
    *,
    reason: Annotated[
        str,
        typer.Option(
            "--reason", metavar="WORD", help="spam, automatic, misdirected, duplicate, empty or answered."
        ),
    ],
    case: Cited = "",
    key_file: KeyFile = None,
) -> None:
    """Destroy a mail that was left to a person, for a reason that the ledger keeps."""
    with say.open() as troth:
        entry = troth.unread.discard(api_key(key_file), mail, reason, case)
    say.answer({"entry": entry}, f"Discarded; ledger entry {entry}.")


app.add_typer(dkim.app)
