"""Campaigns: a message to a declared audience, planned by handle, sent copy by copy, paused and stopped at any moment (clause II.13)."""

from troth.campaigns.clicking import Clicks, check_counting
from troth.campaigns.model import NEXT, STATES, Campaign, Plan, State, Waits, moved
from troth.campaigns.running import PLANNING_ACT, Runner
from troth.campaigns.service import CASE, PURPOSE, Campaigns, Progress, read_rate
from troth.campaigns.settling import LEASE

__all__ = [
    "CASE",
    "LEASE",
    "NEXT",
    "PLANNING_ACT",
    "PURPOSE",
    "STATES",
    "Campaign",
    "Campaigns",
    "Clicks",
    "Plan",
    "Progress",
    "Runner",
    "State",
    "Waits",
    "check_counting",
    "moved",
    "read_rate",
]
