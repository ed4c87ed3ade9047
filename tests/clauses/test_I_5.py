"""Clause I.5: contact has a purpose and a channel; nothing is sent to whoever asked to be left alone."""

from email import message_from_bytes

import pytest

from tests.clauses.vendor import RIGHTS, SUPPORT, Site, Vendor
from tests.support.files import content
from tests.support.waiting import wait_until

NOTIFY = "essential.service.notifications.email"
ADDRESS = "person1@example.com"


def _mails(vendor: Vendor) -> list[str]:
    """To whom the mails in the vendor's mail folder go."""
    files = (vendor.data / "mail").glob("*.eml")
    found = [message_from_bytes(raw) for one in files if (raw := content(one))]
    return sorted(str(one["To"]) for one in found)


def _send(site: Site, key: str, who: str, case: str, **more: str) -> int:
    given = {
        "person": who, "fields": ["email"], "recipient": "email-provider", "channel": "email", "case": case,
        "message": "case-news", **more,
    }  # fmt: skip
    return site.act(key, "send", given.pop("purpose", NOTIFY), **given).status_code  # type: ignore[arg-type]


@pytest.mark.clause("I.5")
@pytest.mark.parametrize("reason", ["no-contact", "bounced"])
def test_nothing_is_sent_to_a_suppressed_address(vendor: Vendor, reason: str) -> None:
    """A message with purpose, channel and case goes out; to a suppressed address none does, and the refusal is on record."""
    desk = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    mailer = vendor.key("service.mailer", NOTIFY, cases=("ticket",))
    with vendor.open() as site:
        assert site.register(1).status_code == 201
        assert site.register(2).status_code == 201
        case, who = site.open_case(desk, "ticket", SUPPORT, ADDRESS)
        other_case, other = site.open_case(desk, "ticket", SUPPORT, "person2@example.com")
        listed = site.act(
            vendor.privacy_key,
            "instruct",
            RIGHTS,
            order="suppress",
            identify={"email": ADDRESS},
            about=reason,
        )
        assert listed.status_code == 200, listed.text
        assert _send(site, mailer, who, case) == 403
        assert _send(site, mailer, other, other_case) == 200
        wait_until(lambda: bool(_mails(vendor)), "the other mail is out")
    assert _mails(vendor) == ["person2@example.com"]
    refused = [entry for entry in vendor.ledger() if entry["act"] == "send" and entry["effect"] == "deny"]
    assert [entry["clauses"] for entry in refused] == [["I.5"]]


@pytest.mark.clause("I.5")
def test_a_message_needs_purpose_and_channel(vendor: Vendor) -> None:
    """Without a purpose that the sender was granted, or through a channel that the policy does not name, nothing is sent."""
    desk = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    mailer = vendor.key("service.mailer", NOTIFY, cases=("ticket",))
    with vendor.open() as site:
        assert site.register(1).status_code == 201
        case, who = site.open_case(desk, "ticket", SUPPORT, ADDRESS)
        assert _send(site, mailer, who, case, purpose="") == 422
        assert _send(site, mailer, who, case, purpose="marketing.communications.email") == 403
        assert _send(site, mailer, who, case, channel="") == 422
        assert _send(site, mailer, who, case, channel="phone") == 422
        assert _send(site, mailer, who, case, channel="phone", message="") == 403
    assert _mails(vendor) == []
