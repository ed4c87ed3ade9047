"""`troth doctor`: is everything of a data folder as it should be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import typer

from troth.cli.codes import Code, error_document, file_trouble
from troth.cli.frame import KEEPING, command
from troth.cli.say import Say
from troth.kernel import Corrupt, TrothError

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")
app = typer.Typer()


@dataclass(frozen=True, slots=True)
class Line:
    """What one check found; `error` is None when all is well."""

    name: str
    detail: str
    error: TrothError | None = None


@command(
    app,
    "doctor",
    panel=KEEPING,
    example="troth doctor --data data",
    gives={
        "ok": "whether every check passed; exit code 4 when something failed verification, 1 on other trouble",
        "checks": "name, ok, detail and mend of each check",
        "error": "only with trouble: the first that failed, in the shape of every error",
    },
)
def doctor(say: Say) -> None:
    """Check settings, file permissions, clock, keys, databases, policy, ledger and mail of the data folder."""
    lines = examine(say)
    failed = [line.error for line in lines if line.error is not None]
    rows = [
        {
            "name": line.name,
            "ok": line.error is None,
            "detail": line.detail,
            "mend": line.error.mend if line.error else "",
        }
        for line in lines
    ]
    document = {"ok": not failed, "checks": rows, **(error_document(failed[0]) if failed else {})}
    say.answer(document, lambda out: show(out, lines), ending(failed))


def ending(failed: list[TrothError]) -> Code:
    """The exit code: 4 when something failed verification, else 1, 0 when nothing failed."""
    if any(isinstance(error, Corrupt) for error in failed):
        return Code.UNVERIFIED
    return Code.ERROR if failed else Code.DONE


def examine(say: Say) -> list[Line]:
    """Run the checks; those that need an open folder are left out when it does not open."""
    from troth.cli.checks import CLOSED, OPEN

    lines = [_line(name, check, say.folder) for name, check in CLOSED.items()]
    if lines[0].error is not None:
        return lines
    try:
        troth = say.open()
    except TrothError as error:
        return [*lines, Line("opens", error.what, error)]
    with troth:
        lines += [_line(name, check, troth) for name, check in OPEN.items()]
    return lines


def show(out: "Console", lines: list[Line]) -> None:
    """The checks for people."""
    for line in lines:
        bad = line.error is not None
        out.print("fail" if bad else "ok  ", style="bold red" if bad else "green", end="")
        out.print(f" {line.name}: {line.detail}")
        if line.error is not None and line.error.mend:
            out.print(f"       {line.error.mend}")


def _line(name: str, check: Callable[[T], str], on: T) -> Line:
    try:
        return Line(name, check(on))
    except TrothError as error:
        return Line(name, error.what, error)
    except OSError as error:
        trouble = file_trouble(error)
        return Line(name, trouble.what, trouble)
    except Exception as error:  # noqa: BLE001  a damaged store may break anything, and the other checks still matter
        broken = Corrupt(
            f"The check broke ({type(error).__name__}).",
            mend="Restore a backup; --debug of another command shows more.",
        )
        return Line(name, broken.what, broken)
