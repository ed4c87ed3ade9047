"""`troth mail dkim`: the keys that sign outgoing mail, and what the DNS must hold of them."""

from typing import TYPE_CHECKING

from troth.cli.frame import command, group
from troth.cli.say import Say

if TYPE_CHECKING:
    from troth.bootstrap import DkimRecord

app = group("dkim", "The keys that sign outgoing mail, and their records for the DNS.")
_GIVES = {
    "records": "name and text of each TXT record, and zone, the line for a zone file; never a private key",
}


@command(app, "new", example="troth mail dkim new", gives=_GIVES)
def new(say: Say) -> None:
    """Make the keys that mail.dkim names and that are not there, and show their records. A running server signs with them after its next start."""
    from troth.bootstrap import new_dkim_keys

    with say.open() as troth:
        _tell(say, new_dkim_keys(troth))


@command(app, "show", example="troth mail dkim show", gives=_GIVES)
def show(say: Say) -> None:
    """Show the TXT records that receivers look the keys up in, for whoever keeps the DNS."""
    from troth.bootstrap import dkim_records

    with say.open() as troth:
        _tell(say, dkim_records(troth))


def _tell(say: Say, records: "list[DkimRecord]") -> None:
    rows = [{"name": one.name, "text": one.text, "zone": one.zone} for one in records]
    say.answer({"records": rows}, "\n\n".join(one.zone for one in records))
