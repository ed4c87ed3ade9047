"""Clause II.8: more can be learned about telemetry collection."""

import html
import re
from datetime import timedelta

import pytest

from tests.clauses.vendor import START, Vendor

FIELDS = ("format", "schema", "product", "release", "week", "metrics")


@pytest.mark.clause("II.8")
def test_every_sent_field_is_explained(vendor: Vendor) -> None:
    """Each member of a report, and each metric of the schema: what, why, when, where to, until when, and who answers."""
    with vendor.open() as site:
        text = site.request("GET", "/telemetry").text
        schema = site.request("GET", "/telemetry/schema.json").json()
        sample = site.request("GET", "/telemetry/sample.json").json()
    assert sample.keys() == set(FIELDS)
    for name in sample:
        assert f'id="member-{name}"' in text
    explained = dict(re.findall(r'<li id="metric-([a-z_]+)">(.*?)</li>', text, re.DOTALL))
    assert explained.keys() == {one["name"] for one in schema["metrics"]}
    for one in schema["metrics"]:
        told = html.unescape(explained[one["name"]])
        for part in ("reason", "schedule", "destination", "owner"):
            assert one[part] in told, (one["name"], part)
        for label in one.get("choices", []):
            assert label in told
        if "maximum" in one:
            assert f"{one['maximum']:,}" in told
        assert one["expires"] == "never" or one["expires"] in told


@pytest.mark.clause("II.8")
def test_the_page_follows_the_schema(vendor: Vendor) -> None:
    """Another version is posted: a new metric is explained, sampled and listed in the history with its reason."""
    policy = vendor.data.parent / "next.md"
    text = _policy()
    first = text.index("```rule\ndeclare: telemetry\n")
    metric = (
        "```rule\ndeclare: telemetry\nname: restarts\ntype: counter\nmaximum: 100\ncategory: system.operations.telemetry\n"
        "reason: It shows how steady the product runs.\nowner: the product team\nexpires: never\n"
        "purposes: [analytics.reporting.telemetry]\nschedule: weekly\ndestination: telemetry.example.com\n```\n\n"
    )
    policy.write_text(text[:first] + metric + text[first:], encoding="utf-8")
    vendor.clock.set(START + timedelta(days=3))
    vendor.json("policy", "publish", policy)
    with vendor.open() as site:
        assert "restarts" in site.request("GET", "/telemetry").text
        assert site.request("GET", "/telemetry/sample.json").json()["metrics"]["restarts"] >= 0
        history = site.request("GET", "/telemetry/history").text
    newest = history[history.index("2026-01-08") :]
    assert newest.index("restarts") < newest.index("It shows how steady the product runs.")


def _policy() -> str:
    from tests.support.policies import REFERENCE

    return REFERENCE.read_text(encoding="utf-8")
