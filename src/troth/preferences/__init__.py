"""Preferences: what people hear of, per topic and channel; links that stop it in one step (clauses II.14 and II.15)."""

from troth.gate import stops_seen
from troth.preferences.model import CENTRE, LIFE, LINK, How, Stop, Wish, declared, told, topic_named
from troth.preferences.service import NOTED, Preferences, link_of, mail_field, stage_noted
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
    "declared",
    "link_of",
    "mail_field",
    "stage_noted",
    "stops_seen",
    "takes",
    "told",
    "topic_named",
]
