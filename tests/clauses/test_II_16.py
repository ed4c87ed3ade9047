"""Clause II.16: crucial information about a product that was bought is sent to whoever owns it, and to nobody else."""

import json
import smtplib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pypdf import PdfReader

from tests.adapters.sink import Sink, serving
from tests.clauses.test_II_15 import report
from tests.clauses.vendor import RIGHTS, Site, Vendor
from tests.faults.test_inbound import listen
from tests.support.waiting import wait_until

NOTICE = "essential.service.notifications.product_notice"
SAID = "Subject: Security fault in {product}\n\n{greeting}\n\n{product} ({versions}) lets others in. Install version 5.2.1: {contact_link}\n"
_ABOUT = ("--product", "example-sensor", "--versions", ">=5.0, <5.2.1", "--reason", "security-fault")


class Team:
    """Members of staff with keys of their own, at the command line.

    Args:
        vendor: Where they work.
    """

    def __init__(self, vendor: Vendor) -> None:
        self.vendor, self.folder = vendor, vendor.data.parent
        self.ann, self.again = self._member("ann.example", "staff.product", keys=2)
        (self.pia,) = self._member("pia.example", "staff.privacy")
        self.digest = ""

    def _member(self, name: str, role: str, keys: int = 1) -> list[Path]:
        self.vendor.json("staff", "add", name, "--role", role, "--out", self.folder / f"{name}.invitation")
        found = [self.folder / f"{name}-{number}.key" for number in range(keys)]
        for file in found:
            self.vendor.json("access", "issue", "--name", file.name, "--member", name, "--out", file)
        return found

    def write(self, text: str, *, about: tuple[str, ...] = _ABOUT, refused: bool = False) -> Any:
        """Ann writes a bulletin; gives what the command printed."""
        file = self.folder / "notice.md"
        file.write_text(text, encoding="utf-8")
        return self.call(self.ann, "new", *about, "--text", f"en={file}", refused=refused)

    def call(self, key: Path, step: str, *more: str, refused: bool = False) -> Any:
        """A step at the command line; gives its document, or of a refusal the problem."""
        told = self.vendor.json("bulletins", step, *more, "--key-file", key, status=None if refused else 0)
        return told["error"] if refused else told


@pytest.fixture
def sink(vendor: Vendor) -> Iterator[Sink]:
    """The mail server that the vendor's mail goes to."""
    kept = Sink()
    with serving(kept) as port:
        settings = vendor.data / "troth.toml"
        text = settings.read_text(encoding="utf-8")
        assert 'transport = "folder"' in text
        settings.write_text(text.replace('transport = "folder"', f'transport = "smtp://127.0.0.1:{port}"'))
        yield kept


def _told(sink: Sink) -> dict[str, tuple[str, str]]:
    """The bulletins that arrived: by address, the text and where a report about it goes."""
    found = {}
    # the server may be between the two: a mail comes before its envelope
    for mail, (sender, _) in zip(sink.mails, sink.envelopes, strict=False):
        if "Security fault" in str(mail["Subject"]):
            body = mail.get_body(("plain",))
            assert body is not None
            found[str(mail["To"])] = (str(body.get_content()), sender)
    return found


def _sell(site: Site) -> None:
    """1 and 5 own what a bulletin is about, 2 a later version, 3 another product; 4 says so in a ticket and owns nothing."""
    for number, product, version in (
        (1, "Sensor", "5.1"),
        (2, "sensor", "5.2.1"),
        (3, "server", "5.1"),
        (5, "sensor", "v5.0"),
    ):
        assert site.register(number, product=product, product_version=version).status_code == 201
    assert site.write_in(4, product="sensor", product_version="5.1").status_code == 201


def _list(site: Site, vendor: Vendor, number: int, about: str) -> None:
    identify = {"email": f"person{number}@example.com"}
    listed = site.act(
        vendor.privacy_key, "instruct", RIGHTS, order="suppress", identify=identify, about=about
    )
    assert listed.status_code == 200, listed.text


def _send(site: Site, key: str, case: str, number: int, **more: str) -> tuple[int, str]:
    """Somebody with the mailer's key tries to send under a bulletin; gives the status and the clause."""
    given: dict[str, Any] = {
        "recipient": "email-provider",
        "channel": "email",
        "fields": ["email"],
        "case": case,
        **more,
    }
    answer = site.act(key, "send", NOTICE, identify={"email": f"person{number}@example.com"}, **given)
    return answer.status_code, str(answer.json().get("clause", ""))


def _approved(team: Team) -> str:
    """A bulletin on its way to the owners; every wrong way there is refused with the clause. Gives its case."""
    refused = team.write(SAID + "Buy now: 20 % off!\n", refused=True)
    assert (refused["clause"], refused["field"]) == ("II.16", "texts")
    assert "order (en, body, line 4, column 1)" in refused["what"]
    unlisted = (*_ABOUT[:4], "--reason", "end-of-service")
    assert team.write(SAID, about=unlisted, refused=True)["clause"] == "II.16"
    made = team.write(SAID)
    case, read = made["bulletin"], ("--digest", made["digest"])
    for own in (team.ann, team.again):
        assert team.call(own, "approve", case, *read, refused=True)["clause"] == "II.16"
    team.call(team.pia, "approve", case, *read)
    file = team.folder / "notice.md"
    file.write_text(SAID.replace("Install", "Please install"), encoding="utf-8")
    again = team.call(team.ann, "revise", case, "--text", f"en={file}")
    assert team.call(team.ann, "start", case, refused=True)["code"] == "conflict"
    assert team.call(team.pia, "approve", case, *read, refused=True)["code"] == "conflict"
    team.digest = again["digest"]
    return str(case)


def _letters(vendor: Vendor, key: str, case: str, *more: str | Path, status: int = 0) -> Any:
    """A batch of letters under a bulletin; gives what the command printed, or of a refusal the problem."""
    file = vendor.data.parent / "mailer.key"
    file.write_text(key, encoding="utf-8")
    told = vendor.json(
        "letters", "batch", case, "--purpose", NOTICE, "--key-file", file, *more, status=status
    )
    return told["error"] if status else told


def _by_letter(vendor: Vendor, key: str, case: str) -> str:
    """Whoever has a postal address gets the approved text as a letter; no other text goes out under a bulletin."""
    other = vendor.data.parent / "other.md"
    other.write_text("Subject: News\nReason: you own it\n\nBuy our new sensor.\n", encoding="utf-8")
    refused = _letters(vendor, key, case, "--text", other, status=1)
    assert (refused["field"], "approved" in refused["what"]) == ("text", True)
    called = vendor.json(
        "calls", "open", case, "--text", other, "--purpose", NOTICE, "--key-file", vendor.data.parent / "mailer.key",
        status=1,
    )  # fmt: skip
    assert "approved" in called["error"]["what"]
    made = _letters(vendor, key, case)
    assert made["letters"] == 2
    with ZipFile(made["file"]) as batch:
        files = [batch.read(one) for one in batch.namelist() if one.endswith(".pdf")]
    letters = [" ".join(PdfReader(BytesIO(one)).pages[0].extract_text().split()) for one in files]
    assert sorted(
        f"Person {number}" for number in (1, 5) for one in letters if f"Hello Person {number}," in one
    ) == [
        "Person 1",
        "Person 5",
    ]
    assert all("Please install version 5.2.1" in one and "Buy our new sensor" not in one for one in letters)
    return str(made["batch"])


def _fetched(vendor: Vendor, batch: str) -> list[str]:
    """The batch is fetched; gives the references of the letters in it."""
    out, key = vendor.data.parent / "batch.zip", vendor.data.parent / "mailer.key"
    told = vendor.json("letters", "fetch", batch, "--out", out, "--key-file", key)
    assert (told["letters"], told["taken_out"], told["state"]) == (2, 0, "delivered")
    with ZipFile(out) as file:
        return [one["id"] for one in json.loads(file.read("manifest.json"))["letters"]]


@pytest.mark.slow
@pytest.mark.clause("II.16")
def test_owners_are_told_whatever_they_opted_out_of_and_nobody_else_is(vendor: Vendor, sink: Sink) -> None:
    """An owner who opted out gets an approved notice; others are denied with the clause, and what comes back goes another way."""
    team, mailer = Team(vendor), vendor.key("service.mailer", NOTICE, cases=("bulletin",))
    port = listen(vendor)
    with vendor.open() as site:
        _sell(site)
        _list(site, vendor, 1, "opted-out")
        _list(site, vendor, 5, "bounced")
        case = _approved(team)
        assert _letters(vendor, mailer, case, status=3)["clause"] == "II.16"
        assert _send(site, mailer, case, 1) == (403, "II.16")
        team.call(team.pia, "approve", case, "--digest", team.digest)
        assert _send(site, mailer, case, 1)[0] == 200
        assert [_send(site, mailer, case, number) for number in (2, 3, 4)] == [(403, "II.16")] * 3
        assert _send(site, mailer, case, 5) == (403, "I.5")
        team.call(team.ann, "start", case)

        def stands() -> tuple[int, int, int]:
            stood = team.call(team.pia, "status", case)
            return stood["owners"], stood["told"]["email"], stood["waits"]["letter"]

        wait_until(lambda: stands() == (2, 1, 1), "one is told, and the other is to get a letter", every=0.5)
        ((to, (text, sender)),) = _told(sink).items()
        assert to == "person1@example.com"
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            client.sendmail("", [sender], report("5.1.1", "person1@example.com").as_bytes())
        wait_until(lambda: stands() == (2, 0, 2), "what came back goes by letter as well", every=0.5)
        batch = _by_letter(vendor, mailer, case)
        sign, _ = _fetched(vendor, batch)
        assert team.call(team.pia, "status", case)["told"]["letter"] == 2
        vendor.json("letters", "returned", sign)
        wait_until(
            lambda: team.call(team.pia, "status", case)["waits"]["phone"] == 1,
            "whose letter came back is to be called",
            every=0.5,
        )
        team.call(team.ann, "stop", case)
        assert _letters(vendor, mailer, case, status=3)["clause"] == "II.16"
        assert _send(site, mailer, case, 1)[0] == 403
    assert list(_told(sink)) == ["person1@example.com"]
    assert "Person 1" in text
    assert "Please install version 5.2.1" in text
