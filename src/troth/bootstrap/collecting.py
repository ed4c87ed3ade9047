"""The API key of the public collection points: the running service's own, kept in a file that only it can read."""

import os
from pathlib import Path

from troth.gate import Gate, issue_key
from troth.kernel import Clock, NotFound, Unauthenticated
from troth.policy import Policy
from troth.storage import Database

KEY_FILE = Path("keys") / "collection.key"
_OWNER_ONLY = 0o600


def collection_key(folder: Path, database: Database, gate: Gate, clock: Clock) -> str:
    """The key in whose name public points collect; made when there is none that works.

    Raises:
        NotFound: The policy in force declares no public collection point.
    """
    path = folder / KEY_FILE
    if path.is_file():
        key = path.read_text(encoding="ascii").strip()
        try:
            gate.actor(key)
        except Unauthenticated:
            path.unlink()
        else:
            return key
    return _make(path, database, gate.policy(), clock)


def _make(path: Path, database: Database, policy: Policy, clock: Clock) -> str:
    public = [point for point in policy.points.values() if point.public]
    if not public:
        raise NotFound(
            "The policy declares no public collection point.", mend="Declare one with `public: true`."
        )
    role = public[0].actor
    purposes = sorted({purpose for point in public if point.actor == role for purpose in point.purposes})
    with database.transaction() as tx:
        key, _ = issue_key(
            tx, name="public collection points", role=role, purposes=purposes, cases=(), now=clock.now()
        )
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key
