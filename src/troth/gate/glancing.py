"""One look at the version in force and at keys for all of one piece of the service's own work.

A job asks for the policy and for its own key's holder a dozen times: to word a mail, to name a purpose, to plan. Each would be a
round trip to the database. What decides and records an act is never taken from here: a unit of work reads both anew, and
whatever is done along with its acts sees the version that it has read.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import local

from troth.gate.access import Actor
from troth.policy import Policy


class _Seen:
    """What was read since the look began."""

    __slots__ = ("actors", "policy")

    def __init__(self) -> None:
        self.policy: Policy | None = None
        self.actors: dict[str, Actor] = {}


class Glance(local):
    """What this thread has read while it keeps to one look; nothing otherwise."""

    def __init__(self) -> None:
        self._seen: _Seen | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep what is read until the block ends; within such a block the outer one holds."""
        if self._seen is not None:
            yield
            return
        self._seen = _Seen()
        try:
            yield
        finally:
            self._seen = None

    @contextmanager
    def within(self, policy: Policy) -> Iterator[None]:
        """For a unit of work: what is done along with its acts sees the version that they were decided by."""
        outer, self._seen = self._seen, _Seen()
        self._seen.policy = policy
        try:
            yield
        finally:
            self._seen = outer

    def policy(self, read: Callable[[], Policy]) -> Policy:
        """The version in force as read in this look, or now."""
        seen = self._seen
        if seen is None:
            return read()
        if seen.policy is None:
            seen.policy = read()
        return seen.policy

    def actor(self, key: str, read: Callable[[str], Actor]) -> Actor:
        """Who stands behind a key as read in this look, or now; a key that does not work is asked for again."""
        seen = self._seen
        if seen is None:
            return read(key)
        found = seen.actors.get(key)
        if found is None:
            found = seen.actors[key] = read(key)
        return found
