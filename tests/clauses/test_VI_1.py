"""Clause VI.1: questions go to support, and each becomes a case with a number."""

from datetime import datetime

import pytest

from tests.clauses.matters import shown
from tests.clauses.vendor import Vendor


@pytest.mark.clause("VI.1")
def test_a_question_becomes_a_case_with_a_number(vendor: Vendor) -> None:
    """The contact form answers with the number and the day of the answer; an empty question is refused and opens nothing."""
    with vendor.open() as site:
        refused = site.collect("support-contact", {"email": "ann@example.com", "ticket_text": "  "})
        assert refused.status_code == 422
        assert "ticket_text" in refused.text
        assert vendor.json("requests", "list")["matters"] == []
        first, second = site.write_in(1).json(), site.write_in(1).json()
    assert first["number"].startswith("Q-")
    assert first["number"] != second["number"]
    found = shown(vendor, first["number"])
    assert found["matter"] == "question"
    assert found["channel"] == "web"
    assert found["due_rule"] == "answer-questions"
    # ten business days after Monday, 5 January 2026, to the end of that day
    assert datetime.fromisoformat(first["due"]).isoformat() == "2026-01-20T00:00:00+00:00"


@pytest.mark.clause("VI.1")
def test_the_page_shows_the_number_and_the_day(vendor: Vendor) -> None:
    """Whoever fills in the form in a browser reads the number on the next page."""
    with vendor.open() as site, site.visitor() as visitor:
        visitor.form("support-contact")
        sent = visitor.send(
            "support-contact", {"email": "ann@example.com", "ticket_text": "What do you keep?"}
        )
        thanks = visitor.client.get(sent.headers["location"])
        number = vendor.json("requests", "list")["matters"][0]["number"]
        assert number in thanks.text
        assert "20 January 2026" in thanks.text
