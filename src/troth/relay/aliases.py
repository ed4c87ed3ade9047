"""Aliases between two people, and counts of what went between them."""

import base64
import secrets
from datetime import timedelta

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from troth.relay.model import Alias
from troth.relay.tables import relay_alias, relay_passed
from troth.storage import Lookup, Statement, Transaction, Upsert

LASTS = timedelta(days=90)
"""How long an alias lasts after the last message between the two."""
_BYTES = 16
_MICROSECOND = timedelta(microseconds=1)
_a, _p = relay_alias.c, relay_passed.c
_COLUMNS = ("alias", "holder", "other", "made_at", "expires_at")
_READ = Lookup(relay_alias, by=("alias",), take=_COLUMNS)
_BETWEEN = Lookup(relay_alias, by=("holder", "other"), take=_COLUMNS)
_TO_WRITE = Statement(
    select(*(_a[name] for name in _COLUMNS))
    .where(_a.other == bindparam("who"))
    .order_by(_a.made_at.desc(), _a.alias)
)
_ADD = Upsert(relay_alias, by=("holder", "other"))
_DROP = Statement(delete(relay_alias).where(_a.alias == bindparam("which")))
_LAST = Statement(
    update(relay_alias)
    .where(_a.holder == bindparam("one"), _a.other == bindparam("two"))
    .values(expires_at=bindparam("until"))
)
_END = Statement(delete(relay_alias).where(_a.expires_at <= bindparam("now")))
_FORGET = Statement(
    delete(relay_alias).where(or_(_a.holder == bindparam("who"), _a.other == bindparam("who")))
)
_PASSED = Statement(insert(relay_passed))
_COUNT = Statement(select(func.count()).where(_p.sender == bindparam("who"), _p.at > bindparam("since")))
_COUNT_PEOPLE = Statement(
    select(func.count(_p.receiver.distinct())).where(
        _p.sender == bindparam("who"), _p.at > bindparam("since")
    )
)
_FORGET_PASSED = Statement(
    delete(relay_passed).where(or_(_p.sender == bindparam("who"), _p.receiver == bindparam("who")))
)
_OLD = Statement(
    select(_p.record, _p.receiver)
    .where(_p.at <= bindparam("before"))
    .order_by(_p.at)
    .limit(bindparam("most"))
)
_DROP_PASSED = Statement(delete(relay_passed).where(_p.record == bindparam("which")))


def alias_named(tx: Transaction, alias: str, now: int) -> Alias | None:
    """The alias of a local part, if it is good at an instant (microseconds)."""
    row = tx.lookup(_READ, [(alias,)]).get((alias,))
    return Alias(*row) if row is not None and row[4] > now else None


def alias_between(tx: Transaction, holder: str, other: str, now: int) -> Alias | None:
    """The alias under which somebody is reached by another, if it is good at an instant (microseconds)."""
    row = tx.lookup(_BETWEEN, [(holder, other)]).get((holder, other))
    return Alias(*row) if row is not None and row[4] > now else None


def pair(tx: Transaction, one: str, two: str, now: int) -> tuple[Alias, Alias]:
    """The aliases of two people for each other, made where they are missing or over, and good for longer from now on.

    Returns:
        The alias under which the first is reached by the second, and the other way round.
    """
    until = now + LASTS // _MICROSECOND
    for holder, other in ((one, two), (two, one)):
        old = tx.lookup(_BETWEEN, [(holder, other)]).get((holder, other))
        if old is not None and old[4] <= now:
            tx.run(_DROP, {"which": old[0]})
        if old is None or old[4] <= now:
            tx.run(_ADD, (_made(), holder, other, now, until))
        tx.run(_LAST, {"one": holder, "two": other, "until": until})
    rows = tx.lookup(_BETWEEN, [(one, two), (two, one)])
    return Alias(*rows[one, two]), Alias(*rows[two, one])


def aliases_to_write_to(tx: Transaction, who: str) -> list[Alias]:
    """The aliases of those whom somebody may write to, the newest first."""
    return [Alias(*row) for row in tx.rows(_TO_WRITE, {"who": who})]


def note_passed(tx: Transaction, record: str, sender: str, receiver: str, now: int) -> None:
    """Note that a message went from one to another at an instant (microseconds)."""
    tx.run(_PASSED, (record, sender, receiver, now))


def passed_since(tx: Transaction, sender: str, since: int) -> tuple[int, int]:
    """How many messages somebody has sent since an instant (microseconds), and to how many people."""
    given = {"who": sender, "since": since}
    messages, people = tx.row(_COUNT, given), tx.row(_COUNT_PEOPLE, given)
    return (int(messages[0]) if messages else 0), (int(people[0]) if people else 0)


def old_messages(tx: Transaction, before: int, most: int) -> list[tuple[str, str]]:
    """Messages from before an instant (microseconds): their records, and who received them."""
    return [(row[0], row[1]) for row in tx.rows(_OLD, {"before": before, "most": most})]


def drop_passed(tx: Transaction, records: list[str]) -> None:
    """Forget that messages were passed."""
    tx.run_many(_DROP_PASSED, [{"which": one} for one in records])


def end_aliases(tx: Transaction, now: int) -> int:
    """Remove the aliases that are over at an instant (microseconds); gives their number."""
    return tx.run(_END, {"now": now})


def forget(tx: Transaction, who: str) -> None:
    """Remove everything about somebody."""
    tx.run(_FORGET, {"who": who})
    tx.run(_FORGET_PASSED, {"who": who})


def _made() -> str:
    return "r-" + base64.b32encode(secrets.token_bytes(_BYTES)).decode().rstrip("=").lower()
