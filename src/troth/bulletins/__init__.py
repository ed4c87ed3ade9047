"""Bulletins: crucial notices about products, which must arrive at every owner and may not advertise (clause II.16)."""

from troth.bulletins.model import Bulletin, Text
from troth.bulletins.promotion import RULES, Found, find_promotion

__all__ = ["RULES", "Bulletin", "Found", "Text", "find_promotion"]
