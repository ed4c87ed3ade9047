"""When somebody was last here: what the time counts from after which an idle profile goes.

Sign-ins are noted to the day and nothing else of them; every other sign stands in the data already: what was collected, changed,
chosen. A page of people is read with a few statements over its range.
"""

from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from troth.storage import Statement, Transaction, Upsert
from troth.vault.life import LIVE
from troth.vault.tables import person, preference, presence, record, sealed_field

_DAY = timedelta(days=1) // timedelta(microseconds=1)
_NOTE = Upsert(presence, by=("person",), update=("seen_at",))
_PEOPLE = Statement(
    select(person.c.person, person.c.created_at, person.c.state)
    .where(person.c.person > bindparam("after"))
    .order_by(person.c.person)
    .limit(bindparam("most"))
)


def _latest(table: Any, instant: Any) -> Statement:
    return Statement(
        select(table.c.person, func.max(instant))
        .where(table.c.person > bindparam("after"), table.c.person <= bindparam("last"))
        .group_by(table.c.person)
    )


_SIGNS = (
    _latest(presence, presence.c.seen_at),
    _latest(sealed_field, sealed_field.c.updated_at),
    _latest(record, record.c.changed_at),
    _latest(preference, preference.c.since),
)


class Seen(NamedTuple):
    """Somebody and when there was last a sign of them (microseconds)."""

    person: str
    created_at: int
    seen_at: int


class SeenPage(NamedTuple):
    """A page of people in the order of their handles; `last` is empty behind the last page."""

    people: list[Seen]
    last: str


def note_presence(tx: Transaction, who: str, now: int) -> None:
    """Note that somebody signed in, to the day."""
    tx.run(_NOTE, (who, now - now % _DAY))


def seen_people(tx: Transaction, after: str, most: int) -> SeenPage:
    """People who are there, the oldest first, each with the last sign of them.

    Args:
        tx: A snapshot.
        after: The last handle of the page before; empty for the first page.
        most: Most people.
    """
    rows = tx.rows(_PEOPLE, {"after": after, "most": most})
    if not rows:
        return SeenPage([], "")
    given = {"after": after, "last": rows[-1][0]}
    seen: dict[str, int] = {}
    for statement in _SIGNS:
        for who, at in tx.rows(statement, given):
            seen[who] = max(seen.get(who, 0), int(at))
    people = [Seen(who, made, max(made, seen.get(who, 0))) for who, made, state in rows if state == LIVE]
    return SeenPage(people, rows[-1][0] if len(rows) == most else "")
