"""Values that look personal: e-mail addresses, telephone and card numbers, in what should only say what happened. Pure.

This is a net with wide meshes, and on purpose a strict one: an event that names somebody is refused rather than cleaned,
so that whoever wrote the page finds out.
"""

import re

_SUSPECT = re.compile(r"[@\uff20]|%40|\d(?:[ ()./+-]?\d){6}")
_EMAIL = re.compile(r"[^\s@/?&=]+(?:@|\uff20|%40)[^\s@/?&=]+\.[^\s@/?&=.]{2,}")
_PHONE = re.compile(
    r"(?<![\w.])(?:(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){7,13}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\w])"
)
_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_ISSUERS = re.compile(r"3[0-9]|4|5[0-9]|6[0-9]|2[2-7]|81")


def looks_personal(text: str) -> str:
    """What a text looks like: "an e-mail address", "a telephone number", "a card number", or nothing."""
    if not _SUSPECT.search(text):
        return ""
    if _EMAIL.search(text):
        return "an e-mail address"
    if any(_card(found) for found in _DIGITS.findall(text)):
        return "a card number"
    if _PHONE.search(text):
        return "a telephone number"
    return ""


def _card(text: str) -> bool:
    digits = [int(one) for one in text if one.isdigit()]
    if not _ISSUERS.match(text):
        return False
    doubled = [two - 9 if (two := one * 2) > 9 else two for one in digits[-2::-2]]  # noqa: PLR2004  Luhn
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
