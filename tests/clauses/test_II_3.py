"""Clause II.3: reports over everybody show groups that are large enough, with noise, within a budget that is used up."""

import pytest

from tests.clauses.reporting import DUE, LATE, TELEMETRY, WEEK, cells, installations, run, told_of
from tests.clauses.vendor import Vendor

BUDGET = "budget: {epsilon: 10, each: week}"


@pytest.mark.clause("II.3")
def test_too_small_a_cohort_gives_no_figure(vendor: Vendor, reference_text: str) -> None:
    """Where nobody reported, the run is recorded as withheld.

    The least is 20, and at an epsilon of 3 the number's noise has a scale of 2/3: with none it is shown once in 10^13 runs. With 19 it
    would be in some of 10, which is what hides the twentieth.
    """
    analyst = vendor.key("staff.analyst", TELEMETRY)
    text = reference_text.replace("cohort: 20\nepsilon: 1.0", "cohort: 20\nepsilon: 3.0")
    assert text != reference_text
    changed = vendor.data.parent / "changed.md"
    changed.write_text(text, encoding="utf-8")
    vendor.json("policy", "publish", changed)
    vendor.clock.advance(DUE)
    told = run(vendor, analyst, "retention")
    assert (told["state"], told["figures"]) == ("withheld", None)
    assert [one["effect"] for one in told_of(vendor, "retention")] == ["permit", "permit", "deny"]


@pytest.mark.clause("II.3")
def test_no_figure_below_the_least_is_shown(vendor: Vendor) -> None:
    """Whatever the noise does, a figure is at least the least that the report shows, or not there."""
    analyst = vendor.key("staff.analyst", TELEMETRY)
    installations(vendor, 76)  # 19 in each of four buckets: one short
    vendor.clock.advance(DUE)
    told = run(vendor, analyst, "retention")
    for cell in cells(told, "weeks_in_use", "shares").values():
        assert cell["figure"] is None or cell["figure"] >= 20
        assert (cell["figure"] is None) == (cell["low"] is None) == ("fewer than 20" in cell["words"])


@pytest.mark.clause("II.3")
def test_when_the_budget_is_used_up_nothing_more_is_shown(vendor: Vendor, reference_text: str) -> None:
    """A run that costs more than is left is denied and recorded; the next week has a budget of its own."""
    analyst = vendor.key("staff.analyst", TELEMETRY)
    text = reference_text.replace(BUDGET, "budget: {epsilon: 2.5, each: week}")
    assert text != reference_text
    changed = vendor.data.parent / "changed.md"
    changed.write_text(text, encoding="utf-8")
    vendor.json("policy", "publish", changed)
    installations(vendor, 400)
    vendor.clock.advance(DUE)
    first = run(vendor, analyst, "feature-popularity")
    denied = run(vendor, analyst, "use-and-quality", 3)
    assert run(vendor, analyst, "feature-popularity") == first  # what was paid for stays free
    vendor.clock.advance(WEEK)
    assert (
        run(vendor, analyst, "use-and-quality")["state"] != "failed"
    )  # of no reports, and paid for all the same
    assert "budget" in denied["error"]["what"]
    entries = told_of(vendor, "use-and-quality")
    assert [(one["effect"], one["detail"]["part"]) for one in entries[:2]] == [
        ("permit", "question"),
        ("deny", "budget"),
    ]


@pytest.mark.clause("II.3")
def test_a_differencing_attack_fails(vendor: Vendor) -> None:
    """Every second week one installation fewer reports; whoever subtracts one week's figure from the next does not see that one.

    Without noise all eight figures would be off by the same number. With noise of scale 2 they are in 1 of 70,000 runs, and then this
    test fails; how little an attacker gains at best is measured in tests/insights/test_releasing.py.
    """
    analyst = vendor.key("staff.analyst", TELEMETRY)
    weeks = [f"2026-W{number:02}" for number in range(2, 10)]
    numbers = [400 - place % 2 for place in range(len(weeks))]
    for week, number in zip(weeks, numbers, strict=True):
        installations(vendor, number, week)
    vendor.clock.advance(LATE)
    off = set()
    for number in numbers:
        vendor.clock.advance(WEEK)
        (cell,) = cells(run(vendor, analyst, "retention"), "installations", "count").values()
        off.add(cell["figure"] - number)
    assert len(off) > 1
