"""The program: every command in its group."""

import typer

from troth.cli import access, acts, doctor, keeping, keys, ledger, persons, policy, serving
from troth.cli.frame import Program, shared_options

_PARTS = (
    serving.app,
    acts.app,
    policy.app,
    persons.app,
    persons.cases,
    access.app,
    ledger.app,
    keys.app,
    keeping.app,
    doctor.app,
)


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
    for part in _PARTS:
        app.add_typer(part)
    return app


def program() -> None:
    """Run with the arguments of the process."""
    build()()
