"""`troth init`, `troth serve` and `troth demo`."""

import faulthandler
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.access import write_secret
from troth.cli.frame import BEGIN, command
from troth.cli.say import Say

if TYPE_CHECKING:
    from troth.bootstrap import Initialised

app = typer.Typer()
Host = Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")]
Port = Annotated[
    int | None, typer.Option("--port", min=1, max=65_535, metavar="N", help="Port to listen on.")
]
_DEMO_PORT = 8080


@command(
    app,
    "init",
    panel=BEGIN,
    example="troth init data --key-out first.key",
    gives={
        "folder": "the data folder",
        "policy": "SHA-256 of the policy version in force",
        "key_id": "id of the first API key",
        "key": "the key, shown this once; empty with --key-out",
        "root_key": "file with the root key, to be copied to a safe place",
    },
)
def init(
    say: Say,
    *,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Where; left out: --data or ./data.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="FILE", help="Your policy; left out: the reference policy."),
    ] = None,
    key_out: Annotated[
        Path | None,
        typer.Option(
            "--key-out", metavar="FILE", help="Write the first API key here (mode 0600), show nothing."
        ),
    ] = None,
    database: Annotated[
        str,
        typer.Option(
            "--database",
            metavar="URL",
            envvar="TROTH_DATABASE_URL",
            help="PostgreSQL for the data; left out: SQLite. With a password, set the variable TROTH_DATABASE_URL instead.",
        ),
    ] = "",
    keystore: Annotated[
        str,
        typer.Option(
            "--keystore",
            metavar="URL",
            envvar="TROTH_KEYSTORE_URL",
            help="Another PostgreSQL database for keys; with a password, set TROTH_KEYSTORE_URL instead.",
        ),
    ] = "",
) -> None:
    """Make a data folder: settings, keys, stores, the policy in force, a first API key."""
    from troth.bootstrap import init_folder

    where = folder or say.folder
    made = init_folder(where, policy=policy, database_url=database, keystore_url=keystore)
    _tell_made(say, where, made, key_out)


def _tell_made(say: Say, where: Path, made: "Initialised", key_out: Path | None) -> None:
    if key_out is not None:
        write_secret(key_out, made.admin_key)
    root = where / "keys" / "root.key"
    document = {"folder": where, "policy": made.policy_sha256, "key_id": made.admin_key_id, "root_key": root}
    key = f"First API key in {key_out}" if key_out else f"First API key, not shown again:\n{made.admin_key}"
    text = f"Made {where}. {key}\nCopy {root} to a safe place: without it nothing can be read.\nNext: troth serve --data {where}"
    say.answer({**document, "key": "" if key_out else made.admin_key}, text)


@command(
    app,
    "serve",
    panel=BEGIN,
    example="troth serve --data data --port 8080",
    gives={"url": "address that answers", "folder": "the data folder"},
)
def serve(
    say: Say,
    *,
    host: Host = None,
    port: Port = None,
    tls_certificate: Annotated[
        Path | None,
        typer.Option("--tls-certificate", metavar="FILE", help="Certificate chain (PEM), to serve https."),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="The certificate's private key (PEM).")
    ] = None,
) -> None:
    """Serve the API and the published pages until interrupted; what was accepted is on disk by then."""
    from troth.cli.listening import claimed, tls_pair
    from troth.web import serve as run

    # A crash below Python says nothing by itself; this names the lines that every thread was at, and no value.
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)
    tls = tls_pair(tls_certificate, tls_key)

    def ready(url: str) -> None:
        text = f"Serving {say.folder} on {url} (policy page {url}/policy). Ctrl-C stops."
        say.answer({"url": url, "folder": say.folder}, text)

    with claimed(say.folder, host, port):
        run(say.folder, host, port, tls=tls, ready=ready)


@command(
    app,
    "demo",
    panel=BEGIN,
    example="troth demo",
    gives={
        "url": "address that answers",
        "folder": "the data folder",
        "people": "people registered",
        "pages": "addresses to look at",
        "commands": "commands to try",
    },
)
def demo(
    say: Say,
    *,
    people: Annotated[
        int, typer.Option("--people", min=1, max=100_000, metavar="N", help="How many made people.")
    ] = 2_000,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", min=1, max=65_535, metavar="N", help="Port; when it is taken, a free one."),
    ] = _DEMO_PORT,
) -> None:
    """Serve a folder of made people (./demo-data): registers them over HTTP, then shows what to try. Ctrl-C stops."""
    from troth.cli.demo import run_demo

    run_demo(say, people=people, host=host, port=port)
