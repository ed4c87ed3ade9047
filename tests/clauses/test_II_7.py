"""Clause II.7: a sample file of the anonymous data can be viewed."""

import json

import pytest

from tests.clauses.test_II_6 import WEEK, installed
from tests.clauses.vendor import CANARY, Vendor
from tests.support.telemetry import canonical


@pytest.mark.clause("II.7")
def test_the_sample_shows_what_is_sent(vendor: Vendor) -> None:
    """The sample's schema is the upload's: the sample itself is taken as a report, byte by byte, and the page shows it."""
    with vendor.open() as site:
        page = site.request("GET", "/telemetry/sample")
        sample = site.request("GET", "/telemetry/sample.json")
        schema = site.request("GET", "/telemetry/schema.json").json()
        assert page.status_code == sample.status_code == 200
        told = json.loads(sample.content)
        assert canonical(told) == sample.content
        assert told["schema"] == schema["fingerprint"]
        declared = {
            one["name"]
            for one in schema["metrics"]
            if one["expires"] == "never" or one["expires"] > "2026-01-05"
        }
        assert told["metrics"].keys() == declared
        assert all(f"&#34;{name}&#34;" in page.text for name in declared)
        one = installed(site)
        assert one.opt_in().status_code == 201
        assert one.fetch().status_code == 200
        assert one.upload(sample.content).status_code == 202


@pytest.mark.clause("II.7")
def test_what_the_sample_does_not_show_is_refused(vendor: Vendor) -> None:
    """An address, a host name, a system id, an unknown key or label: 422 that names it, and no byte of it anywhere."""
    with vendor.open() as site:
        one = installed(site)
        assert one.opt_in().status_code == 201
        assert one.fetch().status_code == 200
        wrong = {
            "address": one.report(WEEK, {"address": f"192.0.2.7 {CANARY}"}),
            "host_name": one.report(WEEK, {"host_name": f"{CANARY}.example.com"}),
            "system_id": one.report(WEEK, system_id=CANARY),
            "plugins_in_use.other": one.report(
                WEEK, {"plugins_in_use": {"other": 1}, "product_edition": CANARY}
            ),
            "product_edition": one.report(WEEK, {"product_edition": f"{CANARY}.example.com"}),
            "cores": one.report(WEEK, {"cores": CANARY}),
        }
        for field, report in wrong.items():
            answer = one.upload(report)
            assert (answer.status_code, answer.json()["clause"], answer.json()["field"]) == (
                422,
                "II.7",
                field,
            )
            assert CANARY not in answer.text
        assert vendor.files_with(CANARY) == []
        assert one.upload(one.report(WEEK)).status_code == 202
