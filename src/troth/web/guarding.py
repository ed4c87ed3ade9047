"""What stands before every endpoint: security headers, and a limit on failed sign-ins."""

from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, ip_address, ip_network

from troth.kernel import Clock
from troth.web.asgi import Message, Scope, Send
from troth.web.problems import TooManyAttempts

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_YEAR = 31_536_000
MAX_FAILURES = 20
MAX_NETWORK_FAILURES = 200
WINDOW = timedelta(minutes=5)
MAX_TRACKED = 10_000
_PREFIX_4, _PREFIX_6 = 24, 64
_SHORT = 16
LOOPBACK = frozenset({"127.0.0.0/24", "::/64"})
"""Networks of a reverse proxy on this machine: all its visitors together."""


def security_headers(public_url: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of every response; strict transport security only where the public address is https."""
    headers = dict(_HEADERS)
    if public_url.startswith("https://"):
        headers["strict-transport-security"] = f"max-age={_YEAR}; includeSubDomains"
    return tuple((name.encode(), value.encode()) for name, value in headers.items())


def guarded(send: Send, headers: tuple[tuple[bytes, bytes], ...], *, without_body: bool) -> Send:
    """A `send` that adds headers to every response and, for HEAD, leaves the body out."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {bytes(name).lower() for name, _ in message.get("headers", ())}
            added = [pair for pair in headers if pair[0] not in given]
            if b"cache-control" not in given:
                added.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        elif without_body and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sending


class FailedSignIns:
    """Counts failed sign-ins in memory, by network and by key within a network.

    A key is never refused because of failures elsewhere, or of others that share its id: whoever learns the id could lock
    it out otherwise. Secrets have 256 random bits; the limits keep noise down, not guesses.

    Args:
        clock: Tells when a window is over.
        most: Failures with one key from one network within a window, after which more are refused.
        most_network: The same for all keys of a network together.
        window: Length of a window.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        most: int = MAX_FAILURES,
        most_network: int = MAX_NETWORK_FAILURES,
        window: timedelta = WINDOW,
    ) -> None:
        self._clock = clock
        self._most = most
        self._most_network = most_network
        self._window = window
        self._failures: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def check(self, scope: Scope, key: str) -> None:
        """Refuse when too many sign-ins failed.

        Raises:
            TooManyAttempts: With this key, or from this network.
        """
        if not self._failures:
            return
        now = self._clock.now()
        for mark, most in self._marks(scope, key):
            since, count = self._failures.get(mark, (now, 0))
            left = since + self._window - now
            if count >= most and timedelta(0) < left <= self._window:
                seconds = int(left.total_seconds()) + 1
                raise TooManyAttempts(
                    "Too many sign-ins failed.", mend=f"Try again in {seconds} seconds.", seconds=seconds
                )

    def failed(self, scope: Scope, key: str) -> None:
        """Note a failed sign-in."""
        now = self._clock.now()
        for mark, _ in self._marks(scope, key):
            since, count = self._failures.pop(mark, (now, 0))
            if not timedelta(0) <= now - since < self._window:  # over, or the clock was set back
                since, count = now, 0
            self._failures[mark] = (since, count + 1)
        while len(self._failures) > MAX_TRACKED:
            self._failures.popitem(last=False)

    def _marks(self, scope: Scope, key: str) -> list[tuple[str, int]]:
        client = scope.get("client")
        place = network(client[0]) if client else ""
        # By the whole key: who knows only its id must not lock its holder out, least of all behind a shared proxy.
        marks = [(f"{place} {sha256(key.encode()).hexdigest()[:_SHORT]}", self._most)]
        if place not in LOOPBACK:
            marks.append((place, self._most_network))
        return marks


def network(address: str) -> str:
    """The network an address lies in: its /24 or its /64; the address itself where it is no IP address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    length = _PREFIX_4 if isinstance(found, IPv4Address) else _PREFIX_6
    return str(ip_network((found, length), strict=False))
