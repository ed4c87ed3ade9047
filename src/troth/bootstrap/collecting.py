"""The API key of the public collection points: the running service's own, kept in a file that only it can read."""

import os
from pathlib import Path

from troth.gate import Gate, issue_key, revoke_key
from troth.kernel import Clock, NotFound, Unauthenticated
from troth.policy import Policy
from troth.storage import Database

KEY_FILE = Path("keys") / "collection.key"
_OWNER_ONLY = 0o600


def collection_key(folder: Path, database: Database, gate: Gate, clock: Clock) -> str:
    """The key in whose name public points collect; made when there is none that serves all their purposes.

    Raises:
        NotFound: The policy in force declares no public collection point.
    """
    path = folder / KEY_FILE
    role, purposes = _needed(gate.policy())
    old = ""
    if path.is_file():
        key = path.read_text(encoding="ascii").strip()
        try:
            actor = gate.actor(key)
        except Unauthenticated:
            path.unlink()
        else:
            if actor.role == role and all(actor.may_serve(purpose) for purpose in purposes):
                return key
            old = actor.key_id
    return _make(path, database, clock, role, purposes, old)


def _needed(policy: Policy) -> tuple[str, list[str]]:
    """Role and purposes of the public points."""
    public = [point for point in policy.points.values() if point.public]
    if not public:
        raise NotFound(
            "The policy declares no public collection point.", mend="Declare one with `public: true`."
        )
    role = public[0].actor
    return role, sorted({purpose for point in public if point.actor == role for purpose in point.purposes})


def _make(path: Path, database: Database, clock: Clock, role: str, purposes: list[str], old: str) -> str:
    with database.transaction() as tx:
        key, _ = issue_key(
            tx, name="public collection points", role=role, purposes=purposes, cases=(), now=clock.now()
        )
        if old:
            revoke_key(tx, old, clock.now())
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key
