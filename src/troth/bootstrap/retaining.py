"""Retention, wired: what is due is erased through the gate in the role of disposal, once a day; and a forecast of it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from troth.bootstrap.answering import disposal_key
from troth.gate import DISPOSER, Ask, DueRecord, due_records, free_remnants, idle_people
from troth.kernel import Log, Refused, micros
from troth.rights import planned_for
from troth.storage import Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_DAILY = timedelta(days=1)
PROFILE = "profile"
"""What the forecast calls people of whom there is no sign any more."""
_AT_ONCE = 100
_log = Log("troth.retention")


class Forecast(NamedTuple):
    """What is due by an instant, of one kind under one retention: how many records, the earliest instant (microseconds)."""

    kind: str
    retention: str
    clause: str
    records: int
    earliest: int


def retention_forecast(troth: "Troth", until: datetime) -> list[Forecast]:
    """What is due for disposal by an instant; nothing is erased."""
    counts: Counter[tuple[str, str, str]] = Counter()
    earliest: dict[tuple[str, str, str], int] = {}
    policy = troth.policy()
    with troth.database.snapshot() as tx:
        for one in due_records(tx, policy, micros(until)):
            key = (one.kind, one.retention, one.clause)
            counts[key] += 1
            earliest[key] = min(earliest.get(key, one.due_at), one.due_at)
        for person in idle_people(tx, policy, micros(until)):
            key = (PROFILE, person.retention, person.clause)
            counts[key] += 1
            earliest[key] = min(earliest.get(key, person.due_at), person.due_at)
    return [Forecast(*key, counts[key], earliest[key]) for key in sorted(counts)]


def dispose_due(troth: "Troth") -> int:
    """Erase every record and idle profile that is due now, through the gate; gives their number.

    A kill leaves the rest to the next call.

    Raises:
        Refused: The policy does not let what is due be disposed of.
        Unavailable: A store takes no work.
    """
    policy = troth.policy()
    if DISPOSER not in policy.roles:
        return 0
    with troth.database.snapshot() as tx:
        due = list(due_records(tx, policy, micros(troth.clock.now())))
    for some in _batches(due):
        _erase(troth, some)
    with troth.database.snapshot() as tx:
        idle = [one.person for one in idle_people(tx, policy, micros(troth.clock.now()))]
    for start in range(0, len(idle), _AT_ONCE):
        _erase_people(troth, idle[start : start + _AT_ONCE])
    return len(due) + len(idle)


def finish_remnants(troth: "Troth") -> int:
    """Erase what is left of erased people once nothing keeps it any more; gives how many people were looked at anew.

    What a request kept is finished by its plan, which has its certificate issued again.

    Raises:
        Refused: The policy does not let it be disposed of.
        Unavailable: A store takes no work.
    """
    done, after = 0, ""
    while True:
        policy, now = troth.policy(), micros(troth.clock.now())
        with troth.database.snapshot() as tx:
            page = free_remnants(tx, policy, now, after, _AT_ONCE)
            free = [who for who in page.free if not planned_for(tx, who)]
        if free:
            _erase_people(troth, free)
            done += len(free)
        if not page.last:
            return done
        after = page.last


def _erase_people(troth: "Troth", people: Sequence[str]) -> None:
    key, purpose = disposal_key(troth)
    _perform(troth, [Ask(act="erase", purpose=purpose, key=key, person=who) for who in people])


def retention_tasks(troth: "Troth") -> list[Task]:
    """What is done periodically about retention."""

    def dispose() -> None:
        gone = dispose_due(troth)
        if gone:
            _log.info("retention_disposed", records=gone)

    def finish() -> None:
        gone = finish_remnants(troth)
        if gone:
            _log.info("remnants_erased", people=gone)

    return [
        Task("retention", _DAILY, dispose, "Erase records and idle profiles whose retention is over."),
        Task("remnants", _DAILY, finish, "Erase what a duty or hold kept of erased people, once it ends."),
    ]


def _erase(troth: "Troth", due: Sequence[DueRecord]) -> None:
    key, purpose = disposal_key(troth)
    asks = [
        Ask(act="erase", purpose=purpose, key=key, person=one.person, record=one.record, fields=one.fields)
        for one in due
    ]
    _perform(troth, asks)


def _perform(troth: "Troth", asks: Sequence[Ask]) -> None:
    purpose = asks[0].purpose
    for outcome in troth.perform(asks):
        problem = outcome.problem
        if problem is not None and problem.code == Refused.code:
            raise Refused(
                problem.detail, clause=problem.clause, mend=f"Permit {DISPOSER} to erase for {purpose}."
            )


def _batches(due: Sequence[DueRecord]) -> list[Sequence[DueRecord]]:
    return [due[start : start + _AT_ONCE] for start in range(0, len(due), _AT_ONCE)]
