"""An installation that reports: a receipt, tokens blinded as RFC 9474 says, and reports in their one form."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from math import gcd
from typing import Any

import httpx

Send = Callable[..., httpx.Response]
"""Sends a request: method, path, and what httpx takes."""
PRODUCT, RELEASE = "example-sensor", "5.2"
HASH = 48


def packed(value: bytes) -> str:
    """Bytes as base64 for addresses."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """Bytes out of it."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(report: object) -> bytes:
    """A report's bytes."""
    return json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def blinded(n: int, e: int, message: bytes) -> tuple[bytes, int]:
    """A blinded message and what takes the blinding away (RFC 9474, section 4.2)."""
    bits = n.bit_length() - 1
    encoded = int.from_bytes(_pss(message, bits), "big")
    assert gcd(encoded, n) == 1
    factor = 1 + secrets.randbelow(n - 1)
    size = (n.bit_length() + 7) // 8
    return (encoded * pow(factor, e, n) % n).to_bytes(size, "big"), pow(factor, -1, n)


def _pss(message: bytes, bits: int) -> bytes:
    salt = secrets.token_bytes(HASH)
    digest = hashlib.sha384(bytes(8) + hashlib.sha384(message).digest() + salt).digest()
    room = (bits + 7) // 8 - HASH - 1
    block = bytes(room - HASH - 1) + b"\x01" + salt
    mask = b"".join(
        hashlib.sha384(digest + one.to_bytes(4, "big")).digest() for one in range(room // HASH + 1)
    )
    masked = bytearray(one ^ other for one, other in zip(block, mask, strict=False))
    masked[0] &= 0xFF >> (8 * ((bits + 7) // 8) - bits)
    return bytes(masked) + digest + b"\xbc"


class Installed:
    """An installation of a product.

    Args:
        send: Sends requests to the service.
        product: What it is.
        release: Its version.
    """

    def __init__(self, send: Send, product: str = PRODUCT, release: str = RELEASE) -> None:
        self.send, self.product, self.release = send, product, release
        self.receipt = self.handle = self.token = ""

    def opt_in(self) -> httpx.Response:
        """Its administrator switches telemetry on."""
        body = {"product": self.product, "release": self.release}
        answer = self.send("POST", "/telemetry/opt-in", json=body)
        if answer.is_success:
            self.receipt, self.handle = answer.json()["receipt"], answer.json()["installation"]
        return answer

    def opt_out(self, token: str | None = None) -> httpx.Response:
        """Its administrator switches it off."""
        return self.send("POST", "/telemetry/opt-out", json={"token": token}, headers=self.shown())

    def shown(self) -> dict[str, str]:
        """The header with its receipt."""
        return {"Authorization": f"Receipt {self.receipt}"}

    def key(self) -> dict[str, str]:
        """The key that signs now."""
        keys = self.send("GET", "/telemetry/keys").json()["keys"]
        found: dict[str, str] = [one for one in keys if one["state"] == "open"][-1]
        return found

    def ask(self, key: dict[str, str], message: bytes) -> httpx.Response:
        """Ask for a signature of a blinded message."""
        body = {"blinded": packed(message), "key": key["key"], "release": self.release}
        return self.send("POST", "/telemetry/tokens", json=body, headers=self.shown())

    def fetch(self) -> httpx.Response:
        """Fetch this week's token."""
        key = self.key()
        n, e = (int.from_bytes(unpacked(key[part]), "big") for part in ("n", "e"))
        message = secrets.token_bytes(64)
        hidden, inverse = blinded(n, e, message)
        answer = self.ask(key, hidden)
        if answer.is_success:
            signature = int.from_bytes(unpacked(answer.json()["signature"]), "big") * inverse % n
            size = (n.bit_length() + 7) // 8
            self.token = f"{key['key']}.{packed(message)}.{packed(signature.to_bytes(size, 'big'))}"
        return answer

    def report(self, week: str, metrics: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """A report that can be sent."""
        schema = self.send("GET", "/telemetry/schema.json").json()
        return {
            "format": "troth-report/1",
            "schema": schema["fingerprint"],
            "product": self.product,
            "release": self.release,
            "week": week,
            "metrics": {"cores": 4} if metrics is None else metrics,
            **more,
        }

    def upload(self, report: dict[str, Any] | bytes, token: str | None = None) -> httpx.Response:
        """Send a report with its token, or another one; an empty one shows nothing."""
        shown = self.token if token is None else token
        headers = {"Authorization": f"Token {shown}"} if shown else {}
        body = report if isinstance(report, bytes) else canonical(report)
        return self.send("POST", "/telemetry/reports", content=body, headers=headers)
