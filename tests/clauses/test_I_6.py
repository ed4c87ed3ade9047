"""I.6: other users reach somebody by an alias, if he wants it; nobody learns an address."""

import re
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from tests.clauses.mail_programs import Who, everything_sent, plain, tell_nothing, tell_nothing_in, torn_words
from tests.clauses.mailbox import mails
from tests.clauses.posting import Poster, session
from tests.clauses.vendor import Site, Vendor
from tests.faults.test_inbound import listen
from tests.support.browser import screenshots, violations, visitor
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
RELAY = "functional.service.relay"
_ALIAS = re.compile(r"r-[a-z2-7]{26}@example\.com")


class User(Poster):
    """Somebody with an account, a mailbox and a mail program.

    Args:
        vendor: The company.
        site: Its running service.
        number: Tells users apart.
        port: Where the company takes mail in.
    """

    def __init__(self, vendor: Vendor, site: Site, number: int, port: int) -> None:
        self.vendor, self.address, self.port = vendor, f"person{number}@example.com", port
        self.who = Who(f"Zqperson Nr{number}", self.address, f"+1 650 253 {number:04d}")
        super().__init__(site, session(vendor, site, number))
        self._mark = ""

    def post_as(self, name: str) -> str:
        """Publish a posting under a name; gives its id."""
        form = {"name": name, "text": f"I am {name}."}
        shown = self.send("/forum/new", do="preview", **form)
        seen = shown.text.partition('name="previewed" value="')[2].partition('"')[0]
        done = self.send("/forum/new", do="publish", **form, acknowledged="forum-notice", previewed=seen)
        assert done.status_code == 303, done.text
        return str(done.headers["location"]).partition("?")[0].rpartition("/")[2]

    def marked(self, path: str, **form: str) -> int:
        """Send a form of the relay's page; gives the status."""
        if not self._mark:
            found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get("/relay").text)
            self._mark = found[1] if found else ""
        return self.send(path, csrf=self._mark, **form).status_code

    def switch(self, *, on: bool) -> None:
        """Switch the relay."""
        assert self.marked("/relay/switch", on="yes" if on else "no") == 303

    def write_to(self, posting: str, text: str, subject: str = "") -> int:
        """Write to the author of a posting; gives the status."""
        return self.marked(f"/relay/to/{posting}", text=text, subject=subject)

    def got(self, number: int) -> EmailMessage:
        """The message of a number that came by the relay."""
        wait_until(lambda: len(self.received()) >= number, "a message comes")
        return self.received()[number - 1]

    def received(self) -> list[EmailMessage]:
        """What came by the relay."""
        return [one for one in mails(self.vendor, self.address) if "A user of" in str(one["From"])]

    def send_raw(self, alias: str, mail: EmailMessage, envelope: str | None = None) -> None:
        """Send a mail to an alias, as it is."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.sendmail(self.address if envelope is None else envelope, [alias], mail.as_bytes())

    def answer(self, alias: str, text: str, **headers: str) -> None:
        """Send a mail to an alias, as a mail program does."""
        mail = EmailMessage(policy=SMTP)
        given = {"From": f"The Person <{self.address}>", "Subject": "Re: a message", **headers}
        for name, value in {"To": alias, **given}.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        mail.add_attachment(b"secret", maintype="application", subtype="pdf", filename="cv.pdf")
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.send_message(mail, from_addr=str(given["From"]).partition("<")[2].rstrip(">"))


class Forum:
    """Two users of their own for each proof, one posting of each, and who is who."""

    def __init__(self, vendor: Vendor, site: Site, port: int, number: int) -> None:
        self.vendor, self.site, self.said = vendor, site, f"zq-canary-said-{number}"
        self.ann, self.ben = User(vendor, site, number + 1, port), User(vendor, site, number + 2, port)
        self.by_ann, self.by_ben = self.ann.post_as(f"ann-{number}"), self.ben.post_as(f"ben-{number}")

    def handled(self) -> None:
        """Wait until nothing waits to be handled or sent."""
        wait_until(self._idle, "all mail is handled")

    def _idle(self) -> bool:
        health = self.site.request("GET", "/health").json()
        return bool(health["jobs"]["waiting"] == 0)


class Relaying(NamedTuple):
    """A running company, where it takes mail in, and numbers of users that nobody has yet."""

    vendor: Vendor
    site: Site
    port: int
    numbers: Iterator[int]


@pytest.fixture(scope="module")
def relaying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relaying]:
    """One running company for all proofs."""
    vendor = Vendor(tmp_path_factory.mktemp("relaying"))
    port = listen(vendor)
    with vendor.open() as site:
        yield Relaying(vendor, site, port, count(100, 10))


@pytest.fixture
def forum(relaying: Relaying) -> Forum:
    """Two users whom no other proof knows."""
    return Forum(*relaying[:3], next(relaying.numbers))


def alias_in(mail: EmailMessage) -> str:
    """The alias that a message came from."""
    address = str(mail["From"].addresses[0].addr_spec)
    assert _ALIAS.fullmatch(address), address
    return address


@pytest.mark.clause("I.6")
def test_it_is_off_to_begin_with(forum: Forum) -> None:
    """No link, no form, no message: 403 with the clause, until the author switches it on, and again once it is off."""
    ann, ben, before = forum.ann, forum.ben, len(forum.vendor.ledger())
    ben.switch(on=True)
    assert "Write to the author" not in ben.get(f"/forum/{forum.by_ann}").text
    refused = ben.get(f"/relay/to/{forum.by_ann}")
    assert (refused.status_code, "I.6" in refused.text) == (403, True)
    assert ben.write_to(forum.by_ann, forum.said) == 403
    ann.switch(on=True)
    assert "Write to the author" in ben.get(f"/forum/{forum.by_ann}").text
    assert ben.write_to(forum.by_ann, "Hello") == 303
    ann.got(1)
    ann.switch(on=False)
    assert ben.write_to(forum.by_ann, forum.said) == 403
    forum.handled()
    assert len(ann.received()) == 1
    assert forum.vendor.files_with(forum.said) == []
    told = forum.vendor.ledger()[before:]
    denied = [one for one in told if one.get("purpose") == RELAY and one["effect"] == "deny"]
    by_relay = [one["clauses"] for one in denied if not one["actor"].startswith("staff.")]
    assert by_relay
    assert [clauses for clauses in by_relay if "I.6" not in clauses] == []


@pytest.mark.clause("I.6")
def test_neither_side_ever_sees_the_other_s_address(forum: Forum) -> None:
    """Both ways, with quoting, signature, headers and attachments: what each receives holds no address or name of the other."""
    ann, ben = forum.ann, forum.ben
    ann.switch(on=True)
    ben.switch(on=True)
    text = f"Hello Ann.\nWrite me at {ben.address}.\n"
    assert ben.write_to(forum.by_ann, text, subject=f"From {ben.address}") == 303
    first = ann.got(1)
    to_ben, own = alias_in(first), ann.address.partition("@")[0]
    quoting = (
        f"Yes!\n\nOn Monday, A user <{to_ben}> wrote to {ann.address}:\n> Hello\n> mail {own}@exam\n> ple.com\n"
        f"Also {ann.address.upper()} or {own} (at) example (dot) com\n\n-- \nThe Person\n{ann.address}\n+1 650 253 0000\n"
    )
    ann.answer(
        to_ben, quoting, Reply_To=ann.address, Sender=ann.address, X_Original_From=ann.address,
        Disposition_Notification_To=ann.address, Received=f"from pc.{ann.address}",
    )  # fmt: skip
    back = ben.got(1)
    assert alias_in(back) != to_ben
    assert "Yes!" in body(back)
    assert "attached files were left out" in body(back)
    ben.answer(alias_in(back), f"Thanks, {ben.address}\n")
    again = ann.got(2)
    assert alias_in(again) == to_ben
    for mail in (first, again):
        assert_hidden(mail, ben.address)
    assert_hidden(back, ann.address)
    for mail, who in ((first, ann), (again, ann), (back, ben)):
        assert set(mail.keys()) <= {
            "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
        }  # fmt: skip
        assert str(mail["To"]) == who.address
    assert ben.address.partition("@")[0] not in ann.get("/relay").text
    assert "Hello Ann." in ann.get("/relay").text
    log = forum.site.server.log.read_text()
    for secret in (ann.address, ben.address, "Hello Ann", to_ben):
        assert secret not in log


@pytest.mark.clause("I.6")
def test_nothing_that_one_ever_receives_tells_of_the_other(forum: Forum) -> None:
    """Whatever a mail program or server of one sends, nothing that the other gets holds an address, name, number or server of it."""
    ann, ben = forum.ann, forum.ben
    ann.switch(on=True)
    ben.switch(on=True)
    assert (
        ben.write_to(
            forum.by_ann,
            f"Write to {ben.address}.\n{torn_words(ben.who)}\n\n-- \n{ben.who.name}\n{ben.who.phone}",
            f"{ben.address} {torn_words(ben.who)}",
        )
        == 303
    )
    to_ben = alias_in(ann.got(1))
    for mail in everything_sent(ann.who, to_ben):
        ann.send_raw(to_ben, mail)
    ann.send_raw(to_ben, plain(ann.who, "Away", "I am out of the office."), envelope="")
    forum.handled()
    to_ann = alias_in(ben.got(1))
    for mail in everything_sent(ben.who, to_ann):
        ben.send_raw(to_ann, mail)
    forum.handled()
    assert [len(one.received()) for one in (ann, ben)] == [5, 4]
    for reader, other in ((ann, ben), (ben, ann)):
        assert mails(forum.vendor, reader.address)
        for got in mails(forum.vendor, reader.address):
            tell_nothing(got, other.who)
    for reader, other in ((ann, ben), (ben, ann)):
        tell_nothing_in(reader.get("/relay").text, other.who)


def body(mail: EmailMessage) -> str:
    """The text of a mail."""
    return str(mail.get_content())


def assert_hidden(mail: EmailMessage, address: str) -> None:
    """Nothing of a mail tells an address, however it is written."""
    raw = mail.as_bytes().decode() + str(mail["Subject"]) + body(mail)
    joined = re.sub(r"[\s>=]|\(at\)|\(dot\)", "", raw.lower())
    local, _, domain = address.partition("@")
    assert address not in raw.lower()
    assert f"{local}@{domain}" not in joined
    assert f"{local}{domain.replace('.', '')}" not in joined
    assert "the person" not in raw.lower()
    assert "253 0000" not in raw


@pytest.mark.clause("I.6")
def test_only_the_other_one_may_use_an_alias(forum: Forum) -> None:
    """A stranger, a robot, a report, a looping mail and somebody blocked get nothing through; nobody is answered."""
    ann, ben = forum.ann, forum.ben
    ann.switch(on=True)
    ben.switch(on=True)
    assert ben.write_to(forum.by_ann, "Hello") == 303
    to_ben = alias_in(ann.got(1))
    ann.answer(to_ben, "I am someone else", From="Eve <eve@example.org>")
    ann.answer(to_ben, "out of office", Auto_Submitted="auto-replied")
    ann.answer(to_ben, "list", List_Id="<x.example.org>")
    ann.answer(f"r-{'a' * 26}@example.com", "unknown")
    forum.handled()
    assert ben.received() == []
    page = ben.get("/relay").text
    to_ann = re.search(r'name="alias" value="(r-[a-z2-7]{26})"', page)
    assert to_ann
    assert ben.marked("/relay/block", alias=to_ann[1], on="yes") == 303
    ann.answer(to_ben, "blocked words")
    forum.handled()
    assert ben.received() == []
    assert ben.marked("/relay/block", alias=to_ann[1], on="no") == 303
    ann.answer(to_ben, "free again")
    assert "free again" in body(ben.got(1))
    assert len(mails(forum.vendor, "eve@example.org")) == 0


@pytest.mark.clause("I.6")
def test_addresses_are_taken_by_form_alone(forum: Forum) -> None:
    """An alias that nobody has is taken like one that somebody has; whatever is no alias gets 550."""
    with smtplib.SMTP("127.0.0.1", forum.ann.port, timeout=60) as client:
        client.ehlo()
        client.mail("x@example.org")
        assert client.rcpt(f"r-{'b' * 26}@example.com")[0] == 250
        for wrong in (
            forum.ann.address,
            "r-short@example.com",
            f"r-{'b' * 26}@example.org",
            "r-@example.com",
        ):
            assert client.rcpt(wrong)[0] == 550


@pytest.mark.clause("I.6")
def test_limits_and_ends(forum: Forum) -> None:
    """More than a day's messages: 429. Three months after the last one an alias is over, and the messages are erased."""
    ann, ben = forum.ann, forum.ben
    ann.switch(on=True)
    ben.switch(on=True)
    sent = [ben.write_to(forum.by_ann, f"{forum.said} {number}") for number in range(51)]
    assert sent == [303] * 50 + [429]
    to_ben = alias_in(ann.got(50))
    forum.handled()
    forum.vendor.clock.advance(timedelta(days=1, minutes=1))
    forum.handled()
    forum.vendor.clock.advance(timedelta(days=90))
    ann.answer(to_ben, "too late")
    forum.handled()
    assert ben.received() == []


@pytest.mark.clause("I.6")
def test_report_lets_a_moderator_read_that_message_only(forum: Forum) -> None:
    """The receiver reports one message; with that case a moderator reads it, and no other, and no name or address."""
    ann, ben = forum.ann, forum.ben
    ann.switch(on=True)
    ben.switch(on=True)
    assert ben.write_to(forum.by_ann, "harmless") == 303
    assert ben.write_to(forum.by_ann, forum.said) == 303
    ann.got(2)
    records = re.findall(r'name="record" value="([0-9a-f]{32})"', ann.get("/relay").text)
    assert len(records) == 2
    known = [one["case"] for one in forum.vendor.json("case", "list")["cases"]]
    assert ann.marked("/relay/report", record=records[0]) == 303
    key = forum.vendor.key("staff.community", RELAY, cases=("abuse",))
    (case,) = (one for one in forum.vendor.json("case", "list")["cases"] if one["case"] not in known)
    assert case["type"] == "abuse"
    common = {"person": case["person"], "case": case["case"]}
    site = forum.site
    read = site.act(key, "use", RELAY, fields=["relay_message", "relay_alias"], **common)
    assert (read.status_code, read.json()["values"]["relay_message"]) == (200, forum.said)
    assert (
        site.act(key, "use", RELAY, fields=["relay_message"], record=records[1], **common).status_code == 403
    )
    assert site.act(key, "use", RELAY, fields=["email"], **common).status_code == 403
    assert site.act(key, "use", RELAY, fields=["relay_message"], person=case["person"]).status_code == 403


@pytest.mark.clause("I.6")
def test_what_was_said_rests_sealed(forum: Forum) -> None:
    """No store or log holds the words in clear; when the receiver closes the account they are gone with the key."""
    ann, ben = forum.ann, forum.ben
    ann.switch(on=True)
    ben.switch(on=True)
    assert ben.write_to(forum.by_ann, forum.said) == 303
    ann.got(1)
    assert {Path(one).parts[1] for one in forum.vendor.files_with(forum.said)} == {"mail"}
    passed = [
        one for one in forum.vendor.ledger() if one.get("purpose") == RELAY and one["effect"] == "permit"
    ]
    assert {"collect", "send", "use"} <= {one["act"] for one in passed}
    assert forum.said not in str(passed)


@pytest.mark.clause("I.6")
def test_it_is_used_in_a_browser(forum: Forum, chromium: Browser) -> None:
    """Switch on, write, read, block, report, switch off: accessible at each step, at 320 pixels too, with no script."""
    ann, ben = forum.ann, forum.ben
    ann.switch(on=True)
    with visitor(chromium, forum.site.server.base_url) as page:

        def sign_in(user: User) -> None:
            value = user.headers["Cookie"].partition("=")[2]
            name = Poster.cookie(forum.site)
            page.context.add_cookies([{"name": name, "value": value, "url": forum.site.server.base_url}])

        def look(name: str) -> None:
            assert violations(page) == []
            screenshots(page, f"relay {name}")

        sign_in(ben)
        page.goto("/account")
        page.get_by_role("link", name="messages from other users").click()
        look("off")
        page.goto(f"/forum/{forum.by_ann}")
        page.get_by_role("link", name="Write to the author").click()
        look("not switched on")
        page.goto("/relay")
        page.get_by_role("button", name="Switch it on").click()
        expect(page.get_by_role("status")).to_contain_text("Switched on", use_inner_text=True)
        page.goto(f"/forum/{forum.by_ann}")
        look("posting")
        page.get_by_role("link", name="Write to the author").click()
        page.get_by_label("Subject").fill("Your sensor")
        page.get_by_label("Your message").fill("How did you mount it?\n\nBest, Ben")
        look("write")
        page.get_by_role("button", name="Pass it on").click()
        expect(page.get_by_role("status")).to_contain_text("Passed on", use_inner_text=True)
        ann.got(1)
        sign_in(ann)
        page.goto("/relay")
        look("messages")
        page.get_by_role("button", name="Report this message").click()
        expect(page.get_by_role("status")).to_contain_text("Reported", use_inner_text=True)
        page.get_by_role("button", name="Block this user").click()
        look("blocked")
        page.get_by_role("button", name="Switch it off").click()
        expect(page.get_by_role("status")).to_contain_text("Switched off", use_inner_text=True)
