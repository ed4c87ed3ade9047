"""Calling the receiving door: HTTPS only (or loopback), no redirect followed, bounded in time and size.

Proxies are taken from the environment, certificates are verified by the machine's own (SSL_CERT_FILE names others). Nothing
tells of the machine: no name, no program version, no language.
"""

import json
import urllib.error
import urllib.request
from email.message import Message
from http.client import HTTPException, HTTPMessage
from ipaddress import ip_address
from time import monotonic
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

from troth.telemetry.schema import TelemetryError

SECONDS = 10.0
MOST_ANSWER = 262_144
_CHUNK = 16_384


class Unreachable(TelemetryError):
    """The receiving door could not be called, or did not answer in time. The text holds no address of this machine."""


class Answer(NamedTuple):
    """What came back.

    Args:
        status: HTTP status.
        body: At most `MOST_ANSWER` bytes.
        retry_after: Seconds that the door asked to be left alone; 0 for none.
    """

    status: int
    body: bytes
    retry_after: int = 0

    @property
    def document(self) -> dict[str, Any]:
        """The members of the body; none where it is no JSON object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str:
        """The code of a problem (RFC 9457): the last part of its type."""
        return str(self.document.get("type", "")).rpartition("/")[2]

    @property
    def what(self) -> str:
        """What the door says, for people."""
        told = self.document
        return str(told.get("detail") or told.get("title") or f"status {self.status}")[:400]


def call(
    address: str,
    *,
    body: bytes | None = None,
    authorization: str = "",
    seconds: float = SECONDS,
) -> Answer:
    """One request: GET, or POST of JSON where there is a body.

    Args:
        address: Where.
        body: What is sent, as it is.
        authorization: Value of the header.
        seconds: How long it may take in all.

    Raises:
        Unreachable: It could not be done, or not in time.
        TelemetryError: The address is neither https nor loopback.
    """
    check_address(address)
    headers = {"User-Agent": "troth-telemetry", "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if authorization:
        headers["Authorization"] = authorization
    request = urllib.request.Request(address, data=body, headers=headers)  # noqa: S310  the address was checked
    ends = monotonic() + seconds
    try:
        with _opener(address).open(request, timeout=seconds) as found:
            return _answer(found.status, found.headers, found, ends)
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error, ends)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Unreachable(f"The receiving door does not answer ({type(reason).__name__}).") from error


def check_address(address: str) -> None:
    """Make sure that an address is https, or this machine itself.

    Raises:
        TelemetryError: It is not.
    """
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname and not parts.username:
        return
    if parts.scheme == "http" and _loopback(parts.hostname or ""):
        return
    raise TelemetryError("The address is not https; only this machine itself is called without.")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Follow none: what was agreed to be sent to one place goes to no other."""


def _opener(address: str) -> urllib.request.OpenerDirector:
    import ssl

    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if urlsplit(address).scheme == "https":
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    else:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _answer(status: int, headers: Message, source: IO[bytes], ends: float) -> Answer:
    """Read an answer, within what is left of the time."""
    body = b""
    while len(body) < MOST_ANSWER:
        if monotonic() > ends:
            raise TimeoutError
        some = source.read1(_CHUNK) if hasattr(source, "read1") else source.read(_CHUNK)
        if not some:
            break
        body += some
    asked = headers.get("Retry-After", "")
    return Answer(status, body[:MOST_ANSWER], int(asked) if asked.isdigit() else 0)
