"""Bulletins: crucial notices about products, which must arrive at every owner and may not advertise (clause II.16)."""

from troth.bulletins.delivering import Delivering, Progress
from troth.bulletins.model import Bulletin, Text
from troth.bulletins.promotion import RULES, Found, find_promotion
from troth.bulletins.service import STEP, Bulletins, Draft, bulletin_case, purpose_of
from troth.bulletins.text import LANGUAGES, SPOKEN, VARIABLES, joined, ordered, read_text

__all__ = [
    "LANGUAGES",
    "RULES",
    "SPOKEN",
    "STEP",
    "VARIABLES",
    "Bulletin",
    "Bulletins",
    "Delivering",
    "Draft",
    "Found",
    "Progress",
    "Text",
    "bulletin_case",
    "find_promotion",
    "joined",
    "ordered",
    "purpose_of",
    "read_text",
]
