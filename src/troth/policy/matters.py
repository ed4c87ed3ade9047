"""Matters of people: what may be asked for, and what the opening of each kind is called by duties."""

from collections.abc import Mapping
from types import MappingProxyType

MATTER_EVENTS: Mapping[str, str] = MappingProxyType(
    {"request": "request.received", "dispute": "dispute.opened", "question": "question.received"}
)
"""The event that the opening of a matter is, for the `on` of a require rule."""
REQUEST_KINDS = ("access", "portability", "correct", "erase", "restrict", "object", "release", "other")
"""What a request may ask for; `other` until somebody has read it."""
