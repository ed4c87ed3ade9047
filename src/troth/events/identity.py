"""How visitors are told apart: not at all, for a day by a keyed digest, or by the cookie that they allowed.

The daily digest is a MAC over site, network prefix, user agent and domain under a salt of 256 random bits. A salt is made
when it is first needed on a day, never derived from the date, and kept in the key store, where no copy of the data holds
it. Two exist at most, the day's and the one before; a salt is destroyed after 48 hours, and with it the only way to tell
whose a digest was.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from sqlalchemy import bindparam, delete, select

from troth.events.tables import event_salt
from troth.kernel import Clock, InvalidInput, micros
from troth.storage import Database, Statement, Upsert

SALT_BYTES = 32
SALT_LIFE = timedelta(hours=48)
_DIGEST_BYTES = 16
_PREFIX_4, _PREFIX_6 = 24, 48
_COOKIE_BYTES = 16
_COOKIE_CHARACTERS = frozenset("0123456789abcdef")

_ADD = Upsert(event_salt, by=("day",))
_ALL = Statement(
    select(event_salt.c.day, event_salt.c.salt, event_salt.c.made_at).order_by(event_salt.c.day.desc())
)
_DROP = Statement(delete(event_salt).where(event_salt.c.day == bindparam("which")))

SALTS_TABLE = event_salt.name
"""The key store's table of salts; a copy of the key store must not hold any."""
Blind = Callable[[str, str], bytes]
"""A keyed digest of a value under a key of the key store, by kind and value."""


class Salts:
    """The daily salts.

    Args:
        keystore: Where they are kept.
        clock: Tells the day (UTC).
    """

    def __init__(self, keystore: Database, clock: Clock) -> None:
        self._keystore = keystore
        self._clock = clock
        self._known: dict[str, bytes] = {}
        self._guard = threading.Lock()

    def current(self) -> bytes:
        """The salt of the day; of the newest day when the clock was set back before it."""
        day = self._clock.now().date().isoformat()
        found = self._known.get(day)
        if found is not None:
            return found
        with self._guard:
            known = self._rotate(day)
            return known.get(day) or known[max(known)]

    def destroy_old(self) -> int:
        """Destroy what is over, and nothing else; gives how many salts are left."""
        with self._guard:
            return len(self._rotate(""))

    def _rotate(self, day: str) -> dict[str, bytes]:
        """Make the salt of a day when it is the newest; keep the two newest that are young enough."""
        now = micros(self._clock.now())
        oldest = micros(self._clock.now() - SALT_LIFE)
        with self._keystore.transaction() as tx:
            rows = tx.rows(_ALL)
            if day and (not rows or day > rows[0][0]):
                tx.run(_ADD, (day, secrets.token_bytes(SALT_BYTES), now))
                rows = tx.rows(_ALL)
            over = [row for number, row in enumerate(rows) if number > 1 or row[2] <= oldest]
            for row in over:
                tx.run(_DROP, {"which": row[0]})
        if over:
            self._keystore.scrub()
        self._known = {row[0]: bytes(row[1]) for row in rows if row not in over}
        if day and not self._known:  # the clock was set back by days: what is newest serves
            self._known = {rows[0][0]: bytes(rows[0][1])}
        return self._known


def daily_visitor(salt: bytes, site: str, domain: str, address: str, agent: str) -> str:
    """The digest that tells a visitor apart for a day."""
    parts = (site, network_prefix(address), agent, domain)
    message = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.digest(salt, message.encode("utf-8", "surrogatepass"), hashlib.sha256)[:_DIGEST_BYTES].hex()


def cookie_visitor(blind: Blind, site: str, cookie: str) -> str:
    """The keyed digest of a visitor's cookie, or of an id that a client made, at one site."""
    return blind("event.visitor", f"{site} {cookie}")[:_DIGEST_BYTES].hex()


def visitors_of(blind: Blind, sites: Iterable[str], cookie: str) -> list[str]:
    """The digests by which the bearer of a cookie is known at each of some sites.

    Raises:
        InvalidInput: It is no value of such a cookie.
    """
    if not is_cookie(cookie):
        raise InvalidInput(
            "This is no value of the cookie that tells visitors apart; nothing was done.",
            field="cookie",
            mend=f"Give the {2 * _COOKIE_BYTES} characters, 0-9 and a-f, that the visitor's browser shows for it.",
        )
    return [cookie_visitor(blind, site, cookie) for site in sites]


def new_cookie() -> str:
    """A random value of the cookie that remembers the visitor."""
    return secrets.token_hex(_COOKIE_BYTES)


def is_cookie(value: str) -> bool:
    """Whether a value has the form of one that was made here."""
    return len(value) == 2 * _COOKIE_BYTES and _COOKIE_CHARACTERS.issuperset(value)


@lru_cache(maxsize=4_096)
def network_prefix(address: str) -> str:
    """The network that an address lies in, /24 or /48; empty where it is no network address."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return str(ip_network((found, _PREFIX_4 if isinstance(found, IPv4Address) else _PREFIX_6), strict=False))
