"""An older database beside a newer lake, as after a restore: what the lake holds already is not counted again."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.clauses.vendor import Site, Vendor
from tests.clients.counted import rows
from tests.faults.test_events import headers
from tests.support.process import Troth


def view(site: Site, mark: str) -> None:
    """Send a page view without an id, by which nothing could know it again."""
    event = {"n": "pageview", "u": f"https://www.example.com/{mark}", "d": "www.example.com"}
    with site.server.client() as client:
        assert client.post("/api/event", json=event, headers=headers()).status_code == 202


@pytest.mark.slow
def test_a_restored_database_counts_nothing_twice(tmp_path: Path) -> None:
    """Batches that waited when the copy was made, and were folded since, are known by the lake itself."""
    vendor = Vendor(tmp_path)
    with vendor.open() as site:
        view(site, "folded-before")
        vendor.json("events", "fold")
        view(site, "waited-1")
        view(site, "waited-2")
        copy, keys = tmp_path / "copy", tmp_path / "copy-keys"
        vendor.json("backup", copy, "--keys", keys)
        view(site, "after-the-copy")
    vendor.json("events", "fold")
    assert len(rows(vendor)) == 4
    again = tmp_path / "again"
    vendor.program.run("restore", copy, "--to", again, "--from-keys", keys, "--data", vendor.data)
    shutil.copytree(vendor.data / "lake", again / "lake")
    vendor.program = Troth(again, vendor.clock)
    assert vendor.json("events", "status")["waiting"] == 2
    assert vendor.json("events", "fold")["folded"] == 0
    with vendor.open() as site:
        view(site, "after-the-restore")
    assert vendor.json("events", "fold") == {"folded": 1, "waiting": 0}
    pages = Counter(row.page.rpartition("/")[2] for row in rows(vendor))
    assert pages == Counter(["folded-before", "waited-1", "waited-2", "after-the-copy", "after-the-restore"])
