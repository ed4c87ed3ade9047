"""The command line: parse, call once, render.

Loading this room loads Typer and nothing else; a command imports what it needs when it runs, so that `troth --help`
answers at once.
"""

__all__ = ["main"]


def main() -> None:
    """Run the program `troth` with the arguments of the process, and end it with the exit code."""
    from troth.cli.program import program

    program()
