"""Clause IV.1: industry-standard protection of databases."""

import sqlite3
import stat
from datetime import timedelta

import pytest

from tests.clauses.vendor import CANARY, SUPPORT, Site, Vendor


def _kept(vendor: Vendor) -> list[str]:
    """Files that hold the canary, but for the mail that went out, which lies in its folder as at a mail provider."""
    return [one for one in vendor.files_with(CANARY) if not one.startswith("data/mail/")]


@pytest.mark.clause("IV.1")
def test_raw_stores_hold_no_canary(vendor: Vendor) -> None:
    """A value that was collected stands nowhere in clear: data, write-ahead log, key store, log of the server, backup."""
    with vendor.open() as site:
        values = {"name": f"{CANARY} name", "email": f"{CANARY}@example.com", "ticket_text": f"{CANARY} text"}
        assert site.write_in(1, **values).status_code == 201
        assert _kept(vendor) == []
        vendor.command("--data", vendor.data, "backup", vendor.data.parent / "backup")
    assert _kept(vendor) == []
    assert (vendor.data.parent / "backup").is_dir()


@pytest.mark.clause("IV.1")
def test_tampered_ciphertext_is_refused(vendor: Vendor) -> None:
    """A sealed value with one bit changed gives an error that says so, never a value; other fields still open."""
    key = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    with vendor.open() as site:
        assert site.write_in(1).status_code == 201
        case, who = site.open_case(key, "ticket", SUPPORT, "person1@example.com")
    with sqlite3.connect(vendor.data / "data.db") as raw:
        (sealed,) = raw.execute("SELECT sealed FROM sealed_field WHERE field LIKE 'email%'").fetchone()
        changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        raw.execute("UPDATE sealed_field SET sealed = ? WHERE field LIKE 'email%'", (changed,))
    raw.close()
    with vendor.open() as site:
        refused = site.act(key, "use", SUPPORT, person=who, fields=["email"], case=case)
        assert refused.status_code == 500
        assert (refused.json()["type"], refused.json()["field"]) == ("/problems/tampered", "email")
        assert "person1" not in refused.text
        other = site.act(key, "use", SUPPORT, person=who, fields=["name"], case=case)
        assert other.json()["values"] == {"name": "Person 1"}


@pytest.mark.clause("IV.1")
def test_secrets_are_kept_as_they_should_be(vendor: Vendor) -> None:
    """API keys stand nowhere; root and signing key are readable by their owner only; looser modes are refused."""
    assert vendor.files_with(vendor.privacy_key.split("_", 2)[2]) == []
    for name in ("root.key", "ledger.key"):
        path = vendor.data / "keys" / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o644)
        assert vendor.command("--data", vendor.data, "doctor", status=None).returncode != 0
        path.chmod(0o600)
    assert vendor.command("--data", vendor.data, "doctor").returncode == 0


@pytest.mark.clause("IV.1")
def test_self_test_page_tries_the_protection(vendor: Vendor) -> None:
    """The public page tries sealing, opening and tampering at each look and says how it went."""
    with vendor.open() as site:
        assert "AES-256-GCM" in site.request("GET", "/security").text
        good = _states(site)
        assert set(good.values()) <= {"pass", "unknown"}
        (vendor.data / "keys" / "root.key").chmod(0o644)
        vendor.clock.advance(timedelta(minutes=1))
        worse = _states(site)
        assert [name for name, state in worse.items() if state == "fail"] == [
            name for name in good if worse[name] != good[name]
        ]
        assert "fail" in worse.values()


def _states(site: Site) -> dict[str, str]:
    checks = site.request("GET", "/security.json").json()["checks"]
    return {check["name"]: check["state"] for check in checks}
