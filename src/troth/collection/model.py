"""The types of field values: what each accepts and the form in which it is kept. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any, NamedTuple

from troth.collection.codes import COUNTRIES, CURRENCIES
from troth.collection.files import DEFAULT_MEDIA, UnfitFile, kept_file
from troth.policy import Field

MAX_DEPTH = 6
MAX_PARTS = 5_000
MAX_CHARACTERS = 1_000_000
MAX_ORDER_LINES = 200
MAX_QUANTITY = 9_999
_MAX_NAME = 200
_MAX_PHONE = 40
_MAX_EMAIL = 254
_MAX_INTEGER = 2**53 - 1
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN_EMAIL = re.compile(
    r"(?=[^@]{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]{1,63}\.)+"
    r"(?!(?:arpa|invalid|local|localhost|onion|test)$)[a-z]{2,63}"
)
"""The usual addresses, all of which `email_validator` takes and keeps as they are; it takes fifty times as long."""
_SERIAL = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,4}))?")
_UNSHOWN = frozenset({"Cc", "Cs", "Cn", "Co"})
_LINE_ENDS = frozenset("\n\t")


class Malformed(Exception):
    """A value does not have the form of its type; never holds the value.

    Args:
        reason: What is wrong, to follow the field's name: "is not a date".
        mend: What to send instead.
        below: Path inside the value, such as ".country".
        clause: Id of the clause that asks for it; empty for that of the field.
    """

    def __init__(self, reason: str, mend: str, below: str = "", clause: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend
        self.below = below
        self.clause = clause


class ValueType(NamedTuple):
    """A type of value: `kept` gives the form to keep or raises `Malformed`; `example` is a value that it accepts."""

    kept: Callable[[Any, Field], Any]
    example: Any


def parts_of(value: object) -> Iterator[object]:
    """Every value inside a JSON value, keys of objects included, in no more depth and number than is allowed.

    Raises:
        Malformed: It is too deep, too long, or holds what JSON does not have.
    """
    waiting: list[tuple[object, int]] = [(value, 1)]
    count = characters = 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if isinstance(part, str):
            characters += len(part)
        elif isinstance(part, Mapping):
            waiting.extend((inner, depth + 1) for pair in part.items() for inner in pair)
        elif isinstance(part, list):
            waiting.extend((inner, depth + 1) for inner in part)
        elif part is not None and not isinstance(part, bool | int | float):
            raise Malformed(
                "holds what is not JSON", "Send text, numbers, true, false, null, lists and objects."
            )
        if depth > MAX_DEPTH or count + len(waiting) > MAX_PARTS or characters > MAX_CHARACTERS:
            raise Malformed("is too large", f"Send at most {MAX_PARTS} values, nested {MAX_DEPTH} deep.")
        yield part


def shown_text(value: object, most: int, *, lines: bool = False) -> str:
    """Text in Unicode normal form C without blanks around it.

    Args:
        value: What was sent.
        most: Most characters.
        lines: Whether it may have line ends and tabs.

    Raises:
        Malformed: It is not text, is too long, or holds characters that show nothing.
    """
    if not isinstance(value, str):
        raise Malformed("is not text", "Send text.")
    if len(value) > most:
        raise Malformed(f"is longer than {most} characters", "Shorten it.")
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    if len(text) > most:
        raise Malformed(f"is longer than {most} characters", "Shorten it.")
    allowed = _LINE_ENDS if lines else ()
    plain = text.isascii() and text.isprintable()  # the usual case, without a look at each character
    if not plain and any(unicodedata.category(char) in _UNSHOWN and char not in allowed for char in text):
        raise Malformed("holds a control character", "Remove it.")
    return text


def _text(value: Any, field: Field) -> str:
    return shown_text(value, field.max_length, lines=True)


def _name(value: Any, field: Field) -> str:
    text = shown_text(value, min(_MAX_NAME, field.max_length))
    if not any(unicodedata.category(char).startswith("L") for char in text):
        raise Malformed("has no letter", "Send the name as the person writes it.")
    return text


def _email(value: Any, _: Field) -> str:
    text = shown_text(value, _MAX_EMAIL)
    if _PLAIN_EMAIL.fullmatch(text):
        return text
    from email_validator import EmailNotValidError, validate_email

    try:
        return str(validate_email(text, check_deliverability=False).normalized)
    except EmailNotValidError:
        # The library's message repeats parts of the address, so it goes no further.
        raise Malformed("is not a mail address", "Write it like ann@example.com.") from None


def _phone(value: Any, _: Field) -> str:
    import phonenumbers

    malformed = Malformed(
        "is not a telephone number", "Write it with the country's code, like +1 202 555 0143."
    )
    text = shown_text(value, _MAX_PHONE)
    try:
        number = phonenumbers.parse("+" + text[2:] if text.startswith("00") else text)
    except phonenumbers.NumberParseException:
        raise malformed from None
    if number.extension or not phonenumbers.is_possible_number(number):
        raise malformed
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _date(value: Any, _: Field) -> str:
    text = shown_text(value, 10)
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise Malformed("is not a date of the calendar", "Write it like 2015-04-16.")


def _serial(value: Any, field: Field) -> str:
    text = shown_text(value, min(64, field.max_length))
    if not _SERIAL.fullmatch(text):
        raise Malformed("is not a serial", "Use letters, digits and single dashes between them.")
    return text


def _country(value: Any, _: Field) -> str:
    text = shown_text(value, 2).upper()
    if text not in COUNTRIES:
        raise Malformed("is not a country", "Use the ISO 3166-1 code of two letters, such as DE.")
    return text


_ADDRESS: Mapping[str, int] = {
    "line1": 200, "line2": 200, "postal_code": 20, "city": 100, "region": 100, "country": 2,
}  # fmt: skip


def _address(value: Any, field: Field) -> dict[str, str]:
    given = _members(value, _ADDRESS, ("line1", "city", "country"))
    kept = {}
    for name, most in _ADDRESS.items():
        with _at(f".{name}"):
            if name == "country":
                kept[name] = _country(given[name], field)
            elif name in given:
                kept[name] = shown_text(given[name], most)
    return kept


def _money(value: Any, _: Field) -> dict[str, str]:
    given = _members(value, ("amount", "currency"), ("amount", "currency"))
    with _at(".currency"):
        currency = shown_text(given["currency"], 3).upper()
        if currency not in CURRENCIES:
            raise Malformed("is not a currency", "Use the ISO 4217 code of three letters, such as EUR.")
    decimals = CURRENCIES[currency]
    with _at(".amount"):
        amount = shown_text(given["amount"], 20)
        match = _AMOUNT.fullmatch(amount)
        if match is None or len(match[2] or "") > decimals:
            mend = f'Write it as text, such as "12", with a point and at most {decimals} decimals.'
            raise Malformed("is not an amount of this currency", mend)
    return {"amount": amount, "currency": currency}


def _order_lines(value: Any, field: Field) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_ORDER_LINES:
        raise Malformed("is not a list of order lines", f"Send a list of 1 to {MAX_ORDER_LINES} lines.")
    kept = []
    for number, line in enumerate(value):
        with _at(f".{number}"):
            kept.append(_order_line(line, field))
    return kept


def _order_line(value: Any, field: Field) -> dict[str, Any]:
    given = _members(value, ("sku", "title", "quantity", "price"), ("sku", "quantity"))
    kept: dict[str, Any] = {}
    with _at(".sku"):
        kept["sku"] = _serial(given["sku"], field)
    with _at(".quantity"):
        quantity = given["quantity"]
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 1 <= quantity <= MAX_QUANTITY:
            raise Malformed("is not a quantity", f"Send a whole number from 1 to {MAX_QUANTITY}.")
        kept["quantity"] = quantity
    if "title" in given:
        with _at(".title"):
            kept["title"] = shown_text(given["title"], _MAX_NAME)
    if "price" in given:
        with _at(".price"):
            kept["price"] = _money(given["price"], field)
    return kept


def _choice(value: Any, field: Field) -> str | list[str]:
    if field.uses:
        if not isinstance(value, list) or not 1 <= len(value) <= len(field.choices):
            raise Malformed("is not a list of choices", f"Send a list of {', '.join(field.choices)}.")
        return list(dict.fromkeys(_one_of(one, field) for one in value))
    return _one_of(value, field)


def _one_of(value: Any, field: Field) -> str:
    if isinstance(value, str) and value in field.choices:
        return value
    raise Malformed("is none of the choices", f"Use one of {', '.join(field.choices) or '(none declared)'}.")


def _token(value: Any, field: Field) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= field.max_length:
        raise Malformed("is not a token", f"Send text of 1 to {field.max_length} characters.")
    if any(unicodedata.category(char) in _UNSHOWN for char in value):
        raise Malformed("holds a control character", "Send the token as it was given.")
    return value


def _boolean(value: Any, _: Field) -> bool:
    if isinstance(value, bool):
        return value
    raise Malformed("is neither true nor false", "Send true or false, without quotes.")


def _integer(value: Any, _: Field) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_INTEGER:
        return value
    raise Malformed("is not a whole number", f"Send a number without decimals, at most {_MAX_INTEGER}.")


def _file(value: Any, field: Field) -> dict[str, str]:
    given = _members(value, ("name", "media", "data"), ("name", "data"))
    try:
        return kept_file(
            given["name"],
            given.get("media", ""),
            given["data"],
            field.media or DEFAULT_MEDIA,
            field.max_length,
        )
    except UnfitFile as error:
        raise Malformed(error.reason, error.mend, clause=error.clause) from None


def _members(
    value: Any, known: Mapping[str, int] | tuple[str, ...], required: tuple[str, ...]
) -> dict[str, Any]:
    """An object's members that are given, when it has those that it needs and no others."""
    if not isinstance(value, Mapping):
        raise Malformed("is not an object", f"Send an object with {', '.join(required)}.")
    if any(name not in known for name in value):
        raise Malformed("has a member that is not known", f"Send only {', '.join(known)}.")
    given = {name: part for name, part in value.items() if not is_blank(part)}
    for name in required:
        if name not in given:
            raise Malformed("is missing", f"Send {', '.join(required)}.", f".{name}")
    return given


@contextmanager
def _at(path: str) -> Iterator[None]:
    """Names the place inside the value that its block looks at."""
    try:
        yield
    except Malformed as inner:
        raise Malformed(inner.reason, inner.mend, path + inner.below) from None


def is_blank(value: object) -> bool:
    """Whether a value stands for nothing given, as forms send it: null or text of blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


TYPES: Mapping[str, ValueType] = {
    "name": ValueType(_name, "Ann Example"),
    "email": ValueType(_email, "ann@example.com"),
    "phone": ValueType(_phone, "+12025550143"),
    "address": ValueType(_address, {"line1": "1 Example Street", "city": "Example City", "country": "US"}),
    "date": ValueType(_date, "2015-04-16"),
    "serial": ValueType(_serial, "EX-2015-0001"),
    "order-lines": ValueType(_order_lines, [{"sku": "EX-1", "title": "Example Sensor", "quantity": 1}]),
    "money": ValueType(_money, {"amount": "49.90", "currency": "EUR"}),
    "text": ValueType(_text, "Some text"),
    "file": ValueType(_file, {"name": "log.txt", "media": "text/plain", "data": "b2sK"}),
    "choice": ValueType(_choice, None),
    "token": ValueType(_token, "tok-4f2a"),
    "country": ValueType(_country, "US"),
    "boolean": ValueType(_boolean, example=True),
    "integer": ValueType(_integer, 1),
}
