"""The sender's own commands, which a product can offer under its own name."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

from troth.telemetry.folder import Folder
from troth.telemetry.report import sample_report
from troth.telemetry.schema import Schema, TelemetryError
from troth.telemetry.sending import Sender
from troth.telemetry.standing import CHOICE
from troth.telemetry.sums import NAME
from troth.telemetry.weeks import local_now, week_of

LOOK_SECONDS = 600.0
_DONE, _FAILED, _MISUSED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives its status: 0 done, 1 it could not be done, 2 it was called wrongly."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "relay":
            return _relay(given)
        return _COMMANDS[given.command](given, _sender(given))
    except (TelemetryError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201  this is the command line
        return _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m troth.telemetry", description=__doc__)
    parser.add_argument("--schema", type=Path, help="schema document, as `troth telemetry schema` prints it")
    parser.add_argument("--folder", type=Path, help="folder that the product records into")
    parser.add_argument(
        "--product", help="declared product; else the one that recorded last, or the only one"
    )
    parser.add_argument("--release", help="its version; else the one that recorded last")
    parser.add_argument("--endpoint", default="", help="base address of the receiving door")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="whether it is on, who said so, and what waits")
    commands.add_parser("opt-in", help="switch it on")
    commands.add_parser("opt-out", help="switch it off, and remove what was recorded")
    preview = commands.add_parser("preview", help="the exact bytes of the next upload")
    preview.add_argument(
        "--sample", action="store_true", help="made-up values instead, as the public sample has"
    )
    sent = commands.add_parser("sent", help="what was sent: the weeks, or the exact bytes of one")
    sent.add_argument("week", nargs="?", help="such as 2026-W48")
    commands.add_parser("send", help="send the weeks that are over now, without the random delay")
    commands.add_parser("run", help="stay, and send each week when it is due")
    relay = commands.add_parser("relay", help="hand on the reports of sensors that have no network")
    relay.add_argument("--listen", default="127.0.0.1:8099", help="address and port")
    relay.add_argument("--certificate", type=Path, help="TLS certificate chain; needed beyond this machine")
    relay.add_argument("--private-key", type=Path, help="its private key")
    relay.add_argument("--hold", type=float, default=3600.0, help="seconds for which reports gather")
    return parser


def _sender(given: argparse.Namespace) -> Sender:
    """The sender of a folder.

    Raises:
        TelemetryError: Something is missing, or the schema cannot be read.
    """
    if given.schema is None or given.folder is None:
        raise TelemetryError("Say which installation: --schema FILE --folder FOLDER.")
    schema = _schema(given.schema)
    folder = Folder(given.folder)
    last, chosen = folder.read(NAME), folder.read(CHOICE)
    product = given.product or last.get("product") or chosen.get("product") or _only(schema)
    release = (
        given.release or last.get("release") or chosen.get("release") or schema.products.get(product, "")
    )
    given.shown = (schema, product, release)
    return Sender(schema, given.folder, product=product, release=release, endpoint=given.endpoint)


def _schema(path: Path) -> Schema:
    try:
        return Schema.from_document(json.loads(path.read_bytes()))
    except ValueError as error:
        if isinstance(error, TelemetryError):
            raise
        raise TelemetryError(f"{path} holds no JSON.") from error


def _only(schema: Schema) -> str:
    if len(schema.products) == 1:
        return next(iter(schema.products))
    raise TelemetryError(f"Say which product: --product {' or '.join(sorted(schema.products))}.")


def _status(_: argparse.Namespace, sender: Sender) -> int:
    found = sender.status()
    print("on" if found.standing.on else "off", f"({found.standing.why})")  # noqa: T201
    lines = (
        ("goes to", found.standing.endpoint),
        ("through", found.standing.relay),
        ("known there as", found.handle),
        ("waiting", ", ".join(found.weeks)),
        ("sent", ", ".join(found.sent)),
        ("refused here", ", ".join(f"{name}: {times}" for name, times in found.refused.items())),
        ("keys", ", ".join(found.keys)),
        ("last said", found.said),
    )
    for name, text in lines:
        if text:
            print(f"{name}: {text}")  # noqa: T201
    return _DONE


def _opt_in(_: argparse.Namespace, sender: Sender) -> int:
    print(sender.opt_in() or "Telemetry is on.")  # noqa: T201
    return _DONE


def _opt_out(_: argparse.Namespace, sender: Sender) -> int:
    print(sender.opt_out() or "Telemetry is off. Nothing is recorded or sent any more.")  # noqa: T201
    return _DONE


def _preview(given: argparse.Namespace, sender: Sender) -> int:
    if given.sample:
        schema, product, release = given.shown
        return _write(sample_report(schema, product, release, week_of(local_now())))
    body = sender.preview()
    if body is None:
        print("Telemetry is off: nothing would be sent. See `preview --sample`.", file=sys.stderr)  # noqa: T201
        return _DONE
    return _write(body)


def _sent(given: argparse.Namespace, sender: Sender) -> int:
    if given.week is None:
        print("\n".join(sender.status().sent) or "Nothing was sent.")  # noqa: T201
        return _DONE
    body = sender.sent(given.week)
    if body is None:
        print("Nothing was sent for this week.", file=sys.stderr)  # noqa: T201
        return _FAILED
    return _write(body)


def _send(_: argparse.Namespace, sender: Sender) -> int:
    found = sender.send_due(at_once=True)
    print("\n".join(f"sent {week}" for week in found.sent) or found.said or "Nothing is due.")  # noqa: T201
    if found.sent and found.said:
        print(found.said)  # noqa: T201
    return _FAILED if found.said and not found.sent else _DONE


def _run(_: argparse.Namespace, sender: Sender) -> int:
    ended = _until_told()
    while True:
        found = sender.send_due()
        for week in found.sent:
            print(f"sent {week}", flush=True)  # noqa: T201
        if ended.wait(LOOK_SECONDS):
            return _DONE


def _relay(given: argparse.Namespace) -> int:
    from troth.telemetry.relay import Relay

    if not given.endpoint or given.folder is None:
        raise TelemetryError("Say where to: --endpoint ADDRESS --folder FOLDER.")
    relay = Relay(
        given.folder,
        given.endpoint,
        listen=given.listen,
        certificate=given.certificate,
        private_key=given.private_key,
        hold=given.hold,
    )
    ended = _until_told()
    print(f"listening at {relay.address}", flush=True)  # noqa: T201
    relay.run(ended)
    return _DONE


def _until_told() -> Event:
    """Set when the process is told to end."""
    ended = Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: ended.set())
    return ended


def _write(body: bytes) -> int:
    """The exact bytes, and nothing more."""
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()
    return _DONE


_COMMANDS: dict[str, Callable[[argparse.Namespace, Sender], int]] = {
    "status": _status,
    "opt-in": _opt_in,
    "opt-out": _opt_out,
    "preview": _preview,
    "sent": _sent,
    "send": _send,
    "run": _run,
}
