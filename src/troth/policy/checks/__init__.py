"""Every blocking check of a policy document, by name."""

from collections.abc import Mapping

from troth.policy.checks import (
    contradictions,
    counting,
    customising,
    deadlines,
    events,
    front,
    insights,
    matters,
    points,
    products,
    recipients,
    scopes,
    structure,
    technologies,
    telemetry,
    terms,
    topics,
)
from troth.policy.checks.registry import Check, registry
from troth.policy.checks.telemetry import points_to_somebody

# What the reader of documents reports before any check can run.
READING: Mapping[str, str] = {
    "size": "a document, line or paragraph longer than the limits",
    "encoding": "text that is not UTF-8, or control characters",
    "layout": "headings without ids, rule blocks without end, outside a clause or inside a list",
    "yaml": "YAML that is malformed or uses what rules may not hold",
    "shape": "a rule with unknown, missing or wrongly typed keys",
    "front-matter": "front matter that is missing or lacks something",
}
CHECKS: Mapping[str, Check] = registry(
    structure.CHECKS, front.CHECKS, terms.CHECKS, contradictions.CHECKS, recipients.CHECKS,
    scopes.CHECKS, deadlines.CHECKS, points.CHECKS, events.CHECKS, telemetry.CHECKS, technologies.CHECKS,
    customising.CHECKS, counting.CHECKS, insights.CHECKS, matters.CHECKS, products.CHECKS,
    topics.CHECKS,
)  # fmt: skip

__all__ = ["CHECKS", "READING", "Check", "points_to_somebody"]
