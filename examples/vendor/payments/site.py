"""The processor's two pages for people, and its interface for the shop: what a token is good for, and charging it once."""

import hmac
import json
import re
import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from examples.vendor.wire import MOST, Answer, Asked, read, write

HERE = Path(__file__).resolve().parent
KEY = "EXAMPLE_PAYMENTS_KEY"
"""The environment variable with the key that the shop signs its requests with."""
_AMOUNT = re.compile(r"[0-9]{1,6}\.[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{13,19}")
_UNTIL = re.compile(r"(0[1-9]|1[0-2])/[0-9]{2}")
_CODE = re.compile(r"[0-9]{3,4}")


class Payments:
    """The site of Example Payments.

    A card is looked at and forgotten: what stays is a random token and the amount that it is good for.

    Args:
        shop: Origin of the shop; buyers are sent back to no other.
        key: What the shop's requests carry.
    """

    def __init__(self, shop: str, key: str) -> None:
        self._shop, self._key = shop, key
        self._tokens: dict[str, dict[str, str]] = {}
        self._pages = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )
        self._headers = [
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-content-type-options", b"nosniff"),
            (
                b"content-security-policy",
                b"default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
                b"form-action 'self' " + shop.encode(),
            ),
        ]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request (ASGI)."""
        if scope["type"] == "http":
            asked = await read(scope, receive)
            await write(send, asked, self._answer(asked))

    def _answer(self, asked: Asked) -> Answer:
        if len(asked.body) > MOST:
            return self._told(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if asked.path == "/health":
            return self._told(HTTPStatus.OK)
        if asked.path == "/style.css":
            media = (b"content-type", b"text/css; charset=utf-8")
            return Answer(200, [*self._headers, media], (HERE / "style.css").read_bytes())
        if asked.path == "/pay":
            return self._pay(asked)
        if asked.path.startswith("/tokens/"):
            return self._token(asked, *asked.path.removeprefix("/tokens/").split("/"))
        return self._told(HTTPStatus.NOT_FOUND)

    def _pay(self, asked: Asked) -> Answer:
        sent = asked.form
        given = sent or asked.asked_for
        amount, back = given.get("amount", ""), given.get("back", "")
        origin = urlsplit(back)
        if not _AMOUNT.fullmatch(amount) or f"{origin.scheme}://{origin.netloc}" != self._shop:
            return self._told(HTTPStatus.BAD_REQUEST)
        wrong = _faults(sent) if sent else {}
        if not sent or wrong:
            status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
            return self._page(status, amount=amount, back=back, wrong=wrong, shop=origin.netloc)
        token = f"tok-{secrets.token_hex(12)}"
        self._tokens[token] = {"amount": amount, "currency": "USD", "state": "accepted"}
        place = f"{back}{'&' if origin.query else '?'}{urlencode({'payment': token})}"
        return Answer(
            HTTPStatus.SEE_OTHER, [*self._headers, (b"location", place.encode("ascii", "replace"))], b""
        )

    def _token(self, asked: Asked, token: str, *doing: str) -> Answer:
        """What a token is good for; a POST to its `charge` takes the money, once."""
        bearer = asked.header(b"authorization").removeprefix("Bearer ")
        if not hmac.compare_digest(bearer.encode(), self._key.encode()):
            return self._told(HTTPStatus.UNAUTHORIZED)
        held = self._tokens.get(token)
        if held is None or doing not in {(), ("charge",)}:
            return self._told(HTTPStatus.NOT_FOUND)
        if doing and held["state"] != "accepted":
            return self._told(HTTPStatus.CONFLICT, **held)
        if doing and asked.method == "POST":
            held["state"] = "charged"
        return self._told(HTTPStatus.OK, **held)

    def _page(self, status: int, **values: Any) -> Answer:
        text = self._pages.get_template("card.html").render(**values)
        return Answer(status, [*self._headers, (b"content-type", b"text/html; charset=utf-8")], text.encode())

    def _told(self, status: HTTPStatus, **values: str) -> Answer:
        body = json.dumps({"status": status.value, **values}).encode()
        return Answer(status, [*self._headers, (b"content-type", b"application/json")], body)


def _faults(sent: dict[str, str]) -> dict[str, str]:
    """What is wrong with a card, by field; no part of it is repeated."""
    number = re.sub(r"[ -]", "", sent.get("number", ""))
    wrong = {}
    if not (_NUMBER.fullmatch(number) and _luhn(number)):
        wrong["number"] = "This is not a card number. Look at it once more."
    if not _UNTIL.fullmatch(sent.get("until", "").strip()):
        wrong["until"] = "Write month and year as they stand on the card, such as 04/30."
    if not _CODE.fullmatch(sent.get("code", "").strip()):
        wrong["code"] = "Write the three or four digits from the card."
    return wrong


def _luhn(number: str) -> bool:
    """Whether the check digit fits (ISO/IEC 7812-1)."""
    digits = [int(one) for one in reversed(number)]
    doubled = [sum(divmod(2 * one, 10)) for one in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
