"""Clause II.2: looking at one person's use is a personal act: it needs a study, stands in the journal, and ends with an objection."""

import json
from typing import Any

import pytest

from tests.clauses.test_I_8 import CHOICE, SIGN_IN, registered
from tests.clauses.test_I_16 import chosen
from tests.clauses.vendor import CANARY, RIGHTS, Site, Vendor

IMPROVE = "functional.service.improve"
VISITS = "analytics.reporting.site_usage"


def signed_in(site: Site, vendor: Vendor, person: str) -> str:
    """A session of a person; gives its key."""
    web = vendor.key("service.web", SIGN_IN)
    opened = site.act(web, "instruct", SIGN_IN, order="open-session", person=person)
    session: str = opened.json()["values"]["session"]
    return session


def studied(vendor: Vendor, key: str, person: str, case: str, status: int = 0) -> dict[str, Any]:
    """What a study of one person is told."""
    file = vendor.data.parent / "product.key"
    file.write_text(key, encoding="utf-8")
    found: dict[str, Any] = vendor.json(
        "events", "study", person, "--case", case, "--purpose", IMPROVE, "--key-file", file, status=status
    )
    return found


@pytest.mark.clause("II.2")
def test_one_persons_use_is_looked_at_in_a_study_until_the_person_objects(
    vendor: Vendor, reference_text: str
) -> None:
    """With a study about the person the product team sees what that person did; without one, or after an objection, nothing."""
    product = vendor.key("staff.product", IMPROVE, cases=("study",))
    privacy = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        registered(site, vendor)
        case, person = site.open_case(product, "study", IMPROVE, "person3@example.com")
        _, other = site.open_case(privacy, "request", RIGHTS, "person4@example.com")
        session = signed_in(site, vendor, person)
        headers = chosen(reference_text, VISITS)
        headers["Cookie"] += f"; session={session}"
        with site.server.client() as client:
            event = {"n": "search", "u": f"https://www.example.com/{CANARY}", "d": "www.example.com"}
            assert client.post("/api/event", json=event, headers=headers).status_code == 202
        found = studied(vendor, product, person, case)
        row = site.act(product, "analyse", IMPROVE, person=person, case=case, fields=["product"])
        for denied in (studied(vendor, product, other, case, 3), studied(vendor, product, person, "", 3)):
            assert CANARY not in json.dumps(denied)
        no = {"order": "record-stance", "about": IMPROVE, "stance": "objected", "person": person}
        assert site.act(session, "instruct", CHOICE, **no).is_success
        after = studied(vendor, product, person, case, 3)
        refused = site.act(product, "analyse", IMPROVE, person=person, case=case, fields=["product"])
    assert [(one["name"], one["page"]) for one in found["events"]] == [
        ("search", f"www.example.com/{CANARY}")
    ]
    assert (row.status_code, row.json()["values"]) == (200, {"product": "sensor"})
    assert (refused.status_code, CANARY in json.dumps(after)) == (403, False)
    told = [one for one in vendor.ledger() if one["act"] == "analyse" and one.get("person") == person]
    assert [one["effect"] for one in told] == ["permit", "permit", "deny", "deny", "deny"]
    assert "II.2" in told[0]["clauses"]
