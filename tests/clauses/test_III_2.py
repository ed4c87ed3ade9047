"""Clause III.2: deleting it. Everywhere, what is kept is listed with its reason, and one certificate proves it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clauses.matters import ask, run_tasks, shown, step
from tests.clauses.vendor import CANARY, FULFIL, RIGHTS, START, Vendor

ANN = "ann@example.com"
BOOKS, DEMAND = "essential.legal_obligation.accounting", "third_party_sharing.legal_obligation"
HELD = ("name", "billing_address", "order_lines", "order_number")


def certificate(vendor: Vendor, number: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The certificate of a request as staff take it, and what an outsider with the public key finds in it."""
    folder = vendor.data.parent / "outside"
    folder.mkdir(exist_ok=True)
    vendor.json("certificate", "show", number, "--out", folder / "c.json", "--pdf", folder / "c.pdf")
    assert (folder / "c.pdf").read_bytes().startswith(b"%PDF-")
    return json.loads((folder / "c.json").read_text()), verified(vendor, folder / "c.json")


def verified(vendor: Vendor, file: Path, status: int = 0) -> dict[str, Any]:
    """What `troth certificate verify` says, with the public key and without the data folder."""
    key = vendor.json("ledger", "head")["key"]
    nowhere = ("--json", "--data", file.parent / "no-folder")
    said = vendor.command(*nowhere, "certificate", "verify", file, "--key", key, status=status)
    told: dict[str, Any] = json.loads(said.stdout)
    return told


@pytest.mark.slow
@pytest.mark.clause("III.2")
def test_everything_goes_and_a_certificate_proves_it(vendor: Vendor) -> None:
    """Name, ticket, mails and backup: no byte of the person is left or opens, and the certificate says where and until when."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        assert site.write_in(1, ticket_text=CANARY, email=ANN, name=CANARY).is_success
        backup = vendor.data.parent / "monday"
        vendor.json("backup", backup)
        number = ask(site, "erase", ANN, request_text=CANARY).json()["number"]
    step(vendor, desk, "verify", number)
    run_tasks(vendor)
    told = shown(vendor, number)
    assert told["state"] == "completed", told["items"]
    done = {item["store"]: item["state"] for item in told["items"]}
    assert {"closing", "events", "relay", "mail", "vault"} <= {
        s for s, state in done.items() if state == "done"
    }
    backups = [item for item in told["items"] if item["store"] == "backups"]
    assert len(backups) == 1
    assert backups[0]["until"]
    document, found = certificate(vendor, number)
    assert (found["complete"], found["edition"], found["receipts"]) == (True, 1, 2)
    assert document["certificate"]["backups"][0]["until"][:10] == backups[0]["until"][:10]
    assert len(vendor.json("certificate", "list")["certificates"]) == 1
    assert ANN not in json.dumps(document)
    assert vendor.files_with(CANARY) == []
    assert vendor.files_with(ANN) == []
    vendor.json("restore", backup, "--to", vendor.data.parent / "restored")
    assert vendor.files_with(CANARY) == []
    (vendor.data / "in-clear").write_text(CANARY)
    assert vendor.files_with(CANARY) == ["data/in-clear"]
    acts = [entry["act"] for entry in vendor.ledger() if entry.get("person") == told["person"]]
    assert acts.count("erased") == 1


@pytest.mark.slow
@pytest.mark.clause("III.2")
def test_what_the_law_keeps_is_listed_and_goes_when_it_may(vendor: Vendor) -> None:
    """Only the books stay, with their reason and day, and are read for the books alone; after seven years they go by themselves."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    billing = vendor.key("staff.billing", FULFIL, BOOKS, cases=("order",))
    with vendor.open() as site:
        assert site.buy("OR-1", email=ANN).is_success
        number = ask(site, "erase", ANN).json()["number"]
    step(vendor, desk, "verify", number)
    run_tasks(vendor)
    told = shown(vendor, number)
    assert told["state"] == "partially-completed"
    kept = [item for item in told["items"] if item["state"] == "kept" and item["store"] == "vault"]
    assert len(kept) == 1
    assert "tax law" in kept[0]["reason"]
    record = kept[0]["target"].removeprefix("record:")
    assert kept[0]["until"] > (START + timedelta(days=6 * 365)).isoformat()
    with vendor.open() as site:
        opening = {"order": "open-case", "case_type": "order", "person": told["person"]}
        case = site.act(billing, "instruct", FULFIL, **opening).json()["case"]
        about = {"person": told["person"], "record": record, "case": case}
        assert set(site.act(billing, "use", BOOKS, fields=HELD, **about).json()["values"]) == set(HELD)
        denied = site.act(billing, "use", FULFIL, fields=["name"], **about)
        assert (denied.status_code, denied.json()["clause"]) == (403, "III.2")
        gone = site.act(billing, "use", BOOKS, fields=["shipping_address"], **about)
        assert gone.status_code == 403 or gone.json()["values"] == {}
    first, found = certificate(vendor, number)
    assert not found["complete"]
    vendor.clock.set(START + timedelta(days=8 * 366))
    for _ in range(2):
        run_tasks(vendor)
    second, found = certificate(vendor, number)
    assert (found["complete"], found["edition"]) == (True, 2)
    assert second["certificate"]["replaces"] not in ("", first["certificate"]["replaces"])
    assert len(vendor.json("certificate", "list")["certificates"]) == 1
    altered = vendor.data.parent / "outside" / "altered.json"
    second["certificate"]["complete"] = False
    altered.write_text(json.dumps(second))
    assert "altered" in str(verified(vendor, altered, status=4))
