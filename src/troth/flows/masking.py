"""Other people's data in what a person gets a copy of: found in free text, and covered (clause III.0).

What somebody wrote may name others. Addresses, numbers and the like that are found in it and are not the person's own are
covered, and what kind of thing stood there is told. Names of others, which no rule can tell from other words, stay.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from troth.collection import found_in, recognisers

_NUMBERS = frozenset({"phone", "bank-account", "identity-number"})
_NOT_DIGIT = re.compile(r"\D+")
_MOST = 200_000
"""Characters of a text that are looked through; what lies behind is left out of the copy."""


def own_marks(values: Iterable[Any]) -> frozenset[str]:
    """What of a person's values is known to be their own, in the form in which it is compared."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, str):
            found.update((_plain(value), _digits(value)))
        elif isinstance(value, Mapping):
            found |= own_marks(value.values())
    return frozenset(found - {""})


def masked(text: str, own: frozenset[str]) -> str:
    """A text in which what belongs to others is covered.

    Args:
        text: What somebody wrote.
        own: Marks of the person who gets it.
    """
    shown, at = [], 0
    text = text[:_MOST]
    for finding in found_in(text):
        piece = text[finding.start : finding.end]
        mark = _digits(piece) if finding.kind in _NUMBERS else _plain(piece)
        if finding.kind != "card" and mark in own:
            continue
        shown += [text[at : finding.start], f"[covered: {recognisers()[finding.kind].title}]"]
        at = finding.end
    return "".join([*shown, text[at:]])


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _digits(text: str) -> str:
    return _NOT_DIGIT.sub("", text)
