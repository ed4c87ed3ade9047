"""Idle profiles: people of whom there has been no sign for so long that nothing lets their data be kept any more."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from troth.gate.holds import holds_of, kept_slots
from troth.gate.tables import case_file
from troth.kernel import from_micros, micros
from troth.policy import Idle, Policy, idle_of
from troth.storage import Lookup, Transaction
from troth.vault import Record, all_records_of, holdings_of, seen_people, slot_of

_CASES = Lookup(case_file, by=("person",), take=("opened_at", "closed_at"))
_PAGE = 500


class DuePerson(NamedTuple):
    """Somebody whose profile is due; the instant in microseconds."""

    person: str
    retention: str
    clause: str
    due_at: int


def idle_people(tx: Transaction, policy: Policy, until: int) -> Iterator[DuePerson]:
    """Everybody whose profile is due for disposal by an instant (microseconds), the oldest first.

    Nobody is due with an open case, under a legal hold, or with a record that still has a time of its own: a profile says whose that is.

    Args:
        tx: A snapshot.
        policy: The version in force, whose schedule holds.
        until: The instant; one that lies ahead makes a forecast.
    """
    idle = idle_of(policy)
    if idle is None:
        return
    limit, after = micros(idle.before(from_micros(until))), ""
    while True:
        page = seen_people(tx, after, _PAGE)
        old = [one for one in page.people if one.seen_at <= limit]
        cases = tx.lookup_all(_CASES, [(one.person,) for one in old]) if old else {}
        for one in old:
            ended = _last_case(cases.get((one.person,), ()))
            if ended is None:
                continue
            due_at = micros(idle.due(from_micros(max(one.seen_at, ended))))
            if due_at <= until and not _bound(tx, policy, idle, one.person, until):
                yield DuePerson(one.person, idle.retention, idle.clause, due_at)
        if not page.last or (page.people and page.people[-1].created_at > limit):
            return
        after = page.last


def _last_case(cases: Sequence[tuple[object, ...]]) -> int | None:
    """When the last case about somebody ended (microseconds), 0 where there was none; None while one is open."""
    ends = [int(str(closed)) for _, closed in cases]
    return max(ends, default=0) if all(ends) else None


def _bound(tx: Transaction, policy: Policy, idle: Idle, who: str, now: int) -> bool:
    """Whether a legal hold stands, or a record that goes by a time of its own and is not kept for the books alone."""
    if any(not one.ended_at for one in holds_of(tx, who)):
        return True
    records: Mapping[str, Record] = {one.record: one for one in all_records_of(tx, who)}
    others = {one.record for one in records.values() if one.kind not in idle.kinds}
    if not others:
        return False
    kept = kept_slots(tx, policy, who, now)
    return any(
        one.record in others and slot_of(one.field, one.record) not in kept for one in holdings_of(tx, who)
    )
