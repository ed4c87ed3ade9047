"""API keys of the running service's own roles, each kept in a file that only it can read."""

from collections.abc import Sequence
from pathlib import Path

from troth.bootstrap.settings import SETTINGS_FILE
from troth.gate import Gate, issue_key, revoke_key
from troth.kernel import Clock, Unauthenticated
from troth.storage import Database, held, put_whole


class ServiceKeys:
    """Keys in whose name parts of the service act; each has one role and just the purposes that it needs.

    Args:
        folder: The data folder.
        database: Where issued keys are kept.
        gate: Tells who stands behind a key.
        clock: Dates keys.
    """

    def __init__(self, folder: Path, database: Database, gate: Gate, clock: Clock) -> None:
        self._folder = folder / "keys"
        self._database = database
        self._gate = gate
        self._clock = clock

    def key(
        self, file: str, *, name: str, role: str, purposes: Sequence[str], cases: Sequence[str] = ()
    ) -> str:
        """The key kept in a file; made when there is none that has the role and serves all the purposes.

        Args:
            file: Name of the file under `keys/`.
            name: For people to recognise the key by.
            role: Role of the policy.
            purposes: Data uses that it must serve.
            cases: Kinds of case that it may cite, when it is made.
        """
        path = self._folder / file
        kept, _ = self._kept(path, role, purposes)
        if kept:
            return kept
        with held(self._folder.parent / SETTINGS_FILE):  # processes that start at once make one key
            kept, old = self._kept(path, role, purposes)
            return kept or self._make(path, old, name=name, role=role, purposes=purposes, cases=cases)

    def _kept(self, path: Path, role: str, purposes: Sequence[str]) -> tuple[str, str]:
        """The key of a file, empty unless it has the role and serves all the purposes; and then the id of one that works."""
        try:
            key = path.read_text(encoding="ascii").strip()
            actor = self._gate.actor(key)
        except (FileNotFoundError, Unauthenticated):
            return "", ""
        if actor.role == role and all(actor.may_serve(purpose) for purpose in purposes):
            return key, ""
        return "", actor.key_id

    def _make(
        self, path: Path, old: str, *, name: str, role: str, purposes: Sequence[str], cases: Sequence[str]
    ) -> str:
        now = self._clock.now()
        with self._database.transaction() as tx:
            key, _ = issue_key(tx, name=name, role=role, purposes=purposes, cases=cases, now=now)
            if old:
                revoke_key(tx, old, now)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        put_whole(path, f"{key}\n".encode())
        return key
