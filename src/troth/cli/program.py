"""The program: every command in its group."""

import typer

from troth.cli import access, acts, ledger, persons, policy
from troth.cli.frame import Program, shared_options


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="troth",
        cls=Program,
        help="The privacy policy that runs: one document, published and enforced, with a ledger that proves it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(shared_options)
    for part in (acts.app, persons.app, persons.cases, access.app, policy.app, ledger.app):
        app.add_typer(part)
    return app


def program() -> None:
    """Run with the arguments of the process."""
    build()()
