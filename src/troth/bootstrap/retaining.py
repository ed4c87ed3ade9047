"""Retention, wired: what is due is erased through the gate in the role of disposal, once a day; and a forecast of it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from troth.bootstrap.answering import disposal_key
from troth.gate import DISPOSER, Ask, DueRecord, due_records
from troth.kernel import Log, Refused, micros
from troth.storage import Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_DAILY = timedelta(days=1)
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
    with troth.database.snapshot() as tx:
        for one in due_records(tx, troth.policy(), micros(until)):
            key = (one.kind, one.retention, one.clause)
            counts[key] += 1
            earliest[key] = min(earliest.get(key, one.due_at), one.due_at)
    return [Forecast(*key, counts[key], earliest[key]) for key in sorted(counts)]


def dispose_due(troth: "Troth") -> int:
    """Erase every record that is due now, through the gate; gives their number. A kill leaves the rest to the next call.

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
    return len(due)


def retention_tasks(troth: "Troth") -> list[Task]:
    """What is done periodically about retention."""

    def dispose() -> None:
        gone = dispose_due(troth)
        if gone:
            _log.info("retention_disposed", records=gone)

    return [Task("retention", _DAILY, dispose, "Erase records whose retention is over.")]


def _erase(troth: "Troth", due: Sequence[DueRecord]) -> None:
    key, purpose = disposal_key(troth)
    asks = [
        Ask(act="erase", purpose=purpose, key=key, person=one.person, record=one.record, fields=one.fields)
        for one in due
    ]
    for outcome in troth.perform(asks):
        problem = outcome.problem
        if problem is not None and problem.code == Refused.code:
            raise Refused(
                problem.detail, clause=problem.clause, mend=f"Permit {DISPOSER} to erase for {purpose}."
            )


def _batches(due: Sequence[DueRecord]) -> list[Sequence[DueRecord]]:
    return [due[start : start + _AT_ONCE] for start in range(0, len(due), _AT_ONCE)]
