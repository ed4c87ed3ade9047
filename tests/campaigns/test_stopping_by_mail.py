"""A mail to the address that a message names stops what the message was about; it is confirmed once, and in no loop."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.campaigns.company import Marketing
from tests.support.folders import made_folder
from tests.support.policies import any_serial_file
from troth.bootstrap import compile_texts, open_troth
from troth.kernel import SettableClock, micros
from troth.outreach import Mail, read_message
from troth.preferences import link_of

NOTED = "You will not hear from us again about this"
TEXT = """---
name: {name}
purpose: marketing.communications.email
channel: email
subject: News about {name}
language: en
{topic}---
{{{{greeting}}}}

See <https://www.example.com/{name}>
"""


@pytest.fixture
def marketing(tmp_path: Path, clock: SettableClock) -> Iterator[Marketing]:
    """A company with three people who asked for announcements, and messages about two topics and about none."""
    made_folder(tmp_path / "data", clock, any_serial_file(tmp_path))
    with open_troth(tmp_path / "data", clock=clock, sequencer=False) as troth:
        found = Marketing(troth, clock, people=3)
        for name, topic in (("product-news", "product-news"), ("events", "events"), ("letter", "")):
            text = TEXT.format(name=name, topic=f"topic: {topic}\n" if topic else "")
            troth.messages.add(compile_texts(troth, [read_message(text)]))
        yield found


def sent(marketing: Marketing, message: str) -> dict[str, EmailMessage]:
    """Let a campaign run; what it sent, by address."""
    before = {str(mail["Message-ID"]) for mail in marketing.mails()}
    drafted = marketing.troth.campaigns.draft(
        marketing.key, name=message, message=message, expression='product = "sensor"'
    )
    marketing.troth.campaigns.start(marketing.key, drafted.case)
    marketing.run()
    return {str(mail["To"]): mail for mail in marketing.mails() if str(mail["Message-ID"]) not in before}


def way_out(mail: EmailMessage) -> tuple[str, str]:
    """The address and the subject by which a message is stopped by mail."""
    header = str(mail["List-Unsubscribe"])
    link = urlsplit(next(part.strip(" <>") for part in header.split(",") if "mailto:" in part))
    return link.path, parse_qs(link.query)["subject"][0]


def write(
    marketing: Marketing, to: str, subject: str, sender: str = "ann@elsewhere.example", **more: str
) -> None:
    """A mail comes in and is handled; what it causes is sent."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    for name, value in more.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Please.")
    marketing.troth.inbox.keep(sender, [to], mail.as_bytes())
    marketing.troth.background.run_due()


def confirmations(marketing: Marketing) -> list[str]:
    """What was confirmed, as text, oldest first."""
    found = [mail for mail in marketing.mails() if mail["Subject"] == NOTED]
    return [" ".join(body.get_content().split()) for mail in found if (body := mail.get_body(("plain",)))]


def test_the_topic_of_the_message_stops_and_no_other(marketing: Marketing) -> None:
    """The link's subject names the topic; other topics and other people go on; it is confirmed once, with what was stopped and the ways on."""
    first = sent(marketing, "events")
    ann, bob = sorted(first)
    to, subject = way_out(first[ann])
    assert subject == "Opt out: Events and training"
    write(marketing, to, subject)
    write(marketing, to, "Re: hello again")
    assert list(sent(marketing, "events")) == [bob]
    assert sorted(sent(marketing, "product-news")) == [ann, bob]
    (told,) = confirmations(marketing)
    assert "send you no more of this: Events and training, by e-mail." in told
    assert "Write to privacy@example.com with the subject “Opt out”" in told
    assert "changed your mind" in told
    assert "/preferences>" in told
    assert marketing.troth.mail_counts.fates()["stopped"] == 1
    for _ in range(2):
        write(marketing, "privacy@example.com", "Opt out", bob)
        marketing.troth.preferences.stop_address({"email": bob.upper()})
    assert marketing.troth.mail_counts.fates()["stopped"] == 2
    assert sent(marketing, "product-news").keys() == {ann}


@pytest.mark.parametrize(
    ("message", "subject", "left"),
    [
        ("letter", "Opt out", ()),
        ("events", "Opt out: everything", ()),
        ("events", "Opt out: Product news", ("events",)),
        ("product-news", "About your events: Events and training!", ("events",)),
    ],
)
def test_what_the_subject_names_counts_first(
    marketing: Marketing, message: str, subject: str, left: tuple[str, ...]
) -> None:
    """A subject that names a topic or everything is meant; one that says anything else is not; a message about no topic stops all mail."""
    ann = min(first := sent(marketing, message))
    write(marketing, way_out(first[ann])[0], subject)
    for topic in ("events", "product-news"):
        assert (ann in sent(marketing, topic)) is (topic in left)


def test_a_program_is_not_answered(marketing: Marketing) -> None:
    """A mail that no person wrote stops too and is not confirmed; an answer to the confirmation stops and tells nothing more."""
    ann, bob = sorted(first := sent(marketing, "events"))
    write(marketing, way_out(first[ann])[0], "unsubscribe", Auto_Submitted="auto-generated")
    assert confirmations(marketing) == []
    assert list(sent(marketing, "events")) == [bob]
    write(marketing, way_out(first[bob])[0], "unsubscribe")
    for again in range(3):
        write(marketing, way_out(first[bob])[0], f"Out of office {again}", bob)
        write(marketing, way_out(first[bob])[0], f"Out of office {again}", bob, Auto_Submitted="auto-replied")
    assert len(confirmations(marketing)) == 1


def test_nobody_is_stopped_by_an_address_that_we_did_not_make(marketing: Marketing) -> None:
    """With another message's or a made-up proof only who writes is stopped; after a year the true address stops whom it always did."""
    ann, bob = sorted(first := sent(marketing, "events"))
    (mine, _), (other, _) = way_out(first[ann]), way_out(first[bob])
    name, proof = mine.partition("@")[0].split(".")
    for forged in (
        f"{name}.{other.partition('@')[0].split('.')[1]}@example.com",
        f"{name}.{'a' * len(proof)}@example.com",
    ):
        write(marketing, forged, "unsubscribe")
    assert sorted(sent(marketing, "events")) == [ann, bob]
    write(marketing, f"{name}.{'a' * len(proof)}@example.com", "unsubscribe", bob)
    assert list(sent(marketing, "events")) == [ann]
    assert ["all announcements" in told for told in confirmations(marketing)] == [True]


def test_a_stop_holds_for_a_copy_that_was_decided_before(
    tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first copies of a decided window are handed over everybody stops: nobody gets one but whose copy was on its way."""
    made_folder(tmp_path / "data", clock, any_serial_file(tmp_path))
    with open_troth(tmp_path / "data", clock=clock, sequencer=False) as troth:
        company, carry = Marketing(troth, clock), troth.mailer.send

        def send(mail: Mail) -> None:
            for person in company.people:
                troth.preferences.stop(link_of(person, "", micros(clock.now())), "page", everything=True)
            carry(mail)

        monkeypatch.setattr(troth.mailer, "send", send)
        case = company.draft().case
        troth.campaigns.start(company.key, case)
        company.run()
        counts = company.counts(case)
        assert counts["sent"] <= troth.settings.mail.connections < counts["skipped"]
        assert troth.campaigns.progress(case).skipped == {"II.14": counts["skipped"]}
