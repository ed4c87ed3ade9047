"""Clause II.9: anonymous reports are analysed regularly; a missed run is told, and a column that identifies ends the run."""

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.clauses.reporting import DUE, LATE, TELEMETRY, WEEK, cells, installations, told_of
from tests.clauses.vendor import CANARY, Site, Vendor
from tests.support.waiting import wait_until

REPORT = "retention"


def scheduled_alone(vendor: Vendor, text: str) -> None:
    """Publish the policy with no schedule but that of this report: the others are proven elsewhere, and take their time."""
    blocks = text.split("```rule\n")
    kept = [
        block if f"name: {REPORT}\n" in block else re.sub(r"^schedule: \w+\n", "", block, flags=re.MULTILINE)
        if block.startswith("declare: report") else block
        for block in blocks
    ]  # fmt: skip
    file = vendor.data.parent / "alone.md"
    file.write_text("```rule\n".join(kept), encoding="utf-8")
    vendor.json("policy", "publish", file)


def standing(site: Site, key: str) -> dict[str, Any]:
    """Where the report stands."""
    found = site.request("GET", "/v1/reports", key=key).json()["reports"]
    return next(one for one in found if one["name"] == REPORT)


@pytest.mark.clause("II.9")
def test_a_run_happens_by_itself_and_a_missed_one_is_told(vendor: Vendor, reference_text: str) -> None:
    """Two days behind a week its reports are analysed, also what came late, and compared with the week before; weeks without a server are missed."""
    analyst = vendor.key("staff.analyst", TELEMETRY)
    scheduled_alone(vendor, reference_text)
    installations(vendor, 400)
    installations(vendor, 800, "2026-W03")
    vendor.clock.advance(LATE)
    for week in ("2026-01-14", "2026-01-21"):
        vendor.clock.advance(WEEK)
        with vendor.open() as site:
            wait_until(lambda: not standing(site, analyst)["late"], "the report is run")
            last = standing(site, analyst)["last"]
        assert (last["state"], last["due"][:10]) == ("done", week)
    vendor.clock.advance(timedelta(days=21))
    with vendor.open() as site:
        wait_until(lambda: not standing(site, analyst)["late"], "the late report is run")
        runs = site.request("GET", f"/v1/reports/{REPORT}/runs", key=analyst).json()["runs"]
    assert [(one["state"], one["due"][:10]) for one in runs] == [
        ("withheld", "2026-02-11"),  # nobody reported in that week
        ("missed", "2026-02-04"),
        ("missed", "2026-01-28"),
        ("done", "2026-01-21"),
        ("done", "2026-01-14"),
    ]
    first, second = (cells(one, "weeks_in_use", "shares")["0"] for one in (runs[4], runs[3]))
    assert (first["before"], second["before"]) == (None, first["figure"])
    assert 60 < first["figure"] < 140 < second["figure"] < 260


@pytest.mark.clause("II.9")
def test_a_column_that_could_identify_makes_the_run_refuse(vendor: Vendor, reference_text: str) -> None:
    """With an installation's number in the table nothing is computed, on demand or by itself; what it held is shown nowhere."""
    analyst = vendor.key("staff.analyst", TELEMETRY)
    scheduled_alone(vendor, reference_text)
    installations(vendor, 400)
    installations(vendor, 1, installation_id=CANARY)
    vendor.clock.advance(DUE)
    with vendor.open() as site:
        wait_until(lambda: standing(site, analyst)["last"] is not None, "the report was tried")
        last = standing(site, analyst)["last"]
        problem = site.request("POST", f"/v1/reports/{REPORT}/run", key=analyst)
        runs = site.request("GET", f"/v1/reports/{REPORT}/runs", key=analyst)
    assert (last["state"], last["error"]) == ("failed", "refused")
    assert (problem.status_code, problem.json()["clause"]) == (
        403,
        "0.4",
    )  # what can single somebody out is not anonymous
    assert all(one["figures"] is None for one in runs.json()["runs"])
    assert CANARY not in runs.text
    entries = told_of(vendor, REPORT)
    assert {one["detail"]["part"] for one in entries} == {"question", "look"}
    denied = [one for one in entries if one["detail"]["part"] == "question"]
    assert denied
    assert all(one["effect"] == "deny" and "II.9" in one["clauses"] for one in denied)
