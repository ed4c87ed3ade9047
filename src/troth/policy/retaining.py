"""The schedule of retention: for each kind of record, what is kept how long after which event, as the policy declares it. Pure."""

from datetime import datetime
from typing import NamedTuple

from troth.policy.policy import Policy
from troth.policy.spans import Span, instant_after, instant_before, read_span
from troth.policy.things import Point, Retention

_CLOSED = ".closed"
LAST_SEEN = "person.last-seen"
"""The event from which the time of an idle profile counts."""


class Scheduled(NamedTuple):
    """What is disposed of in records of a kind.

    Args:
        kind: Kind of record.
        case: Type of case whose end the time counts from.
        retention: Name of the retention.
        clause: Its clause.
        keep: How long it is kept, in words.
        span: The same.
        fields: Names of the fields.
    """

    kind: str
    case: str
    retention: str
    clause: str
    keep: str
    span: Span
    fields: tuple[str, ...]

    def due(self, ended: datetime) -> datetime:
        """When it is due for disposal, by the end of its case."""
        return instant_after(ended, self.span)

    def before(self, now: datetime) -> datetime:
        """The instant that a case must have ended before, for its records to be due at another."""
        return instant_before(now, self.span)


class Idle(NamedTuple):
    """What is disposed of with people of whom there is no sign any more.

    Args:
        retention: Name of the retention.
        clause: Its clause.
        span: How long after the last sign.
        kinds: Kinds of record that go with their person; every other keeps its person until it is gone by a time of its own.
    """

    retention: str
    clause: str
    span: Span
    kinds: frozenset[str]

    def due(self, seen: datetime) -> datetime:
        """When somebody is due for disposal, by the last sign of them."""
        return instant_after(seen, self.span)

    def before(self, now: datetime) -> datetime:
        """The instant before which the last sign must lie, for somebody to be due at another."""
        return instant_before(now, self.span)


def idle_of(policy: Policy) -> Idle | None:
    """The retention that counts from the last sign of a person (`after: person.last-seen`); None where none does.

    Where several do, the longest holds. A kind of record goes with its person where one of them covers a purpose of each point
    that makes it, and no event ends its own time.
    """
    found = [one for one in policy.retentions.values() if one.after == LAST_SEEN]
    longest = max(found, key=lambda one: (_length(one), one.name), default=None)
    span = read_span(longest.keep) if longest is not None else None
    if longest is None or span is None:
        return None
    timed = {one.kind for one in schedule_of(policy)}
    kinds: dict[str, bool] = {}
    for point in policy.points.values():
        if point.record and point.record not in timed:
            covered = any(_covers(use, p) for one in found for use in one.purposes for p in point.purposes)
            kinds[point.record] = kinds.get(point.record, True) and covered
    return Idle(longest.name, longest.clause, span, frozenset(kind for kind, all_ in kinds.items() if all_))


def schedule_of(policy: Policy) -> list[Scheduled]:
    """The schedule of a version, in order of kinds.

    A record goes by the retentions whose event is the end of its own case (`ticket.closed` for a ticket); of several that
    cover a field for a purpose of its point, the longest holds. Kinds without one are not disposed of here.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for point in policy.points.values():
        for field in point.fields if point.record else ():
            longest = _longest(policy, point, field)
            if longest is not None:
                found.setdefault((str(point.record), longest.name), set()).add(field)
    return [
        _scheduled(kind, policy.retentions[name], fields) for (kind, name), fields in sorted(found.items())
    ]


def _scheduled(kind: str, retention: Retention, fields: set[str]) -> Scheduled:
    span = read_span(retention.keep)
    assert span is not None, "a policy with an unreadable span does not compile"
    case = retention.after.removesuffix(_CLOSED)
    return Scheduled(
        kind, case, retention.name, retention.clause, retention.keep, span, tuple(sorted(fields))
    )


def _longest(policy: Policy, point: Point, field: str) -> Retention | None:
    events = {f"{name}{_CLOSED}" for name in (point.record, point.opens) if name}
    category = policy.fields[field].category
    fitting = [
        one
        for one in policy.retentions.values()
        if one.after in events
        and any(_covers(key, category) for key in one.data)
        and any(_covers(use, purpose) for use in one.purposes for purpose in point.purposes)
    ]
    return max(fitting, key=lambda one: (_length(one), one.name), default=None)


def _length(one: Retention) -> float:
    span = read_span(one.keep)
    hours = {"hours": 1.0, "months": 730.5, "business days": 33.6}
    return span.count * hours[span.unit] if span is not None else 0.0


def _covers(general: str, particular: str) -> bool:
    return particular == general or particular.startswith(general + ".")
