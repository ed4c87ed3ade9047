"""Clause 0.1: each policy version keeps its bytes, SHA-256, source and capture date."""

import hashlib

import pytest

from tests.clauses.vendor import Vendor


@pytest.mark.clause("0.1")
def test_version_keeps_bytes_digest_source_and_date(vendor: Vendor, reference_text: str) -> None:
    """The published bytes are those that were posted, under their SHA-256, with source and capture date."""
    (version,) = vendor.json("policy", "history")["versions"]
    assert version["sha256"] == hashlib.sha256(reference_text.encode()).hexdigest() == vendor.policy
    assert "AlienVault" in version["source"]
    assert version["captured"] == "2026-11-24"
    with vendor.open() as site:
        served = site.request("GET", f"/policy/versions/{vendor.policy}.md")
        assert served.content == reference_text.encode()


@pytest.mark.clause("0.1")
def test_one_altered_byte_is_refused(vendor: Vendor, reference_text: str) -> None:
    """With one byte of the stored text changed, nothing is decided or shown, and the doctor names the version."""
    stored = vendor.data / "data.db"
    content = stored.read_bytes()
    genuine, altered = b"title: Privacy policy", b"title: Privacy folicy"
    assert genuine.decode() in reference_text
    assert content.count(genuine) == 1
    stored.write_bytes(content.replace(genuine, altered))
    shown = vendor.json("policy", "show", status=4)
    assert shown["error"]["clause"] == "0.1"
    checked = vendor.command("--json", "--data", vendor.data, "doctor", status=None)
    assert checked.returncode != 0
    assert vendor.policy[:12] in checked.stdout
