"""I.9: an address counts only after its mailbox confirmed it."""

from datetime import timedelta

import pytest

from tests.clauses.mailbox import Browser, link_in, mail_to, mails
from tests.clauses.vendor import CANARY, Site, Vendor
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
ANNOUNCE = "marketing.communications.email"
ANN = f"{CANARY}@example.com"


def _send(site: Site, key: str) -> int:
    sent = site.act(
        key,
        "send",
        ANNOUNCE,
        identify={"email": ANN},
        fields=["email"],
        recipient="email-provider",
        channel="email",
    )
    return sent.status_code


@pytest.mark.clause("I.9")
def test_unconfirmed_stays_unsubscribed(vendor: Vendor) -> None:
    """Nothing is sent before the mailbox confirms, looking at the link confirms nothing, and the link works once."""
    key = vendor.key("service.mailer", ANNOUNCE)
    with vendor.open() as site, Browser(site) as browser:
        taken = site.collect("email-opt-in", {"email": ANN})
        assert (taken.status_code, taken.json()["held"]) == (202, True)
        assert _send(site, key) == 403
        link = link_in(mail_to(vendor, ANN))
        for _ in range(3):  # as mail scanners do
            page = browser.get(link)
            assert page.status_code == 200
            assert "Yes, confirm it" in page.text
            assert CANARY not in page.text
        assert _send(site, key) == 403
        done = browser.post(link)
        assert done.status_code == 200, done.text
        assert _send(site, key) == 200
        assert browser.post(link).status_code == 404
        assert browser.get(link).status_code == 404
        assert browser.get(link[:-1] + "x").status_code == 404
    entries = [entry for entry in vendor.ledger() if entry.get("purpose") == ANNOUNCE]
    assert [entry["act"] for entry in entries if entry["effect"] == "permit"] == ["hold", "collect", "send"]


@pytest.mark.clause("I.9")
def test_form_of_another_site_confirms_nothing(vendor: Vendor) -> None:
    """A page of somebody else cannot press the button."""
    with vendor.open() as site, site.server.client() as client:
        site.collect("email-opt-in", {"email": ANN})
        link = link_in(mail_to(vendor, ANN))
        assert client.post(link, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post(link).status_code == 403


@pytest.mark.clause("I.9")
def test_unconfirmed_leaves_nothing(vendor: Vendor) -> None:
    """When the time is over the submission is gone from every file, the mail folder too, and the link confirms nothing."""
    with vendor.open() as site, Browser(site) as browser:
        site.collect("email-opt-in", {"email": ANN})
        link = link_in(mail_to(vendor, ANN))
        assert vendor.files_with(CANARY) != []
        vendor.clock.advance(timedelta(days=2, minutes=10))
        assert browser.get(link).status_code == 404
        assert browser.post(link).status_code == 404
        wait_until(lambda: not mails(vendor), "the mail is removed")
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("I.9")
def test_consent_is_recorded_and_taken_back(vendor: Vendor) -> None:
    """The confirmation gives a consent record tied to the ledger; one button in the account takes the consent back."""
    key = vendor.key("service.mailer", ANNOUNCE)
    with vendor.open() as site, Browser(site) as browser:
        site.collect("email-opt-in", {"email": ANN})
        page = browser.post(link_in(mail_to(vendor, ANN))).text
        entry = page.partition("/v1/consents/")[2][:32]
        record = browser.get(f"/v1/consents/{entry}").json()
        assert record["dct:conformsTo"]["@id"] == "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
        assert record["dct:identifier"] == entry
        assert record["dpv:hasDataSubject"]["dct:identifier"]
        assert record["dpv:hasProcess"]["dpv:hasPurpose"]["dct:identifier"] == ANNOUNCE
        assert "announcements" in record["dpv:hasProcess"]["dpv:hasNotice"]["dct:description"]
        assert CANARY not in str(record)
        sent = site.act(
            key, "send", ANNOUNCE, identify={"email": ANN}, fields=["email"],
            recipient="email-provider", channel="email",
        )  # fmt: skip
        assert browser.get(f"/v1/consents/{sent.json()['entry']}").status_code == 404
        browser.post("/account/sign-in/link", email=ANN)
        assert browser.post(link_in(mail_to(vendor, ANN, 2))).status_code == 303
        assert "Take it back" in browser.get("/account").text
        assert browser.marked("/account/consents/withdraw", about=ANNOUNCE).status_code == 303
        assert "Take it back" not in browser.get("/account").text
        assert _send(site, key) == 403
