"""When events are past their retention, as the policy declares it. Pure."""

from calendar import monthrange
from datetime import datetime, timedelta

from troth.events.model import sites_of
from troth.kernel import micros
from troth.policy import Policy, read_span

_DAYS_A_BUSINESS_WEEK, _DAYS_A_WEEK = 5, 7


def disposal_instant(policy: Policy, now: datetime) -> int:
    """The instant (microseconds) before which events are over; 0 where no retention limits them."""
    point = sites_of(policy).point
    named = policy.retentions.get(point.retention or "") if point is not None else None
    span = read_span(named.keep) if named is not None else None
    if span is None:
        return 0
    if span.unit == "months":
        return micros(_months_before(now, span.count))
    if span.unit == "hours":
        return micros(now - timedelta(hours=span.count))
    # Kept a little longer than business days would have it, never shorter.
    weeks, rest = divmod(span.count, _DAYS_A_BUSINESS_WEEK)
    return micros(now - timedelta(days=weeks * _DAYS_A_WEEK + rest + 2))


def _months_before(now: datetime, count: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 - count, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))
