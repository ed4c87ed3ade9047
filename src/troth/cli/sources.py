"""Which policy, which act, which key: what several commands read from their options."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.codes import BadUsage, FileTrouble
from troth.cli.say import Say
from troth.kernel import InvalidInput

if TYPE_CHECKING:
    from troth.policy import Act, Policy

KEY_VARIABLE = "TROTH_KEY"

PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="A policy document instead of the version in force."),
]
Kind = Annotated[
    str,
    typer.Option("--kind", metavar="KIND", help="collect, use, send, disclose, analyse, erase or instruct."),
]
ActorRole = Annotated[str, typer.Option("--actor", metavar="ROLE", help="Role that acts, as staff.support.")]
Purpose = Annotated[str, typer.Option("--purpose", metavar="USE", help="Data use that the act serves.")]
Categories = Annotated[
    list[str] | None, typer.Option("--category", metavar="KEY", help="Data category; may be repeated.")
]
FieldNames = Annotated[
    list[str] | None, typer.Option("--field", metavar="NAME", help="Field of a person; may be repeated.")
]
RecipientName = Annotated[
    str,
    typer.Option("--recipient", metavar="NAME", help="Declared recipient; left out: the data stays inside."),
]
Channel = Annotated[
    str, typer.Option("--channel", metavar="NAME", help="web, email, phone, letter, product, api...")
]
Facts = Annotated[
    list[str] | None,
    typer.Option("--fact", metavar="NAME", help="Fact that holds, as case.open; may be repeated."),
]
OnDay = Annotated[
    str, typer.Option("--on", metavar="DATE", help="Day of the act, as 2015-04-16; left out: today.")
]
ActJson = Annotated[
    str,
    typer.Option(
        "--act", metavar="JSON", help="The whole act as JSON instead of options; - reads standard input."
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file", metavar="FILE", help=f"File with the API key; else the variable {KEY_VARIABLE}."
    ),
]
CaseId = Annotated[str, typer.Option("--case", metavar="ID", help="Open case that gives the business need.")]


def chosen_policy(say: Say, file: Path | None) -> "Policy":
    """The policy in a file, or the version in force in the data folder."""
    if file is None:
        with say.open() as troth:
            return troth.policy()
    from troth.policy import compile_policy

    return compile_policy(file.read_bytes(), str(file))


def file_text(path: Path) -> str:
    """What a file named on the command line says.

    Raises:
        FileTrouble: It is not text in UTF-8.
        OSError: It cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise FileTrouble(
            f"{path} is not text in UTF-8.", field=str(path), mend="Name a text file, saved as UTF-8."
        ) from None


def api_key(key_file: Path | None) -> str:
    """The API key of who acts; never an argument, because other users of the machine can read those.

    Raises:
        BadUsage: None was given.
    """
    key = file_text(key_file) if key_file else os.environ.get(KEY_VARIABLE, "")
    if not key.strip():
        raise BadUsage(
            "No API key was given.",
            mend=f"Set {KEY_VARIABLE}, or name a file with --key-file; `troth access issue` makes a key.",
            field="key",
        )
    return key.strip()


def json_object(text: str, field: str) -> dict[str, Any]:
    """A JSON object given as text, or on standard input when the text is `-`.

    Raises:
        InvalidInput: It is not a JSON object; says where.
    """
    import json
    import sys

    given = sys.stdin.read() if text == "-" else text
    try:
        value = json.loads(given)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidInput(
            f"--{field} is not JSON: {error}.", field=field, mend="Put it in single quotes."
        ) from error
    if not isinstance(value, dict):
        raise InvalidInput(
            f"--{field} is not a JSON object.", field=field, mend='Write it as {"name": "value"}.'
        )
    return value


def act_of(policy: "Policy", given: Mapping[str, Any]) -> "Act":
    """The act that options or JSON describe.

    Args:
        policy: Gives the categories of fields.
        given: Members of an act; `fields` stands for the categories of these fields.

    Raises:
        InvalidInput: A member is unknown, missing or of the wrong type; names it.
    """
    from troth.policy import ACT_KINDS, Act

    known = {*Act._fields, "fields"}
    for name in given:
        if name not in known:
            raise InvalidInput(
                f"An act has no {name!r}.", field=name, mend=f"It has {', '.join(sorted(known))}."
            )
    one = {
        name: text(given.get(name) or "", name)
        for name in ("kind", "actor", "purpose", "recipient", "channel", "on")
    }
    many = {name: texts(given.get(name) or (), name) for name in ("data", "facts", "fields")}
    for name, asked in (
        ("kind", f"one of {', '.join(ACT_KINDS)}"),
        ("actor", "a role"),
        ("purpose", "a data use"),
    ):
        if not one[name]:
            raise BadUsage(f"The act names no {name}.", field=name, mend=f"Add --{name}: {asked}.")
    for fact in many["facts"]:
        if fact not in policy.facts:
            mend = nearest(fact, policy.facts, "docs/policy-format.md lists them.")
            raise InvalidInput(f"{fact!r} is not a fact.", field="facts", mend=mend)
    categories = {*many["data"], *(category_of(policy, name) for name in many["fields"])}
    return Act(
        one["kind"], one["actor"], one["purpose"], tuple(sorted(categories)), one["recipient"], one["channel"],
        tuple(sorted(set(many["facts"]))), checked_day(one["on"] or today()),
    )  # fmt: skip


def category_of(policy: "Policy", name: str) -> str:
    """The data category of a field.

    Raises:
        InvalidInput: The policy declares no such field (clause 0.4).
    """
    field = policy.fields.get(name)
    if field is None:
        raise InvalidInput(
            f"Field {name!r} is not declared and classed by the policy.",
            clause="0.4",
            field=name,
            mend=nearest(name, policy.fields, "`troth policy show --fields` lists them."),
        )
    return field.category


def nearest(name: str, known: Mapping[str, object], otherwise: str) -> str:
    """What to do about an unknown name."""
    close = get_close_matches(name, list(known), 3)
    return f"Did you mean {' or '.join(close)}?" if close else otherwise


def pairs(given: Sequence[str] | None, option: str) -> dict[str, str]:
    """Options written as NAME=VALUE.

    Raises:
        BadUsage: One has no `=`.
    """
    found: dict[str, str] = {}
    for one in given or ():
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise BadUsage(f"{option} takes NAME=VALUE.", mend=f"Write it as {option} email=ann@example.com.")
        found[name] = value
    return found


def text(value: object, name: str) -> str:
    """A text of an act; InvalidInput when it is none."""
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be text.", field=name, mend="Put it in double quotes.")
    return value


def texts(value: object, name: str) -> tuple[str, ...]:
    """A list of texts of an act; InvalidInput when it is none."""
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise InvalidInput(f"{name} must be a list of texts.", field=name, mend='Write it as ["a", "b"].')
    return tuple(value)


def checked_day(day: str) -> str:
    """An ISO date; InvalidInput when it is none."""
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError as error:
        raise InvalidInput(f"{day!r} is not a date.", field="on", mend="Write it as 2015-04-16.") from error


def today() -> str:
    """The day of the clock that the program runs by, as an ISO date."""
    from troth.bootstrap import chosen_clock

    return chosen_clock(None).now().date().isoformat()


def moment(micros: int) -> str:
    """An instant in microseconds for people and JSON; empty for 0, which means never."""
    from troth.kernel import from_micros

    return from_micros(micros).isoformat(timespec="seconds") if micros else ""
