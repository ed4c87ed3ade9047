"""Data folders for tests whose subject is not the making of one: made once for a policy and an instant, then copied."""

import shutil
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from troth.bootstrap import Initialised, init_folder
from troth.kernel import Clock, SettableClock

_KEPT: list["TemporaryDirectory[str]"] = []
"""Until this worker ends, which removes them."""


def made_folder(folder: Path, clock: Clock, policy: Path | None = None) -> Initialised:
    """A new data folder on SQLite, as `init_folder` makes it, at the place given.

    Args:
        folder: Where; nothing is there yet.
        clock: Dates what is made.
        policy: The policy document, with its enforcement table beside it if it has one; None for the reference policy.
    """
    table = policy.with_name("enforcement.yaml") if policy else None
    document = policy.read_bytes() if policy else None
    claims = table.read_bytes() if table and table.is_file() else None
    made = _made(clock.now(), document, claims)
    shutil.copytree(made.folder, folder)
    return made._replace(folder=folder)


@cache
def _made(instant: datetime, document: bytes | None, claims: bytes | None) -> Initialised:
    kept = TemporaryDirectory(prefix="troth-template-")
    _KEPT.append(kept)
    base = Path(kept.name)
    policy = base / "policy.md"
    if document is not None:
        policy.write_bytes(document)
    if claims is not None:
        policy.with_name("enforcement.yaml").write_bytes(claims)
    clock = SettableClock(instant)
    return init_folder(base / "data", policy=policy if document is not None else None, clock=clock)
