"""Clause II.6: telemetry only from installations (version 5 and later) that opted in."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.clauses.vendor import START, Site, Vendor
from tests.support.files import files_holding
from tests.support.telemetry import Installed

WEEK = "2026-W02"
"""Of the vendor's clock at the start."""
MARK = 7_741_933
"""A number that a report tells, searched on disk in the form that it is kept in."""
METRICS = {"assets": MARK}
KEPT = b"assets\xce" + MARK.to_bytes(4, "big")


def stored(vendor: Vendor) -> bool:
    """Whether a report of these tests lies anywhere on disk."""
    return bool(files_holding(vendor.data, KEPT))


def installed(site: Site, **more: str) -> Installed:
    """An installation of the vendor's product."""

    def send(method: str, path: str, **given: Any) -> httpx.Response:
        with site.server.client() as client:
            return client.request(method, path, **given)

    return Installed(send, **more)


@pytest.mark.clause("II.6")
def test_only_who_opted_in_reports(vendor: Vendor) -> None:
    """No opt-in, a forged token, a replay: 403 and nothing stored; with a token the report is kept, once."""
    with vendor.open() as site:
        one = installed(site)
        report = one.report(WEEK, METRICS)
        assert one.upload(report).status_code == 403
        assert one.opt_in().status_code == 201
        assert one.fetch().status_code == 200
        forged = one.token[:-8] + ("A" * 8 if not one.token.endswith("A" * 8) else "B" * 8)
        for token in (forged, one.receipt, "0123456789abcdef.AAAA.AAAA"):
            answer = one.upload(report, token)
            assert (answer.status_code, answer.json()["clause"]) == (403, "II.6")
        assert not stored(vendor)
        assert one.upload(report).status_code == 202
        assert stored(vendor)
        again = one.upload(one.report(WEEK, {"assets": 5}))
        assert (again.status_code, again.json()["type"]) == (403, "/problems/token-spent")
    decided = [entry for entry in vendor.ledger() if entry["act"] == "collect"]
    assert [entry["effect"] for entry in decided] == ["deny"] * 4 + ["permit"] + ["deny"]
    assert all("II.6" in entry["clauses"] for entry in decided)


@pytest.mark.clause("II.6")
def test_revocation_is_immediate(vendor: Vendor) -> None:
    """Whether the token is given back, kept, or the operator revokes: it is taken no more; others fetch another and go on."""
    with vendor.open() as site:
        gives, keeps, other, told = (installed(site) for _ in range(4))
        for one in (gives, keeps, other, told):
            assert one.opt_in().status_code == 201
            assert one.fetch().status_code == 200
        report = other.report(WEEK, METRICS)
        assert gives.opt_out(gives.token).status_code == 204
        assert gives.upload(report).json()["type"] == "/problems/token-spent"
        first = other.key()["key"]
        assert keeps.opt_out().status_code == 204
        assert keeps.upload(report).json()["type"] == "/problems/token-closed"
        assert keeps.fetch().status_code == 403
        assert other.upload(report).json()["type"] == "/problems/token-closed"
        assert other.key()["key"] != first
        assert told.fetch().status_code == 200
        assert vendor.json("telemetry", "revoke", told.handle)["revoked"] is True
        assert told.upload(report).status_code == 403
        assert told.send("POST", "/telemetry/reports", json=report, headers=told.shown()).status_code in {
            403,
            422,
        }
        assert not stored(vendor)
        assert other.fetch().status_code == 200
        assert other.upload(report).status_code == 202
        assert keeps.opt_out().status_code == 204
    counted = {
        one["state"]: one["installations"] for one in vendor.json("telemetry", "installations")["counts"]
    }
    assert counted == {"opted-in": 1, "opted-out": 2, "revoked": 1}


@pytest.mark.clause("II.6")
def test_old_versions_are_refused(vendor: Vendor) -> None:
    """Version 4 can neither switch telemetry on nor report, with whatever token; version 5.0 can."""
    with vendor.open() as site:
        old = installed(site, release="4.9.9")
        answer = old.opt_in()
        assert (answer.status_code, answer.json()["clause"]) == (403, "II.6")
        new = installed(site, release="5.0")
        assert new.opt_in().status_code == 201
        assert new.fetch().status_code == 200
        answer = new.upload(new.report(WEEK, METRICS, release="4.9.9"))
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/release-too-old")
        assert not stored(vendor)
        assert new.upload(new.report(WEEK, METRICS)).status_code == 202


@pytest.mark.clause("II.6")
def test_the_receipt_is_not_stored_with_the_report(vendor: Vendor) -> None:
    """What was shown lies nowhere: neither receipt nor token; two reports of one installation have nothing in common."""
    with vendor.open() as site:
        one = installed(site)
        assert one.opt_in().status_code == 201
        assert one.fetch().status_code == 200
        assert one.upload(one.report(WEEK, METRICS)).status_code == 202
        first = one.token
        vendor.clock.set(START + timedelta(days=7))
        assert one.fetch().status_code == 200
        assert one.upload(one.report("2026-W03", METRICS)).status_code == 202
        shown = [one.receipt, *first.split(".")[1:], *one.token.split(".")[1:]]
    for text in shown:
        assert vendor.files_with(text) == []
    told = [entry for entry in vendor.ledger() if entry["act"] == "collect"]
    assert [entry["detail"] for entry in told] == [{"count": "1"}] * 2
    assert all(one.handle not in str(entry) for entry in told)
