"""When events are past their retention, as the policy declares it. Pure."""

from datetime import datetime

from troth.events.model import sites_of
from troth.kernel import micros
from troth.policy import Policy, instant_before, read_span


def disposal_instant(policy: Policy, now: datetime) -> int:
    """The instant (microseconds) before which events are over; 0 where no retention limits them."""
    point = sites_of(policy).point
    named = policy.retentions.get(point.retention or "") if point is not None else None
    span = read_span(named.keep) if named is not None else None
    return 0 if span is None else micros(instant_before(now, span))
