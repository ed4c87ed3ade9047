"""Challenges of passkey ceremonies (WebAuthn Level 3, section 13.4.3): random, short-lived, good once.

A challenge carries its own end and a MAC, so that asking for many fills no table; only those that were used are kept,
until they end. Key and table are shared by the processes of a site and outlive a restart.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy import bindparam, delete

from troth.accounts.tables import spent_challenge
from troth.kernel import Clock, micros
from troth.storage import Database, Statement, Upsert

SPAN = timedelta(minutes=10)
_RANDOM, _TIME = 16, 8
_SPEND = Upsert(spent_challenge, by=("challenge",))
_CLEAR = Statement(delete(spent_challenge).where(spent_challenge.c.expires_at <= bindparam("now")))


class Challenges:
    """Makes challenges and takes each back once.

    Args:
        database: Remembers those that were used.
        clock: Tells when one is over.
        secret: Key of the MACs.
    """

    def __init__(self, database: Database, clock: Clock, secret: bytes) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret

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
        with self._database.transaction() as tx:
            return tx.run(_SPEND, (body, ends)) == 1

    def clear(self) -> int:
        """Remove the used ones that are over; gives their number."""
        with self._database.transaction() as tx:
            return tx.run(_CLEAR, {"now": micros(self._clock.now())})

    def _mac(self, use: str, body: bytes) -> bytes:
        return hmac.new(
            self._secret, b"passkey challenge\0" + use.encode() + b"\0" + body, hashlib.sha256
        ).digest()
