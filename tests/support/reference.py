"""The reference policy, compiled once."""

from functools import cache
from pathlib import Path

from troth.policy import Policy, kept_policy

REFERENCE = Path(__file__).resolve().parents[2] / "policies" / "software-vendor" / "policy.md"


@cache
def reference_policy() -> Policy:
    """The compiled reference policy."""
    return kept_policy(REFERENCE.read_bytes())
