"""Clause III.5: in good time. A list by due date, every step with its time, reminders after 20 and 27 days."""

from datetime import datetime, timedelta

import pytest

from tests.clauses.matters import ask, run_tasks, shown, step
from tests.clauses.vendor import RIGHTS, START, Vendor


@pytest.mark.clause("III.5")
def test_reminders_fire_on_days_20_and_27_while_it_is_open(vendor: Vendor) -> None:
    """The privacy desk after 20 days, its head after 27; of what has ended nobody is reminded. All stand in one list."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        number = ask(site, "other").json()["number"]
        vendor.clock.set(START + timedelta(hours=1))
        ended = ask(site, email="bob@example.com").json()["number"]
    assert [one["number"] for one in vendor.json("requests", "list")["matters"]] == [number, ended]
    step(vendor, desk, "verify", number)
    step(vendor, desk, "move", ended, "refused", "--reason", "not you")
    for days, reminded in ((20, ["staff.privacy"]), (27, ["staff.privacy", "staff.privacy.head"])):
        vendor.clock.set(START + timedelta(days=days))
        run_tasks(vendor)
        noted = [s["note"] for s in shown(vendor, number)["steps"] if s["step"] == "reminded"]
        assert noted == reminded
    assert "reminded" not in [s["step"] for s in shown(vendor, ended)["steps"]]


@pytest.mark.clause("III.5")
def test_every_step_is_noted_with_its_time_and_role(vendor: Vendor) -> None:
    """Receipt, taking, verifying, planning: each with its instant and who did it, an act in the ledger for each."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        number = ask(site, "other").json()["number"]
    for hour, arguments in enumerate((("take",), ("verify",), ("move", "planned")), start=1):
        vendor.clock.set(START + timedelta(hours=hour))
        name, *rest = arguments
        step(vendor, desk, name, number, *rest)
    refused = step(vendor, desk, "move", number, "completed", status=None)
    assert "cannot become completed" in str(refused["error"])
    found = shown(vendor, number)
    assert [(s["step"], s["role"]) for s in found["steps"]] == [
        ("received", ""), ("identity-pending", ""), ("taken", "staff.privacy"),
        ("verified", "staff.privacy"), ("planned", "staff.privacy"),
    ]  # fmt: skip
    hours = [(datetime.fromisoformat(s["at"]) - START).total_seconds() / 3600 for s in found["steps"]]
    assert hours == [0, 0, 1, 2, 3]
    entries = [e for e in vendor.ledger() if e.get("case") == found["case"]]
    assert [e["act"] for e in entries if e.get("actor") == "staff.privacy"] == [
        "assign-case",
        "verify-case",
        "instruct",
    ]
