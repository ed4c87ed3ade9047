"""Clause I.19: what is learned later of a child purges the record and keeps it from coming back."""

import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from tests.clauses.vendor import CANARY, REGISTER, RIGHTS, SUPPORT, Site, Vendor
from tests.support.waiting import wait_until

KID = f"{CANARY}@example.com"


def _rows(vendor: Vendor, query: str) -> list[Any]:
    with sqlite3.connect(vendor.data / "data.db") as raw:
        rows = raw.execute(query).fetchall()
    raw.close()
    return rows


def _purge(vendor: Vendor, *more: str) -> dict[str, Any]:
    key = vendor.data.parent / "privacy.key"
    key.write_text(vendor.privacy_key, encoding="utf-8")
    found: dict[str, Any] = vendor.json(
        "child", "purge", "--by", f"email={KID}", "--purpose", RIGHTS, "--yes", "--key-file", key, *more
    )
    return found


def _import(site: Site, key: str, address: str) -> Any:
    values = {"email": address, "name": "Somebody"}
    return site.act(key, "collect", REGISTER, point="import", channel="import", values=values)


@pytest.mark.clause("I.19")
def test_later_knowledge_purges_and_suppresses(vendor: Vendor) -> None:
    """One command erases a child's record: only the books of an order are left, told with law and day, and sealed as ever.

    It comes back through no door, and the two days are kept.
    """
    importer = vendor.key("service.import", REGISTER)
    with vendor.open() as site:
        values = {"name": f"{CANARY} name", "email": KID, "serial": f"{CANARY}-9"}
        assert site.register(1, **values).status_code == 201
        assert site.register(2).status_code == 201
        known = vendor.clock.now().isoformat()
        vendor.clock.advance(timedelta(days=1))
        purged = _purge(vendor, "--since", known)
        assert purged["values"]["erased"] is True
        assert [(one["obligation"], one["met"]) for one in purged["values"]["clocks"]] == [
            ("purge-child", "in time")
        ]
        assert vendor.files_with(CANARY) == []
        kept = purged["values"]["kept"]
        assert {(one["reason"], one["until"][:10]) for one in kept} == {
            ("II.11 tax law (books and invoices)", "2033-01-05")
        }
        assert {one["slot"].partition(".")[0] for one in kept} == {
            "billing_address", "name", "order_lines", "order_number",
        }  # fmt: skip
        stands = _rows(vendor, "SELECT person, field FROM sealed_field ORDER BY field")
        assert [slot for who, slot in stands if who == purged["person"]] == [one["slot"] for one in kept]
        listed = "SELECT count(*) FROM suppression WHERE reason = 'child'"
        assert _rows(vendor, listed) == [(1,)]
        for again in (site.register(3, email=KID), _import(site, importer, KID)):
            assert again.status_code == 403
            assert again.json()["clause"] in {"I.19", "I.1"}
        asked = [site.collect("account", {"email": address}) for address in (KID, "new@example.com")]
        assert [one.status_code for one in asked] == [
            202,
            202,
        ]  # nobody learns at sign-up that it is a child's
        assert _rows(vendor, listed) == [(1,)]
        assert _import(site, importer, "other@example.com").status_code == 201
        assert _purge(vendor)["values"]["erased"] is False
        assert _rows(vendor, listed) == [(1,)]
    assert vendor.files_with(CANARY) == []
    entries = [entry for entry in vendor.ledger() if entry["act"] == "purge-child"]
    assert entries[0]["detail"]["clock"].startswith("purge-child in time, due ")
    assert all(entry["clauses"] == ["I.19"] for entry in entries)


@pytest.mark.clause("I.19")
def test_staff_purges_over_http_under_a_case(vendor: Vendor) -> None:
    """Support that learns of a child in a ticket purges the record with one order, only under that ticket."""
    desk = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    with vendor.open() as site:
        assert site.register(1, email=KID).status_code == 201
        case, who = site.open_case(desk, "ticket", SUPPORT, KID)
        order = {"order": "purge-child", "person": who}
        assert site.act(desk, "instruct", SUPPORT, **order).status_code == 403
        done = site.act(desk, "instruct", SUPPORT, **order, case=case)
        assert (done.status_code, done.json()["obligations"]) == (200, ["purge-child"])
        # The ticket of somebody who is gone ends by itself, and with it what it allowed.
        wait_until(
            lambda: site.act(desk, "instruct", SUPPORT, **order, case=case).status_code == 403,
            "the ticket has ended",
        )
        assert site.register(2, email=KID).status_code == 403
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("I.19")
def test_parents_consent_has_its_own_end_and_another_for_sharing(vendor: Vendor) -> None:
    """With a verified parent's consent a child's record is used until the day that it names; sharing takes a second consent."""
    desk = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    with vendor.open() as site:
        assert site.register(1, email=KID).status_code == 201
        case, who = site.open_case(desk, "ticket", SUPPORT, KID)
        privacy = {"person": who, "method": "signed-form", "until": "2026-01-31"}
        verified = site.act(vendor.privacy_key, "instruct", RIGHTS, order="verify-parent", **privacy)
        assert verified.status_code == 200, verified.text
        read = {"person": who, "fields": ["email"], "case": case}
        assert site.act(desk, "use", SUPPORT, **read).json()["values"] == {"email": KID}
        assert site.act(vendor.privacy_key, "instruct", RIGHTS, order="allow-sharing", person=who).is_success
        vendor.clock.advance(timedelta(days=27))
        ended = site.act(desk, "use", SUPPORT, **read)
        assert (ended.status_code, ended.json()["clause"]) == (403, "I.19")
