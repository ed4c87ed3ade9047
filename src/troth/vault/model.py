"""What the gate asks of the vault; pure data and rules."""

import unicodedata
from typing import Any, NamedTuple

from troth.policy import Decision, Field

Stance = tuple[str, str]


class ReadWant(NamedTuple):
    """Fields of a person to open, with the decision that allows it.

    With a record, its values; without one, those of the profile, and where it has none, those of the newest record.
    """

    decision: Decision
    person: str
    fields: tuple[Field, ...]
    record: str = ""


class WriteWant(NamedTuple):
    """Values of a person to seal, with the decision that allows it and the version they are collected under.

    With a record they belong to it, without one to the profile.
    """

    decision: Decision
    person: str
    policy: str
    values: tuple[tuple[Field, Any], ...]
    record: str = ""


class PersonState(NamedTuple):
    """What the vault knows of a person without opening anything.

    Args:
        policy: SHA-256 of the version whose promises the person has.
        stances: What the person said: (consented, objected or restricted; purpose).
        held: Whether this is a submission that waits for its confirmation, and nobody yet.
        kept: Whether the person was erased, but for what a hold keeps.
    """

    policy: str
    stances: tuple[Stance, ...]
    held: bool = False
    kept: bool = False


def slot_of(field: str, record: str) -> str:
    """The name under which a field's value is sealed: the field itself, or the field in a record."""
    return f"{field}.{record}" if record else field


def parted(slot: str) -> tuple[str, str]:
    """Field and record of a slot; the record is empty in the profile."""
    field, _, record = slot.partition(".")
    return field, record


def normalised(field_type: str, value: str) -> str:
    """An identifier in the form in which it is looked up: e-mail addresses in one case, others trimmed (NFC)."""
    text = unicodedata.normalize("NFC", value).strip()
    return text.casefold() if field_type == "email" else text
