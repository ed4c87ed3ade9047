"""`python -m troth.ledger`: verify a log or a receipt offline, with its files and its public key and nothing else.

Exit codes: 0 all is as signed; 1 it is not; 2 it could not be checked (a file is missing or is none).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from troth.kernel import Corrupt, TrothError, Unavailable
from troth.ledger.receipt import verify_receipt
from troth.ledger.verification import verify_log


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        result: dict[str, object] = options.run(options)
    except TrothError as error:
        _tell(options, {"ok": False, "code": error.code, "what": error.what, "mend": error.mend}, str(error))
        return 1 if isinstance(error, Corrupt) else 2
    text = str(result.pop("text"))
    _tell(options, {"ok": True, **result}, text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m troth.ledger", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    log = commands.add_parser("verify", help="check every entry and tile of an exported log")
    log.add_argument("place", help="folder of the log, or its web address")
    log.add_argument("--since", type=Path, help="file with an earlier checkpoint that the log must contain")
    log.set_defaults(run=_verify)
    receipt = commands.add_parser("receipt", help="check a receipt file")
    receipt.add_argument("file", type=Path, help="the receipt")
    receipt.add_argument(
        "--witness",
        action="append",
        default=[],
        help="verifier key of a witness that must have cosigned; repeatable",
    )
    receipt.set_defaults(run=_receipt)
    for command in (log, receipt):
        command.add_argument("--key", required=True, help="the log's verifier key, or a file that holds it")
        command.add_argument("--json", action="store_true", help="answer in JSON")
    return parser


def _verify(options: argparse.Namespace) -> dict[str, object]:
    since = _text(options.since) if options.since else None
    found = verify_log(options.place, _key(options.key), since=since)
    text = f"{found.origin}: all {found.size} entries are as signed, root {found.root.hex()}"
    return {"origin": found.origin, "size": found.size, "root": found.root.hex(), "text": text}


def _receipt(options: argparse.Namespace) -> dict[str, object]:
    witnesses = [_key(witness) for witness in options.witness]
    found = verify_receipt(_text(options.file), _key(options.key), witnesses=witnesses)
    entry = found.body.decode("utf-8", "replace")
    text = f"{found.origin}: leaf {found.index} of {found.size} is\n{entry}"
    return {
        "origin": found.origin,
        "size": found.size,
        "index": found.index,
        "entry": entry,
        "text": text,
    }


def _key(text: str) -> str:
    return text if "+" in text else _text(Path(text)).strip()


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{path} cannot be read as text.", mend="Check the path.") from error


def _tell(options: argparse.Namespace, facts: dict[str, object], text: str) -> None:
    stream = sys.stdout if facts["ok"] or options.json else sys.stderr
    stream.write((json.dumps(facts) if options.json else text) + "\n")


def run() -> NoReturn:
    """The program."""
    sys.exit(main())


if __name__ == "__main__":
    run()
