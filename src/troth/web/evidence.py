"""The self-test of clause IV.1: what protects the data, tried out while the page is asked for."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

from troth.bootstrap import Troth, drill_found
from troth.kernel import NotFound, TrothError, from_micros, micros
from troth.ledger import Verifier, open_checkpoint, staged_count, tree_head
from troth.vault import Archive, Drill, archives, archives_holding, latest_drill

State = Literal["pass", "fail", "unknown"]
KEEP = timedelta(minutes=1)
_SECRET_MODE = 0o077
MAX_LAG = 10_000
_LATE, _MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)


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
    archives: tuple[Archive, ...] = ()
    """Backups that may hold something readable of whoever is erased now, and until when."""
    drill: Drill | None = None
    """The newest restore drill."""

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
            with self._troth.database.snapshot() as tx:
                holding, drill = archives_holding(tx, micros(now)), latest_drill(tx)
            checks = tuple(run(self._troth, name) for name in CHECKS)
            last = self._last = Results(now, checks, tuple(holding), drill)
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


def _backups(troth: Troth) -> tuple[State, str]:
    now = micros(troth.clock.now())
    with troth.database.snapshot() as tx:
        known, drill = archives(tx), latest_drill(tx)
    late = [one for one in known if not one.destroyed_at and one.until + _LATE // _MICROSECOND <= now]
    if late:
        return "fail", f"The epoch keys of {len(late)} backups should be destroyed by now and are not."
    whole = [one for one in known if one.finished_at]
    if not whole:
        return "unknown", "No backup was made yet."
    newest = whole[0]
    made = f"The newest backup is of {from_micros(newest.made_at).date()}"
    if newest.destroyed_at:
        return (
            "fail",
            f"{made}, and its epoch key is destroyed: if the key store is lost, nothing opens any more.",
        )
    opens = f"{made} and opens until {from_micros(newest.until):%Y-%m-%d %H:%M} UTC"
    if drill is None:
        return "unknown", f"{opens}; no restore drill was made yet."
    return _drilled(opens, drill)


def _drilled(opens: str, drill: Drill) -> tuple[State, str]:
    when = from_micros(drill.ended_at).date()
    if drill.opened:
        return (
            "fail",
            f"{opens}; the restore drill of {when} could read {drill.opened} values of erased people.",
        )
    if (
        not drill.passed
        and not drill.people
        and {one.state for one in drill_found(drill)} <= {"open", "shut"}
    ):
        return "unknown", f"{opens}; the restore drill of {when} found nobody to try."
    if not drill.passed:
        return "fail", f"{opens}; the restore drill of {when} failed: see `troth archives`."
    tried = f"{drill.fields} values of {drill.people} erased people were tried in {drill.archives} backups"
    return (
        "pass",
        f"{opens}; restore drill of {when}: {tried}, none opened; {drill.controls} values of living people did.",
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
