"""`troth deadlines`: by when something must be answered, and why then."""

from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say
from troth.cli.sources import PolicyFile, chosen_policy
from troth.kernel import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from troth.rights import Due, Matter

app = group("deadlines", "By when something must be answered, and why then.")


@command(
    app,
    "explain",
    example="troth deadlines explain --matter request --kind access --received 2026-01-30T10:00:00Z --where EU",
    gives={
        "received": "instant of receipt",
        "answer": "the strictest: rule, does, due, why",
        "clocks": "rule, does, due, why, source and remind of each, the earliest first",
    },
)
def explain(
    say: Say,
    *,
    matter: Annotated[
        str, typer.Option("--matter", metavar="MATTER", help="request, dispute or question.")
    ] = "request",
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="What a request asks for.")] = "",
    received: Annotated[
        str,
        typer.Option(
            "--received", metavar="INSTANT", help="Instant of receipt with its zone; left out: now."
        ),
    ] = "",
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CODE",
            help="Where the person lives, such as EU or US-CA; left out: every place that the policy names.",
        ),
    ] = None,
    policy: PolicyFile = None,
) -> None:
    """Explain every clock of a matter: which rule sets it, counted from when, in which unit. The strictest wins."""
    from troth.bootstrap import chosen_clock
    from troth.rights import MATTERS, answer_of, clocks

    if matter not in MATTERS:
        raise InvalidInput(
            "There is no such matter.", field="matter", mend=f"Use one of {', '.join(MATTERS)}."
        )
    named: Matter = matter
    at = _instant(received) if received else chosen_clock(None).now()
    found = clocks(chosen_policy(say, policy), named, kind, at, where)
    answer = answer_of(found, named)
    rows = [_due(one) for one in found]
    text = (
        "\n".join(one.why for one in found) + f"\n\nThe answer is due by {rows[found.index(answer)]['due']}."
    )
    say.answer({"received": at.isoformat(), "answer": _due(answer), "clocks": rows}, text)


def _due(one: "Due") -> dict[str, object]:
    return {
        "rule": one.rule.name,
        "does": one.rule.does,
        "due": one.at.isoformat(),
        "why": one.why,
        "source": one.rule.source,
        "remind": one.rule.remind,
    }


def _instant(text: str) -> "datetime":
    from datetime import datetime

    try:
        at: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidInput(
            "That is no instant with its zone.", field="received", mend="Write it like 2026-01-30T10:00:00Z."
        )
    return at
