"""Records: what a person has several of, such as orders, registrations, tickets and postings.

A submission to a point that declares `record` is a record of its own, so that a later one overwrites nothing, and that the
purpose of one order or ticket reaches its values and no others (clauses I.7, II.11, II.12). The values are sealed like all
others, under the person's keys, in slots that carry the record's id.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from troth.kernel import NotFound
from troth.storage import Lookup, Statement, Transaction
from troth.vault.life import LIVE
from troth.vault.model import parted
from troth.vault.tables import identifier, person, record, sealed_field

PAGE = 100
PAGE_OF_PERSON = 1000
"""Records of one person that are listed at once."""
_NEWEST = "g"  # sorts behind every id

_ADD = Statement(insert(record))
_CHANGED = Statement(
    update(record).where(record.c.record == bindparam("which")).values(changed_at=bindparam("at"))
)
_READ = Lookup(record, by=("record",), take=("record", "person", "kind", "point", "created_at", "changed_at"))
_ALL_OF_PERSON = Lookup(record, by=("person",), take=_READ.take)
_OF_PERSON = Statement(
    select(*(record.c[name] for name in _READ.take))
    .where(
        record.c.person == bindparam("who"),
        record.c.kind == bindparam("what"),
        record.c.record < bindparam("before"),
    )
    .order_by(record.c.record.desc())
    .limit(bindparam("most"))
)
_OF_KIND = Statement(
    select(*(record.c[name] for name in _READ.take))
    .join(person, person.c.person == record.c.person)
    .where(record.c.kind == bindparam("what"), record.c.record < bindparam("before"), person.c.state == LIVE)
    .order_by(record.c.record.desc())
    .limit(bindparam("most"))
)
_OLDEST = Statement(
    select(*(record.c[name] for name in _READ.take))
    .where(record.c.kind == bindparam("what"), record.c.record > bindparam("behind"))
    .order_by(record.c.record)
    .limit(bindparam("most"))
)
_DELETE = Statement(delete(record).where(record.c.record == bindparam("which")))
_SLOTS = Lookup(sealed_field, by=("person",), take=("field",))
_HOLDINGS = Lookup(sealed_field, by=("person",), take=("field", "policy", "updated_at"))
_FORGET = Statement(
    delete(identifier).where(
        identifier.c.person == bindparam("who"), identifier.c.record == bindparam("which")
    )
)


class Record(NamedTuple):
    """A record without its values. Instants in microseconds."""

    record: str
    person: str
    kind: str
    point: str
    created_at: int
    changed_at: int


class Holding(NamedTuple):
    """A value that stands somewhere, without the value: its field, the record (empty: the profile), version, and since when.

    The instant is in microseconds.
    """

    field: str
    record: str
    policy: str
    written_at: int


def create_record(tx: Transaction, made: Record) -> None:
    """Add a record; its values are written beside it."""
    tx.run(_ADD, tuple(made))


def change_record(tx: Transaction, which: str, now: int) -> None:
    """Note that a record was changed at an instant (microseconds)."""
    tx.run(_CHANGED, {"which": which, "at": now})


def found_record(tx: Transaction, which: str, who: str) -> Record:
    """A record of a person.

    Raises:
        NotFound: The person has no such record.
    """
    row = tx.lookup(_READ, [(which,)]).get((which,))
    if row is None or row[1] != who:
        raise NotFound("The person has no such record.", field="record", mend="List the records first.")
    return Record(*row)


def records_of(
    tx: Transaction, who: str, kind: str, before: str = "", most: int = PAGE_OF_PERSON
) -> list[Record]:
    """The records of a kind that a person has, newest first.

    Args:
        tx: Unit of work.
        who: Handle of the person.
        kind: Kind of record.
        before: Id of the last record of the page before; empty for the first page.
        most: Most records.
    """
    given = {"who": who, "what": kind, "before": before or _NEWEST, "most": most}
    return [Record(*row) for row in tx.rows(_OF_PERSON, given)]


def all_records_of(tx: Transaction, who: str) -> list[Record]:
    """Every record of a person, of whatever kind, oldest first."""
    return sorted(Record(*row) for row in tx.lookup_all(_ALL_OF_PERSON, [(who,)]).get((who,), ()))


def points_of_records(tx: Transaction, records: Collection[str]) -> dict[str, str]:
    """The point that each record came through; one that is not there is absent."""
    return {key[0]: row[3] for key, row in tx.lookup(_READ, [(one,) for one in records]).items()}


def holdings_of(tx: Transaction, who: str) -> list[Holding]:
    """What a person has in the profile and in records, in order; opens nothing."""
    rows = tx.lookup_all(_HOLDINGS, [(who,)]).get((who,), ())
    return sorted(Holding(*parted(slot), policy, at) for slot, policy, at in rows)


def newest_records(tx: Transaction, kind: str, before: str = "", most: int = PAGE) -> list[Record]:
    """Records of a kind, of all people that are not being erased, newest first.

    Args:
        tx: Unit of work.
        kind: Kind of record.
        before: Id of the last record of the page before; empty for the first page.
        most: Most records.
    """
    given = {"what": kind, "before": before or _NEWEST, "most": most}
    return [Record(*row) for row in tx.rows(_OF_KIND, given)]


def oldest_records(tx: Transaction, kind: str, after: str, most: int) -> list[Record]:
    """Records of a kind, of whomever, the oldest first.

    Args:
        tx: Unit of work.
        kind: Kind of record.
        after: Id of the last record of the page before; empty for the first page.
        most: Most records.
    """
    return [Record(*row) for row in tx.rows(_OLDEST, {"what": kind, "behind": after, "most": most})]


def forget_emptied(tx: Transaction, who: str, slots: Sequence[str]) -> None:
    """Remove the records that lost their last value when some slots were emptied."""
    held = {parted(row[0])[1] for row in tx.lookup_all(_SLOTS, [(who,)]).get((who,), ())}
    for which in {parted(slot)[1] for slot in slots} - held - {""}:
        tx.run(_DELETE, {"which": which})
        tx.run(_FORGET, {"who": who, "which": which})
