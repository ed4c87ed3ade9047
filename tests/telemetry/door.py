"""A receiving door for the sender's tests: a real HTTP server that signs blindly, and keeps what it was sent, to the byte."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from troth.telemetry import PublicKey, verify

Reply = tuple[int, Any]


def packed(value: bytes) -> str:
    """Bytes as base64 for addresses."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """Bytes out of it."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Request(NamedTuple):
    """What came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@cache
def first_pair() -> rsa.RSAPrivateKey:
    """The pair of every door's first key: making one takes longer than most tests."""
    return rsa.generate_private_key(65537, 2048)


class Key:
    """A signing key of a week, of a pair of its own unless one is given."""

    def __init__(self, week: str, pair: rsa.RSAPrivateKey | None = None) -> None:
        self._private = pair or rsa.generate_private_key(65537, 2048)
        self.week, self.state = week, "open"
        self.whole = self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.name = hashlib.sha256(self.whole).hexdigest()[:16]
        numbers = self._private.public_key().public_numbers()
        self.public = PublicKey(numbers.n, numbers.e)

    def told(self) -> dict[str, str]:
        """The key as the door lists it."""
        n, e = self.public.n.to_bytes(256, "big"), self.public.e.to_bytes(3, "big")
        members = {"n": n, "e": e, "public": self.whole}
        return {
            "key": self.name,
            "week": self.week,
            "state": self.state,
            **{one: packed(value) for one, value in members.items()},
        }

    def sign(self, blinded: bytes) -> bytes:
        """Sign what cannot be seen."""
        numbers = self._private.private_numbers()
        return pow(int.from_bytes(blinded, "big"), numbers.d, self.public.n).to_bytes(256, "big")


class Door:
    """The receiving door.

    Args:
        week: Of the first key.
    """

    def __init__(self, week: str = "2026-W48") -> None:
        self.keys = [Key(week, first_pair())]
        self.requests: list[Request] = []
        self.reports: list[bytes] = []
        self.receipts: set[str] = set()
        self.spent: set[str] = set()
        self.handed_back: list[str | None] = []
        self.issued: dict[tuple[str, str], str] = {}
        self.forced: dict[str, Reply | str] = {}
        self.base = ""

    def answer(self, request: Request) -> Reply:
        """The answer to a request."""
        forced = self.forced.get(request.path)
        if isinstance(forced, tuple):
            return forced
        shown = request.headers.get("authorization", "")
        told = json.loads(request.body) if request.body else {}
        if request.path == "/telemetry/keys":
            return 200, {"keys": [key.told() for key in self.keys]}
        if request.path == "/telemetry/opt-in":
            receipt = packed(hashlib.sha256(str(len(self.requests)).encode()).digest())
            self.receipts.add(receipt)
            return 201, {"receipt": receipt, **told}
        if request.path == "/telemetry/reports":
            return self._report(shown.removeprefix("Token "), request.body)
        if shown.removeprefix("Receipt ") not in self.receipts:
            return problem(403, "not-opted-in")
        if request.path == "/telemetry/opt-out":
            self.receipts.remove(shown.removeprefix("Receipt "))
            self.handed_back.append(told["token"])
            return 204, None
        return self._token(shown, told)

    def _token(self, shown: str, told: dict[str, str]) -> Reply:
        key = self.keys[-1]
        if told["key"] != key.name or key.state != "open":
            return problem(403, "token-closed")
        if self.issued.setdefault((shown, key.name), told["blinded"]) != told["blinded"]:
            return problem(409, "token-issued")
        return 200, {"signature": packed(key.sign(unpacked(told["blinded"])))}

    def _report(self, token: str, body: bytes) -> Reply:
        name, message, signature = token.split(".")
        key = next((one for one in self.keys if one.name == name), None)
        if key is None:
            return problem(403, "not-opted-in")
        verify(key.public, unpacked(message), unpacked(signature))
        if key.state != "open":
            return problem(403, "token-closed")
        if token in self.spent:
            return problem(403, "token-spent")
        self.spent.add(token)
        self.reports.append(body)
        return 202, {}

    def posted(self, path: str) -> list[Request]:
        """Requests to a path."""
        return [one for one in self.requests if one.path == path]


def problem(status: int, code: str) -> Reply:
    """A problem document (RFC 9457)."""
    return status, {"type": f"/problems/{code}", "title": code, "status": status, "detail": f"It is {code}."}


def _handler(door: Door) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._take("GET")

        def do_POST(self) -> None:
            self._take("POST")

        def _take(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(method, self.path, headers, body)
            door.requests.append(request)
            status, document = door.answer(request)
            if door.forced.get(request.path) == "lost":
                self.close_connection = True
                return
            self.send_response_only(status)
            content = b"" if document is None else json.dumps(document).encode()
            if status in {301, 302, 303, 307, 308}:
                self.send_header("Location", document)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def opened(door: Door) -> Iterator[Door]:
    """The door, listening on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(door))
    server.daemon_threads = True
    door.base = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
