"""Matters of people: what may be asked for, and what the opening of each kind is called by duties."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troth.policy.policy import Policy

MATTER_EVENTS: Mapping[str, str] = MappingProxyType(
    {"request": "request.received", "dispute": "dispute.opened", "question": "question.received"}
)
"""The event that the opening of a matter is, for the `on` of a require rule."""
REQUEST_KINDS = ("access", "portability", "correct", "erase", "restrict", "object", "release", "other")
"""What a request may ask for; `other` until somebody has read it."""


def mail_id_field(policy: "Policy") -> str:
    """Name of the field that holds the Message-ID of a mail; empty where the policy has none."""
    return next((name for name, field in policy.fields.items() if field.mail_id), "")


def agent_field(policy: "Policy", says: str) -> str:
    """Name of the field that says something of an agent who asks for somebody else; empty where the policy has none.

    Args:
        policy: The version in force.
        says: name, mailbox or authority.
    """
    return next((name for name, field in policy.fields.items() if field.agent == says), "")
