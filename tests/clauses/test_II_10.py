"""Clause II.10: a report for use and quality, one for popular features, one for future products; nobody reads a row."""

from datetime import timedelta

import pytest

from tests.clauses.reporting import DUE, TELEMETRY, USAGE, WEEK, cells, holds, installations, run
from tests.clauses.vendor import RIGHTS, Site, Vendor

NUMBER = 600


def bounds_hold(told: dict[str, dict[str, object]], truths: dict[str, int]) -> int:
    """Of how many figures the bound holds the truth."""
    return sum(holds(told[key], truth) for key, truth in truths.items())


@pytest.mark.clause("II.10")
def test_there_is_a_report_for_each_question(vendor: Vendor) -> None:
    """Each of the three says what is known of the made reports, within its bounds.

    Seven figures are looked at; that more than two lie outside happens once in 260 runs (binomial, 5 % each), that more than
    five do once in 9 million, and fails this test.
    """
    analyst = vendor.key("staff.analyst", TELEMETRY)
    installations(vendor, NUMBER)
    installations(vendor, NUMBER, "2026-W04")
    vendor.clock.advance(DUE)
    quality = run(vendor, analyst, "use-and-quality")
    popular = run(vendor, analyst, "feature-popularity")
    vendor.clock.advance(timedelta(days=24))
    design = run(vendor, analyst, "future-design")
    right = bounds_hold(cells(quality, "installations", "count"), {"": NUMBER})
    right += bounds_hold(cells(quality, "crashes", "reached"), {"": NUMBER // 3})
    right += bounds_hold(
        cells(popular, "features_used", "reached"), {"search": NUMBER, "export": NUMBER // 2}
    )
    right += bounds_hold(cells(design, "cores", "histogram"), {"0 to 1": 120, "2 to 3": 120, "16 to 31": 120})
    assert right >= 2
    assert quality["figures"]["counts"] == "installations"
    assert cells(quality, "errors", "mean")[""]["high"] <= 20


@pytest.mark.clause("II.10")
def test_nobody_reads_a_row(vendor: Vendor) -> None:
    """An analyst who asks for one person's row, or for rows as such, is denied; no address gives any."""
    analyst = vendor.key("staff.analyst", USAGE, TELEMETRY)
    privacy = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    installations(vendor, 30)
    with vendor.open() as site:
        site.write_in()
        _, who = site.open_case(privacy, "request", RIGHTS, "person1@example.com")
        for act in ("use", "analyse"):
            row = site.act(analyst, act, USAGE, person=who, fields=["feature_event"])
            assert row.status_code == 403
        vendor.clock.advance(WEEK)
        assert rows_refused(site, analyst)
    denied = [one for one in vendor.ledger() if one["act"] in {"use", "analyse"} and one["effect"] == "deny"]
    assert len(denied) == 2
    assert any("II.10" in one["clauses"] for one in denied)


def rows_refused(site: Site, key: str) -> bool:
    """Whether a report takes no filter, and shows no row of a table."""
    asked = site.request("POST", "/v1/reports/retention/run?week=2026-W02&row=1", key=key)
    told = site.request("GET", "/v1/reports/retention/runs?entry=e", key=key)
    return {asked.status_code, told.status_code} <= {400, 422}
