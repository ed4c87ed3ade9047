"""The suppression list: keyed hashes of identifiers that outlive the people who had them, each with a reason.

A value stands on the list only as its blind index (HMAC-SHA256 under the column's key), so that the list can be asked
about a value and never read out.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Text, bindparam, cast, delete, exists, func, literal, select

from troth.storage import Database, Lookup, Statement, Transaction, Upsert
from troth.vault.keyring import KeyRing
from troth.vault.tables import identifier, preference, suppression

ERASED = "erased"
CHILD = "child"
BOUNCED = "bounced"
OBJECTED = "objected:"
"""Prefix of the reason that keeps an objection of somebody who was erased; the data use follows."""

Listing = tuple[str, str]
"""Kind of the identifier and reason."""

Listed = tuple[str, str, int]
"""Kind of the identifier, reason, and the instant (microseconds) of the entry."""

_KEY = ("kind", "blind", "reason")
_ADD = Upsert(suppression, by=_KEY)
_OF = Lookup(suppression, by=("kind", "blind"), take=("reason", "since"))
_BLINDS = Lookup(identifier, by=("person",), take=("kind", "blind"))
_RELEASE = Statement(
    delete(suppression).where(
        suppression.c.kind == bindparam("name"),
        suppression.c.blind == bindparam("hash"),
        suppression.c.reason == bindparam("why"),
    )
)
_DUE = Statement(
    select(suppression.c.kind, func.count())
    .where(suppression.c.since < bindparam("before"))
    .group_by(suppression.c.kind)
)
_DISPOSE = Statement(delete(suppression).where(suppression.c.since < bindparam("before")))
_LISTED = Statement(
    select(suppression.c.kind, suppression.c.blind, suppression.c.reason, suppression.c.since)
)
_PAGE = 1_000


def _kept_from(chosen: Any) -> Any:
    """An insert of what a query chooses, for a dialect; what is listed already stays."""

    def build(dialect: str) -> Any:
        from sqlalchemy.dialects import postgresql, sqlite

        module = sqlite if dialect == "sqlite" else postgresql
        new = module.insert(suppression).from_select([*_KEY, "since"], chosen)
        return new.on_conflict_do_nothing(index_elements=list(_KEY))

    return build


_SINCE = bindparam("since", type_=suppression.c.since.type)
_HAD = select(identifier.c.kind, identifier.c.blind, cast(bindparam("why"), Text), _SINCE).where(
    identifier.c.person == bindparam("who")
)
_KEEP = Statement(_kept_from(_HAD))
_KEEP_KIND = Statement(_kept_from(_HAD.where(identifier.c.kind == bindparam("only"))))
_KEEP_OBJECTIONS = Statement(
    _kept_from(
        select(identifier.c.kind, identifier.c.blind, literal(OBJECTED) + preference.c.purpose, _SINCE).where(
            identifier.c.person == bindparam("who"),
            preference.c.person == identifier.c.person,
            preference.c.stance == "objected",
        )
    )
)
_FORGET = Statement(
    delete(suppression).where(
        suppression.c.reason == bindparam("why"),
        exists().where(
            identifier.c.person == bindparam("who"),
            identifier.c.kind == suppression.c.kind,
            identifier.c.blind == suppression.c.blind,
        ),
    )
)


def copy_listings(source: Transaction, target: Database) -> int:
    """Put everything that stands on the list of one store on that of another, which is of the same key store."""
    rows, copied = source.stream(_LISTED), 0
    while page := list(islice(rows, _PAGE)):
        with target.transaction() as tx:
            tx.run_many(_ADD, page)
        copied += len(page)
    return copied


def suppress(tx: Transaction, keys: KeyRing, pairs: Sequence[Listing], reason: str, now: int) -> None:
    """Put identifiers (field name, normalised value) on the list at an instant (microseconds); the first one stays."""
    tx.run_many(_ADD, [(kind, keys.blind(kind, value), reason, now) for kind, value in pairs])


def suppress_person(tx: Transaction, who: str, reason: str, now: int, kind: str = "") -> None:
    """Put the identifiers of a person, those of one kind or all, on the list at an instant (microseconds)."""
    given = {"who": who, "why": reason, "since": now}
    if kind:
        tx.run(_KEEP_KIND, {**given, "only": kind})
    else:
        tx.run(_KEEP, given)


def keep_objections(tx: Transaction, who: str, now: int) -> None:
    """Put what a person objected to on the list, under every identifier of the person, so that it outlives them."""
    tx.run(_KEEP_OBJECTIONS, {"who": who, "since": now})


def forget_reasons(tx: Transaction, who: str, reasons: Iterable[str]) -> None:
    """Take every identifier of a person off the list for some reasons, because the person has changed their mind."""
    for reason in reasons:
        tx.run(_FORGET, {"who": who, "why": reason})


def release(tx: Transaction, keys: KeyRing, pairs: Sequence[Listing], reason: str) -> int:
    """Take identifiers (field name, normalised value) off the list for a reason; gives the number that stood there."""
    return sum(
        tx.run(_RELEASE, {"name": kind, "hash": keys.blind(kind, value), "why": reason})
        for kind, value in pairs
    )


def dispose_listed(tx: Transaction, before: int) -> dict[str, int]:
    """Take off the list what was put there before an instant (microseconds); gives the number for each kind of identifier."""
    due = {str(kind): int(count) for kind, count in tx.rows(_DUE, {"before": before})}
    if due:
        tx.run(_DISPOSE, {"before": before})
    return due


def listings(
    tx: Transaction, keys: KeyRing, pairs: Sequence[Listing]
) -> dict[Listing, list[tuple[str, int]]]:
    """Reasons and instants (microseconds) under which identifiers stand on the list; absent where there are none."""
    blinds = {(kind, keys.blind(kind, value)): (kind, value) for kind, value in pairs}
    found = tx.lookup_all(_OF, list(blinds))
    return {blinds[kind, bytes(blind)]: [(r, s) for r, s in rows] for (kind, blind), rows in found.items()}


def listings_of(tx: Transaction, persons: Sequence[str]) -> Mapping[str, list[Listed]]:
    """Kinds, reasons and instants under which identifiers of people stand on the list; absent where there are none."""
    had = tx.lookup_all(_BLINDS, [(who,) for who in persons])
    whose: dict[tuple[str, bytes], list[str]] = {}
    for (who,), rows in had.items():
        for kind, blind in rows:
            whose.setdefault((kind, bytes(blind)), []).append(who)
    found: dict[str, list[Listed]] = {}
    for (kind, blind), reasons in (tx.lookup_all(_OF, list(whose)) if whose else {}).items():
        for who in whose[kind, bytes(blind)]:
            found.setdefault(who, []).extend((kind, reason, since) for reason, since in reasons)
    return found
