"""The policy room: text, checks, compiled policy, decisions and explanations. Pure; knows no store and no clock."""

from troth.policy.case_types import CaseType, Stage
from troth.policy.cases import CaseResult, run_cases
from troth.policy.cedar import cedar_entities, cedar_request, to_cedar
from troth.policy.checks import CHECKS, points_to_somebody
from troth.policy.comparing import Comparison, Difference, compare_policies
from troth.policy.compiling import check_policy, compile_policy, kept_policy
from troth.policy.counting import SHOWN, Audience, Budget, Report, ShownMetric
from troth.policy.customising import Segment, Slot
from troth.policy.enforcement import EnforcementRow, read_enforcement
from troth.policy.explaining import Explanation
from troth.policy.facts import FACTS, SUPPRESSIONS, split_condition
from troth.policy.front import FrontMatter
from troth.policy.holds import HeldValue, Hold, kept_by
from troth.policy.matters import MATTER_EVENTS, REQUEST_KINDS, agent_field, mail_id_field
from troth.policy.model import ACT_KINDS, Act, Decision, Finding, PolicyErrors
from troth.policy.policy import Policy
from troth.policy.products import (
    CrucialReason,
    Product,
    Versions,
    Wanted,
    crucial_reason,
    owned,
    owner_fields,
    read_release,
    read_versions,
    read_wanted,
    versions_owned,
)
from troth.policy.reading import Clause, Part
from troth.policy.retaining import Idle, Scheduled, idle_of, schedule_of
from troth.policy.rules import Forbid, Notice, Permit, Require
from troth.policy.schema import front_matter_schema, rule_schema
from troth.policy.spans import Span, instant_after, instant_before, read_span
from troth.policy.staying import Staying, staying
from troth.policy.technologies import HOST_PREFIX, Cookie, OfferedChoice, OtherSite, Pixel, Storage
from troth.policy.telemetry import (
    Telemetry,
    TelemetrySchema,
    release_numbers,
    schema_document,
    telemetry_schema,
)
from troth.policy.things import Activity, DataSet, Field, Point, Recipient, Retention, Role
from troth.policy.topics import Topic
from troth.policy.vocabulary import standard_terms
from troth.policy.websites import Website
from troth.policy.wording import use_title

__all__ = [
    "ACT_KINDS",
    "CHECKS",
    "FACTS",
    "HOST_PREFIX",
    "MATTER_EVENTS",
    "REQUEST_KINDS",
    "SHOWN",
    "SUPPRESSIONS",
    "Act",
    "Activity",
    "Audience",
    "Budget",
    "CaseResult",
    "CaseType",
    "Clause",
    "Comparison",
    "Cookie",
    "CrucialReason",
    "DataSet",
    "Decision",
    "Difference",
    "EnforcementRow",
    "Explanation",
    "Field",
    "Finding",
    "Forbid",
    "FrontMatter",
    "HeldValue",
    "Hold",
    "Idle",
    "Notice",
    "OfferedChoice",
    "OtherSite",
    "Part",
    "Permit",
    "Pixel",
    "Point",
    "Policy",
    "PolicyErrors",
    "Product",
    "Recipient",
    "Report",
    "Require",
    "Retention",
    "Role",
    "Scheduled",
    "Segment",
    "ShownMetric",
    "Slot",
    "Span",
    "Stage",
    "Staying",
    "Storage",
    "Telemetry",
    "TelemetrySchema",
    "Topic",
    "Versions",
    "Wanted",
    "Website",
    "agent_field",
    "cedar_entities",
    "cedar_request",
    "check_policy",
    "compare_policies",
    "compile_policy",
    "crucial_reason",
    "front_matter_schema",
    "idle_of",
    "instant_after",
    "instant_before",
    "kept_by",
    "kept_policy",
    "mail_id_field",
    "owned",
    "owner_fields",
    "points_to_somebody",
    "read_enforcement",
    "read_release",
    "read_span",
    "read_versions",
    "read_wanted",
    "release_numbers",
    "rule_schema",
    "run_cases",
    "schedule_of",
    "schema_document",
    "split_condition",
    "standard_terms",
    "staying",
    "telemetry_schema",
    "to_cedar",
    "use_title",
    "versions_owned",
]
