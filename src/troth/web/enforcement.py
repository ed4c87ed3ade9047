"""What enforces each clause, as the page says it: never more than the table beside the policy claims."""

import pkgutil
from pathlib import Path
from typing import NamedTuple

import troth
from troth.kernel import Log
from troth.policy import Policy, PolicyErrors, read_enforcement

TABLE_FILE = "enforcement.yaml"
_log = Log("troth.web")


class Mark(NamedTuple):
    """What stands beside a clause.

    Args:
        state: enforced, not-yet, or unstated when nothing is claimed either way.
        by: The rooms that enforce it.
        how: How they do it, or what is missing.
    """

    state: str
    by: tuple[str, ...] = ()
    how: str = ""

    @property
    def label(self) -> str:
        """The mark in words."""
        if self.state == "enforced":
            return f"Enforced by {', '.join(self.by)}"
        return "Not yet enforced" if self.state == "not-yet" else "Enforcement not stated"


_UNSTATED = Mark("unstated", (), "No enforcement table lies beside this version.")


def marks_of(policy: Policy, folder: Path) -> dict[str, Mark]:
    """The mark of every clause.

    Args:
        policy: A policy version.
        folder: The data folder; the table is the file enforcement.yaml in it. A table that is missing, does not fit
            the version, or claims a room that this release does not have leaves every clause unstated.
    """
    unstated = {clause.id: _UNSTATED for clause in policy.clauses}
    path = folder / TABLE_FILE
    if not path.is_file():
        return unstated
    try:
        rows = read_enforcement(path.read_bytes(), policy, rooms(), file=TABLE_FILE)
    except PolicyErrors as error:
        _log.warning("enforcement_table_refused", policy=policy.sha256, findings=len(error.findings))
        return unstated
    return {row.clause: Mark("enforced" if row.enforced else "not-yet", row.by, row.how) for row in rows}


def table_stamp(folder: Path) -> int:
    """Tells one state of the table's file from another; 0 when there is none."""
    path = folder / TABLE_FILE
    return path.stat().st_mtime_ns if path.is_file() else 0


def rooms() -> dict[str, str]:
    """The rooms that this release has."""
    return {module.name: "" for module in pkgutil.iter_modules(troth.__path__) if module.ispkg}
