"""Clause I.5: every message has a purpose and a channel, and whoever said no to one gets nothing through it."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import pytest

from tests.clauses.vendor import CANARY, RIGHTS, SUPPORT, Site, Vendor
from tests.support.waiting import wait_until

MAIL = "essential.service.notifications.email"
PHONE = "essential.service.notifications.phone"
ADDRESS = f"{CANARY}@example.com"


def outbox(vendor: Vendor) -> list[EmailMessage]:
    """The mails that went out."""
    folder = vendor.data / "mail"
    return [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in sorted(folder.glob("*.eml"))
    ]


def about(who: str, case: str) -> dict[str, Any]:
    """A message about a case to somebody."""
    return {
        "person": who,
        "fields": ["email"],
        "recipient": "email-provider",
        "channel": "email",
        "message": "case-news",
        "case": case,
    }


def restrict(site: Site, desk: str, purpose: str, *, end: bool = False) -> None:
    """The privacy desk puts a person's restriction into effect, or ends it, under a request."""
    case, who = site.open_case(desk, "request", RIGHTS, ADDRESS)
    order = "withdraw-stance" if end else "record-stance"
    done = site.act(
        desk, "instruct", RIGHTS, order=order, person=who, case=case, about=purpose, stance="restricted"
    )
    assert done.is_success, done.text


@pytest.mark.clause("I.5")
def test_a_message_needs_purpose_and_channel_and_a_person_who_allows_it(vendor: Vendor) -> None:
    """Without purpose 422, without channel refused, to a suppressed person 403 naming I.5: each leaves the outbox empty."""
    mailer, desk = vendor.key("service.mailer", MAIL), vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        assert site.register(1, email=ADDRESS).status_code == 201
        case, who = site.open_case(desk, "request", RIGHTS, ADDRESS)
        message = about(who, case)
        nameless = site.request("POST", "/v1/acts", key=mailer, body={"act": "send", **message})
        assert (nameless.status_code, nameless.json()["clause"]) == (422, "0.2")
        channelless = site.act(mailer, "send", MAIL, **{**message, "channel": ""})
        assert (channelless.status_code, channelless.json()["field"]) == (422, "channel")
        by_itself = site.act(mailer, "send", MAIL, **{**message, "channel": "", "message": ""})
        assert by_itself.status_code == 403
        restrict(site, desk, MAIL)
        refused = site.act(mailer, "send", MAIL, **message)
        assert (refused.status_code, refused.json()["clause"]) == (403, "I.5")
        assert ADDRESS not in refused.text
        assert vendor.json("jobs", "list")["jobs"] == []
        assert outbox(vendor) == []
        restrict(site, desk, MAIL, end=True)
        sent = site.act(mailer, "send", MAIL, **message)
        assert sent.is_success, sent.text
        assert sent.json()["values"] == {}
        wait_until(lambda: len(outbox(vendor)) == 1, "the mail goes out")
    (mail,) = outbox(vendor)
    assert mail["To"] == ADDRESS
    assert case in mail["Subject"]
    effects = [
        (entry["effect"], entry["purpose"], entry.get("channel", ""))
        for entry in vendor.ledger()
        if entry["act"] == "send"
    ]
    assert effects[-2:] == [("permit", MAIL, "email")] * 2
    assert effects[:-2] == [("deny", MAIL, ""), ("deny", MAIL, "email")]


@pytest.mark.clause("I.5")
def test_a_message_that_waits_is_not_sent_once_the_person_says_no(vendor: Vendor) -> None:
    """What was promised before a person said no is refused when it would go out; the refusal is on record."""
    mailer, desk = vendor.key("service.mailer", MAIL), vendor.key("staff.privacy", RIGHTS, cases=("request",))
    vendor.program.environment["TROTH_KEY"] = mailer
    with vendor.open() as site:
        assert site.register(1, email=ADDRESS).status_code == 201
        case, who = site.open_case(desk, "request", RIGHTS, ADDRESS)
    given = ("--purpose", MAIL, "--person", who, "--field", "email", "--case", case)
    through = ("--recipient", "email-provider", "--channel", "email", "--message", "case-news")
    vendor.json("act", "send", *given, *through)
    assert [job["topic"] for job in vendor.json("jobs", "list")["jobs"]] == ["mail.send"]
    vendor.program.environment["TROTH_KEY"] = desk
    stance = {"about": MAIL, "stance": "restricted", "order": "record-stance", "person": who, "case": case}
    vendor.command("act", "--ask", "-", text=_json({"act": "instruct", "purpose": RIGHTS, **stance}))
    assert vendor.json("jobs", "run")["jobs"] == 1
    assert outbox(vendor) == []
    (over,) = vendor.json("jobs", "list", "--done")["jobs"]
    assert over["error"] == "refused"
    last = [entry for entry in vendor.ledger() if entry["act"] == "send"][-1]
    assert (last["effect"], last["clauses"][0], last["person"]) == ("deny", "I.5", who)


@pytest.mark.clause("I.5")
def test_a_call_needs_a_person_who_allows_it(vendor: Vendor) -> None:
    """A number is given to the call centre for a ticket, and no longer when the person has restricted calls."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    support = vendor.key("staff.support", SUPPORT, PHONE, cases=("ticket",))
    values = {"email": ADDRESS, "name": "Ann Example", "phone": "+1 650 555 0100", "ticket_text": "It hums."}
    with vendor.open() as site:
        assert site.collect("support-contact", values).is_success
        ticket, who = site.open_case(support, "ticket", SUPPORT, ADDRESS)
        call = {
            "person": who,
            "fields": ["name", "phone"],
            "case": ticket,
            "recipient": "phone-centre",
            "channel": "phone",
        }
        given = site.act(support, "disclose", PHONE, **call)
        assert given.is_success, given.text
        restrict(site, desk, PHONE)
        refused = site.act(support, "disclose", PHONE, **call)
        assert (refused.status_code, refused.json()["clause"]) == (403, "I.5")
        assert "5550100" not in refused.text.replace(" ", "")


@pytest.mark.clause("I.5")
def test_the_address_is_kept_nowhere_in_clear_but_in_the_mail(vendor: Vendor) -> None:
    """Neither stores nor logs hold the address that a mail went to; only the mail does."""
    mailer, desk = vendor.key("service.mailer", MAIL), vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        assert site.register(1, email=ADDRESS).status_code == 201
        case, who = site.open_case(desk, "request", RIGHTS, ADDRESS)
        assert site.act(mailer, "send", MAIL, **about(who, case)).is_success
        wait_until(lambda: len(outbox(vendor)) == 1, "the mail goes out")
    vendor.ledger()
    (where,) = vendor.files_with(CANARY)
    assert where.startswith("data/mail/")


def _json(value: object) -> str:
    import json

    return json.dumps(value)
