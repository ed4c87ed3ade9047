"""What is due for disposal: records whose case ended so long ago that nothing lets them be kept any more."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from troth.gate.cases import cases_joined
from troth.gate.holds import kept_slots
from troth.gate.tables import case_file
from troth.kernel import from_micros, micros
from troth.policy import Policy, Scheduled, schedule_of
from troth.storage import Lookup, Transaction
from troth.vault import Record, holdings_of, oldest_records, remnants, slot_of

_CASES = Lookup(case_file, by=("person",), take=("case_type", "record", "closed_at", "case_id"))
_PAGE = 500
_SLACK = timedelta(days=10)
"""Months end on different days, so that looking back from an instant is not looking forward to it."""


class DueRecord(NamedTuple):
    """A record with fields that are due; instants in microseconds.

    Args:
        record: Its id.
        person: Handle of whose it is.
        kind: Kind of record.
        retention: Name of the retention.
        clause: Its clause.
        due_at: When it was or will be due.
        fields: The fields that go; those that a hold keeps are left out.
    """

    record: str
    person: str
    kind: str
    retention: str
    clause: str
    due_at: int
    fields: tuple[str, ...]


class Remnants(NamedTuple):
    """A page of people who were erased in part: those of whom something is free, and the last handle; empty at the end."""

    free: Sequence[str]
    last: str


def due_records(tx: Transaction, policy: Policy, until: int) -> Iterator[DueRecord]:
    """Every record that is due for disposal by an instant (microseconds), kind by kind, the oldest first.

    Args:
        tx: A snapshot.
        policy: The version in force, whose schedule holds.
        until: The instant; one that lies ahead makes a forecast.
    """
    for one in schedule_of(policy):
        limit = micros(one.before(from_micros(until)) + _SLACK)
        after = ""
        while page := oldest_records(tx, one.kind, after, _PAGE):
            young = [record for record in page if record.created_at > limit]
            old = [record for record in page if record.created_at <= limit]
            yield from _due(tx, policy, one, old, until)
            if young:
                break  # ids go by the time of creation, and no case ends before its record is made
            after = page[-1].record


def free_remnants(tx: Transaction, policy: Policy, now: int, after: str, most: int) -> Remnants:
    """Which of the people who were erased but for what holds kept have something left that nothing keeps any more.

    Args:
        tx: A snapshot.
        policy: The version in force, whose holds count.
        now: Instant (microseconds).
        after: The last handle of the page before; empty for the first page.
        most: Most people looked at.
    """
    page = remnants(tx, after, most)
    free = []
    for who in page:
        kept = kept_slots(tx, policy, who, now)
        left = {slot_of(one.field, one.record) for one in holdings_of(tx, who)}
        if not kept or left != kept.keys():
            free.append(who)
    return Remnants(free, page[-1] if len(page) == most else "")


def _due(
    tx: Transaction, policy: Policy, one: Scheduled, records: Sequence[Record], until: int
) -> Iterator[DueRecord]:
    cases = tx.lookup_all(_CASES, sorted({(record.person,) for record in records})) if records else {}
    joined = cases_joined(tx, [record.record for record in records]) if records else {}
    for record in records:
        ended = _ended(one, record, cases, joined.get(record.record, frozenset()))
        if not ended:
            continue
        due_at = micros(one.due(from_micros(ended)))
        if due_at > until:
            continue
        kept = kept_slots(tx, policy, record.person, until)
        held = {h.field for h in holdings_of(tx, record.person) if h.record == record.record}
        fields = tuple(f for f in one.fields if f in held and slot_of(f, record.record) not in kept)
        if fields:
            yield DueRecord(record.record, record.person, one.kind, one.retention, one.clause, due_at, fields)


def _ended(
    one: Scheduled,
    record: Record,
    cases: Mapping[tuple[object, ...], Sequence[tuple[object, ...]]],
    joined: frozenset[str],
) -> int:
    """When the last case of the kind about a record ended (microseconds); 0 while one is open, or where there is none."""
    ends = [
        int(str(closed))
        for case_type, about, closed, case in cases.get((record.person,), ())
        if case_type == one.case and (about in ("", record.record) or case in joined)
    ]
    return max(ends) if ends and all(ends) else 0
