"""What all commands share: the options `--data`, `--json` and `--debug`, errors, exit codes, help with an example."""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import typer
from typer.core import TyperGroup

from troth.cli.codes import BadUsage, code_of, file_trouble
from troth.cli.say import Say
from troth.kernel import TrothError

F = TypeVar("F", bound=Callable[..., None])
SHARED = "Every command"
BEGIN, POLICY, PEOPLE, KEEPING = "Begin here", "The policy at work", "People and cases", "Keeping it well"
_DATA_HELP = "The data folder; else the variable TROTH_DATA, else ./data."


def _data(variable: str | None) -> Any:
    return typer.Option(
        "--data",
        metavar="FOLDER",
        envvar=variable,
        show_envvar=False,
        show_default=False,
        help=_DATA_HELP,
        rich_help_panel=SHARED,
    )


DataBefore = Annotated[Path | None, _data("TROTH_DATA")]
Data = Annotated[Path | None, _data(None)]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, errors too.", rich_help_panel=SHARED)
]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error arose.", rich_help_panel=SHARED)]
_SHARED = {"data": (Data, None), "as_json": (Json, False), "debug": (Debug, False)}


class Reference(NamedTuple):
    """What the manual says of a command beside its help: an example, and the members of its JSON document."""

    example: str
    gives: Mapping[str, str]


class Program(TyperGroup):
    """The root command; shows a wrong command line as it shows every other error."""

    def main(
        self, args: Sequence[str] | None = None, prog_name: str | None = None, *_: Any, **extra: Any
    ) -> Any:
        """Run with arguments (those of the process when None) and end the process."""
        given = list(sys.argv[1:] if args is None else args) or ["--help"]
        extra["standalone_mode"] = False
        try:
            code = super().main(given, prog_name or "troth", **extra)
        except typer.Abort:
            sys.exit(130)
        except typer.TyperException as error:
            Program._explain(error, given)
        sys.exit(code if isinstance(code, int) else 0)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands plainly: loading what draws boxes would take longer than all the rest."""
        mode, self.rich_markup_mode = self.rich_markup_mode, None
        super().format_help(ctx, formatter)
        self.rich_markup_mode = mode

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  the shape of the method it replaces
        """Write the commands under their headings."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            heading = str(getattr(command, "rich_help_panel", None) or "Commands")
            sentence = " ".join((command.help or "").split()).partition(". ")[0].rstrip(".")
            panels.setdefault(heading, []).append((name, f"{sentence}."))
        for heading, rows in panels.items():
            with formatter.section(heading):
                formatter.write_dl(rows)

    @staticmethod
    def _explain(error: typer.TyperException, given: Sequence[str]) -> None:
        show: Callable[[], str] = getattr(error, "format_message", lambda: str(error))
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "troth"
        say = Say(None, as_json="--json" in given, debug=False)
        what = show().rstrip(".")
        what += "" if what.endswith("?") else "."
        try:
            say.fail(BadUsage(what, mend=f"`{path} --help` shows how."), code_of(BadUsage("")))
        except typer.Exit as end:
            sys.exit(end.exit_code)


def group(name: str, about: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(
        name=name, help=about, no_args_is_help=True, add_completion=False, rich_markup_mode="rich"
    )


def command(
    app: typer.Typer, name: str, *, example: str, gives: Mapping[str, str], panel: str | None = None
) -> Callable[[F], F]:
    """Make a function a command; its first parameter is the `Say` to answer with, its docstring the help.

    Args:
        app: The group that it belongs to.
        name: Its name there.
        example: A command line that works.
        gives: Members of its JSON document, with their meaning.
        panel: The heading that it stands under in the help of the group.
    """

    def register(function: F) -> F:
        run = _with_shared_options(function)
        run.__dict__["reference"] = Reference(example, gives)
        epilog = f"Example: {example}"
        app.command(name, help=inspect.getdoc(function), epilog=epilog, rich_help_panel=panel)(run)
        return function

    return register


def shared_options(
    context: typer.Context, *, data: DataBefore = None, as_json: Json = False, debug: Debug = False
) -> None:
    """Keep the shared options that stand before the command."""
    context.obj = {"data": data, "as_json": as_json, "debug": debug}


def _with_shared_options(function: Callable[..., None]) -> Callable[..., None]:
    own = list(inspect.signature(function).parameters.values())[1:]

    def run(**given: Any) -> None:
        context: typer.Context = given.pop("context")
        before = context.obj or {}
        shared = {name: given.pop(name) or before.get(name) for name in _SHARED}
        say = Say(shared["data"], as_json=bool(shared["as_json"]), debug=bool(shared["debug"]))
        _run(say, lambda: function(say, **given))

    parameters = [
        inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
        *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own),
        *(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for name, (annotation, default) in _SHARED.items()
        ),
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__name__ = function.__name__
    run.__doc__ = function.__doc__
    run.__module__ = function.__module__
    return run


def _run(say: Say, work: Callable[[], None]) -> None:
    try:
        work()
    except TrothError as error:
        if say.debug:
            raise
        say.fail(error, code_of(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        if say.debug:
            raise
        trouble = file_trouble(error)
        say.fail(trouble, code_of(trouble))
