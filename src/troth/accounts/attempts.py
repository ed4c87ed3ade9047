"""Limits on signing in: a delay that grows with each failure, and few mails for one address.

They stand in the database, so that several processes share them and a restart forgets nothing. A row is found by a keyed
hash of what was tried, or of the network that it came from, and is removed an hour after the last try. Nobody is locked
out: a link to the mailbox always signs in, and an address that was asked for too often still has the links of the last
twenty minutes in its mailbox.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import bindparam, delete

from troth.accounts.tables import sign_in_attempt
from troth.kernel import Clock, micros
from troth.storage import Database, Lookup, Statement, Transaction, Upsert

PASSWORD, PASSKEY = "password", "passkey"
FREE = 5
"""Failures without a delay."""
FREE_NETWORK = 50
LONGEST = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=1)
MOST_MAILS = 5
MAIL_WINDOW = timedelta(minutes=20)
_MOST_DOUBLINGS = 10
_MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1) // _MICROSECOND

# Writing a row first holds it, so that two tries at once are counted one after the other.
_TOUCH = Upsert(sign_in_attempt, by=("mark",), update=("mark",))
_READ = Lookup(sign_in_attempt, by=("mark",), take=("last_at", "count"))
_WRITE = Upsert(sign_in_attempt, by=("mark",), update=("last_at", "count", "expires_at"))
_FORGET = Statement(delete(sign_in_attempt).where(sign_in_attempt.c.mark == bindparam("which")))
_CLEAR = Statement(delete(sign_in_attempt).where(sign_in_attempt.c.expires_at <= bindparam("now")))


class Attempts:
    """Counts tries to sign in, and asked-for links.

    Args:
        database: Keeps the counts.
        clock: Tells how long ago something was.
        secret: Key of the hashes.
    """

    def __init__(self, database: Database, clock: Clock, secret: bytes) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret

    def begin(self, way: str, name: str, network: str) -> int:
        """Count a try before anything is compared, whether or not anybody has the name; a success takes it back.

        Args:
            way: `password` or `passkey`.
            name: The address, or the id of the passkey.
            network: Where the request comes from; empty where that cannot be told.

        Returns:
            Seconds to wait; 0 when the try may go on. One that must wait counts for nothing.
        """
        limits = self._limits(way, name, network)
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            found = _held(tx, list(limits), now)
            left = max(_left(*found[mark], free, now) for mark, free in limits.items())
            if left:
                return left // _SECOND + 1
            ends = now + FORGOTTEN // _MICROSECOND
            rows = [(mark, now, _lately(*found[mark], now) + 1, ends) for mark in sorted(limits)]
            tx.run_many(_WRITE, rows)
        return 0

    def signed_in(self, way: str, name: str, network: str) -> None:
        """Forget the failures of a name whose owner has just shown to be there, and the try of the network."""
        own = self._mark(way, name)
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            others = [mark for mark in self._limits(way, name, network) if mark != own]
            for mark, (last, count) in _held(tx, others, now).items():
                tx.run(_WRITE, (mark, last, max(count - 1, 0), last + FORGOTTEN // _MICROSECOND))
            tx.run(_FORGET, {"which": own})

    def may_write(self, address: str) -> bool:
        """Whether one more link may be sent to an address; counts it."""
        mark, span = self._mark("link", address), MAIL_WINDOW // _MICROSECOND
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            since, count = _held(tx, [mark], now)[mark]
            if not 0 <= now - since < span:  # over, or the clock was set back
                since, count = now, 0
            allowed = count < MOST_MAILS
            tx.run(_WRITE, (mark, since, count + allowed, since + span))
        return allowed

    def clear(self) -> int:
        """Remove the rows whose time is over; gives their number."""
        with self._database.transaction() as tx:
            return tx.run(_CLEAR, {"now": micros(self._clock.now())})

    def _limits(self, way: str, name: str, network: str) -> Mapping[bytes, int]:
        """The marks of a try, each with the failures that are free."""
        limits = {self._mark(way, name): FREE}
        if network:
            limits[self._mark("network", network)] = FREE_NETWORK
        return limits

    def _mark(self, kind: str, name: str) -> bytes:
        text = f"sign-in attempt\0{kind}\0{name.strip().casefold()}"
        return hmac.new(self._secret, text.encode("utf-8", "replace"), hashlib.sha256).digest()


def _held(tx: Transaction, marks: list[bytes], now: int) -> dict[bytes, tuple[int, int]]:
    """Last try and number of tries by mark, held until the end of the unit of work."""
    tx.run_many(_TOUCH, [(mark, now, 0, now) for mark in sorted(marks)])
    return {bytes(mark): (row[0], row[1]) for (mark,), row in tx.lookup(_READ, [(m,) for m in marks]).items()}


def _lately(last: int, count: int, now: int) -> int:
    """How many tries count; none after an hour, nor when the clock was set back."""
    return count if 0 <= now - last < FORGOTTEN // _MICROSECOND else 0


def _left(last: int, count: int, free: int, now: int) -> int:
    """Microseconds for which a delay still runs."""
    if count < free:
        return 0
    delay = min(LONGEST, timedelta(seconds=2 ** min(count - free + 1, _MOST_DOUBLINGS)))
    left = last + delay // _MICROSECOND - now
    return left if 0 < left <= LONGEST // _MICROSECOND else 0
