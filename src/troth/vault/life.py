"""The state of a person's row, and the lock on it.

SQLite has one writer, so that whoever writes has every row. On PostgreSQL a write of fields holds the person's row in
share mode from before it reads the newest key until its commit; re-keying and erasing take the row for themselves. So no
value is ever committed under a key that has just been destroyed.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import any_, bindparam, false, select

from troth.kernel import NotFound
from troth.storage import Statement, Transaction
from troth.vault.tables import person

LIVE = "live"
ERASING = "erasing"
KEPT = "kept"
"""Erased, but for what a law or a court keeps; nobody counts, lists or finds such a person."""
HELD = "held"
"""A submission that waits for its confirmation: sealed like a person's data, found and read as nobody's."""


_STANDING = frozenset({LIVE, HELD, KEPT})


def _held(dialect: str) -> Any:
    if dialect == "sqlite":
        return select(person.c.person, person.c.state).where(false())
    wanted = person.c.person == any_(bindparam("people"))
    return select(person.c.person, person.c.state).where(wanted).with_for_update(read=True)


_HOLD = Statement(_held)
_TAKE = Statement(select(person.c.state).where(person.c.person == bindparam("who")).with_for_update())


def hold_persons(tx: Transaction, persons: Sequence[str]) -> None:
    """Let nobody re-key or erase some people before the end of the unit of work.

    Raises:
        NotFound: Somebody is being erased already.
    """
    for _, state in tx.rows(_HOLD, {"people": list(persons)}):
        if state not in _STANDING:
            raise NotFound(
                "No such person is known.", field="person", mend="Check the handle or the identifier."
            )


def hold_living(tx: Transaction, persons: Collection[str]) -> set[str]:
    """Hold people as `hold_persons` does; gives those who are not being erased, also those who are not added yet."""
    going = {who for who, state in tx.rows(_HOLD, {"people": sorted(persons)}) if state not in _STANDING}
    return set(persons) - going


def take_living(tx: Transaction, persons: Sequence[str]) -> list[str]:
    """Those of some people who are known and not being erased; nobody writes to them until the unit of work ends."""
    return [
        one
        for one in sorted(persons)
        if (row := tx.row(_TAKE, {"who": one})) is not None and row[0] in _STANDING
    ]
