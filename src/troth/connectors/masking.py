"""Masking: how a value becomes one that says nothing about anybody.

The strategies have the names that Fides gives them; `truncate` is added. A value is never encrypted for masking: what has a
key can be read again.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, NamedTuple

from troth.connectors.model import Column, Masking

Value = Any
_DEFAULT_LENGTH = 30
_MOST = 10_000
_ALGORITHMS = {"SHA-256": "sha256", "SHA-512": "sha512"}
NULL = Masking("null_rewrite", {})
RANDOM = Masking("random_string_rewrite", {})
_EMPTY: Mapping[str, Callable[[], Value]] = {
    "integer": lambda: 0,
    "number": lambda: 0,
    "boolean": lambda: False,
    "date": lambda: date(1970, 1, 1),
    "time": lambda: time(0, 0),
    "instant": lambda: datetime(1970, 1, 1),  # noqa: DTZ001  a column without zones
    "bytes": lambda: b"",
    "json": dict,
}
"""What stands in a column that may not be empty and has no text."""


class Strategy(NamedTuple):
    """A way to mask.

    Args:
        make: From the old value, the settings, the key for keyed hashes and the longest text (0: any) to the new value.
        wrong: What is wrong with settings; empty for nothing.
        text: Whether it makes text.
        distinct: Whether two rows get two values.
        shortest: Characters that a column needs for it to be of use.
    """

    make: Callable[[Value, Mapping[str, Any], bytes, int], Value]
    wrong: Callable[[Mapping[str, Any]], str]
    text: bool = True
    distinct: bool = False
    shortest: int = 0


def _null(_: Value, __: Mapping[str, Any], ___: bytes, ____: int) -> Value:
    return None


def _fixed(_: Value, settings: Mapping[str, Any], __: bytes, ___: int) -> Value:
    return f"{settings['rewrite_value']}{_suffix(settings)}"


def _random(_: Value, settings: Mapping[str, Any], __: bytes, longest: int) -> Value:
    suffix = _suffix(settings)
    length = int(settings.get("length", _DEFAULT_LENGTH))
    if longest:
        length = min(length, max(longest - len(suffix), 1))
    return secrets.token_hex((length + 1) // 2)[:length] + suffix


def _hash(value: Value, settings: Mapping[str, Any], _: bytes, longest: int) -> Value:
    digest = hashlib.new(_algorithm(settings), str(value).encode(), usedforsecurity=False).hexdigest()
    return _cut(digest, _suffix(settings), longest)


def _hmac(value: Value, settings: Mapping[str, Any], key: bytes, longest: int) -> Value:
    digest = hmac.new(key, str(value).encode(), _algorithm(settings)).hexdigest()
    return _cut(digest, _suffix(settings), longest)


def _truncate(value: Value, settings: Mapping[str, Any], _: bytes, __: int) -> Value:
    return str(value)[: int(settings.get("length", 1))]


def _same(value: Value, _: Mapping[str, Any], __: bytes, ___: int) -> Value:
    return value


def _cut(digest: str, suffix: str, longest: int) -> str:
    return (digest[: max(longest - len(suffix), 1)] if longest else digest) + suffix


def _suffix(settings: Mapping[str, Any]) -> str:
    kept = settings.get("format_preservation") or {}
    return str(kept.get("suffix", "")) if isinstance(kept, dict) else ""


def _algorithm(settings: Mapping[str, Any]) -> str:
    return _ALGORITHMS[str(settings.get("algorithm", "SHA-256"))]


def _any(_: Mapping[str, Any]) -> str:
    return ""


def _needs_value(settings: Mapping[str, Any]) -> str:
    return "" if isinstance(settings.get("rewrite_value"), str) else "it needs the text rewrite_value"


def _needs_algorithm(settings: Mapping[str, Any]) -> str:
    found = settings.get("algorithm", "SHA-256")
    return "" if found in _ALGORITHMS else f"algorithm is none of {', '.join(_ALGORITHMS)}"


def _needs_length(settings: Mapping[str, Any]) -> str:
    found = settings.get("length", 1)
    fits = isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _MOST
    return "" if fits else f"length is no number from 0 to {_MOST}"


def _refuse_encryption(_: Mapping[str, Any]) -> str:
    return "what is encrypted can be read again; use hmac or random_string_rewrite"


STRATEGIES: Mapping[str, Strategy] = {
    "null_rewrite": Strategy(_null, _any, text=False),
    "string_rewrite": Strategy(_fixed, _needs_value),
    "hash": Strategy(_hash, _needs_algorithm, distinct=True, shortest=16),
    "hmac": Strategy(_hmac, _needs_algorithm, distinct=True, shortest=16),
    "random_string_rewrite": Strategy(_random, _needs_length, distinct=True, shortest=8),
    "truncate": Strategy(_truncate, _needs_length),
    "preserve": Strategy(_same, _any, text=False),
    "aes_encrypt": Strategy(_same, _refuse_encryption),
}


def masked(value: Value, masking: Masking, column: Column, key: bytes) -> Value:
    """The value that takes the place of another.

    Args:
        value: The value that stands there; an empty one stays.
        masking: How.
        column: Where it must fit.
        key: For keyed hashes.
    """
    if value is None:
        return None
    if masking.strategy == "empty":
        return _EMPTY[column.family]()
    if masking.strategy == "first-choice":
        return column.choices[0]
    return STRATEGIES[masking.strategy].make(value, masking.settings, key, column.length)


def default_for(column: Column, *, unique: bool) -> Masking | None:
    """How a column is masked that its data set says nothing about; None where nothing fits.

    Args:
        column: The column.
        unique: Whether no two rows may hold the same.
    """
    if column.nullable:
        return NULL
    if column.choices:
        return None if unique else Masking("first-choice", {})
    if column.family == "text":
        return RANDOM if not unique or not column.length or column.length >= _DISTINCT else None
    return Masking("empty", {}) if column.family in _EMPTY and not unique else None


_DISTINCT = STRATEGIES["random_string_rewrite"].shortest
