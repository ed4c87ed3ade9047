"""`troth staff`: who works at the console."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.access import check_grants, write_secret
from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import moment

if TYPE_CHECKING:
    from troth.bootstrap import Troth
    from troth.staff import Member

app = group("staff", "Who works at the console: add, list, shut out, and let begin anew.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that they sign in by.")]
Out = Annotated[
    Path,
    typer.Option("--out", metavar="FILE", help="Write the link of the invitation here (mode 0600)."),
]
_INVITED = {
    "staff": "id",
    "name": "what they sign in by",
    "role": "their role",
    "file": "where the invitation is",
}


@command(
    app,
    "add",
    example="troth staff add ann.example --title 'Ann Example' --role staff.privacy --out ann.invitation",
    gives=_INVITED,
)
def add(
    say: Say,
    *,
    name: Name,
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="Role of the policy that they act in.")],
    out: Out,
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="Their name for the audit log; left out: NAME.")
    ] = "",
    purpose: Annotated[
        list[str] | None,
        typer.Option(
            "--purpose",
            metavar="USE",
            help="Data use they may serve; left out: all the policy permits the role.",
        ),
    ] = None,
    case: Annotated[
        list[str] | None,
        typer.Option(
            "--case", metavar="TYPE", help="Type of case they may cite; left out: those of the role."
        ),
    ] = None,
    subject: Annotated[
        str,
        typer.Option(
            "--subject",
            metavar="TEXT",
            help="Their subject at the company's OpenID provider, to sign in by it.",
        ),
    ] = "",
) -> None:
    """Add somebody. The invitation counts for seven days; by it they set a password and a second factor."""
    with say.open() as troth:
        check_grants(troth.policy(), purpose or (), case or ())
        member, token = troth.roster.add(
            name=name,
            title=title,
            role=role,
            purposes=purpose or (),
            cases=case or (),
            subject=f"{troth.settings.staff.company.issuer} {subject}" if subject else "",
        )
        _invite(say, troth, member, token, out)


@command(
    app,
    "list",
    example="troth staff list",
    gives={"staff": "staff, name, title, role, purposes, cases, added, disabled, seen and ready of each"},
)
def list_(say: Say) -> None:
    """List who works at the console, and when they were last there."""
    with say.open() as troth:
        found = troth.roster.members()
    cells = [(one.name, one.title, one.role, moment(one.seen_at) or "never", _stands(one)) for one in found]
    heads = ("name", "title", "role", "last signed in", "")
    say.answer({"staff": [member_json(one) for one in found]}, table(heads, cells))


@command(
    app,
    "disable",
    example="troth staff disable ann.example",
    gives={"staff": "id", "name": "who is shut out"},
)
def disable(say: Say, *, name: Name) -> None:
    """Shut somebody out at once: their sessions end, and nothing signs them in."""
    with say.open() as troth:
        member = troth.roster.disable(name)
    say.answer({"staff": member.staff, "name": member.name}, f"{member.name} is shut out.")


@command(app, "reset", example="troth staff reset ann.example --out ann.invitation", gives=_INVITED)
def reset(say: Say, *, name: Name, out: Out) -> None:
    """Let somebody begin anew, who lost the password or the second factor, or was shut out."""
    with say.open() as troth:
        member, token = troth.roster.reset(name)
        _invite(say, troth, member, token, out)


def member_json(one: "Member") -> dict[str, object]:
    """A member as JSON shows them."""
    return {
        "staff": one.staff,
        "name": one.name,
        "title": one.title,
        "role": one.role,
        "purposes": list(one.purposes),
        "cases": list(one.cases),
        "added": moment(one.created_at),
        "disabled": moment(one.disabled_at),
        "seen": moment(one.seen_at),
        "ready": one.ready,
    }


def _stands(one: "Member") -> str:
    if one.disabled_at:
        return "shut out"
    return "" if one.ready else "invited"


def _invite(say: Say, troth: "Troth", member: "Member", token: str, out: Path) -> None:
    base = troth.settings.web.public_url.rstrip("/")
    write_secret(out, f"{base}/console/invite/{token}")
    document = {"staff": member.staff, "name": member.name, "role": member.role, "file": str(out)}
    say.answer(
        document, f"{member.name} ({member.role}): the invitation is in {out}; it counts for seven days."
    )
