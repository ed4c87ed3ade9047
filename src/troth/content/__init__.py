"""Content: variants of a slot that suit whoever looks, where that is allowed; else the generic one."""

from troth.content.model import (
    Chosen,
    Interest,
    Seen,
    belongs,
    interest_value,
    noted,
    read_interest,
    sections_of,
    slot_of,
)
from troth.content.service import content_for, variant_html

__all__ = [
    "Chosen",
    "Interest",
    "Seen",
    "belongs",
    "content_for",
    "interest_value",
    "noted",
    "read_interest",
    "sections_of",
    "slot_of",
    "variant_html",
]
