"""`troth mail`: mail that came in and is not handled yet."""

from typing import Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import moment

app = group("mail", "List mail that came in and waits for its handler or for a person.")


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
