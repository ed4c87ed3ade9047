"""Writes the reference of docs/command-line.md out of the program itself, so that it cannot fall behind.

`python scripts/command_line.py` rewrites what stands below the marker; with `--check` it only says whether it would.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from troth.cli.program import build

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "command-line.md"
MARKER = "<!-- Below here: written by scripts/command_line.py out of the program. -->\n"
SHARED = {"--data", "--json", "--debug", "--help"}


def commands(command: Any, path: str = "troth") -> Iterator[tuple[str, Any]]:
    """Every command with its full name, groups left out, in the order of the help."""
    for name, below in command.commands.items():
        if hasattr(below, "commands"):
            yield from commands(below, f"{path} {name}")
        else:
            yield f"{path} {name}", below


def reference() -> str:
    """The reference section."""
    parts = []
    for path, command in commands(typer.main.get_command(build())):
        parts += [f"### {path}\n", inspect.cleandoc(command.help or "") + "\n"]
        parts += ["```text", command.callback.reference.example, "```\n"]
        rows = [f"| `{name}` | {about} |" for name, about in _parameters(command)]
        if rows:
            parts += ["| argument or option | meaning |", "|---|---|", *rows, ""]
        parts += ["| JSON member | meaning |", "|---|---|"]
        parts += [f"| `{name}` | {about} |" for name, about in command.callback.reference.gives.items()]
        parts.append("")
    return "\n".join(parts)


def _parameters(command: Any) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        if SHARED & set(parameter.opts):
            continue
        value = parameter.metavar or ""
        if parameter.param_type_name == "argument":
            name = value or parameter.name.upper()
        else:
            name = " ".join([*parameter.opts, *([value] if value else [])])
        about = parameter.help.replace("|", "\\|")
        if parameter.required:
            about += " Mandatory."
        yield name.replace("|", "\\|"), about


def written(text: str) -> str:
    """A document with its reference as it should be."""
    return text.partition(MARKER)[0] + MARKER + "\n" + reference()


def main() -> None:
    """Rewrite the document, or with --check say whether it is up to date (status 1 when not)."""
    text = DOCUMENT.read_text(encoding="utf-8")
    right = written(text)
    if "--check" in sys.argv:
        print("docs/command-line.md:", "up to date" if text == right else "run scripts/command_line.py")
        sys.exit(text != right)
    DOCUMENT.write_text(right, encoding="utf-8")


if __name__ == "__main__":
    main()
