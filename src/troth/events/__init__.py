"""Events: visits of the web sites, counted after the choice; wire formats, identity, inbox, lake, erasure, retention."""

from troth.events.errors import MalformedEvent
from troth.events.identity import SALTS_TABLE, Salts, visitors_of
from troth.events.inbox import keep as keep_events
from troth.events.keeping import Disposed, EventKeeper, Status, Visit
from troth.events.lake import Lake
from troth.events.matomo import read_matomo, read_matomo_bulk
from troth.events.model import Choice, Headers, ReadChoice, Request, Row, Sender, Sent, Sites, Taken, sites_of
from troth.events.plausible import read_plausible
from troth.events.service import Intake
from troth.events.umami import read_umami, read_umami_batch

__all__ = [
    "SALTS_TABLE",
    "Choice",
    "Disposed",
    "EventKeeper",
    "Headers",
    "Intake",
    "Lake",
    "MalformedEvent",
    "ReadChoice",
    "Request",
    "Row",
    "Salts",
    "Sender",
    "Sent",
    "Sites",
    "Status",
    "Taken",
    "Visit",
    "keep_events",
    "read_matomo",
    "read_matomo_bulk",
    "read_plausible",
    "read_umami",
    "read_umami_batch",
    "sites_of",
    "visitors_of",
]
