"""Reports about our messages, brought by a mail server (LMTP): what follows from each, and that a made-up one harms nobody."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import NamedTuple

import pytest

from tests.adapters.test_mail_listener import listening
from tests.campaigns.company import Marketing
from tests.campaigns.test_stopping_by_mail import marketing, sent, way_out
from tests.clauses.test_II_15 import complaint, report

__all__ = ["marketing"]
MAILER = "MAILER-DAEMON@mx.example"


class Back(NamedTuple):
    """A company and the mail server that hands it what comes in.

    Args:
        company: It.
        server: Speaks LMTP to it.
    """

    company: Marketing
    server: smtplib.LMTP

    def hand_on(self, to: str, mail: EmailMessage, sender: str = "") -> None:
        """Hand a mail on; it is handled."""
        self.server.sendmail(sender, [to], mail.as_bytes())
        self.company.troth.background.run_due()

    def fates(self) -> dict[str, int]:
        """What became of mails, as `GET /metrics` counts it, but what went out."""
        return {one: count for one, count in self.company.troth.mail_counts.fates().items() if one != "sent"}


@pytest.fixture
def back(marketing: Marketing) -> Iterator[Back]:
    """A company whose mail comes over a socket."""
    with listening(marketing.troth, "lmtp") as port, smtplib.LMTP("127.0.0.1", port) as server:
        yield Back(marketing, server)


def envelope(company: Marketing, mail: EmailMessage) -> str:
    """The envelope sender that a mail went out under."""
    number = str(mail["Message-ID"]).strip("<>").partition("@")[0]
    return company.troth.envelopes.bounce(number)


@pytest.mark.parametrize(
    ("status", "action", "stays", "fate"),
    [
        ("5.1.1", "failed", False, {"bounced-hard": 1}),
        ("5.0.0", "failed", False, {"bounced-hard": 1}),
        ("5.2.2", "failed", True, {"bounced-soft": 1}),
        ("5.7.1", "failed", True, {"bounced-soft": 1}),
        ("4.2.2", "failed", True, {"bounced-soft": 1}),
        ("4.4.1", "delayed", True, {}),
        ("5.1.1", "delayed", True, {}),
        ("2.0.0", "delivered", True, {}),
    ],
)
def test_what_follows_from_a_report(
    back: Back,
    status: str,
    action: str,
    stays: bool,  # noqa: FBT001
    fate: dict[str, int],
) -> None:
    """A dead address is left alone at once; a full mailbox, a refused text and a mail that is late are not; each is counted."""
    ann, bob = sorted(first := sent(back.company, "events"))
    back.hand_on(envelope(back.company, first[ann]), report(status, ann, action))
    assert back.fates() == fate
    assert sorted(sent(back.company, "events")) == ([ann, bob] if stays else [bob])


@pytest.mark.slow
def test_a_mailbox_that_stays_full_counts_in_the_end(back: Back) -> None:
    """Soft failures of four messages, the last a week after the first, end it; a day less does not, and a month makes them old."""
    for gaps, alone in (((0, 20, 11, 1), False), ((40, 2, 2, 2), False), ((40, 2, 2, 3), True)):
        for gap in gaps:
            back.company.clock.advance(timedelta(days=gap))
            ann, *_ = sorted(first := sent(back.company, "events"))
            back.hand_on(envelope(back.company, first[ann]), report("4.2.2", ann))
        assert (ann not in sent(back.company, "events")) is alone


def test_a_complaint_stops_everything(back: Back) -> None:
    """Known by its envelope sender, or by its link to stop; praise (`not-spam`) stops nothing. It is counted, and nobody is written to."""
    ann, bob = sorted(first := sent(back.company, "events"))
    praised = complaint(envelope(back.company, first[ann]), "not-spam")
    back.hand_on("complaints@example.com", praised, "fbl@provider.example")
    assert sorted(sent(back.company, "events")) == [ann, bob]
    back.hand_on(
        "complaints@example.com", complaint(envelope(back.company, first[ann])), "fbl@provider.example"
    )
    assert list(sent(back.company, "product-news")) == [bob]
    assert back.fates()["complained"] == 1
    by_link = (
        complaint("other@elsewhere.example")
        .as_bytes()
        .replace(b"Subject: News", b"List-Unsubscribe: " + str(first[bob]["List-Unsubscribe"]).encode())
    )
    back.server.sendmail("fbl@provider.example", ["complaints@example.com"], by_link)
    back.company.troth.background.run_due()
    assert sent(back.company, "product-news") == {}
    assert back.fates()["complained"] == 2
    assert {str(one["Subject"]) for one in back.company.mails()} == {
        "News about events",
        "News about product-news",
    }


def test_a_made_up_report_harms_nobody(back: Back) -> None:
    """Reports that name no message of ours, another's proof, or one never sent: nothing is suppressed, stopped or counted."""
    ann, bob = sorted(first := sent(back.company, "events"))
    true = envelope(back.company, first[ann])
    name, proof = true.partition("@")[0].split(".")
    forged = f"{name}.{'a' * len(proof)}@example.com"
    stops = way_out(first[ann])[0].replace("stop+", "bounce+")
    unsent = back.company.troth.envelopes.bounce("0" * 32)
    for to in (forged, stops, unsent):
        back.hand_on(to, report("5.1.1", ann))
        back.hand_on("complaints@example.com", complaint(to), "fbl@provider.example")
    for to in (ann, "", "someone@elsewhere.example"):
        back.hand_on("complaints@example.com", complaint(to), "fbl@provider.example")
    back.hand_on("complaints@example.com", report("5.1.1", ann), MAILER)
    back.hand_on("privacy@example.com", report("5.1.1", ann), MAILER)
    assert back.fates() == {}
    assert sorted(sent(back.company, "events")) == [ann, bob]
