"""The relay between users: by alias, off by default, both ways through our mail domain; no address is revealed (clause I.6)."""

from troth.relay.delivering import Carry, Delivering
from troth.relay.errors import TooMany
from troth.relay.model import Message, Relay, Writer, is_alias, relay_of
from troth.relay.passing import DELIVER, MOST_A_DAY, MOST_PEOPLE, Passing
from troth.relay.receiving import Answers
from troth.relay.scrubbing import scrubbed
from troth.relay.service import DISPOSAL, Relays

__all__ = [
    "DELIVER",
    "DISPOSAL",
    "MOST_A_DAY",
    "MOST_PEOPLE",
    "Answers",
    "Carry",
    "Delivering",
    "Message",
    "Passing",
    "Relay",
    "Relays",
    "TooMany",
    "Writer",
    "is_alias",
    "relay_of",
    "scrubbed",
]
