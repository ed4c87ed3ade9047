"""Fetching a page of another site, so that nobody can use us to reach into our own network.

Only https, only public addresses, no redirects: the name is resolved once, every address must be public, and the connection goes
to the very address that was checked, so that a name that changes its mind gains nothing. Size and time are limited.
"""

import hashlib
import http.client
import ipaddress
import socket
import ssl
import time
from urllib.parse import urlsplit

from troth.choice import Fetched
from troth.kernel import InvalidInput, Unavailable

MAX_PAGE = 2_000_000
SECONDS = 15.0
_CHUNK = 65_536
_HTTPS = 443
_AGENT = "Troth (looks at the privacy policies of sites that we link to)"


class NotFetched(Unavailable):
    """A page of another site could not be read."""

    code = "not-fetched"


def fetch_page(url: str, *, private: bool = False, seconds: float = SECONDS) -> Fetched:
    """Fetch a page and keep its digest only.

    Args:
        url: An https address.
        private: Whether addresses that are not public may be reached too; for tests.
        seconds: For all of it, by the machine's time.

    Raises:
        InvalidInput: The address is not https, or leads to no public address.
        NotFetched: It cannot be reached, is larger than MAX_PAGE bytes, takes too long or answers with an error.
    """
    end = time.monotonic() + seconds
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise InvalidInput(
            "Only https addresses are looked at.", field="policy_url", mend="Declare an https address."
        )
    port = parts.port or _HTTPS
    address = checked_address(parts.hostname, port, private=private)
    path = parts.path or "/"
    connection = PinnedHttps(parts.hostname, port, address, min(seconds, SECONDS))
    try:
        connection.request(
            "GET",
            f"{path}?{parts.query}" if parts.query else path,
            headers={"User-Agent": _AGENT, "Accept": "text/html,*/*;q=0.5", "Accept-Encoding": "identity"},
        )
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise NotFetched(
                f"The site answers with status {answer.status}.", mend="Declare the page's own address."
            )
        return _digest(answer, end)
    except (OSError, http.client.HTTPException) as error:
        raise NotFetched(
            f"The site cannot be reached ({type(error).__name__}).", mend="Try again later."
        ) from error
    finally:
        connection.close()


class PinnedHttps(http.client.HTTPSConnection):
    """A connection to one checked address, with the certificate of the name."""

    def __init__(self, host: str, port: int, address: str, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self._address = address
        self._trusted = ssl.create_default_context()

    def connect(self) -> None:
        """Connect to the address that was checked."""
        raw = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._trusted.wrap_socket(raw, server_hostname=self.host)


def checked_address(host: str, port: int, *, private: bool) -> str:
    """The first address of a host, when all of them are public."""
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise NotFetched("The name of the site is not known.", mend="Check the declared address.") from error
    for address in found:
        if not private and not ipaddress.ip_address(address.partition("%")[0]).is_global:
            raise InvalidInput(
                "The site has an address inside a private network; it was not asked.",
                field="policy_url",
                mend="Declare a public site.",
            )
    return found[0]


def _digest(answer: http.client.HTTPResponse, end: float) -> Fetched:
    seen, size = hashlib.sha256(), 0
    while chunk := answer.read1(_CHUNK):
        seen.update(chunk)
        size += len(chunk)
        if size > MAX_PAGE:
            raise NotFetched(f"The page is larger than {MAX_PAGE} bytes.", mend="Declare a smaller page.")
        if time.monotonic() > end:
            raise NotFetched("The site is too slow.", mend="Try again later.")
    return Fetched(answer.status, size, seen.hexdigest())
