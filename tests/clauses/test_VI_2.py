"""Clause VI.2: disputes are settled within 90 days, reviewed by somebody else, with a reasoned outcome."""

from datetime import datetime, timedelta

import pytest

from tests.clauses.matters import ask, complain, run_tasks, shown, step, steps
from tests.clauses.vendor import RIGHTS, START, Vendor

DISPUTE = "essential.service.dispute"
DAYS_90 = timedelta(days=90)


@pytest.mark.clause("VI.2")
def test_ninety_days_are_fine_and_a_second_more_is_late(vendor: Vendor) -> None:
    """Exactly 90 times 24 hours after receipt a dispute is on time; one second later it is flagged."""
    with vendor.open() as site:
        taken = complain(site).json()
    assert taken["number"].startswith("D-")
    assert datetime.fromisoformat(taken["due"]) == START + DAYS_90
    vendor.clock.set(START + DAYS_90)
    run_tasks(vendor)
    assert not shown(vendor, taken["number"])["late"]
    vendor.clock.set(START + DAYS_90 + timedelta(seconds=1))
    run_tasks(vendor)
    assert shown(vendor, taken["number"])["late"]
    vendor.clock.set(START + DAYS_90 + timedelta(minutes=10))
    run_tasks(vendor)
    assert steps(vendor, taken["number"])[-1] == "overdue"


@pytest.mark.clause("VI.2")
def test_whoever_handled_it_does_not_review_it(vendor: Vendor) -> None:
    """The reviewer is another than the handler, whatever role the handler's key has; another reviewer may."""
    first = vendor.key("staff.reviewer", DISPUTE, cases=("dispute",))
    second = vendor.key("staff.reviewer", DISPUTE, cases=("dispute",))
    with vendor.open() as site:
        number = complain(site).json()["number"]
    step(vendor, first, "take", number)
    refused = step(vendor, first, "review", number, status=None)
    assert refused["error"]["clause"] == "VI.2"
    assert shown(vendor, number)["state"] == "acknowledged"
    step(vendor, second, "review", number)
    assert shown(vendor, number)["state"] == "under-review"
    assert shown(vendor, number)["reviewer"] != shown(vendor, number)["handler"]


@pytest.mark.clause("VI.2")
def test_no_outcome_without_its_reasons(vendor: Vendor) -> None:
    """A dispute ends with a reason or not at all, and its end is told."""
    reviewer = vendor.key("staff.reviewer", DISPUTE, cases=("dispute",))
    with vendor.open() as site:
        number = complain(site).json()["number"]

    step(vendor, reviewer, "review", number)
    step(vendor, reviewer, "move", number, "proposed")
    refused = step(vendor, reviewer, "move", number, "resolved", status=None)
    assert refused["error"]["field"] == "reason"
    assert shown(vendor, number)["state"] == "proposed"
    reason = "The request was answered late; we have changed how we work."
    step(vendor, reviewer, "move", number, "resolved", "--reason", reason)
    ended = shown(vendor, number)
    assert ended["state"] == "resolved"
    assert ended["outcome"].startswith("The request was answered late")


@pytest.mark.clause("VI.2")
def test_a_late_request_becomes_a_dispute_on_demand(vendor: Vendor) -> None:
    """The person whose request is late opens a dispute about it, once; its own clock begins, the request's stays."""
    desk = vendor.key("staff.privacy", RIGHTS, DISPUTE, cases=("request", "dispute"))
    with vendor.open() as site:
        number = ask(site, "other").json()["number"]
        step(vendor, desk, "verify", number)
        late = START + timedelta(days=31)
        vendor.clock.set(late)
        run_tasks(vendor)
        request = shown(vendor, number)
        opened = [
            site.act(
                desk, "instruct", DISPUTE, order="open-case", case_type="dispute",
                person=request["person"], case=request["case"],
            ).json()["case"]
            for _ in range(2)
        ]  # fmt: skip
    assert opened[0] == opened[1]
    dispute = shown(vendor, opened[0])
    assert dispute["about"] == request["case"]
    assert datetime.fromisoformat(dispute["due"]) == late + DAYS_90
    assert shown(vendor, number)["late"]
