"""The policy room: text, checks, compiled policy, decisions and explanations. Pure; knows no store and no clock."""

from troth.policy.checks import CHECKS
from troth.policy.compiling import check_policy, compile_policy
from troth.policy.explaining import Explanation
from troth.policy.facts import FACTS
from troth.policy.front import FrontMatter
from troth.policy.model import ACT_KINDS, Act, Decision, Finding, PolicyErrors
from troth.policy.policy import Policy
from troth.policy.reading import Clause, Part
from troth.policy.rules import Forbid, Notice, Permit, Require
from troth.policy.things import CaseType, Field, Point, Recipient, Retention, Role

__all__ = [
    "ACT_KINDS",
    "CHECKS",
    "FACTS",
    "Act",
    "CaseType",
    "Clause",
    "Decision",
    "Explanation",
    "Field",
    "Finding",
    "Forbid",
    "FrontMatter",
    "Notice",
    "Part",
    "Permit",
    "Point",
    "Policy",
    "PolicyErrors",
    "Recipient",
    "Require",
    "Retention",
    "Role",
    "check_policy",
    "compile_policy",
]
