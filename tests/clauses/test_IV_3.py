"""Clause IV.3: exceptions exist only as enumerated rules."""

import re

import pytest

from tests.clauses.vendor import Vendor


@pytest.mark.clause("IV.3")
def test_listing_of_exceptions_and_rules_is_complete(vendor: Vendor, reference_text: str) -> None:
    """The public page lists every exception and every rule that permits or forbids, and nothing that the policy lacks."""
    declared = re.findall(r"^declare: exception\nname: ([a-z0-9-]+)$", reference_text, re.MULTILINE)
    rules = re.findall(r"^(?:permit|forbid): ([a-z0-9-]+)$", reference_text, re.MULTILINE)
    assert declared
    with vendor.open() as site:
        page = site.request("GET", "/exceptions").text
    assert sorted(re.findall(r'id="exception-([a-z0-9-]+)"', page)) == sorted(declared)
    assert sorted(re.findall(r'id="rule-([a-z0-9-]+)"', page)) == sorted(rules)


@pytest.mark.clause("IV.3")
def test_exception_that_no_rule_grants_is_refused(vendor: Vendor, reference_text: str) -> None:
    """An exception must name the rules that grant it; one that names a rule which is not there blocks the policy."""
    text = reference_text.replace("by: [relay-delivery]", "by: [relay-delivery-of-old]", 1)
    assert text != reference_text
    policy = vendor.data.parent / "policy.md"
    policy.write_text(text, encoding="utf-8")
    checked = vendor.command("policy", "check", policy, status=None)
    assert checked.returncode != 0
    assert "relay-delivery-of-old" in checked.stdout + checked.stderr
