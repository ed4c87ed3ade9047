"""Campaigns: a message to a declared audience, planned by handle, sent copy by copy, paused and stopped at any moment (clause II.13)."""

from troth.campaigns.model import NEXT, STATES, Campaign, Plan, State, Waits, moved
from troth.campaigns.running import LEASE, Runner
from troth.campaigns.service import CASE, PURPOSE, Campaigns, Progress, read_rate

__all__ = [
    "CASE",
    "LEASE",
    "NEXT",
    "PURPOSE",
    "STATES",
    "Campaign",
    "Campaigns",
    "Plan",
    "Progress",
    "Runner",
    "State",
    "Waits",
    "moved",
    "read_rate",
]
