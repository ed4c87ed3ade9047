"""Clauses I.13 and I.15, the half about counting: nothing is collected before the choice, and each toggle stands alone."""

import httpx
import pytest

from tests.clauses.test_I_16 import chosen
from tests.clauses.vendor import CANARY, Vendor

USAGE = "analytics.reporting.site_usage"
CONTENT = "personalize.content"


def view(client: httpx.Client, page: str, headers: dict[str, str]) -> httpx.Response:
    """A page view, as a tracker sends it; the answer is the same whatever becomes of it."""
    event = {"n": "pageview", "u": f"https://www.example.com/{page}", "d": "www.example.com"}
    answer = client.post("/api/event", json=event, headers=headers)
    assert answer.status_code == 202
    return answer


@pytest.mark.clause("I.13")
def test_counting_waits_for_the_choice(vendor: Vendor, reference_text: str) -> None:
    """Before the choice and against the browser's signal no cookie comes and nothing is kept; after it, both."""
    yes = chosen(reference_text, USAGE)
    with vendor.open() as site, site.server.client() as client:
        for headers in ({}, chosen(reference_text), {**yes, "Sec-GPC": "1"}, {**yes, "DNT": "1"}):
            assert "set-cookie" not in view(client, f"{CANARY}-before", headers).headers
        assert vendor.files_with(f"{CANARY}-before") == []
        cookie = view(client, f"{CANARY}-after", yes).headers["set-cookie"]
        value = cookie.partition("=")[2].partition(";")[0]
        assert "Max-Age=" in cookie
        assert vendor.files_with(f"{CANARY}-after") != []
        assert vendor.files_with(value) == []  # kept as a digest only
    effects = [(one["effect"], one["clauses"]) for one in vendor.ledger() if one["act"] == "collect"]
    assert [effect for effect, _ in effects] == ["deny"] * 4 + ["permit"]
    assert all("I.13" in clauses for effect, clauses in effects if effect == "deny")


@pytest.mark.clause("I.15")
def test_customised_content_alone_counts_nobody(vendor: Vendor, reference_text: str) -> None:
    """Whoever switched on customised content only is not counted; whoever switched on usage statistics only is."""
    with vendor.open() as site, site.server.client() as client:
        view(client, f"{CANARY}-content", chosen(reference_text, CONTENT))
        assert vendor.files_with(f"{CANARY}-content") == []
        view(client, f"{CANARY}-usage", chosen(reference_text, USAGE))
        assert vendor.files_with(f"{CANARY}-usage") != []
