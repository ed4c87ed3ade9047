"""A clock that jumps, under a running server: acts go on, keys and cases keep their state, the ledger stays one log."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.clauses.vendor import RIGHTS, Site, Vendor
from tests.faults.checking import check_folder
from tests.support.policies import any_serial, any_serial_file
from troth.kernel import from_micros

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DENIED = 403
RULE = "reason: Support staff"


def read(site: Site, vendor: Vendor, opened: tuple[str, str]) -> int:
    """The status of a read under a case of somebody's request."""
    case, who = opened
    return site.act(vendor.privacy_key, "use", RIGHTS, person=who, fields=["email"], case=case).status_code


def witnessed(vendor: Vendor) -> None:
    """A witness that remembers what it saw finds the log grown, never forked or cut."""
    vendor.json("ledger", "watch", "--state", vendor.data.parent / "witness")


def registered(site: Site, number: int) -> httpx.Response:
    """A made person registers a product, and buys none."""
    values = {
        "name": f"Person {number}",
        "email": f"person{number}@example.com",
        "product": "sensor",
        "serial": f"SN-{number:04d}",
    }
    return site.collect("product-registration", values)


@pytest.mark.slow
def test_acts_go_on_when_the_clock_is_set_back(tmp_path: Path) -> None:
    """With the clock an hour back between acts all go on; what was closed, revoked and posted stays so."""
    vendor = Vendor(tmp_path, any_serial_file(tmp_path))
    changed = tmp_path / "changed.md"
    changed.write_text(any_serial().decode().replace(RULE, "reason: Our support staff", 1), encoding="utf-8")
    with vendor.open() as site:
        assert [registered(site, number).status_code for number in (1, 4)] == [201, 201]
        # of a kind that does not go by itself, for that would close them at a moment of its own
        opened, closing = (
            site.open_case(vendor.privacy_key, "request", RIGHTS, f"person{number}@example.com")
            for number in (1, 4)
        )
        closed = site.act(vendor.privacy_key, "instruct", RIGHTS, order="close-case", case=closing[0])
        assert closed.is_success
        ended = vendor.json(
            "access", "issue", "--name", "gone", "--role", "staff.privacy", "--purpose", RIGHTS
        )
        vendor.json("access", "revoke", ended["key_id"])
        posted = vendor.json("policy", "publish", changed)["sha256"]
        witnessed(vendor)
        vendor.clock.advance(-HOUR)
        health = site.request("GET", "/health")
        assert (health.status_code, health.json()["policy"]) == (200, posted)
        assert registered(site, 2).status_code == 201
        assert read(site, vendor, opened) == 200
        assert read(site, vendor, closing) == DENIED
        assert site.act(ended["key"], "use", RIGHTS, person=opened[1], fields=["email"]).status_code == 401
        witnessed(vendor)
        vendor.clock.advance(3 * HOUR)
        assert registered(site, 3).status_code == 201
        assert site.request("GET", "/health").json()["policy"] == posted
        witnessed(vendor)
    entries = check_folder(vendor.data, [])
    assert len({one.person for one in entries if one.act == "collect" and one.effect == "permit"}) == 4
    times = [from_micros(one.at) for one in entries]
    assert times != sorted(
        times
    )  # entries tell the clock of their act, and stand in the order of their making


@pytest.mark.slow
def test_a_key_that_ends_follows_the_clock(tmp_path: Path) -> None:
    """An API key with an end works while the clock says so: not after it, and again when the clock is set back before it."""
    vendor = Vendor(tmp_path, any_serial_file(tmp_path))
    today = vendor.clock.now().date().isoformat()
    issued = vendor.json(
        "access", "issue", "--name", "short", "--role", "staff.privacy", "--purpose", RIGHTS, "--expires", today,
    )  # fmt: skip
    with vendor.open() as site:
        for jump, status in ((timedelta(0), DENIED), (DAY, 401), (-DAY, DENIED)):
            vendor.clock.advance(jump)
            answer = site.act(issued["key"], "use", RIGHTS, person="0" * 32, fields=["email"])
            assert answer.status_code == status, answer.text
