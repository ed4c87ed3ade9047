"""Clause III.3: a use is stopped purpose by purpose, from the next decision on, in every room; what is kept stays as it was."""

from typing import Any

import httpx
import pytest

from tests.clauses.matters import ask, shown, step
from tests.clauses.test_I_8 import run, sensors
from tests.clauses.test_I_15_events import view
from tests.clauses.test_I_16 import chosen
from tests.clauses.test_I_18 import Marketed
from tests.clauses.vendor import CANARY, RIGHTS, SUPPORT, Site, Vendor
from tests.support.waiting import wait_until

CONTENT = "personalize.content"
COUNTED = "analytics.reporting.product_usage"
VISITS = "analytics.reporting.site_usage"
BOOKS = "essential.legal_obligation.accounting"
SIGN_IN = "essential.service.authentication"
MARKETING = "marketing.communications"
PEOPLE = 13
WHO = "person3@example.com"


class Uses:
    """The rooms in which one person's information is used.

    Args:
        vendor: The company.
        site: Its running service.
        cookies: The choice of a browser that allows counting.
    """

    def __init__(self, vendor: Vendor, site: Site, cookies: dict[str, str]) -> None:
        self.vendor, self.site = vendor, site
        self.web = vendor.key("service.web", CONTENT, SIGN_IN)
        self.analyst = vendor.key("staff.analyst", COUNTED)
        self.marketing = vendor.key("staff.marketing", "marketing")
        made = {"name": "Sensors", "expression": 'product = "sensor"'}
        audience = site.request("POST", "/v1/audiences", key=self.marketing, body=made).json()["audience"]
        self.audience = f"/v1/audiences/{audience}/count"
        opened = site.act(self.web, "instruct", SIGN_IN, order="open-session", identify={"email": WHO})
        self.session, self.who = opened.json()["values"]["session"], opened.json()["person"]
        self.cookies = {"Cookie": f"{cookies['Cookie']}; session={self.session}"}

    def content(self) -> httpx.Response:
        """The web site looks at what the person has, to show what suits."""
        return self.site.act(self.web, "use", CONTENT, identify={"email": WHO}, fields=["product"])

    def counted(self) -> tuple[int, int]:
        """How many people the report counts, and how many an audience for announcements."""
        audience = self.site.request("GET", self.audience, key=self.marketing).json()["count"]
        return sensors(run(self.site, self.analyst)["figures"]), audience

    def visited(self, page: str) -> bool:
        """Whether a visit of the person, signed in, is kept."""
        with self.site.server.client() as client:
            view(client, f"{CANARY}-{page}", self.cookies)
        return bool(self.vendor.files_with(f"{CANARY}-{page}"))

    def own(self) -> dict[str, Any]:
        """What the person reads of the own profile."""
        read = self.site.act(self.session, "use", RIGHTS, person=self.who, fields=["email", "product"])
        assert read.is_success, read.text
        found: dict[str, Any] = read.json()["values"]
        return found


def ended(vendor: Vendor, number: str) -> dict[str, Any]:
    """A request as soon as it has ended by itself."""
    wait_until(lambda: bool(shown(vendor, number)["ended"]), "the request is carried out")
    return shown(vendor, number)


@pytest.mark.slow
@pytest.mark.clause("III.3")
def test_a_use_is_denied_in_every_room_and_storage_is_intact(vendor: Vendor, reference_text: str) -> None:
    """Content, visits, reports and audiences: refused from the next decision on, without a proof; released and proven, all go on."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        people = Marketed(site, vendor, dict.fromkeys(range(1, PEOPLE + 1), "sensor"))
        people.say("consented", *range(1, PEOPLE + 1))
        rooms = Uses(vendor, site, chosen(reference_text, VISITS))
        before = rooms.own()
        assert (rooms.content().status_code, rooms.counted(), rooms.visited("before")) == (
            200,
            (PEOPLE, PEOPLE),
            True,
        )
        uses = [CONTENT, COUNTED, VISITS, MARKETING]
        asked = ask(site, "object", WHO, request_uses=uses, request_text=CANARY + "-text").json()
        assert ended(vendor, asked["number"])["state"] == "completed"
        refused = rooms.content()
        assert (refused.status_code, "I.17" in refused.json()["clauses"]) == (403, True)
        assert (rooms.counted(), rooms.visited("after")) == ((PEOPLE - 1, PEOPLE - 1), False)
        assert rooms.own() == before
        released = ask(site, "release", WHO, request_uses=uses).json()["number"]
        assert shown(vendor, released)["state"] == "identity-pending"
        assert rooms.content().status_code == 403
        step(vendor, desk, "verify", released)
        assert ended(vendor, released)["state"] == "completed"
        assert (rooms.content().status_code, rooms.counted()) == (200, (PEOPLE, PEOPLE))
        assert rooms.visited("released")
        assert rooms.own() == before
    assert vendor.files_with(CANARY + "-text") == []


@pytest.mark.clause("III.3")
def test_what_cannot_be_stopped_says_why_and_what_could_harm_is_proven(vendor: Vendor) -> None:
    """An essential use is refused with its reason and clause; support is set aside only once it is sure who asks."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    support = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    with vendor.open() as site:
        assert site.register(3).status_code == 201
        books = ended(vendor, ask(site, "restrict", WHO, request_uses=[BOOKS]).json()["number"])
        assert books["state"] == "partially-completed"
        assert books["outcome"].startswith("we cannot do without it: ")
        told = site.request("GET", f"/v1/requests/{books['number']}", key=desk).json()
        assert [(one["action"], one["state"]) for one in told["items"]] == [("keep", "kept")]
        ticket, who = site.open_case(support, "ticket", SUPPORT, WHO)
        look = {"person": who, "case": ticket, "fields": ["name"]}
        number = ask(site, "restrict", WHO, request_uses=[SUPPORT]).json()["number"]
        assert site.act(support, "use", SUPPORT, **look).is_success
        step(vendor, desk, "verify", number)
        assert ended(vendor, number)["state"] == "completed"
        denied = site.act(support, "use", SUPPORT, **look)
        assert (denied.status_code, "III.3" in denied.json()["clauses"]) == (403, True)
        strange = ask(site, "restrict", WHO, request_uses=["made.up"])
        assert (strange.status_code, strange.json()["field"]) == (422, "request_uses")
        form = site.request("GET", "/forms/privacy-request").text
        assert form.count('name="request_uses"') > 5
        assert "/forms/privacy-request" in site.request("GET", "/choice").text
