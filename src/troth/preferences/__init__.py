"""Preferences: what people hear of, per topic and channel; links that stop it in one step (clauses II.14 and II.15)."""

from troth.gate import stops_seen
from troth.preferences.model import CENTRE, LIFE, LINK, How, Stop, Wish, told
from troth.preferences.service import NOTED, Preferences, link_of, mail_field
from troth.preferences.tokens import BadToken, Envelopes, StopTokens, takes

__all__ = [
    "CENTRE",
    "LIFE",
    "LINK",
    "NOTED",
    "BadToken",
    "Envelopes",
    "How",
    "Preferences",
    "Stop",
    "StopTokens",
    "Wish",
    "link_of",
    "mail_field",
    "stops_seen",
    "takes",
    "told",
]
