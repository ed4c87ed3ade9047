"""Submissions that wait for their confirmation by mail (clause I.9).

A held submission has a handle, keys and sealed fields like a person, and is nobody yet: it is found by no identifier and
joins no record. Confirming makes it a person, or its values those of the person who has its address already; when the
time is over it is erased like a person, keys first, so that no backup remembers it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from troth.kernel import NotFound
from troth.storage import Lookup, Statement, Transaction
from troth.vault.life import LIVE
from troth.vault.model import parted
from troth.vault.tables import address_change, held, person, sealed_field

_ADD = Statement(insert(held))
_COLUMNS = ("person", "point", "purpose", "notice", "channel", "kind", "blind", "created_at", "expires_at")
_READ = Lookup(held, by=("person",), take=_COLUMNS)
_SLOTS = Lookup(sealed_field, by=("person",), take=("field",))
_END = Statement(delete(held).where(held.c.person == bindparam("who")))
_ADOPT = Statement(update(person).where(person.c.person == bindparam("who")).values(state=LIVE))
_WAITING = Statement(
    select(func.count()).where(
        held.c.point == bindparam("at"),
        held.c.kind == bindparam("named"),
        held.c.blind == bindparam("hashed"),
        held.c.expires_at > bindparam("now"),
    )
)
_EXPIRED = Statement(
    select(held.c.person)
    .where(held.c.expires_at <= bindparam("now"))
    .order_by(held.c.expires_at)
    .limit(bindparam("most"))
)


_MOVE = Statement(insert(address_change))
_MOVER = Lookup(address_change, by=("submission",), take=("person",))
_MOVES = Lookup(address_change, by=("person",), take=("submission",))
_TELL = Statement(
    update(held).where(held.c.person == bindparam("who")).values(point="", expires_at=bindparam("until"))
)


class Held(NamedTuple):
    """A held submission without its values.

    `kind` and `blind` are those of the address that it is to be confirmed from, as the blind index has them. Instants in
    microseconds.
    """

    person: str
    point: str
    purpose: str
    notice: str
    channel: str
    kind: str
    blind: bytes
    created_at: int
    expires_at: int


def hold_submission(tx: Transaction, made: Held) -> None:
    """Note that a handle is a held submission; its values are written beside it."""
    tx.run(_ADD, tuple(made))


def held_submission(tx: Transaction, who: str, now: int) -> Held:
    """The held submission of a handle.

    Raises:
        NotFound: There is none, or its time is over at an instant (microseconds).
    """
    row = tx.lookup(_READ, [(who,)]).get((who,))
    if row is None or row[-1] <= now:
        raise NotFound(
            "No submission waits for this confirmation: it was confirmed already, or its time is over.",
            clause="I.9",
            mend="Fill in the form again.",
        )
    return Held(*row)


def begin_move(tx: Transaction, submission: str, who: str) -> None:
    """Note that a held submission is the new address of somebody known."""
    tx.run(_MOVE, (submission, who))


def who_moves(tx: Transaction, submission: str) -> str:
    """Whose new address a held submission is; empty where it is none."""
    row = tx.lookup(_MOVER, [(submission,)]).get((submission,))
    return str(row[0]) if row is not None else ""


def moves_of(tx: Transaction, persons: Sequence[str]) -> list[str]:
    """The held submissions that are addresses of people who are known: new ones that wait, and old ones to be told."""
    return [row[0] for rows in tx.lookup_all(_MOVES, [(who,) for who in persons]).values() for row in rows]


def end_move(tx: Transaction, submission: str, until: int) -> None:
    """Keep a submission for an old address until an instant (microseconds); nothing confirms it any more."""
    tx.run(_TELL, {"who": submission, "until": until})


def held_names(tx: Transaction, who: str) -> tuple[str, ...]:
    """Names of the fields that a held submission has."""
    return tuple(sorted({parted(row[0])[0] for row in tx.lookup_all(_SLOTS, [(who,)]).get((who,), ())}))


def waiting_for(tx: Transaction, point: str, kind: str, blind: bytes, now: int) -> int:
    """How many submissions to a point wait for a confirmation from one address at an instant (microseconds).

    Each point counts for itself, so that strangers' sign-ups do not keep the owner's own link to sign in away.
    """
    row = tx.row(_WAITING, {"at": point, "named": kind, "hashed": blind, "now": now})
    return int(row[0]) if row is not None else 0


def adopt_submission(tx: Transaction, who: str) -> None:
    """Make a held submission a person."""
    tx.run(_END, {"who": who})
    tx.run(_ADOPT, {"who": who})


def expired_submissions(tx: Transaction, now: int, most: int = 500) -> list[str]:
    """Held submissions whose time is over at an instant (microseconds), the longest over first."""
    return [row[0] for row in tx.rows(_EXPIRED, {"now": now, "most": most})]
