"""What people said about purposes, looked at from the other side: all that one said, and all who said it.

A purpose can also be restricted for everybody at once, without a new policy version. That is one row, kept under a handle
that nobody has; consent can't be given so, because nobody consents for others.
"""

from collections.abc import Collection

from sqlalchemy import bindparam, delete, or_, select

from troth.storage import Lookup, Row, Statement, Transaction, Upsert
from troth.vault.life import LIVE
from troth.vault.stances import _SILENT, _take
from troth.vault.tables import person, preference

EVERYBODY = ""
RESTRICTED = "restricted"

_ADD = Upsert(preference, by=("person", "purpose", "stance"))
_OF = Lookup(preference, by=("person",), take=("purpose", "stance"))
_HELD = Lookup(preference, by=("person", "purpose", "stance"), take=("since",))
_AT_OR_BELOW = or_(
    preference.c.purpose == bindparam("about"), preference.c.purpose.like(bindparam("below"), escape="!")
)
_WITHDRAW = Statement(
    delete(preference).where(
        preference.c.person == bindparam("who"), preference.c.stance == bindparam("said"), _AT_OR_BELOW
    )
)
_PEOPLE = Statement(
    select(preference.c.person)
    .join(person, person.c.person == preference.c.person)
    .where(
        preference.c.purpose == bindparam("about"),
        preference.c.stance == bindparam("said"),
        person.c.state == LIVE,
    )
    .order_by(preference.c.person)
)


def stances_of(tx: Transaction, who: str) -> list[Row]:
    """All that a person said, as (purpose, stance) pairs in order."""
    return sorted(tx.lookup_all(_OF, [(who,)]).get((who,), ()))


def people_who_said(tx: Transaction, purpose: str, stance: str) -> list[str]:
    """Handles of the people who said something about exactly this purpose, in order; not those being erased."""
    return [row[0] for row in tx.rows(_PEOPLE, {"about": purpose, "said": stance})]


def withdraw_stances(tx: Transaction, who: str, purpose: str, stance: str) -> int:
    """Take back a stance of a person on a purpose and on all below it; gives the number taken back.

    Raises:
        InvalidInput: There is no such stance.
        NotFound: Nobody has the handle, or is being erased.
    """
    _take(tx, who, stance)
    gone = tx.run(_WITHDRAW, _below(who, purpose, stance))
    tx.run(_SILENT, {"who": who})
    return gone


def restrict_purpose(tx: Transaction, purpose: str, now: int) -> None:
    """Restrict a purpose, with all below it, for everybody from an instant (microseconds) on."""
    tx.run(_ADD, (EVERYBODY, purpose, RESTRICTED, now))


def release_purpose(tx: Transaction, purpose: str) -> int:
    """Lift the restrictions for everybody on a purpose and on all below it; gives the number lifted."""
    return tx.run(_WITHDRAW, _below(EVERYBODY, purpose, RESTRICTED))


def restricted_purposes(tx: Transaction) -> list[str]:
    """The purposes that are restricted for everybody, in order."""
    return sorted(row[0] for row in tx.lookup_all(_OF, [(EVERYBODY,)]).get((EVERYBODY,), ()))


def restricted_above(tx: Transaction, purposes: Collection[str]) -> frozenset[str]:
    """Those of some purposes that are restricted for everybody, by themselves or by one above them."""
    above = {purpose: _with_parents(purpose) for purpose in purposes}
    keys = {(EVERYBODY, one, RESTRICTED) for some in above.values() for one in some}
    closed = {key[1] for key in tx.lookup(_HELD, list(keys))}
    if not closed:
        return frozenset()
    return frozenset(purpose for purpose, some in above.items() if not closed.isdisjoint(some))


def _with_parents(purpose: str) -> list[str]:
    words = purpose.split(".")
    return [".".join(words[:end]) for end in range(1, len(words) + 1)]


def _below(who: str, purpose: str, stance: str) -> dict[str, str]:
    escaped = purpose.replace("!", "!!").replace("_", "!_").replace("%", "!%")
    return {"who": who, "said": stance, "about": purpose, "below": f"{escaped}.%"}
