"""Clause III.5 over HTTP: staff see the queue of what they handle, people their own requests, others nothing."""

import pytest

from tests.clauses.matters import ask, complain
from tests.clauses.posting import session
from tests.clauses.vendor import RIGHTS, SUPPORT, Vendor


@pytest.mark.clause("III.5")
def test_staff_work_the_queue_and_people_see_their_own(vendor: Vendor) -> None:
    """The privacy desk lists requests and takes steps; support sees none of them; a person sees their own and nobody else's."""
    desk, support = (
        vendor.key("staff.privacy", RIGHTS, cases=("request",)),
        vendor.key("staff.support", SUPPORT, cases=("ticket",)),
    )
    with vendor.open() as site:
        mine = ask(site, email="person1@example.com").json()["number"]
        other = ask(site, email="person2@example.com").json()["number"]
        complain(site)
        listed = site.request("GET", "/v1/requests", key=desk).json()
        assert [one["number"] for one in listed["matters"]] == [mine, other]
        assert (listed["late"], listed["next"]) == (0, "")
        assert site.request("GET", "/v1/requests", key=support).json()["matters"] == []
        assert site.request("GET", f"/v1/requests/{mine}", key=support).status_code == 404
        assert site.request("GET", "/v1/requests").status_code == 401

        taken = site.request("POST", f"/v1/requests/{mine}/steps", key=desk, body={"step": "take"})
        assert taken.status_code == 200, taken.text
        assert taken.json()["handler"]
        step = {"step": "move", "to": "completed"}
        illegal = site.request("POST", f"/v1/requests/{mine}/steps", key=desk, body=step)
        assert illegal.status_code == 409
        assert (
            site.request("POST", f"/v1/requests/{mine}/steps", key=support, body={"step": "take"}).status_code
            == 404
        )
        shown = site.request("GET", f"/v1/requests/{mine}", key=desk).json()
        assert [one["step"] for one in shown["steps"]] == ["received", "identity-pending", "taken"]
        assert any(one["why"].endswith("answer-requests (clause III.6).") for one in shown["clocks"])

        own = session(vendor, site, 1)
        assert [one["number"] for one in site.request("GET", "/v1/requests", key=own).json()["matters"]] == [
            mine
        ]
        assert site.request("GET", f"/v1/requests/{other}", key=own).status_code == 404
