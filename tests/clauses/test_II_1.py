"""Clause II.1: how products are used is learned from the data sets that are declared for it, and from no others."""

import pytest

from tests.clauses.reporting import USAGE, WEEK, cells, run, visitors
from tests.clauses.test_I_8 import registered
from tests.clauses.test_I_8 import run as counted
from tests.clauses.vendor import FULFIL, Vendor


@pytest.mark.clause("II.1")
def test_declared_data_sets_are_studied(vendor: Vendor, reference_text: str) -> None:
    """Who asks how products are used gets figures of what was declared for it: registrations, and features used."""
    analyst = vendor.key("staff.analyst", USAGE)
    with vendor.open() as site:
        registered(site, vendor)
        assert counted(site, analyst)["figures"]["total"] == 12
        visitors(site, reference_text, 300, "search")
    vendor.clock.advance(WEEK)
    told = run(vendor, analyst, "feature-frequency")
    assert cells(told, "visitors", "groups").keys() == {"search"}


@pytest.mark.clause("II.1")
def test_other_data_is_refused(vendor: Vendor, reference_text: str) -> None:
    """Orders are not looked at to learn how products are used, not even in a study; a report over them is no policy at all."""
    product = vendor.key("staff.product", USAGE, FULFIL, cases=("study",))
    with vendor.open() as site:
        assert site.buy("OR-1", email="ann@example.com").is_success
        case, person = site.open_case(product, "study", USAGE, "ann@example.com")
        for field in ("order_lines", "shipping_address", "email"):
            row = site.act(product, "analyse", USAGE, person=person, case=case, fields=[field])
            assert (row.status_code, row.json()["clause"]) == (403, "II.1"), field
    changed = vendor.data.parent / "changed.md"
    for old, new in (
        ("data_sets: [feature-use]", "data_sets: [orders]"),
        ("by: [event_name]", "by: [order_lines]"),
        (
            "epsilon: 3.0\ndelta: 0.00000001\nschedule: weekly\n```\n\n```rule\npermit: feature",
            "schedule: weekly\n```\n\n```rule\npermit: feature",
        ),
    ):
        assert reference_text.count(old) == 1, old
        changed.write_text(reference_text.replace(old, new), encoding="utf-8")
        findings = vendor.json("policy", "check", changed, status=1)["findings"]
        assert findings
