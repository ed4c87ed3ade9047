"""`troth child` and `troth suppression`: people and addresses that must be left alone, through the gate."""

from typing import Annotated

import typer

from troth.cli.acts import By, Person
from troth.cli.frame import command, group
from troth.cli.outcomes import OUTCOME, perform
from troth.cli.persons import Handle, Yes, concerning, make_sure
from troth.cli.say import Say
from troth.cli.sources import CaseId, KeyFile, Purpose, pairs

child = group("child", "Records of children: purge one, keep what a verified parent consented to.")
suppression = group("suppression", "Addresses that must be left alone: put on the list, look up, take off.")
Why = Annotated[
    str,
    typer.Option("--reason", metavar="WORD", help="erased, child, opted-out, no-contact or bounced."),
]
Method = Annotated[
    str,
    typer.Option(
        "--method",
        metavar="WORD",
        help=(
            "How the parent was verified: signed-form, payment-card, telephone-call, video-call, identity-document,"
            " knowledge-questions, face-match, email-and-follow-up, text-and-follow-up."
        ),
    ),
]
_ASK_PURPOSE = "the data use that this serves, as essential.service.rights_request"


@command(
    child,
    "purge",
    example="troth child purge --by email=kid@example.com --purpose essential.service.rights_request --yes",
    gives={
        **OUTCOME,
        "values": "erased: whether there was a record; clocks: obligation, known, due and met of each deadline; kept: slot, reason and end",
    },
)
def purge(
    say: Say,
    *,
    person: Person = "",
    by: By = None,
    purpose: Purpose = "",
    case: CaseId = "",
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="INSTANT", help="When it became known, as 2026-01-05T09:00Z; left out: now."
        ),
    ] = "",
    yes: Yes = False,
    key_file: KeyFile = None,
) -> None:
    """Erase the record of a child and keep its addresses from coming back. Safe to repeat; nobody can undo it."""
    given = _about(say, person, by, purpose, case)
    make_sure(say, yes=yes)
    perform(say, key_file, {"act": "instruct", "order": "purge-child", "since": since, **given})


@command(
    child,
    "verify",
    example=(
        "troth child verify HANDLE --method signed-form --until 2027-06-30 --purpose essential.service.rights_request"
    ),
    gives=OUTCOME,
)
def verify(
    say: Say,
    *,
    person: Handle = "",
    by: By = None,
    method: Method = "",
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="Last day of the consent, as 2027-06-30.")
    ] = "",
    purpose: Purpose = "",
    case: CaseId = "",
    key_file: KeyFile = None,
) -> None:
    """Keep that a parent was verified and consented, until a day. Consent to sharing is a separate one: `share`."""
    given = _about(say, person, by, purpose, case) | {"method": method, "until": until}
    perform(say, key_file, {"act": "instruct", "order": "verify-parent", **given})


@command(
    child,
    "withdraw",
    example="troth child withdraw HANDLE --purpose essential.service.rights_request",
    gives=OUTCOME,
)
def withdraw(
    say: Say,
    *,
    person: Handle = "",
    by: By = None,
    sharing: Annotated[
        bool, typer.Option("--sharing", help="Only the consent to sharing with others.")
    ] = False,
    purpose: Purpose = "",
    case: CaseId = "",
    key_file: KeyFile = None,
) -> None:
    """End a parent's consent. The person stays known as a child, so that nothing is done with the record any more."""
    given = _about(say, person, by, purpose, case)
    order = "withdraw-sharing" if sharing else "withdraw-parent"
    perform(say, key_file, {"act": "instruct", "order": order, **given})


@command(
    child,
    "share",
    example="troth child share HANDLE --purpose essential.service.rights_request",
    gives=OUTCOME,
)
def share(
    say: Say,
    *,
    person: Handle = "",
    by: By = None,
    purpose: Purpose = "",
    case: CaseId = "",
    key_file: KeyFile = None,
) -> None:
    """Keep that a verified parent also consented to sharing with others, for as long as the consent itself."""
    given = _about(say, person, by, purpose, case)
    perform(say, key_file, {"act": "instruct", "order": "allow-sharing", **given})


@command(
    suppression,
    "add",
    example=(
        "troth suppression add --by email=ann@example.com --reason no-contact --purpose essential.service.rights_request"
    ),
    gives=OUTCOME,
)
def add(
    say: Say, *, by: By = None, reason: Why = "", purpose: Purpose = "", key_file: KeyFile = None
) -> None:
    """Put identifiers on the suppression list, whether or not anybody has them."""
    _list(say, "suppress", by, purpose, key_file, about=reason)


@command(
    suppression,
    "show",
    example="troth suppression show --by email=ann@example.com --purpose essential.service.rights_request",
    gives={**OUTCOME, "values": "suppressions: identifier, reason and since of each entry"},
)
def show(say: Say, *, by: By = None, purpose: Purpose = "", key_file: KeyFile = None) -> None:
    """Say why identifiers stand on the list. The list holds hashes, so nobody can print the whole of it."""
    _list(say, "show-suppression", by, purpose, key_file)


@command(
    suppression,
    "release",
    example=(
        "troth suppression release --by email=ann@example.com --reason bounced"
        " --purpose essential.service.rights_request"
    ),
    gives=OUTCOME,
)
def release(
    say: Say,
    *,
    by: By = None,
    reason: Why = "",
    method: Method = "",
    purpose: Purpose = "",
    key_file: KeyFile = None,
) -> None:
    """Take identifiers off the list for one reason; for child, say how a parent was verified."""
    _list(say, "release-suppression", by, purpose, key_file, about=reason, method=method)


def _about(say: Say, person: str, by: list[str] | None, purpose: str, case: str) -> dict[str, object]:
    """Whom an order is about, and what for; asks for the purpose where it was not given."""
    asked = say.ask(purpose, "--purpose", _ASK_PURPOSE)
    return {**concerning(person, by), "purpose": asked, "case": case}


def _list(say: Say, order: str, by: list[str] | None, purpose: str, key_file: KeyFile, **more: str) -> None:
    given = {"identify": pairs(by, "--by"), "purpose": say.ask(purpose, "--purpose", _ASK_PURPOSE), **more}
    perform(say, key_file, {"act": "instruct", "order": order, **given})
