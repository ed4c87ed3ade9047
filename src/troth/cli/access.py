"""`troth access`: API keys."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, stacked, table
from troth.cli.sources import checked_day, moment, nearest
from troth.kernel import InvalidInput, NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from troth.bootstrap import Troth
    from troth.gate import KeyRecord
    from troth.policy import Policy
    from troth.staff import MemberAccess, Review

app = group("access", "Issue, list and revoke API keys, which carry role, purposes and cases.")
OWNER_ONLY = 0o600


@command(
    app,
    "issue",
    example=(
        "troth access issue --name 'support desk' --role staff.support"
        " --purpose essential.service.operations.support --case ticket --out support.key"
    ),
    gives={
        "key_id": "id of the key",
        "key": "the key, shown this once; empty with --out",
        "file": "where --out put it",
    },
)
def issue(
    say: Say,
    *,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="To recognise the key by; not secret.")],
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="Role of the policy that it acts in.")
    ] = "",
    purpose: Annotated[
        list[str] | None,
        typer.Option("--purpose", metavar="USE", help="Data use it may serve; may be repeated."),
    ] = None,
    member: Annotated[
        str,
        typer.Option(
            "--member",
            metavar="NAME",
            help="The member of staff whose key it is; role and, unless given, purposes and cases are theirs.",
        ),
    ] = "",
    case: Annotated[
        list[str] | None,
        typer.Option("--case", metavar="TYPE", help="Type of case it may cite; may be repeated."),
    ] = None,
    expires: Annotated[
        str, typer.Option("--expires", metavar="DATE", help="Last day it works, as 2027-01-31.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the key here (mode 0600), show nothing."),
    ] = None,
) -> None:
    """Issue an API key. Only its digest is kept, so it is shown this once."""
    end = last_instant(expires) if expires else None
    with say.open() as troth:
        holder, role, purpose, case = granted(troth, member, role, purpose or (), case or ())
        key, key_id = troth.issue_key(
            name=name, role=role, purposes=purpose, cases=case, expires=end, holder=holder
        )
    if out is not None:
        write_secret(out, key)
    text = (
        f"Key {key_id} for {role} is in {out}."
        if out
        else f"Key {key_id} for {role}; keep it, it is not shown again:\n{key}"
    )
    say.answer({"key_id": key_id, "key": "" if out else key, "file": str(out or "")}, text)


@command(
    app,
    "list",
    example="troth access list",
    gives={"keys": "key_id, name, role, purposes, cases, created, expires and revoked of each"},
)
def list_(say: Say) -> None:
    """List every API key ever issued, without its secret."""
    with say.open() as troth:
        found = troth.key_records()
    cells = (
        (one.key_id, one.name, one.role, " ".join(one.purposes), " ".join(one.cases), _ends(one))
        for one in found
    )
    heads = ("id", "name", "role", "purposes", "cases", "ends")
    say.answer({"keys": [_row(one) for one in found]}, table(heads, cells))


def granted(
    troth: "Troth", name: str, role: str, purposes: Sequence[str], cases: Sequence[str]
) -> tuple[str, str, list[str], list[str]]:
    """Whose key it is (empty for nobody's), its role, purposes and cases: of a member's key what they may do at the console.

    Raises:
        NotFound: Nobody who works here has the name.
        InvalidInput: Another role was given, or what is granted is not declared.
    """
    from troth.staff import grants

    check_grants(troth.policy(), purposes, cases)
    if not name:
        return "", role, list(purposes), list(cases)
    found = next((one for one in troth.roster.members() if one.name == name.strip().casefold()), None)
    if found is None or found.disabled_at:
        raise NotFound(
            "Nobody of staff who works here has this name.", field="--member", mend="See `troth staff list`."
        )
    if role not in ("", found.role):
        raise InvalidInput(
            "A member's key has the member's role.",
            field="--role",
            mend=f"Leave it out, or give {found.role}.",
        )
    own_purposes, own_cases = grants(troth.policy(), found)
    return found.staff, found.role, list(purposes or own_purposes), list(cases or own_cases)


def _row(one: "KeyRecord") -> dict[str, object]:
    return {
        "key_id": one.key_id,
        "name": one.name,
        "role": one.role,
        "purposes": list(one.purposes),
        "cases": list(one.cases),
        "created": moment(one.created_at),
        "expires": moment(one.expires_at),
        "revoked": moment(one.revoked_at),
    }


def _ends(one: "KeyRecord") -> str:
    return f"revoked {moment(one.revoked_at)}" if one.revoked_at else moment(one.expires_at) or "never"


@command(
    app, "revoke", example="troth access revoke ID", gives={"key_id": "id of the key that works no more"}
)
def revoke(say: Say, *, key_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the key.")]) -> None:
    """End an API key at once."""
    with say.open() as troth:
        troth.revoke_key(key_id)
    say.answer({"key_id": key_id}, f"Key {key_id} works no more.")


@command(
    app,
    "review",
    example="troth access review --days 90",
    gives={
        "since": "beginning of the review",
        "roles": "role, title, acts, purposes, data, members and keys of each",
        "members": "staff, name, title, role, seen, acts, denied and unused (purposes never served) of each",
        "keys": "key_id, name, role, created, expires, acts, denied and unused of each key that works",
        "done": "role, act, permitted and denied of each",
        "unused": "names of members and ids of keys with which nothing was done",
    },
)
def review(
    say: Say,
    *,
    days: Annotated[
        int, typer.Option("--days", min=1, max=3660, metavar="N", help="How far back to count.")
    ] = 90,
) -> None:
    """Review access: who can do what, who did what, counted from the ledger, and what was never used (clause IV.2)."""
    from datetime import timedelta

    with say.open() as troth:
        found = troth.access_review(timedelta(days=days))
    people = [(one.member.name, one.member.role, _seen(one), one.acts, one.denied) for one in found.members]
    keys = [(one.name, one.role, moment(one.created_at), one.acts, one.denied) for one in found.keys]
    done = [(one.role, one.act, one.permitted, one.denied) for one in found.done]
    text = stacked(
        table(("person", "role", "last signed in", "acts", "denied"), people),
        table(("key", "role", "since", "acts", "denied"), keys),
        table(("role", "act", "permitted", "denied"), done),
        f"Never used: {', '.join(found.unused) or 'nothing'}.",
    )
    say.answer(review_json(found), text)


def review_json(found: "Review") -> dict[str, object]:
    """An access review as JSON shows it."""
    return {
        "since": found.since.isoformat(),
        "roles": [one._asdict() for one in found.roles],
        "members": [
            {
                "staff": one.member.staff,
                "name": one.member.name,
                "title": one.member.title,
                "role": one.member.role,
                "seen": moment(one.member.seen_at),
                "acts": one.acts,
                "denied": one.denied,
                "unused": list(one.unused),
            }
            for one in found.members
        ],
        "keys": [
            {
                "key_id": one.key,
                "name": one.name,
                "role": one.role,
                "created": moment(one.created_at),
                "expires": moment(one.expires_at),
                "acts": one.acts,
                "denied": one.denied,
                "unused": list(one.unused),
            }
            for one in found.keys
        ],
        "done": [one._asdict() for one in found.done],
        "unused": list(found.unused),
    }


def _seen(one: "MemberAccess") -> str:
    return moment(one.member.seen_at) or "never"


def check_grants(policy: "Policy", purposes: Sequence[str], cases: Sequence[str]) -> None:
    """Refuse purposes and cases that the policy does not know: a key for them would open nothing.

    Raises:
        InvalidInput: Names the one at fault.
    """
    grants = (("purpose", purposes, policy.scales.purposes), ("case", cases, policy.cases.keys()))
    for field, given, known in grants:
        for name in given:
            if name != "*" and name not in known:
                mend = nearest(
                    name, dict.fromkeys(known), "`troth policy show` lists what there is; * stands for all."
                )
                raise InvalidInput(f"The policy knows no {field} {name!r}.", field=field, mend=mend)


def write_secret(file: Path, secret: str) -> None:
    """Write a secret into a new file that only its owner can read."""
    with os.fdopen(
        os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w", encoding="utf-8"
    ) as out:
        out.write(secret + "\n")


def last_instant(day: str) -> "datetime":
    """The end of a day (UTC)."""
    from datetime import UTC, datetime, timedelta

    start = datetime.fromisoformat(checked_day(day)).replace(tzinfo=UTC)
    return start + timedelta(days=1) - timedelta(microseconds=1)
