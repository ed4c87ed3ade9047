"""What the gate asks of the vault; pure data and rules."""

import unicodedata
from typing import Any, NamedTuple

from troth.policy import Decision, Field

Stance = tuple[str, str]


class ReadWant(NamedTuple):
    """Fields of a person to open, with the decision that allows it."""

    decision: Decision
    person: str
    fields: tuple[Field, ...]


class WriteWant(NamedTuple):
    """Values of a person to seal, with the decision that allows it and the version they are collected under."""

    decision: Decision
    person: str
    policy: str
    values: tuple[tuple[Field, Any], ...]


class PersonState(NamedTuple):
    """What the vault knows of a person without opening anything.

    Args:
        policy: SHA-256 of the version whose promises the person has.
        stances: What the person said: (consented, objected or restricted; purpose).
    """

    policy: str
    stances: tuple[Stance, ...]


def normalised(field_type: str, value: str) -> str:
    """An identifier in the form in which it is looked up: e-mail addresses in one case, others trimmed (NFC)."""
    text = unicodedata.normalize("NFC", value).strip()
    return text.casefold() if field_type == "email" else text
