"""Clause II.14: stopping marketing takes one step, needs no account, holds at once, and outlives the person's record."""

import re
from datetime import timedelta

import pytest
from listunsub import audit, one_click_request
from playwright.sync_api import Browser as Chromium

from tests.clauses.mailbox import Browser, mail_to, mails
from tests.clauses.preferring import EVENTS, MAIL, NEWS, PUBLIC, marketing, path, public, subscribed, ways
from tests.clauses.vendor import CANARY, RIGHTS, Vendor
from tests.support.browser import inspect, visitor
from tests.support.waiting import wait_until

ANN = f"{CANARY}@example.com"
BOB = "bob@example.com"
REGISTER, STOP = "essential.service.product_registration", "essential.service.opt_out"
_LINK = re.compile(r"https?://[^/\s]+(/preferences/[A-Za-z0-9_-]+)")


@pytest.mark.clause("II.14")
@pytest.mark.slow
def test_one_step_stops_and_looking_does_not(vendor: Vendor) -> None:
    """A real client finds the headers right and stops by one POST without sign-in; GET and HEAD change nothing; a forged or old link is told."""
    public(vendor)
    mailer = vendor.key("service.mailer", MAIL)
    with vendor.open() as site, Browser(site) as browser:
        ann, bob = (subscribed(vendor, site, browser, one) for one in (ANN, BOB))
        out, of_bob = ways(vendor, ann, ANN), ways(vendor, bob, BOB)
        assert audit(f"<{out.unsubscribe}>, <{out.by_mail}>", "List-Unsubscribe=One-Click") == []
        stop = path(out.unsubscribe)
        with site.server.client() as program:
            for method in ("GET", "HEAD", "GET"):  # as mail scanners do
                looked = program.request(method, stop, headers={"Accept": "text/html"})
                assert looked.status_code == 200
                assert CANARY not in looked.text
            assert marketing(vendor, site, mailer, ANN)[0] == 200
            for form in ("multipart", "urlencoded"):
                asked = one_click_request(out.unsubscribe, form=form)
                done = program.post(
                    asked.url.removeprefix(PUBLIC),
                    content=asked.body,
                    headers={"Content-Type": asked.content_type},
                )
                assert done.status_code == 200, done.text
                assert "set-cookie" not in done.headers
            assert marketing(vendor, site, mailer, ANN) == (403, ["II.14"])
            assert marketing(vendor, site, mailer, ANN, EVENTS)[0] == 200
            assert marketing(vendor, site, mailer, BOB)[0] == 200
            # the page's own button leads to the confirmation, and can stop everything
            pressed = browser.post(stop, what="everything")
            assert pressed.status_code == 303
            assert (
                "You get no announcements from us any more." in browser.get(pressed.headers["location"]).text
            )
            assert marketing(vendor, site, mailer, ANN, EVENTS) == (403, ["II.14"])
            other = path(of_bob.unsubscribe)
            for forged in (other[:-3] + "AAA", "/stop/x", stop.replace("/stop/", "/preferences/")[:-6]):
                refused = program.post(
                    forged, data={"List-Unsubscribe": "One-Click"}, headers={"Accept": "text/html"}
                )
                assert refused.status_code == 400
                assert "privacy@example.com" in refused.text
            vendor.clock.advance(timedelta(days=401))
            assert program.post(other, data={"List-Unsubscribe": "One-Click"}).status_code == 400


@pytest.mark.clause("II.14")
@pytest.mark.slow
def test_a_stop_outlives_the_record(vendor: Vendor) -> None:
    """After an erasure the same link still stops; whoever comes back with the address gets nothing but what they ask for anew."""
    mailer = vendor.key("service.mailer", MAIL)
    with vendor.open() as site, Browser(site) as browser:
        ann = subscribed(vendor, site, browser, ANN)
        stop = path(ways(vendor, ann, ANN).unsubscribe)
        desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
        case, _ = site.open_case(desk, "request", RIGHTS, ANN)
        assert site.act(desk, "erase", RIGHTS, person=ann, case=case).status_code == 200
        assert browser.post(stop, **{"List-Unsubscribe": "One-Click"}).status_code == 200
        assert site.register(7, email=ANN).status_code == 201
        again = site.act(
            desk, "instruct", RIGHTS, order="record-stance", identify={"email": ANN}, about=MAIL, stance="consented",
            case=site.open_case(desk, "request", RIGHTS, ANN)[0],
        )  # fmt: skip
        assert again.status_code == 200, again.text
        assert marketing(vendor, site, mailer, ANN) == (403, ["II.14"])
        assert marketing(vendor, site, mailer, ANN, EVENTS)[0] == 200
        # only a newer word from the mailbox itself counts
        assert site.collect("email-opt-in", {"email": ANN}).status_code == 202
        subscribed(vendor, site, browser, ANN, number=2)
        assert marketing(vendor, site, mailer, ANN)[0] == 200
    assert [one for one in vendor.files_with(CANARY + "@") if not one.startswith("data/mail/")] == []


@pytest.mark.clause("II.14")
@pytest.mark.slow
def test_the_preference_centre_needs_no_account(vendor: Vendor, chromium: Chromium) -> None:
    """A link comes by mail, whoever asks and whether or not anybody has the address; with it each topic is set by itself.

    The pages are for everybody to use: axe-core finds nothing, light, dark or at 320 pixels.
    """
    mailer = vendor.key("service.mailer", MAIL)
    with vendor.open() as site, Browser(site) as browser:
        ann = subscribed(vendor, site, browser, ANN)
        answers = [browser.post("/preferences", email=one, do="link") for one in (ANN, BOB)]
        assert [(one.status_code, one.headers["location"]) for one in answers] == [
            (303, "/preferences?said=sent")
        ] * 2
        centre = _link(vendor, ANN, 2)
        assert "We hold nothing" in browser.get(_link(vendor, BOB, 1)).text
        told = browser.get(centre).text
        assert CANARY not in told
        assert told.count("checked") == 3  # the topics that go by e-mail
        assert browser.post(centre, do="save", **{f"on-{EVENTS}:email": "yes"}).status_code == 303
        assert marketing(vendor, site, mailer, ANN)[0] == 403
        assert marketing(vendor, site, mailer, ANN, EVENTS)[0] == 200
        assert browser.post(centre, do="everything").status_code == 303
        assert marketing(vendor, site, mailer, ANN, EVENTS)[0] == 403
        # the link of an old message does not take up again what was stopped; the fresh one does
        out = ways(vendor, ann, ANN)
        old = path(out.preferences)
        with visitor(chromium, site.server.base_url) as page:
            for name, address, status in (
                ("centre", centre, 200),
                ("old link", f"{old}?set=yes", 200),
                ("stop", path(out.unsubscribe), 200),
                ("asking", "/preferences?said=sent", 200),
                ("bad link", "/stop/none", 400),
            ):
                answer = page.goto(address)
                assert answer is not None
                assert answer.status == status
                inspect(page, f"preferences {name}")
        wanted = {f"on-{NEWS}:email": "yes"}
        browser.post(old, do="save", **wanted)
        assert marketing(vendor, site, mailer, ANN)[0] == 403
        browser.post(centre, do="save", **wanted)
        assert marketing(vendor, site, mailer, ANN)[0] == 200
        assert marketing(vendor, site, mailer, ANN, EVENTS)[0] == 403
        vendor.clock.advance(timedelta(days=1))
        assert browser.get(centre).status_code == 400
        # without a link, for an address that nobody has: stopped all the same, and the answer tells nothing
        for one in (ANN, "nobody@example.com"):
            stopped = browser.post("/preferences", email=one, do="stop")
            assert stopped.headers["location"] == "/preferences?said=stopped"
        assert marketing(vendor, site, mailer, ANN)[0] == 403
        wait_until(
            lambda: any("not hear from us" in one["Subject"] for one in mails(vendor, ANN)), "it is confirmed"
        )
        assert mails(vendor, "nobody@example.com") == []
        assert site.collect("email-opt-in", {"email": "nobody@example.com"}).status_code == 202


def _link(vendor: Vendor, address: str, number: int) -> str:
    body = mail_to(vendor, address, number).get_body(("plain",))
    assert body is not None
    found = _LINK.search(body.get_content())
    assert found, body.get_content()
    return found[1]


@pytest.mark.clause("II.14")
@pytest.mark.slow
def test_a_stopped_topic_stops_calls_about_it(vendor: Vendor) -> None:
    """Of two who agreed to calls, who stopped events is not called about events and who stopped offers is; a list of marketing says what it is about."""
    market, agreed = "marketing.communications.phone", "marketing.communications"
    with vendor.open() as site:
        desk, file, script = (
            vendor.key("staff.support", STOP),
            vendor.data.parent / "market.key",
            vendor.data.parent / "script.md",
        )
        seller = vendor.key("staff.marketing", agreed, market, cases=("campaign",))
        file.write_text(seller, encoding="ascii")
        script.write_text("Subject: A day\nReason: you agreed to it\n\nGood day, {name}.\n", encoding="utf-8")
        for number, (address, topic) in enumerate(((ANN, "events"), (BOB, "offers"))):
            values = {"email": address, "name": f"Person {number}", "phone": f"+1650253000{number}"}
            taken = site.act(
                vendor.key("service.import", REGISTER),
                "collect",
                REGISTER,
                point="import",
                channel="import",
                values=values,
            )
            assert taken.is_success, taken.text
            asked, person = site.open_case(vendor.privacy_key, "request", RIGHTS, address)
            said = site.act(
                vendor.privacy_key, "instruct", RIGHTS, order="record-stance", person=person, about=agreed,
                stance="consented", case=asked,
            )  # fmt: skip
            assert said.is_success, said.text
            case, _ = site.open_case(seller, "campaign", agreed, address)
            about = ("calls", "open", case, "--text", script, "--purpose", market, "--key-file", file)
            assert vendor.json(*about, status=1)["error"]["field"] == "topic"
            assert vendor.json(*about, "--topic", "events")["topic"] == "events"
            stopped = site.act(
                desk,
                "instruct",
                STOP,
                order="stop-topic",
                topic=topic,
                channel="phone",
                identify={"email": address},
            )
            assert stopped.is_success, stopped.text
        centre = vendor.key("partner.calls", market)
        pulled = site.request("POST", "/v1/calls/next", key=centre, body={"most": 2}).json()["calls"]
    assert [one["name"] for one in pulled] == ["Person 1"]
    refused = [one for one in vendor.ledger() if one["act"] == "disclose" and one["effect"] == "deny"]
    assert [(one["clauses"], one["detail"]) for one in refused] == [(["II.14"], {"topic": "events"})]
