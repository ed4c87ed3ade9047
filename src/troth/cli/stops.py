"""`troth stop`: what people do not want to hear about, as they say it by telephone or letter."""

from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.outcomes import OUTCOME, show_outcome
from troth.cli.say import Say
from troth.cli.sources import KeyFile, api_key
from troth.kernel import InvalidInput

if TYPE_CHECKING:
    from troth.policy import Policy

app = group("stop", "What people do not want to hear about: note it, as they say it by telephone or letter.")
_MOST = 500


@command(
    app,
    "add",
    example="troth stop add --field phone --topic offers --channel phone --key-file desk.key < number.txt",
    gives=OUTCOME,
)
def add(
    say: Say,
    *,
    field: Annotated[
        str,
        typer.Option("--field", metavar="NAME", help="Identifier that is given; left out: the mail address."),
    ] = "",
    topic: Annotated[
        str, typer.Option("--topic", metavar="NAME", help="Declared topic; left out: every one.")
    ] = "",
    channel: Annotated[
        str,
        typer.Option("--channel", metavar="NAME", help="Channel that is stopped; left out: every one."),
    ] = "",
    key_file: KeyFile = None,
) -> None:
    """Stop announcements to whoever has an identifier, which is read from standard input; it counts at once, known or not."""
    key = api_key(key_file)
    value = _given()
    with say.open() as troth:
        identify = {_field(troth.policy(), field): value}
        outcome = troth.preferences.stop_address(identify, key=key, topic=topic, channel=channel)
        troth.flush_ledger()
    show_outcome(say, outcome)


def _given() -> str:
    """The identifier on the first line of standard input: on the command line others of the machine could read it."""
    import sys

    value = sys.stdin.readline(_MOST).strip()
    if not value:
        raise InvalidInput(
            "Nothing was given on standard input.", field="field", mend="Write the address or number there."
        )
    return value


def _field(policy: "Policy", name: str) -> str:
    """Name of the identifier, which must be one that people are reached by."""
    from troth.preferences import mail_field

    chosen = name or mail_field(policy)
    declared = policy.fields.get(chosen)
    if declared is None or not declared.identifier or declared.unique:
        known = sorted(one.name for one in policy.fields.values() if one.identifier and not one.unique)
        raise InvalidInput(
            "Nobody is reached by such a field.", field="field", mend=f"Use one of {', '.join(known)}."
        )
    return chosen
