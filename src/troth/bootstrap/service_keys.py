"""API keys of the running service's own roles, each kept in a file that only it can read."""

import os
from collections.abc import Sequence
from pathlib import Path

from troth.gate import Gate, issue_key, revoke_key
from troth.kernel import Clock, Unauthenticated
from troth.storage import Database

_OWNER_ONLY = 0o600


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
        path, old = self._folder / file, ""
        if path.is_file():
            key = path.read_text(encoding="ascii").strip()
            try:
                actor = self._gate.actor(key)
            except Unauthenticated:
                path.unlink()
            else:
                if actor.role == role and all(actor.may_serve(purpose) for purpose in purposes):
                    return key
                old = actor.key_id
        return self._make(path, old, name=name, role=role, purposes=purposes, cases=cases)

    def _make(
        self, path: Path, old: str, *, name: str, role: str, purposes: Sequence[str], cases: Sequence[str]
    ) -> str:
        now = self._clock.now()
        with self._database.transaction() as tx:
            key, _ = issue_key(tx, name=name, role=role, purposes=purposes, cases=cases, now=now)
            if old:
                revoke_key(tx, old, now)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key + "\n")
        return key
