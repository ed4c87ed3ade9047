"""A limit on what visitors send without a key, counted in memory by network."""

from collections import OrderedDict
from datetime import datetime, timedelta

from troth.kernel import Clock
from troth.web.asgi import Scope, header
from troth.web.guarding import LOOPBACK, MAX_TRACKED, network
from troth.web.problems import TooManyAttempts

WINDOW = timedelta(minutes=1)
_HERE = {address: network(address) for address in ("127.0.0.1", "::1")}
"""A proxy's usual addresses, so that the busiest are not looked into each time."""


class Submissions:
    """Counts the submissions of each network within a minute.

    A proxy on this machine tells whom it asks for in the last address of `X-Forwarded-For`; where it does not, its visitors
    cannot be told apart and are not limited.

    Args:
        clock: Tells when a window is over.
        most: Submissions of one network within a window; 0 for no limit.
        window: Length of a window.
    """

    def __init__(self, clock: Clock, most: int, window: timedelta = WINDOW) -> None:
        self._clock = clock
        self._most = most
        self._window = window
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def count(self, scope: Scope) -> None:
        """Count one submission.

        Raises:
            TooManyAttempts: Its network has sent too many.
        """
        place = network_of(scope)
        if not self._most or not place:
            return
        now = self._clock.now()
        since, count = self._counts.pop(place, (now, 0))
        if not timedelta(0) <= now - since < self._window:  # over, or the clock was set back
            since, count = now, 0
        self._counts[place] = (since, min(count, self._most) + 1)
        while len(self._counts) > MAX_TRACKED:
            self._counts.popitem(last=False)
        if count >= self._most:
            seconds = int((since + self._window - now).total_seconds()) + 1
            raise TooManyAttempts(
                "Too much was sent from this network.",
                mend=f"Try again in {seconds} seconds.",
                seconds=seconds,
            )


def network_of(scope: Scope) -> str:
    """The network that a request comes from; empty where it cannot be told."""
    client = scope.get("client")
    address = client[0] if client else ""
    place = _HERE.get(address) or network(address)
    if place in LOOPBACK:
        told = header(scope, b"x-forwarded-for").rpartition(",")[2].strip()
        place = network(told) if told else ""
    return "" if place in LOOPBACK else place
