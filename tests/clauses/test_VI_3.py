"""Clause VI.3: the date of the last update comes from the version in force."""

from datetime import timedelta

import pytest

from tests.clauses.vendor import Vendor


@pytest.mark.clause("VI.3")
def test_date_changes_by_publishing_only(vendor: Vendor, reference_text: str) -> None:
    """Time passing changes nothing; a posted version with a later date changes what every page says."""
    policy = vendor.data.parent / "amended.md"
    policy.write_text(
        reference_text.replace("last_updated: 2015-04-16", "last_updated: 2026-02-01"), encoding="utf-8"
    )
    with vendor.open() as site:
        assert 'datetime="2015-04-16"' in site.request("GET", "/policy").text
        vendor.clock.advance(timedelta(days=40))
        assert 'datetime="2015-04-16"' in site.request("GET", "/policy").text
        draft = vendor.json("policy", "draft", policy)["sha256"]
        assert 'datetime="2015-04-16"' in site.request("GET", "/policy").text
        vendor.json("policy", "post", draft)
        page = site.request("GET", "/policy").text
        assert 'datetime="2026-02-01"' in page
        assert 'datetime="2015-04-16"' not in page
