"""Identifiers: UUID version 7 (RFC 9562) as 32 hexadecimal characters, so that they sort by time of making."""

import re

import uuid_utils

_ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """A new identifier, later than every earlier one of this process."""
    return uuid_utils.uuid7().hex


def is_id(text: str) -> bool:
    """Whether the text has the shape of an identifier."""
    return _ID.fullmatch(text) is not None
