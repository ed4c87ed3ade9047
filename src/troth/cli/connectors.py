"""`troth connector`: other databases and recipients that requests of people reach."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import file_text
from troth.kernel import InvalidInput

if TYPE_CHECKING:
    from troth.bootstrap import ConnectorSettings
    from troth.connectors import Finding

app = group("connector", "Other databases and recipients that requests of people reach.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the connector, such as shop.")]
DatasetFile = Annotated[
    Path | None,
    typer.Option("--dataset", metavar="FILE", help="Of a database: its data-set file, in the Fides format."),
]
UrlVariable = Annotated[
    str,
    typer.Option(
        "--url-variable",
        metavar="NAME",
        help="Of a database: the environment variable that holds its URL.",
    ),
]
UrlFile = Annotated[
    str,
    typer.Option("--url-file", metavar="FILE", help="Of a database: the file (mode 600) that holds its URL."),
]
Exact = Annotated[
    bool,
    typer.Option(
        "--exact", help="Of a database: find text identifiers only as they are written, not in any case."
    ),
]
Webhook = Annotated[
    str, typer.Option("--webhook", metavar="URL", help="Of a recipient: where signed messages go.")
]
Recipient = Annotated[
    str, typer.Option("--recipient", metavar="NAME", help="Of a recipient: its name in the policy.")
]
Requests = Annotated[
    str,
    typer.Option("--requests", metavar="KINDS", help="Of a recipient: the kinds of request it is told of."),
]
Private = Annotated[
    bool,
    typer.Option(
        "--private",
        help="Of a recipient: let it have an address inside your own network, and plain http.",
    ),
]
Identities = Annotated[
    list[str] | None,
    typer.Option(
        "--identity",
        metavar="KIND=FIELD",
        help="A kind of identifier and the policy's field that holds it.",
    ),
]


@command(
    app,
    "add",
    example="troth connector add shop --dataset shop.yml --url-variable SHOP_DATABASE_URL",
    gives={
        "name": "the connector",
        "kind": "sql or webhook",
        "secret_file": "of a webhook: where its secret lies",
    },
)
def add(
    say: Say,
    *,
    name: Name,
    dataset: DatasetFile = None,
    url_variable: UrlVariable = "",
    url_file: UrlFile = "",
    exact: Exact = False,
    webhook: Webhook = "",
    recipient: Recipient = "",
    requests: Requests = "access,erase,correct,restrict,object",
    private: Private = False,
    identity: Identities = None,
) -> None:
    """Add a connector. People are found by their e-mail address; name other identifiers only when it is sure whose they are."""
    settings = _settings(
        identity, webhook, recipient, requests, url_variable, url_file, exact=exact, private=private
    )
    text = file_text(dataset) if dataset is not None else ""
    with say.open() as troth:
        secret = troth.connectors.add(name, settings, text)
    document = {"name": name, "kind": settings.kind, "secret_file": str(secret or "")}
    told = f"Added. Give the recipient the secret in {secret}." if secret else "Added."
    say.answer(document, f"{told} Check it: troth connector check {name}")


def _settings(
    identity: Sequence[str] | None,
    webhook: str,
    recipient: str,
    requests: str,
    url_variable: str,
    url_file: str,
    *,
    exact: bool,
    private: bool,
) -> "ConnectorSettings":
    from troth.bootstrap import ConnectorSettings

    return ConnectorSettings(
        kind="webhook" if webhook else "sql",
        url_variable=url_variable,
        url_file=url_file,
        url=webhook,
        recipient=recipient,
        requests=tuple(one.strip() for one in requests.split(",") if one.strip()) if webhook else (),
        private=private,
        any_case=not exact,
        identities=_identities(identity or ()),
    )


def _identities(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for one in given:
        kind, mark, field = one.partition("=")
        if not (kind and mark and field):
            raise InvalidInput(
                "An identity is no KIND=FIELD.", field="identity", mend="Write it like email=email."
            )
        found[kind] = field
    return found


@command(
    app,
    "check",
    example="troth connector check shop",
    gives={
        "name": "the connector",
        "errors": "how many",
        "findings": "severity, collection, field, what and mend of each",
    },
)
def check(say: Say, *, name: Name) -> None:
    """Compare a connector with its database and the policy: what is missing, unknown, out of reach or cannot be masked."""
    with say.open() as troth:
        found = troth.connectors.check(name)
    errors = sum(one.severity == "error" for one in found)
    document = {"name": name, "errors": errors, "findings": [_finding(one) for one in found]}
    rows = [
        (one.severity, ".".join(filter(None, (one.collection, one.field))), one.what, one.mend)
        for one in found
    ]
    told = table(("", "where", "what", "what to do"), rows) if rows else "Nothing is wrong."
    say.answer(document, told)
    if errors:
        raise typer.Exit(1)


def _finding(one: "Finding") -> dict[str, str]:
    return {
        "severity": one.severity,
        "collection": one.collection,
        "field": one.field,
        "what": one.what,
        "mend": one.mend,
    }


@command(
    app,
    "list",
    example="troth connector list",
    gives={"connectors": "name, kind, where (a variable, a file or a URL), recipient and identities of each"},
)
def list_(say: Say) -> None:
    """List the connectors of the folder."""
    with say.open() as troth:
        files = troth.connectors.files
        found = [(name, files.settings(name)) for name in files.names()]
    rows = [_row(name, settings) for name, settings in found]
    heads = list(rows[0]) if rows else ["no connectors"]
    cells = [
        [str(value) if not isinstance(value, dict) else ", ".join(value) for value in row.values()]
        for row in rows
    ]
    say.answer({"connectors": rows}, table(heads, cells))


def _row(name: str, settings: "ConnectorSettings") -> dict[str, Any]:
    where = settings.url or settings.url_variable or settings.url_file
    return {
        "name": name,
        "kind": settings.kind,
        "where": where,
        "recipient": settings.recipient,
        "identities": settings.identities,
    }


@command(app, "remove", example="troth connector remove shop", gives={"name": "the connector"})
def remove(say: Say, *, name: Name) -> None:
    """Remove a connector and its secret. Nothing elsewhere is changed; what still waits there fails."""
    with say.open() as troth:
        troth.connectors.files.remove(name)
    say.answer({"name": name}, "Removed.")
