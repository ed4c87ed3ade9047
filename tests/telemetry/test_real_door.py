"""The sender against Troth's own receiving door."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.clauses.vendor import START, Site, Vendor
from tests.telemetry.site import Installation
from troth.telemetry import Schema

pytestmark = pytest.mark.slow


class Customer(Installation):
    """An installation of the vendor's sensor, with the schema that the door publishes."""

    def __init__(self, place: Path, site: Site, *, release: str = "5.2") -> None:
        with site.server.client() as client:
            schema = Schema.from_document(client.get("/telemetry/schema.json").json())
        super().__init__(place, site.server.base_url, schema=schema, release=release)
        self._given["product"] = "example-sensor"
        self.now = START.astimezone()

    def record(self) -> None:
        """A week's use."""
        product = self.telemetry()
        product.add("errors", 3)
        product.add("features_used", 2, "alert rule")
        product.set("cores", 16)
        product.set("product_edition", "server")
        product.set("single_sign_on", value=True)
        product.observe("search_time", 70)
        product.close()


@pytest.fixture
def vendor(tmp_path: Path) -> Vendor:
    """A vendor with the reference policy."""
    return Vendor(tmp_path)


@pytest.fixture
def site(vendor: Vendor) -> Iterator[Site]:
    """The vendor's site."""
    with vendor.open() as found:
        yield found


def test_from_opting_in_to_opting_out(vendor: Vendor, site: Site, tmp_path: Path) -> None:
    """Opting in, a week's report in the bytes of the preview, and opting out, after which the door takes nothing more."""
    here = Customer(tmp_path, site)
    sender = here.sender()
    assert sender.opt_in() == ""
    here.record()
    here.later(days=7)
    vendor.clock.set(START + timedelta(days=7))
    shown = sender.preview()
    assert shown is not None
    assert sender.send_due(at_once=True).said == ""
    week = json.loads(shown)["week"]
    assert sender.sent(week) == shown
    kept = vendor.json("telemetry", "status")
    assert kept["waiting"] + (kept["lake"] or {"events": 0})["events"] == 1
    assert sender.opt_out() == ""
    here.record()
    assert sender.send_due(at_once=True).sent == ()
    assert vendor.json("telemetry", "installations")["counts"][0]["state"] == "opted-out"


def test_revoked_by_the_vendor(vendor: Vendor, site: Site, tmp_path: Path) -> None:
    """The vendor revokes the receipt: the sender stops, and says why."""
    here = Customer(tmp_path, site)
    sender = here.sender()
    assert sender.opt_in() == ""
    here.record()
    vendor.json("telemetry", "revoke", sender.status().handle)
    here.later(days=7)
    vendor.clock.set(START + timedelta(days=7))
    assert "refused the receipt" in sender.send_due(at_once=True).said
    assert not sender.standing().on


def test_two_installations_and_one_that_leaves(vendor: Vendor, site: Site, tmp_path: Path) -> None:
    """One leaves without giving its token back, so the week's key closes: the other fetches another token and reports."""
    stays, leaves = Customer(tmp_path / "stays", site), Customer(tmp_path / "leaves", site)
    for one in (stays, leaves):
        assert one.sender().opt_in() == ""
        one.record()
        one.sender().send_due()
    (leaves.folder / "tokens.json").unlink()
    assert leaves.sender().opt_out() == ""
    stays.now = datetime.fromisoformat("2026-01-11T20:00:00").astimezone()
    assert len(stays.sender().send_due(at_once=True).sent) == 1
    assert len(stays.sender().status().keys) == 2
