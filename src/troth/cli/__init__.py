"""The command line: parse, call once, render.

Loading this room loads Typer and nothing else; a command imports what it needs when it runs, so that `troth --help`
answers at once.
"""

import gc

__all__ = ["main"]

_SELDOM = 50_000
"""New objects between two looks for garbage: what a start loads stays, and looking through it again and again takes a tenth of it."""


def main() -> None:
    """Run the program `troth` with the arguments of the process, and end it with the exit code."""
    gc.set_threshold(_SELDOM)
    from troth.cli.program import program

    program()
