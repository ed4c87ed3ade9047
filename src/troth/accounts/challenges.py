"""Challenges of passkey ceremonies (WebAuthn Level 3, section 13.4.3): random, short-lived, good once.

A challenge carries its own end and a MAC, so that asking for many fills no memory; only those that were used are
remembered until they end. The key lives as long as the process: a restart ends what is under way, ten minutes at most.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta
from threading import Lock

from troth.kernel import Clock, micros

SPAN = timedelta(minutes=10)
_RANDOM, _TIME = 16, 8


class Challenges:
    """Makes challenges and takes each back once.

    Args:
        clock: Tells when one is over.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._used: dict[bytes, int] = {}
        self._guard = Lock()

    def make(self, use: str) -> bytes:
        """A challenge for a use, such as signing in, or adding a passkey in one session."""
        body = micros(self._clock.now() + SPAN).to_bytes(_TIME, "big") + secrets.token_bytes(_RANDOM)
        return body + self._mac(use, body)

    def spend(self, use: str, challenge: bytes) -> bool:
        """Whether a challenge was made for this use, is not over, and comes back for the first time."""
        body, mac = challenge[: _TIME + _RANDOM], challenge[_TIME + _RANDOM :]
        now, ends = micros(self._clock.now()), int.from_bytes(body[:_TIME], "big")
        if not hmac.compare_digest(mac, self._mac(use, body)) or now >= ends:
            return False
        with self._guard:
            self._used = {one: until for one, until in self._used.items() if until > now}
            if challenge in self._used:
                return False
            self._used[challenge] = ends
        return True

    def _mac(self, use: str, body: bytes) -> bytes:
        return hmac.new(self._key, use.encode() + b"\0" + body, hashlib.sha256).digest()
