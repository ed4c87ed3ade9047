"""Sending a message to a recipient, so that nobody can use us to reach into our own network.

Only https, only public addresses, no redirects, no proxy; the connection goes to the very address that was checked. Size and time of
the answer are limited.
"""

import http.client
import socket
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from troth.adapters.pages import PinnedHttps, checked_address
from troth.kernel import InvalidInput, Unavailable

MAX_ANSWER = 1_000_000
SECONDS = 15.0
_CHUNK = 65_536
_AGENT = "Troth (tells recipients about requests of people)"
_PORTS = {"https": 443, "http": 80}


class NotReceived(Unavailable):
    """A recipient did not say that it received a message."""

    code = "not-received"


class Answer(NamedTuple):
    """What a recipient answered."""

    status: int
    body: bytes


class PinnedHttp(http.client.HTTPConnection):
    """A connection to one checked address, without TLS."""

    def __init__(self, host: str, port: int, address: str, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self._address = address

    def connect(self) -> None:
        """Connect to the address that was checked."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


def check_url(url: str, *, private: bool) -> None:
    """Refuse an address that no message may go to.

    Raises:
        InvalidInput: It is not https (http only where private addresses are allowed), or holds an account.
    """
    parts = urlsplit(url)
    schemes = ("https", "http") if private else ("https",)
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise InvalidInput(
            "The address of a webhook is not an https address.",
            field="url",
            mend="Write it like https://example.com/hook.",
        )


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, private: bool = False, seconds: float = SECONDS
) -> Answer:
    """Send a message, and read what is answered.

    Args:
        url: Where to.
        body: JSON.
        headers: Signature and the like.
        private: Whether addresses that are not public may be reached too, and without TLS.
        seconds: For all of it, by the machine's time.

    Raises:
        InvalidInput: The address is not allowed, or leads to no public address.
        NotReceived: It cannot be reached, answers with anything but 2xx, or with too much, or takes too long.
    """
    check_url(url, private=private)
    end = time.monotonic() + seconds
    parts = urlsplit(url)
    assert parts.hostname is not None, "checked above"
    port = parts.port or _PORTS[parts.scheme]
    address = checked_address(parts.hostname, port, private=private)
    kind = PinnedHttps if parts.scheme == "https" else PinnedHttp
    connection = kind(parts.hostname, port, address, seconds)
    path = parts.path or "/"
    sent = {
        "User-Agent": _AGENT,
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        **headers,
    }
    try:
        connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, sent)
        answer = connection.getresponse()
        if not 200 <= answer.status < 300:  # noqa: PLR2004  a redirect is not followed either
            raise NotReceived(
                f"The recipient answers with status {answer.status}.", mend="It is tried again by itself."
            )
        return Answer(answer.status, _body(answer, end))
    except (OSError, http.client.HTTPException) as error:
        raise NotReceived(
            f"The recipient cannot be reached ({type(error).__name__}).", mend="It is tried again by itself."
        ) from error
    finally:
        connection.close()


def _body(answer: http.client.HTTPResponse, end: float) -> bytes:
    found = bytearray()
    while chunk := answer.read1(_CHUNK):
        found += chunk
        if len(found) > MAX_ANSWER:
            raise NotReceived(
                f"The answer is larger than {MAX_ANSWER} bytes.", mend="Answer by the callback in parts."
            )
        if time.monotonic() > end:
            raise NotReceived("The recipient is too slow.", mend="It is tried again by itself.")
    return bytes(found)
