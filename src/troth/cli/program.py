"""The program: every command in its group."""

import typer

from troth.cli import (
    access,
    acts,
    archives,
    audiences,
    bulletins,
    calls,
    campaigns,
    certificates,
    collecting,
    connectors,
    deadlines,
    desk,
    doctor,
    events,
    holds,
    jobs,
    keeping,
    keys,
    ledger,
    letters,
    links,
    mail,
    messages,
    packages,
    persons,
    policy,
    protection,
    reports,
    requests,
    retention,
    serving,
    staff,
    stops,
    telemetry_schema,
)
from troth.cli.frame import KEEPING, PEOPLE, POLICY, Program, shared_options

_PARTS = (
    (serving.app, None),
    (acts.app, None),
    (policy.app, POLICY),
    (persons.app, PEOPLE),
    (persons.cases, PEOPLE),
    (desk.app, PEOPLE),
    (requests.app, PEOPLE),
    (deadlines.app, PEOPLE),
    (packages.app, PEOPLE),
    (certificates.app, PEOPLE),
    (holds.app, PEOPLE),
    (retention.app, PEOPLE),
    (collecting.app, PEOPLE),
    (protection.child, PEOPLE),
    (protection.suppression, PEOPLE),
    (stops.app, PEOPLE),
    (access.app, PEOPLE),
    (staff.app, PEOPLE),
    (reports.app, PEOPLE),
    (messages.app, PEOPLE),
    (audiences.app, PEOPLE),
    (letters.app, PEOPLE),
    (calls.app, PEOPLE),
    (bulletins.app, PEOPLE),
    (campaigns.app, PEOPLE),
    (events.app, KEEPING),
    (telemetry_schema.app, KEEPING),
    (ledger.app, KEEPING),
    (keys.app, KEEPING),
    (jobs.app, KEEPING),
    (mail.app, KEEPING),
    (connectors.app, KEEPING),
    (links.app, KEEPING),
    (keeping.app, None),
    (archives.app, None),
    (doctor.app, None),
)
"""Commands in the order of the help, groups with the heading that they stand under."""


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
    for part, panel in _PARTS:
        app.add_typer(part, rich_help_panel=panel)
    return app


def program() -> None:
    """Run with the arguments of the process."""
    build()()
