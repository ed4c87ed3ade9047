"""Clause I.16: web bugs, clear GIFs and similar."""

from datetime import UTC, datetime

import httpx
import pytest

from tests.clauses.vendor import CANARY, Vendor
from troth.choice import choice_value
from troth.policy import compile_policy

USAGE = "analytics.reporting.site_usage"
GIF_BYTES = 43


def chosen(text: str, *purposes: str) -> dict[str, str]:
    """The cookie of a visitor who allowed purposes."""
    policy = compile_policy(text)
    value = choice_value(policy, on=datetime(2026, 1, 5, tzinfo=UTC).date(), allowed=purposes)
    return {"Cookie": f"choice={value}", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


def picture(client: httpx.Client, page: str, headers: dict[str, str]) -> httpx.Response:
    """The pixel, as a page or a mail loads it."""
    address = f"https://www.example.com/{page}"
    found = client.get("/p.gif", params={"d": "www.example.com", "u": address}, headers=headers)
    assert found.status_code == 200
    assert found.headers["content-type"] == "image/gif"
    assert found.headers["cache-control"] == "no-store"
    assert len(found.content) == GIF_BYTES
    return found


@pytest.mark.clause("I.16")
def test_the_pixel_obeys_the_same_choice(vendor: Vendor, reference_text: str) -> None:
    """Without a choice, or against the browser's signal, the picture is served and records nothing; after it, one view."""
    yes = chosen(reference_text, USAGE)
    with vendor.open() as site, site.server.client() as client:
        for headers in ({}, chosen(reference_text), {**yes, "Sec-GPC": "1"}, {**yes, "DNT": "1"}):
            found = picture(client, f"{CANARY}-denied", headers)
            assert "set-cookie" not in found.headers
        assert vendor.files_with(f"{CANARY}-denied") == []
        picture(client, f"{CANARY}-kept", yes)
        assert vendor.files_with(f"{CANARY}-kept") != []
    collected = [entry for entry in vendor.ledger() if entry["act"] == "collect"]
    assert [entry["effect"] for entry in collected] == ["deny"] * 4 + ["permit"]
    assert "I.16" in collected[0]["clauses"]
    assert "I.13" in collected[2]["clauses"]
    assert collected[-1]["detail"] == {"count": "1"}
