"""Clause I.8: how products are used is counted, and whoever objects is left out of the next run."""

from datetime import timedelta
from typing import Any

import pytest

from tests.clauses.vendor import CANARY, REGISTER, RIGHTS, Site, Vendor
from tests.clauses.visiting import POLICY
from tests.support.waiting import wait_until
from troth.policy import Report

USAGE = "analytics.reporting.product_usage"
CHOICE = "essential.service.choice"
SIGN_IN = "essential.service.authentication"
REPORT = "registered-products"
PEOPLE = 12


def registered(site: Site, vendor: Vendor, *, few: bool = False) -> None:
    """People who registered one product; where asked for, two who registered another."""
    products = dict.fromkeys(range(1, PEOPLE + 1), "sensor") | dict.fromkeys((90, 91) if few else (), CANARY)
    acts = [
        {
            "act": "collect",
            "purpose": REGISTER,
            "point": "import",
            "channel": "import",
            "values": {"email": f"person{number}@example.com", "product": product},
        }
        for number, product in products.items()
    ]
    key = vendor.key("service.import", REGISTER)
    outcomes = site.request("POST", "/v1/acts", key=key, body={"acts": acts}).json()["outcomes"]
    assert all(one["effect"] == "permit" for one in outcomes), outcomes


def run(site: Site, key: str) -> dict[str, Any]:
    """A run on demand."""
    answer = site.request("POST", f"/v1/reports/{REPORT}/run", key=key)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sensors(figures: dict[str, Any]) -> int:
    """How many have registered the product that most have."""
    (group,) = figures["groups"]
    assert group["by"] == {"product": "sensor"}
    return int(group["count"])


@pytest.mark.clause("I.8")
def test_whoever_objects_is_left_out_of_the_next_run(vendor: Vendor) -> None:
    """Somebody says no in their own session: the next run counts one less, and what was counted before stays as it was."""
    analyst = vendor.key("staff.analyst", USAGE)
    web = vendor.key("service.web", SIGN_IN)
    privacy = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        registered(site, vendor)
        first = run(site, analyst)
        before = sensors(first["figures"])
        _, who = site.open_case(privacy, "request", RIGHTS, "person3@example.com")
        session = site.act(web, "instruct", SIGN_IN, order="open-session", person=who).json()["values"][
            "session"
        ]
        no = {"order": "record-stance", "about": USAGE, "stance": "objected", "person": who}
        assert site.act(session, "instruct", CHOICE, **no).is_success
        second = run(site, analyst)
        history = site.request("GET", f"/v1/reports/{REPORT}/runs", key=analyst).json()["runs"]
    assert sensors(second["figures"]) == before - 1
    assert second["figures"]["left_out"] == {"objected": None}
    assert [one["run"] for one in history] == [second["run"], first["run"]]
    assert sensors(history[1]["figures"]) == before
    entries = [one for one in vendor.ledger() if one.get("detail", {}).get("run") == second["run"]]
    assert [
        (one["effect"], one["detail"].get("count")) for one in entries if one["detail"]["part"] == "people"
    ] == [
        ("permit", str(PEOPLE - 1)),
        ("deny", "1"),
    ]
    assert next(one for one in entries if one["effect"] == "deny")["clauses"][0] == "I.8"
    assert not any(one.get("person") for one in entries)


@pytest.mark.clause("I.8")
def test_a_small_group_is_shown_nowhere(vendor: Vendor) -> None:
    """Two people's product has no figure, cannot be found by subtracting, and its name stands in no result, log or ledger."""
    analyst = vendor.key("staff.analyst", USAGE)
    with vendor.open() as site:
        registered(site, vendor, few=True)
        answer = run(site, analyst)
        shown = site.request("GET", f"/v1/reports/{REPORT}/runs", key=analyst).text
        listed = site.request("GET", "/v1/reports", key=analyst).text
    figures = answer["figures"]
    assert figures["groups"] == []
    assert (figures["total"], figures["other"]) == (PEOPLE + 2, PEOPLE + 2)
    assert CANARY not in shown + listed
    assert vendor.files_with(CANARY) == []
    assert vendor.files_with("person1@example.com") == []


@pytest.mark.clause("I.8")
def test_who_may_not_analyse_gets_no_count_and_nobody_gets_a_row(vendor: Vendor) -> None:
    """Without the purpose, or in another role, a run and its figures are denied; an analyst cannot look at one person's row."""
    analyst, without = (
        vendor.key("staff.analyst", USAGE),
        vendor.key("staff.analyst", "functional.service.improve"),
    )
    marketing = vendor.key("staff.marketing", USAGE)
    privacy = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        registered(site, vendor)
        run(site, analyst)
        for key in (without, marketing):
            denied = site.request("POST", f"/v1/reports/{REPORT}/run", key=key)
            assert (denied.status_code, bool(denied.json()["clause"])) == (403, True)
            assert site.request("GET", f"/v1/reports/{REPORT}/runs", key=key).status_code == 403
        assert site.request("POST", f"/v1/reports/{REPORT}/run").status_code == 401
        assert site.request("POST", "/v1/reports/nothing/run", key=analyst).status_code == 404
        _, who = site.open_case(privacy, "request", RIGHTS, "person3@example.com")
        row = site.act(analyst, "analyse", USAGE, person=who, fields=["product"])
        assert row.status_code == 403
        assert "sensor" not in row.text
    told = [one for one in vendor.ledger() if one.get("detail", {}).get("report") == REPORT]
    assert sum(one["effect"] == "deny" for one in told) == 4


@pytest.mark.clause("I.8")
def test_a_scheduled_run_happens_by_itself_and_a_missed_one_is_shown(vendor: Vendor) -> None:
    """On Monday the report is run; after three weeks without a server two runs are told as missed."""
    report = next(one for one in POLICY.of(Report) if one.name == REPORT)
    assert report.schedule == "weekly"
    analyst = vendor.key("staff.analyst", USAGE)

    def standing(site: Site) -> dict[str, Any]:
        found = site.request("GET", "/v1/reports", key=analyst).json()["reports"]
        return next(one for one in found if one["name"] == REPORT)

    with vendor.open() as site:
        registered(site, vendor)
        assert standing(site)["last"] is None
    vendor.clock.advance(timedelta(days=7))
    with vendor.open() as site:
        wait_until(lambda: standing(site)["last"] is not None, "the report is run")
        first = standing(site)
    assert (first["last"]["state"], first["last"]["due"]) == ("done", "2026-01-12T00:00:00+00:00")
    assert (first["late"], first["missed"], first["next"]) == (False, 0, "2026-01-19T00:00:00+00:00")
    vendor.clock.advance(timedelta(days=21))
    key_file = vendor.data.parent / "analyst.key"
    key_file.write_text(analyst, encoding="utf-8")
    listed = vendor.json("report", "list", "--key-file", key_file)["reports"]
    assert [one["late"] for one in listed if one["name"] == REPORT] == [True]
    with vendor.open() as site:
        wait_until(lambda: not standing(site)["late"], "the late report is run")
        again = standing(site)
        runs = site.request("GET", f"/v1/reports/{REPORT}/runs", key=analyst).json()["runs"]
    assert again["missed"] == 2
    assert [(one["state"], one["due"][:10]) for one in runs] == [
        ("done", "2026-02-02"),
        ("missed", "2026-01-26"),
        ("missed", "2026-01-19"),
        ("done", "2026-01-12"),
    ]
