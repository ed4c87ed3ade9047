"""Limits on signing in: a delay that grows with each failure, and few mails for one address.

Counted in memory, by a digest of the address and by network. Nobody is locked out: a link to the mailbox always signs in,
and an address that was asked for too often still has links of the last twenty minutes in its mailbox.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta

from troth.kernel import Clock
from troth.web.asgi import Scope
from troth.web.guarding import MAX_TRACKED
from troth.web.limiting import network_of
from troth.web.problems import TooManyAttempts

FREE = 5
"""Failures without a delay."""
FREE_NETWORK = 50
LONGEST = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=1)
MOST_MAILS = 5
MAIL_WINDOW = timedelta(minutes=20)
_MOST_DOUBLINGS = 10


class Attempts:
    """Counts failed passwords and asked-for links.

    Args:
        clock: Tells how long ago something was.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._mails: OrderedDict[str, list[datetime]] = OrderedDict()

    def check(self, scope: Scope, address: str) -> None:
        """Refuse a password while a delay runs, whoever has the address or nobody.

        Raises:
            TooManyAttempts: Too many failed for this address, or from this network.
        """
        now = self._clock.now()
        for mark, free in self._marks(scope, address):
            last, count = self._failures.get(mark, (now, 0))
            left = last + _delay(count, free) - now
            if timedelta(0) < left <= LONGEST:
                seconds = int(left.total_seconds()) + 1
                raise TooManyAttempts(
                    "Too many passwords were wrong.",
                    mend=f"Try again in {seconds} seconds, or have a link sent to your mailbox.",
                    seconds=seconds,
                )

    def failed(self, scope: Scope, address: str) -> None:
        """Note a wrong password."""
        now = self._clock.now()
        for mark, _ in self._marks(scope, address):
            last, count = self._failures.pop(mark, (now, 0))
            self._failures[mark] = (now, count + 1 if timedelta(0) <= now - last < FORGOTTEN else 1)
        while len(self._failures) > MAX_TRACKED:
            self._failures.popitem(last=False)

    def signed_in(self, address: str) -> None:
        """Forget the failures of an address whose owner has just shown to be there."""
        self._failures.pop(_digest(address), None)

    def may_write(self, address: str) -> bool:
        """Whether one more link may be sent to an address; counts it."""
        now, mark = self._clock.now(), _digest(address)
        lately = [one for one in self._mails.pop(mark, []) if timedelta(0) <= now - one < MAIL_WINDOW]
        allowed = len(lately) < MOST_MAILS
        self._mails[mark] = [*lately, now] if allowed else lately
        while len(self._mails) > MAX_TRACKED:
            self._mails.popitem(last=False)
        return allowed

    def _marks(self, scope: Scope, address: str) -> Iterator[tuple[str, int]]:
        yield _digest(address), FREE
        place = network_of(scope)
        if place:
            yield place, FREE_NETWORK


def _delay(count: int, free: int) -> timedelta:
    if count < free:
        return timedelta(0)
    return min(LONGEST, timedelta(seconds=2 ** min(count - free + 1, _MOST_DOUBLINGS)))


def _digest(address: str) -> str:
    return hashlib.sha256(address.strip().casefold().encode()).hexdigest()
