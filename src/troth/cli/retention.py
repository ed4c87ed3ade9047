"""`troth retention`: what is disposed of because its time is over, and what will be."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, stacked, table
from troth.cli.sources import moment

if TYPE_CHECKING:
    from datetime import datetime

    from troth.bootstrap import Forecast

app = group("retention", "Dispose of what is past its time, and see what will be.")
_GIVES = {
    "until": "the instant up to which it was looked",
    "due": "kind, retention, clause, records and earliest (instant) of each",
    "records": "how many in all",
}


@command(app, "forecast", example="troth retention forecast --days 31", gives=_GIVES)
def forecast(
    say: Say,
    *,
    days: Annotated[
        int, typer.Option("--days", min=0, max=36_500, metavar="N", help="How far to look.")
    ] = 31,
) -> None:
    """Tell what will be disposed of in the next days. Erases nothing."""
    from troth.bootstrap import retention_forecast

    with say.open() as troth:
        until = troth.clock.now() + timedelta(days=days)
        found = retention_forecast(troth, until)
    _answer(say, found, until, f"In the next {days} days")


@command(
    app, "run", example="troth retention run --dry-run", gives={**_GIVES, "erased": "whether it was erased"}
)
def run(
    say: Say,
    *,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only tell what is due now.")] = False,
) -> None:
    """Dispose of what is due now. A server does so once a day by itself."""
    from troth.bootstrap import dispose_due, retention_forecast

    with say.open() as troth:
        now = troth.clock.now()
        found = retention_forecast(troth, now)
        if not dry:
            dispose_due(troth)
            troth.flush_ledger()
    _answer(say, found, now, "Due now" if dry else "Erased", erased=not dry)


def _answer(say: Say, found: "list[Forecast]", until: "datetime", told: str, *, erased: bool = False) -> None:
    rows = [{**one._asdict(), "earliest": moment(one.earliest)} for one in found]
    total = sum(one.records for one in found)
    document = {"until": until.isoformat(), "due": rows, "records": total, "erased": erased}
    heads = ("kind", "retention", "clause", "records", "earliest")
    text = stacked(f"{told}: {total} records.", table(heads, [[row[h] for h in heads] for row in rows]))
    say.answer(document, text)
