"""Clause III.6: carried out within 30 days of receipt; the due date is fixed on arrival, and being late is never hidden."""

from datetime import datetime, timedelta

import pytest

from tests.clauses.matters import ask, run_tasks, shown, step, steps
from tests.clauses.vendor import CANARY, RIGHTS, Vendor

DAYS_30 = timedelta(days=30)
RECEIVED = datetime.fromisoformat("2026-05-06T09:00:00+00:00")


@pytest.mark.clause("III.6")
def test_thirty_days_to_the_second(vendor: Vendor) -> None:
    """Due 30 times 24 hours after receipt, for a reason that is told; on time until then, flagged for good a second later."""
    vendor.clock.set(RECEIVED)
    with vendor.open() as site:
        taken = ask(site, "other", request_text=CANARY).json()
        assert datetime.fromisoformat(taken["due"]) == RECEIVED + DAYS_30
        due = "Answer by 5 June 2026, 09:00 UTC: 30 days from receipt on 6 May 2026, 09:00 UTC."
        assert taken["due_because"] == f"{due} answer-requests (clause III.6)."
    number = taken["number"]
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    step(vendor, desk, "verify", number)
    for left, late in ((timedelta(minutes=1), False), (timedelta(0), False), (-timedelta(seconds=1), True)):
        vendor.clock.set(RECEIVED + DAYS_30 - left)
        run_tasks(vendor)
        assert shown(vendor, number)["late"] is late
    for more in (timedelta(minutes=10), timedelta(days=1)):
        vendor.clock.set(RECEIVED + DAYS_30 + more)
        run_tasks(vendor)
    assert steps(vendor, number).count("overdue") == 1
    queue = vendor.json("requests", "list")
    assert (queue["late"], queue["matters"][0]["number"]) == (1, number)
    (entry,) = [e for e in vendor.ledger() if e["act"] == "matter"]
    assert (entry["clauses"], entry["detail"]) == (["III.6"], {"what": "overdue"})
    ended = step(vendor, desk, "move", number, "refused", "--reason", "made up")
    assert (ended["state"], ended["late"]) == ("refused", True)
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("III.6")
def test_nothing_moves_the_due_date(vendor: Vendor) -> None:
    """Not its verification, nor somebody who takes it, plans it, or sends the form again days later and proves that."""
    vendor.clock.set(RECEIVED)
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        first = ask(site).json()
        vendor.clock.set(RECEIVED + timedelta(days=10))
        again = ask(site).json()
    assert again["number"] != first["number"]
    due = datetime.fromisoformat(first["due"])
    assert datetime.fromisoformat(again["due"]) > due
    for arguments in (("take",), ("verify",), ("move", "planned")):
        name, *rest = arguments
        moved = step(vendor, desk, name, first["number"], *rest)
        assert datetime.fromisoformat(moved["due"]) == due
    joined = step(vendor, desk, "verify", again["number"])
    assert (joined["outcome"], joined["about"]) == ("joined", moved["case"])
    assert datetime.fromisoformat(shown(vendor, first["number"])["due"]) == due


@pytest.mark.clause("III.6")
def test_what_nobody_proves_is_no_broken_promise(vendor: Vendor) -> None:
    """Who sends a form in somebody's name gets the same answer whoever it is; unproven, it ends at its day and is not late."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        known = ask(site, "other").json()
        step(vendor, desk, "verify", known["number"])
        again, strange = ask(site, "other").json(), ask(site, "other", "nobody@example.com").json()
    for one in (again, strange):
        assert one["number"] != known["number"]
        assert {**one, "number": "", "entry": ""} == {**known, "number": "", "entry": ""}
    vendor.clock.set(datetime.fromisoformat(known["due"]) + timedelta(seconds=1))
    run_tasks(vendor)
    ended = shown(vendor, again["number"])
    assert (ended["state"], ended["outcome"], ended["late"]) == ("withdrawn", "unproven", False)
    assert shown(vendor, known["number"])["late"]
    queue = vendor.json("requests", "list")
    assert (queue["late"], [one["number"] for one in queue["matters"]]) == (1, [known["number"]])
