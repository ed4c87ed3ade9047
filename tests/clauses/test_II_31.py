"""What is posted is public."""

import pytest

from tests.clauses.posting import Poster, session
from tests.clauses.vendor import CANARY, Vendor

PURPOSE = "functional.service.forum"


@pytest.mark.clause("II.31")
def test_posting_that_is_not_acknowledged_is_not_published(vendor: Vendor) -> None:
    """Without the acknowledgement of this very posting: 422 by the form and by the API, and the canary is nowhere."""
    with vendor.open() as site:
        key = session(vendor, site, 1)
        ann = Poster(site, key)
        assert ann.publish(f"{CANARY} by form", acknowledged="").status_code == 422
        assert ann.publish(f"{CANARY} earlier", acknowledged="support-notice").status_code == 422
        values = {"username": "ann-7", "posting": f"{CANARY} by API"}
        body = {"channel": "web", "notice": "forum-notice", "age_passed": True, "values": values}
        assert site.request("POST", "/collect/forum", key=key, body=body).status_code == 422
        act = {"act": "collect", "purpose": PURPOSE, "channel": "web", "point": "forum", "notice": "forum-notice",
               "age_passed": True, "values": values}  # fmt: skip
        refused = site.request("POST", "/v1/acts", key=key, body=act)
        assert refused.status_code == 403
        assert CANARY not in site.request("GET", "/forum").text
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("II.31")
def test_preview_shows_what_is_personal_in_it(vendor: Vendor) -> None:
    """The preview marks each thing found, with a word for its kind, beside the warning that everybody can read it."""
    with vendor.open() as site:
        ann = Poster(site, session(vendor, site, 1))
        shown = ann.send(
            "/forum/new",
            do="preview",
            name="ann-7",
            text="zoe@example.org, 4111 1111 1111 1111, +1 650 253 0000",
        ).text
        for words in (
            "an e-mail address",
            "a payment card number",
            "a telephone number",
            "Everyone can read",
        ):
            assert words in shown


@pytest.mark.clause("II.31")
def test_anybody_reads_what_was_published(vendor: Vendor) -> None:
    """An anonymous GET sees the posting under its author's chosen name; each look is a decision in the ledger."""
    with vendor.open() as site:
        ann = Poster(site, session(vendor, site, 1))
        path = ann.post("Readable by everybody")
        page = site.request("GET", path).text
        assert "Readable by everybody" in page
        assert "ann-7" in page
        assert "person1@example.com" not in page
        assert "Readable by everybody" in site.request("GET", "/forum").text
    reads = [one for one in vendor.ledger() if one.get("act") == "use" and one.get("purpose") == PURPOSE]
    assert reads
    assert all(one["effect"] == "permit" and "II.31" in one["clauses"] for one in reads)
