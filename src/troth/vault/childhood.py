"""People known to be children, and what a verified parent consented to: a state of the person, erased with the person."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, update

from troth.kernel import NotFound
from troth.storage import Lookup, Statement, Transaction, Upsert
from troth.vault.life import take_living
from troth.vault.tables import childhood

_TAKE = ("known_at", "method", "verified_at", "until", "sharing")
_OF = Lookup(childhood, by=("person",), take=_TAKE)
_KEEP = Upsert(childhood, by=("person",), update=("method", "verified_at", "until", "sharing"))
_WITHDRAW = Statement(
    update(childhood)
    .where(childhood.c.person == bindparam("who"))
    .values(method="", verified_at=0, until=0, sharing=0)
)
_SHARE = Statement(
    update(childhood)
    .where(childhood.c.person == bindparam("who"), childhood.c.until > bindparam("now"))
    .values(sharing=bindparam("may"))
)


class Childhood(NamedTuple):
    """A person known to be a child; instants in microseconds, 0 where no parent's consent is in force.

    Args:
        known_at: Since when this is known.
        method: How the parent was verified, one word; empty without a consent.
        verified_at: When.
        until: First instant at which the consent is over.
        sharing: 1 when the parent also consented to sharing with others.
    """

    known_at: int
    method: str
    verified_at: int
    until: int
    sharing: int


def children(tx: Transaction, persons: Sequence[str]) -> dict[str, Childhood]:
    """What is known of those of some people who are children."""
    return {key[0]: Childhood(*row) for key, row in tx.lookup(_OF, [(who,) for who in persons]).items()}


def verify_parent(tx: Transaction, who: str, method: str, until: int, now: int) -> None:
    """Keep that a parent of a person was verified and consented, until an instant (microseconds).

    The consent to sharing is a separate one and starts anew as not given.

    Raises:
        NotFound: Nobody has the handle, or is being erased.
    """
    if not take_living(tx, [who]):
        raise NotFound("No such person is known.", field="person", mend="Check the handle or the identifier.")
    tx.run(_KEEP, (who, now, method, now, until, 0))


def withdraw_parent(tx: Transaction, who: str) -> bool:
    """End a parent's consent, that to sharing with it; the person stays known as a child. Tells whether one is known."""
    return bool(tx.run(_WITHDRAW, {"who": who}))


def consent_to_sharing(tx: Transaction, who: str, now: int, *, given: bool) -> bool:
    """Keep a parent's separate consent to sharing, or its end; tells whether a consent was in force to add it to."""
    return bool(tx.run(_SHARE, {"who": who, "now": now, "may": int(given)}))
