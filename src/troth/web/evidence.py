"""The self-test of clause IV.1: what protects the data, tried out while the page is asked for."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

from troth.bootstrap import Troth
from troth.kernel import NotFound, TrothError, from_micros
from troth.ledger import Verifier, open_checkpoint, staged_count, tree_head

State = Literal["pass", "fail", "unknown"]
KEEP = timedelta(minutes=1)
_SECRET_MODE = 0o077
MAX_LAG = 10_000


class Check(NamedTuple):
    """One check with its result."""

    name: str
    title: str
    state: State
    detail: str
    clause: str = "IV.1"


class Results(NamedTuple):
    """All checks of one run."""

    at: datetime
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(check.state != "fail" for check in self.checks)


class SelfTest:
    """Runs the checks, at most once a minute.

    Args:
        troth: What is checked.
    """

    def __init__(self, troth: Troth) -> None:
        self._troth = troth
        self._last: Results | None = None

    def results(self) -> Results:
        """The results of the newest run."""
        now = self._troth.clock.now()
        last = self._last
        if last is None or not timedelta(0) <= now - last.at < KEEP:
            last = self._last = Results(now, tuple(run(self._troth, name) for name in CHECKS))
        return last


def run(troth: Troth, name: str) -> Check:
    """One check by name; a part that fails fails its check and not the page."""
    title, check = CHECKS[name]
    try:
        state, detail = check(troth)
    except TrothError as error:
        return Check(name, title, "fail", error.what)
    except OSError as error:
        return Check(name, title, "fail", f"What is checked cannot be looked at ({type(error).__name__}).")
    return Check(name, title, state, detail)


def _sealing(troth: Troth) -> tuple[State, str]:
    first, second = troth.try_sealing()
    return "pass", f"{first}; {second}."


def _root_key(troth: Troth) -> tuple[State, str]:
    place = troth.settings.keys.root
    scheme, _, path = place.partition(":")
    if scheme != "file":
        return "pass", f"The root key is kept by {scheme} and never lies on this machine."
    return _private(troth.folder / path, "root key")


def _signing_key(troth: Troth) -> tuple[State, str]:
    return _private(troth.folder / troth.settings.ledger.signer, "ledger's signing key")


def _private(path: Path, what: str) -> tuple[State, str]:
    mode = path.stat().st_mode & 0o777
    if mode & _SECRET_MODE:
        return "fail", f"Others than its owner can reach the file of the {what} (mode {mode:04o})."
    return "pass", f"Only its owner can reach the file of the {what} (mode {mode:04o})."


def _keys(troth: Troth) -> tuple[State, str]:
    status = troth.key_status()
    live = [key for key in status.store_keys if not key.retired_at]
    if not live:
        return "fail", "The key store holds no key."
    oldest = from_micros(min(key.created_at for key in live)).date()
    running = "a rotation is running" if status.rotating else "no rotation is running"
    rekeying = "people are being re-keyed" if status.rekeying_since else "no re-keying is running"
    kinds = f"AES-256-GCM keys, one for each person and key group, under {len(live)} store keys under the root key"
    return "pass", f"{kinds}; the oldest store key in use is of {oldest}; {running}, {rekeying}."


def _apart(troth: Troth) -> tuple[State, str]:
    data, keys = troth.settings.data.database, troth.settings.keys.keystore
    if data == keys:
        return "fail", "Data and keys are kept in the same database."
    return "pass", "Keys are kept in a database of their own, outside the data and its backups."


def _ledger(troth: Troth) -> tuple[State, str]:
    with troth.database.snapshot() as tx:
        staged = staged_count(tx)
        try:
            head = tree_head(tx)
        except NotFound:
            return "unknown", "There is no checkpoint yet; the first one is made as the service starts."
    open_checkpoint(head.note, Verifier.parse(troth.signer.verifier_key))
    failure = troth.sequencer.failure
    if failure is not None:
        return "fail", failure.what
    state: State = "pass" if staged <= MAX_LAG else "fail"
    return (
        state,
        f"The signature of the checkpoint over {head.size:,} entries verifies; {staged:,} wait for the next.",
    )


def _backups(_: Troth) -> tuple[State, str]:
    return (
        "unknown",
        "Backups keep data and keys apart, and the root key is in neither; when one was made is not recorded yet.",
    )


def _transport(troth: Troth) -> tuple[State, str]:
    if troth.settings.web.public_url.startswith("https://"):
        return "pass", "The public address is https, and browsers are told to use nothing else (HSTS)."
    return "unknown", "The public address is not https, which is right only on the operator's own machine."


CHECKS: dict[str, tuple[str, Callable[[Troth], tuple[State, str]]]] = {
    "sealing": ("Sealing, opening and tamper detection", _sealing),
    "root-key": ("Root key", _root_key),
    "signing-key": ("Signing key of the ledger", _signing_key),
    "keys": ("Keys", _keys),
    "apart": ("Data and keys kept apart", _apart),
    "ledger": ("Ledger", _ledger),
    "backups": ("Backups", _backups),
    "transport": ("Transport", _transport),
}
"""The checks by name; docs/http-api.md describes each."""
