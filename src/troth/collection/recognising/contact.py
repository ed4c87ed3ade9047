"""E-mail addresses, telephone numbers and network addresses in text."""

import re
from collections.abc import Iterator
from ipaddress import ip_address

_AT = r"(?:@|\s?[(\[{]\s?at\s?[)\]}]\s?)"
_DOT = r"(?:\.|\s?[(\[{]\s?dot\s?[)\]}]\s?)"
_EMAIL = re.compile(
    rf"(?<![\w.+-])[\w!#$%&'*+/=?^`{{|}}~-](?:[\w.!#$%&'*+/=?^`{{|}}~-]{{0,63}}){_AT}"
    rf"[^\W_](?:[\w-]{{0,62}})(?:{_DOT}[^\W_][\w-]{{0,62}}){{0,7}}{_DOT}[^\W\d_][^\W_]{{1,30}}",
    re.IGNORECASE,
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?![\w:])", re.IGNORECASE
)
_ANY_DIGIT = re.compile(r"\d")
_REGION = "US"
_TRIES = 2_000


def emails(text: str) -> Iterator[tuple[int, int]]:
    """E-mail addresses, also those that write (at) and (dot)."""
    if "@" not in text and "at" not in text.casefold():
        return
    for match in _EMAIL.finditer(text):
        yield match.span()


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Telephone numbers with a country's code, and those of North America without one."""
    if not _ANY_DIGIT.search(text):
        return
    import phonenumbers  # slow to load

    for match in phonenumbers.PhoneNumberMatcher(text, _REGION, max_tries=_TRIES):
        yield match.start, match.end


def network_addresses(text: str) -> Iterator[tuple[int, int]]:
    """IP addresses of both versions (RFC 791, RFC 4291)."""
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            if _is_address(match[0]):
                yield match.span()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return _ANY_DIGIT.search(text) is not None
