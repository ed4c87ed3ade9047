"""Policy versions: kept as the bytes that were published, in force by being posted (clauses 0.1, V.1, V.2, VI.3)."""

import hashlib
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, select, update

from troth.gate.listed import ListRules
from troth.gate.tables import policy_version
from troth.kernel import Conflict, Corrupt, NotFound, Unavailable, from_micros, micros
from troth.policy import Policy, kept_policy
from troth.storage import Lookup, Statement, Transaction
from troth.vault import Standing, standing_columns

_ADD = Statement(insert(policy_version))
_POST = Statement(
    update(policy_version)
    .where(policy_version.c.sha256 == bindparam("sha"), policy_version.c.posted_at == 0)
    .values(posted_at=bindparam("at"))
)
_READ = Lookup(policy_version, by=("sha256",), take=("text",))
_POSTED_AT = Lookup(policy_version, by=("sha256",), take=("posted_at",))
_IN_FORCE = Statement(
    select(policy_version.c.sha256)
    .where(policy_version.c.posted_at > 0)
    .order_by(policy_version.c.posted_at.desc())
    .limit(1)
)
# One read for all that every batch asks: the version in force, and what is mostly empty.
_HEAD = Statement(
    select(
        select(policy_version.c.sha256)
        .where(policy_version.c.posted_at > 0)
        .order_by(policy_version.c.posted_at.desc())
        .limit(1)
        .scalar_subquery(),
        *standing_columns(),
    )
)
_LAST_POSTED = Statement(select(func.coalesce(func.max(policy_version.c.posted_at), 0)))
_LAST_NUMBER = Statement(select(func.coalesce(func.max(policy_version.c.number), 0)))
_COLUMNS = policy_version.c
_LIST = Statement(
    select(
        _COLUMNS.sha256,
        _COLUMNS.number,
        _COLUMNS.source,
        _COLUMNS.captured_on,
        _COLUMNS.last_updated,
        _COLUMNS.added_at,
        _COLUMNS.posted_at,
    ).order_by(_COLUMNS.number)
)


class Version(NamedTuple):
    """One version as listed. Instants in microseconds; `posted_at` is 0 for a draft, which never decides."""

    sha256: str
    number: int
    source: str
    captured_on: str
    last_updated: str
    added_at: int
    posted_at: int

    @property
    def posted(self) -> datetime | None:
        """When it was posted; None for a draft."""
        return from_micros(self.posted_at) if self.posted_at else None


def versions(tx: Transaction) -> list[Version]:
    """Every version, oldest first."""
    return [Version(*row) for row in tx.rows(_LIST)]


def version_text(tx: Transaction, sha256: str) -> bytes:
    """The bytes of a version, checked against the digest that names it.

    Raises:
        NotFound: There is no such version.
        Corrupt: The stored bytes are not those that were published.
    """
    row = tx.lookup(_READ, [(sha256,)]).get((sha256,))
    if row is None:
        raise NotFound(
            "No policy version has this SHA-256.", field="sha256", mend="See `troth policy history`."
        )
    # SQLite keeps whatever somebody wrote there; it must be found altered, not stumbled over.
    text = row[0] if isinstance(row[0], bytes) else str(row[0]).encode()
    if hashlib.sha256(text).hexdigest() != sha256:
        raise Corrupt(
            f"The stored text of policy version {sha256[:12]} was altered.",
            clause="0.1",
            mend="Restore the database from a backup; nothing is decided by an altered text.",
        )
    return text


def add_draft(tx: Transaction, text: bytes, now: datetime) -> Policy:
    """Keep a version without putting it in force.

    Args:
        tx: Unit of work.
        text: The policy document.
        now: Instant of keeping.

    Raises:
        PolicyErrors: The text does not pass the checks.
        Conflict: This very text is kept already.
    """
    policy = kept_policy(text)
    if tx.lookup(_POSTED_AT, [(policy.sha256,)]):
        raise Conflict(
            f"Policy version {policy.sha256[:12]} is kept already.",
            clause="V.1",
            mend="Post it, or change the text.",
        )
    (number,) = tx.row(_LAST_NUMBER) or (0,)
    front = policy.front
    row = (
        policy.sha256,
        number + 1,
        front.source.name,
        str(front.source.captured),
        str(front.last_updated),
        micros(now),
        0,
        text,
    )
    tx.run(_ADD, row)
    return policy


def post_version(tx: Transaction, sha256: str, now: datetime) -> None:
    """Put a kept version in force by posting it (clause V.2).

    A version is dated after every earlier one, also when the clock was set back meanwhile: the order of posting is the
    order of the dates, and no clock brings an earlier version back in force.

    Raises:
        NotFound: There is no such version.
        Conflict: It was posted before; a posted version never changes.
    """
    row = tx.lookup(_POSTED_AT, [(sha256,)]).get((sha256,))
    if row is None:
        raise NotFound("No policy version has this SHA-256.", field="sha256", mend="Add the draft first.")
    (last,) = tx.row(_LAST_POSTED) or (0,)
    if row[0] or not tx.run(_POST, {"sha": sha256, "at": max(micros(now), last + 1)}):
        raise Conflict(
            f"Policy version {sha256[:12]} is posted already and never changes.",
            clause="V.1",
            mend="Draft a new version.",
        )


class PolicyShelf:
    """Compiled versions, read from the database when first needed."""

    def __init__(self) -> None:
        self._compiled: dict[str, Policy] = {}
        self._list_rules: dict[str, ListRules] = {}

    def in_force(self, tx: Transaction) -> Policy:
        """The version in force: the one posted last, whatever a clock says.

        Raises:
            Unavailable: None was posted yet, so nothing can be decided.
        """
        row = tx.row(_IN_FORCE)
        if row is None:
            raise _none_in_force()
        return self.version(tx, row[0])

    def head(self, tx: Transaction) -> tuple[Policy, Standing]:
        """The version in force, and whether anything stands beside the people that limits acts.

        Raises:
            Unavailable: None was posted yet, so nothing can be decided.
        """
        sha256, *standing = tx.row(_HEAD) or (None,)
        if sha256 is None:
            raise _none_in_force()
        return self.version(tx, sha256), Standing(*map(bool, standing))

    def version(self, tx: Transaction, sha256: str) -> Policy:
        """A version by its SHA-256, checked and compiled.

        Raises:
            NotFound: There is no such version.
            Corrupt: Its stored bytes were altered.
        """
        found = self._compiled.get(sha256)
        if found is None:
            found = self._compiled[sha256] = kept_policy(version_text(tx, sha256))
        return found

    def list_rules(self, policy: Policy) -> ListRules:
        """Which acts a version weighs by the suppression list and by childhood."""
        found = self._list_rules.get(policy.sha256)
        if found is None:
            found = self._list_rules[policy.sha256] = ListRules(policy)
        return found


def _none_in_force() -> Unavailable:
    return Unavailable(
        "No policy version is in force.", clause="V.2", mend="Post one with `troth policy publish FILE`."
    )
