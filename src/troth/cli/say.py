"""What a command says: one JSON document, or text for people; questions only to somebody at a terminal."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

import typer

from troth.cli.codes import BadUsage, Code, error_document
from troth.kernel import set_up_logs

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from troth.bootstrap import Troth

DEFAULT_FOLDER = Path("data")
_WIDE = 1_000
Text = str | Callable[["Console"], None]


class Say:
    """The output side of one command.

    Args:
        chosen: The data folder that was named, if one was.
        as_json: Whether to print one JSON document instead of text.
        debug: Whether errors show their traceback.
    """

    def __init__(self, chosen: Path | None, *, as_json: bool, debug: bool) -> None:
        self.chosen = chosen
        self.as_json = as_json
        self.debug = debug

    @property
    def folder(self) -> Path:
        """The data folder: the one named, else `./data`."""
        return self.chosen or DEFAULT_FOLDER

    def open(self, *, sequencer: bool = False) -> "Troth":
        """The data folder's running parts, as a context manager; without a background sequencer unless asked for."""
        from troth.bootstrap import open_troth

        log_warnings_only()
        return open_troth(self.folder, sequencer=sequencer)

    def answer(self, document: Mapping[str, Any], text: Text = "", code: Code = Code.DONE) -> None:
        """Print the command's answer and, when `code` is not 0, end with it."""
        if self.as_json:
            typer.echo(json.dumps(document, ensure_ascii=False, default=_plain))
        elif isinstance(text, str):
            typer.echo(text)
        else:
            text(console())
        if code:
            raise typer.Exit(int(code))

    def fail(self, error: Any, code: Code) -> Never:
        """Print an error and end."""
        if self.as_json:
            typer.echo(json.dumps(error_document(error), ensure_ascii=False, default=_plain))
        else:
            for finding in getattr(error, "findings", ()):
                typer.echo(clean(str(finding)), err=True)
            typer.echo(f"Error: {clean(str(error))}", err=True)
        raise typer.Exit(int(code))

    def note(self, text: str) -> None:
        """Tell on standard error what goes on; never part of the answer."""
        if not self.as_json:
            typer.echo(text, err=True)

    def progress(self) -> "Progress":
        """A progress bar on standard error; silent where nobody watches."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        watched = sys.stderr.isatty() and not self.as_json
        return Progress(*parts, console=Console(stderr=True), disable=not watched)

    def ask(self, given: str, option: str, question: str) -> str:
        """What was given, or the answer of somebody at the terminal.

        Raises:
            BadUsage: Nothing was given and nobody is there.
        """
        if given:
            return given
        if self.as_json or not sys.stdin.isatty():
            raise BadUsage(
                f"{option} is missing.", mend=f"Add {option}: {question}", field=option.lstrip("-")
            )
        return str(typer.prompt(question, err=True)).strip()


def log_warnings_only() -> None:
    """Send warnings to standard error, and nothing else anywhere: standard output belongs to the answer."""
    set_up_logs(_write_warnings)


def _write_warnings() -> None:
    import logging

    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def console() -> "Console":
    """Where text for people goes: styles only on a terminal, nothing in it read as markup."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDE
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Text:
    """A table as text for people."""

    def show(out: "Console") -> None:
        from rich import box
        from rich.table import Table

        shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for head in heads:
            shown.add_column(head, overflow="fold")
        for row in rows:
            shown.add_row(*(clean(str(cell)) for cell in row))
        out.print(shown, soft_wrap=False)

    return show


def stacked(*texts: Text) -> Text:
    """Several texts for people, one below the other."""

    def show(out: "Console") -> None:
        for number, text in enumerate(texts):
            if number:
                out.print()
            if isinstance(text, str):
                out.print(text)
            else:
                text(out)

    return show


def clean(text: str) -> str:
    """Text without the control characters that could steer a terminal."""
    return "".join(one if one.isprintable() or one in "\n\t" else "�" for one in text)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
