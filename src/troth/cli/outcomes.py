"""Acts through the gate: performing one, and showing what became of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from troth.cli.codes import code_of_status
from troth.cli.say import Say, clean
from troth.cli.sources import api_key
from troth.kernel import InvalidInput

if TYPE_CHECKING:
    from troth.gate import Ask, Outcome

OUTCOME = {
    "effect": "permit or deny",
    "clauses": "ids of the clauses that decided",
    "explanation": "why, in plain language",
    "obligations": "duties that follow",
    "policy": "SHA-256 of the version that decided",
    "entry": "id of the ledger entry, empty when nothing was recorded",
    "person": "handle of the person concerned",
    "case": "case that was opened, closed or cited",
    "values": "values read, by field",
    "withheld": "fields asked for but not allowed",
    "record": "record that was written or cited",
    "held": "true when the submission waits for a confirmation by mail",
    "problem": "status, code, detail, clause, field and mend, or null",
    "error": "only when the act was not done; the shape of every error",
}
"""Members of the JSON document of every command that performs an act."""


def perform(say: Say, key_file: Path | None, given: Mapping[str, Any]) -> None:
    """Perform one act with the key of who runs the command, and answer with its outcome."""
    key = api_key(key_file)
    with say.open() as troth:
        ask = ask_of({**given, "key": key})
        outcome = troth.perform([ask])[0]
        troth.flush_ledger()
    show_outcome(say, outcome)


def ask_of(given: Mapping[str, Any]) -> "Ask":
    """The act that options or JSON describe; members left empty stay as they are by default.

    Raises:
        InvalidInput: A member is unknown or of the wrong type; names it.
    """
    import msgspec

    from troth.gate import Ask

    for name in given:
        if name not in Ask.__struct_fields__:
            known = ", ".join(one for one in Ask.__struct_fields__ if one != "key")
            raise InvalidInput(f"An act has no {name!r}.", field=name, mend=f"It has {known}.")
    try:
        return msgspec.convert({name: value for name, value in given.items() if value is not None}, Ask)
    except msgspec.ValidationError as error:
        where = str(error).partition("`$.")[2].rstrip("`")
        told = str(error).partition(" - at ")[0]
        raise InvalidInput(
            f"{where or 'The act'}: {told}.", field=where, mend="See `troth act --help`."
        ) from error


def show_outcome(say: Say, outcome: "Outcome") -> None:
    """Answer with an outcome; one that was not done ends the command with its code."""
    import msgspec

    document = msgspec.to_builtins(outcome)
    if outcome.problem is None:
        say.answer(document, _done(outcome))
        return
    problem = outcome.problem
    code = code_of_status(problem.status)
    document["error"] = {
        "code": problem.code,
        "exit": int(code),
        "what": problem.detail,
        "mend": problem.mend,
        "clause": problem.clause,
        "field": problem.field,
    }
    if not say.as_json:
        told = not problem.clause or problem.clause in problem.detail
        where = "" if told else f" (clause {problem.clause})"
        kept = f" Ledger entry {outcome.entry}." if outcome.entry else ""
        typer.echo(clean(f"Not done: {problem.detail}{where} {problem.mend}{kept}"), err=True)
        raise typer.Exit(int(code))
    say.answer(document, "", code)


def _done(outcome: "Outcome") -> str:
    lines = [outcome.explanation or f"Permitted by {', '.join(outcome.clauses)}."]
    lines += [f"  {name}: {shown(value)}" for name, value in outcome.values.items()]
    if outcome.withheld:
        lines.append(f"  withheld: {', '.join(outcome.withheld)}")
    for name, value in (("person", outcome.person), ("case", outcome.case), ("ledger entry", outcome.entry)):
        if value:
            lines.append(f"{name} {value}")
    return clean("\n".join(lines))


def shown(value: object) -> str:
    """A field's value on one line."""
    if isinstance(value, str):
        return value.replace("\n", " / ")
    import json

    return json.dumps(value, ensure_ascii=False)
