"""Marketing mail of the reference vendor, as far as it can be stopped: made by the service's own wiring, stopped from outside."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.clauses.mailbox import Browser, link_in, mail_to
from tests.clauses.vendor import Site, Vendor
from troth.bootstrap import WaysOut, open_troth, ways_out
from troth.bootstrap.runtime import Troth

MAIL = "marketing.communications.email"
NEWS, EVENTS = "product-news", "events"
PUBLIC = "https://privacy.example.com"


@contextmanager
def inside(vendor: Vendor) -> Iterator[Troth]:
    """The vendor's folder, opened beside the service that runs over it."""
    from troth.kernel import FileClock

    with open_troth(vendor.data, clock=FileClock(vendor.clock.path), sequencer=False) as troth:
        yield troth


def public(vendor: Vendor) -> None:
    """Let links name an https address, as those of a service that is in use."""
    file = vendor.data / "troth.toml"
    text = file.read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^public_url = .*$", f'public_url = "{PUBLIC}"', text, count=1)
    assert changed != text
    file.write_text(changed, encoding="utf-8")


def subscribed(vendor: Vendor, site: Site, browser: Browser, address: str, number: int = 1) -> str:
    """Somebody subscribes by form and confirms it; gives the handle."""
    assert site.collect("email-opt-in", {"email": address}).status_code == 202
    assert browser.post(link_in(mail_to(vendor, address, number))).status_code == 200
    return handle(vendor, site, address)


def handle(vendor: Vendor, site: Site, address: str) -> str:
    """The handle of whoever has an address."""
    shown = site.act(
        vendor.key("service.mailer", MAIL), "send", MAIL,
        identify={"email": address}, fields=["email"], recipient="email-provider", channel="email", topic=NEWS,
    )  # fmt: skip
    person: str = shown.json()["person"]
    return person


def marketing(vendor: Vendor, site: Site, key: str, address: str, topic: str = NEWS) -> tuple[int, list[str]]:
    """Whether a message about a topic may be sent: the status, and the clauses that decided."""
    sent = site.act(
        key, "send", MAIL,
        identify={"email": address}, fields=["email"], recipient="email-provider", channel="email", topic=topic,
    )  # fmt: skip
    found = sent.json()
    return sent.status_code, found.get("clauses", [found.get("clause", "")])


def ways(vendor: Vendor, person: str, address: str, topic: str = NEWS) -> WaysOut:
    """What a marketing mail to somebody carries; the message stands in the outbox as sent."""
    with inside(vendor) as troth:
        with troth.database.transaction() as tx:
            troth.outbox.plan(tx, "campaign", [person], "email")
            (row,) = [one for one in troth.outbox.take(tx, "campaign", 100) if one.person == person]
            sending = troth.outbox.settle(tx, row, "sending")
            assert sending is not None
            troth.outbox.settle(tx, sending, "sent")
        return ways_out(troth, person=person, address=address, purpose=MAIL, topic=topic, message=row.id)


def path(link: str) -> str:
    """The path of a link."""
    return urlsplit(link).path
