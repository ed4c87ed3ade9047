"""Clause II.20: by telephone, e-mail or letter, each gets only what its channel needs; a letter house learns no e-mail address."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from tests.clauses.mailbox import mails
from tests.clauses.matters import ask, run_tasks, step
from tests.clauses.vendor import FULFIL, RIGHTS, SUPPORT, Site, Vendor
from tests.support.waiting import wait_until

LETTERS = "essential.service.notifications.letter"
CALLS = "essential.service.notifications.phone"
MAIL = "essential.service.notifications.email"
TEXT = """Subject: News about your order
Reason: you have an open matter with us

{greeting}

there is **news** about your matter, {name}:

1. Nothing is lost.
2. We look after it.

Write to {support}, or look at <{contact_link}>.

Yours sincerely
{company}
"""
SCRIPT = "Subject: Your open matter\nReason: you have an open matter with us\n\nGood day, {name}. This is {company}.\n"


class Company:
    """A running company with a desk, a print house and a call centre.

    Args:
        vendor: The company.
        site: Its service.
    """

    def __init__(self, vendor: Vendor, site: Site) -> None:
        self.vendor, self.site = vendor, site
        self.desk = vendor.key("staff.support", SUPPORT, LETTERS, CALLS, cases=("ticket",))
        self.centre = vendor.key("partner.calls", CALLS)
        self.file = vendor.data.parent / "desk.key"
        self.file.write_text(self.desk, encoding="ascii")

    def post(self, path: str, key: str, **body: Any) -> httpx.Response:
        """Send to the service."""
        return self.site.request("POST", path, key=key, body=body)

    def pull(self, key: str = "") -> httpx.Response:
        """The call centre pulls a call."""
        return self.post("/v1/calls/next", key or self.centre, most=1)

    def told(self, call: str, outcome: str) -> httpx.Response:
        """The call centre tells how a call went."""
        return self.post(f"/v1/calls/{call}/outcome", self.centre, outcome=outcome)


class Person:
    """Somebody with something in every field, and an open ticket.

    Args:
        company: Whose customer.
        number: Tells people apart.
    """

    def __init__(self, company: Company, number: int) -> None:
        self.company, site = company, company.site
        self.email, self.phone, self.name = (
            f"zq-mail-{number}@example.com",
            f"+1650253004{number}",
            f"Zqname Nr{number}",
        )
        self.street, self.order, self.ticket = (
            f"{number} Zqstreet Way",
            f"OR-ZQ-{number}",
            f"zq-ticket-{number}",
        )
        self.billing, self.serial, self.firm = (
            f"{number} Zqbilling Road",
            f"SN-ZQ-{number}",
            f"Zqcompany{number} Ltd.",
        )
        self.place = f"Zqcity{number}"
        rest = {"city": self.place, "region": "CA", "postal_code": "94403", "country": "US"}
        bought = site.buy(
            self.order, name=self.name, email=self.email, phone=self.phone, company=self.firm,
            shipping_address={"line1": self.street, **rest}, billing_address={"line1": self.billing, **rest},
        )  # fmt: skip
        assert bought.status_code == 201, bought.text
        assert site.issue(self.order, self.serial).status_code == 201
        wrote = site.write_in(name=self.name, email=self.email, phone=self.phone, ticket_text=self.ticket)
        assert wrote.status_code == 201, wrote.text
        self.case, self.handle = site.open_case(company.desk, "ticket", SUPPORT, self.email)

    def ticket_again(self) -> None:
        """Open another ticket."""
        self.case, _ = self.company.site.open_case(self.company.desk, "ticket", SUPPORT, self.email)

    def batch(self) -> dict[str, Any]:
        """The desk makes the letter about the ticket."""
        return self._made("letters", "batch", TEXT, LETTERS)

    def call(self) -> dict[str, Any]:
        """The desk has the person called about the ticket."""
        return self._made("calls", "open", SCRIPT, CALLS)

    def handed(self) -> list[tuple[str, list[str], str, list[str]]]:
        """Every act of handing over on record: effect, clauses, recipient and fields."""
        return [
            (one["effect"], one["clauses"], one["recipient"], sorted(one["fields"]))
            for one in self.company.vendor.ledger()
            if one["act"] == "disclose" and one["person"] == self.handle
        ]

    def hidden_from(self, read: str, *told: str) -> None:
        """Nothing of the person but what is told stands in a text, however it is spaced."""
        known = {
            self.email, self.email.partition("@")[0], self.phone, self.phone[2:], self.name, self.street, self.place,
            self.billing, self.order, self.serial, self.ticket, self.firm, self.handle,
        }  # fmt: skip
        for canary in known:
            assert holds(read, canary) == (canary in told), canary

    def _made(self, group: str, word: str, text: str, purpose: str) -> dict[str, Any]:
        company = self.company
        file = company.vendor.data.parent / f"{group}.md"
        file.write_text(text, encoding="utf-8")
        made: dict[str, Any] = company.vendor.json(
            group, word, self.case, "--text", file, "--purpose", purpose, "--key-file", company.file
        )
        return made


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """One running company for all proofs, each about somebody else."""
    vendor = Vendor(tmp_path_factory.mktemp("company"))
    with vendor.open() as site:
        yield Company(vendor, site)


def everything(file: Path) -> tuple[str, list[str]]:
    """All that a print house can read in a batch: names, bytes, the text and every stream of each PDF; and its files."""
    found = []
    with zipfile.ZipFile(file) as batch:
        names = batch.namelist()
        for name in names:
            content = batch.read(name)
            found += [name, content.decode("latin-1")]
            if name.endswith(".pdf"):
                reader = PdfReader(io.BytesIO(content))
                found += [*(page.extract_text() for page in reader.pages), str(reader.metadata)]
                size: Any = reader.trailer["/Size"]
                objects: list[Any] = [reader.get_object(number) for number in range(1, size)]
                found += [one.get_data().decode("latin-1") for one in objects if hasattr(one, "get_data")]
    return "\n".join(found), names


def holds(text: str, canary: str) -> bool:
    """Whether a text holds a canary, however it is spaced."""
    return re.sub(r"\s", "", canary).lower() in re.sub(r"\s", "", text).lower()


@pytest.mark.clause("II.20")
def test_the_letter_house_gets_name_and_postal_address(company: Company) -> None:
    """The batch is a PDF a letter, named by its message, and a list of numbers; no e-mail address, telephone or order in it."""
    ann = Person(company, 1)
    made = ann.batch()
    assert (made["letters"], made["pages"], made["recipient"]) == (1, 1, "mail-house")
    file = Path(made["file"])
    read, names = everything(file)
    ann.hidden_from(read, ann.name, ann.street, ann.place)
    assert holds(read, f"{ann.place}, CA 94403")
    assert len(names) == 3
    with zipfile.ZipFile(file) as batch:
        (listed,) = json.loads(batch.read("manifest.json"))["letters"]
        (row,) = csv.DictReader(io.StringIO(batch.read("manifest.csv").decode()))
        root: Any = PdfReader(io.BytesIO(batch.read(listed["file"]))).trailer["/Root"]
    assert row == {**listed, "pages": "1"}
    assert {**listed, "id": ""} == {
        "id": "", "file": f"{listed['id']}.pdf", "pages": 1, "country": "US", "postage": "standard-domestic"
    }  # fmt: skip
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert ann.handed() == [("permit", ["II.20"], "mail-house", ["name", "shipping_address"])]
    assert ann.batch()["batch"] is None
    assert company.vendor.json("letters", "delivered", made["batch"])["file"] == ""
    assert not file.exists()


@pytest.mark.clause("II.20")
def test_the_call_centre_gets_name_and_number(company: Company) -> None:
    """A call is a name and a number with the script; only the centre pulls it; a stop holds for the very next call."""
    ben = Person(company, 2)
    ben.call()
    assert company.pull(company.desk).status_code == 403
    pulled = company.pull()
    assert pulled.status_code == 200, pulled.text
    (call,) = pulled.json()["calls"]
    assert (call["name"], call["number"]) == (ben.name, ben.phone)
    ben.hidden_from(pulled.text, ben.name, ben.phone, ben.phone[2:])
    assert company.pull().json() == {"calls": []}
    assert company.told(call["call"], "no-answer").json()["state"] == "planned"
    assert company.pull().json() == {"calls": []}
    company.vendor.clock.advance(timedelta(hours=5))
    (again,) = company.pull().json()["calls"]
    assert again["call"] == call["call"]
    assert company.told(call["call"], "stop").json()["state"] == "sent"
    assert company.told(call["call"], "reached").status_code == 409
    ben.ticket_again()
    ben.call()
    assert company.pull().json() == {"calls": []}
    given = ["phone-centre", ["name", "phone"]]
    assert ben.handed() == [
        ("permit", ["II.20"], *given), ("permit", ["II.20"], *given), ("deny", ["I.5"], *given)
    ]  # fmt: skip


@pytest.mark.clause("II.20")
def test_the_mail_provider_gets_name_and_mail_address(company: Company) -> None:
    """A mail holds no postal address, number, order or handle of the person, in no header and in neither form of its text."""
    cid = Person(company, 3)
    mailer = company.vendor.key("service.mailer", MAIL, cases=("ticket",))
    sent = company.site.act(
        mailer, "send", MAIL, person=cid.handle, fields=["email"], recipient="email-provider", channel="email",
        case=cid.case, message="case-news",
    )  # fmt: skip
    assert sent.status_code == 200, sent.text
    wait_until(lambda: bool(mails(company.vendor, cid.email)), "the mail comes")
    for mail in mails(company.vendor, cid.email):
        texts = [str(one.get_content()) for one in mail.walk() if one.get_content_maintype() == "text"]
        greeted = (
            [cid.name] if any(cid.name in text for text in texts) else []
        )  # the name belongs to this channel
        read = mail.as_bytes().decode() + "".join(texts)
        cid.hidden_from(read, cid.email, cid.email.partition("@")[0], *greeted)


@pytest.mark.clause("II.20")
def test_kept_messages_go_as_letters_and_calls(company: Company) -> None:
    """A message that was kept for the channel, by name and version, is what the letter and the call say; no other data goes along."""
    hal, vendor, signed = Person(company, 7), company.vendor, ("--key-file", company.file)
    file = vendor.data.parent / "kept.md"

    def kept(channel: str, body: str, status: int = 0) -> dict[str, Any]:
        purpose = {"letter": LETTERS, "phone": CALLS}[channel]
        head = f"name: {channel}-news\npurpose: {purpose}\nchannel: {channel}\nsubject: About your matter\nlanguage: en"
        file.write_text(f"---\n{head}\nreason: a matter of yours is open\n---\n{body}\n", encoding="utf-8")
        told: dict[str, Any] = vendor.json("messages", "add", file, status=status)
        return told

    refused = kept("letter", "{greeting} {email}", status=1)["error"]
    assert (refused["field"], refused["clause"] != "") == ("email", True)
    first = kept("letter", "{greeting}\n\nthe first wording")["messages"][0]["version"]
    kept("letter", "{greeting}\n\nthe second wording")
    text = vendor.data.parent / "said.md"
    text.write_text(TEXT, encoding="utf-8")
    scripted = kept("phone", "Good day, {name}, a word about your matter.")["messages"][0]["version"]
    for wrong, field in (
        (("--message", "phone-news"), "channel"),
        (("--message", f"letter-news@{first[::-1][:12]}"), "message"),
        (("--message", "letter-news", "--purpose", CALLS), "purpose"),
        (("--message", "letter-news", "--text", file), "message"),
        (("--text", file), "purpose"),
        (("--message", "letter-news", "--topic", "events"), "topic"),
        (("--text", text, "--purpose", LETTERS, "--topic", "nothing"), "topic"),
    ):
        told = vendor.json("letters", "batch", hal.case, *wrong, *signed, status=1)
        assert told["error"]["field"] == field
    made = vendor.json("letters", "batch", hal.case, "--message", f"letter-news@{first[:12]}", *signed)
    read, _ = everything(Path(made["file"]))
    hal.hidden_from(read, hal.name, hal.street, hal.place)
    assert holds(read, "the first wording")
    assert holds(read, "You get this letter because a matter of yours is open.")
    vendor.json("calls", "open", hal.case, "--message", "phone-news", *signed)
    noted = {
        one["detail"]["what"]: one["detail"].get("message", "")
        for one in vendor.ledger()
        if one.get("case") == hal.case and one["act"] == "matter"
    }
    assert (noted["letters-made"], noted["calls-opened"]) == (first, scripted)
    hal.hidden_from(str(noted))
    (call,) = company.pull().json()["calls"]
    assert (call["script"], call["reason"]) == (
        f"Good day, {hal.name}, a word about your matter.",
        "a matter of yours is open",
    )
    assert company.told(call["call"], "reached").json()["state"] == "sent"  # no other proof gets it again
    assert hal.handed() == [
        ("permit", ["II.20"], "mail-house", ["name", "shipping_address"]),
        ("permit", ["II.20"], "phone-centre", ["name", "phone"]),
    ]


@pytest.mark.clause("II.20")
def test_whoever_said_no_meanwhile_is_left_out(company: Company) -> None:
    """Between planning and handing over the person asks to be left alone: no letter, no call; the refusals name the clause."""
    dan = Person(company, 4)
    dan.call()
    listed = company.site.act(
        company.vendor.privacy_key, "instruct", RIGHTS, order="suppress", identify={"email": dan.email},
        about="no-contact",
    )  # fmt: skip
    assert listed.status_code == 200, listed.text
    assert dan.batch()["batch"] is None
    assert company.pull().json() == {"calls": []}
    assert dan.handed() == [
        ("deny", ["I.5"], "mail-house", ["name", "shipping_address"]),
        ("deny", ["I.5"], "phone-centre", ["name", "phone"]),
    ]


@pytest.mark.clause("II.20")
def test_no_letter_goes_to_an_address_of_before(company: Company) -> None:
    """One that was thrown away is made again; one whose person lives elsewhere by now is not handed over, and made anew."""
    ida, vendor = Person(company, 8), company.vendor
    signed, out = ("--key-file", company.file), vendor.data.parent / "ida.zip"
    thrown = ida.batch()
    told = vendor.json("letters", "discard", thrown["batch"], *signed)
    assert (told["state"], told["letters"], told["file"], Path(thrown["file"]).exists()) == (
        "discarded",
        1,
        "",
        False,
    )
    (noted,) = [one for one in vendor.ledger() if one.get("detail", {}).get("what") == "letters-discarded"]
    assert (noted["case"], noted["detail"]["batch"]) == (ida.case, thrown["batch"])
    old = ida.batch()
    assert ida.street in " ".join(everything(Path(old["file"]))[0].split())
    place = {
        "line1": "88 Zqelsewhere Way",
        "city": ida.place,
        "region": "CA",
        "postal_code": "94403",
        "country": "US",
    }
    bought = company.site.buy(
        "OR-ZQ-8B", name=ida.name, email=ida.email, shipping_address=place, billing_address=place
    )
    assert bought.status_code == 201, bought.text
    refused = vendor.json("letters", "fetch", old["batch"], "--out", out, *signed, status=1)
    assert ida.case in refused["error"]["mend"]
    assert (out.exists(), Path(old["file"]).exists()) == (False, False)
    anew = ida.batch()
    fetched = vendor.json("letters", "fetch", anew["batch"], "--out", out, *signed)
    assert (fetched["letters"], fetched["taken_out"], fetched["changed"]) == (1, 0, 0)
    read, _ = everything(out)
    assert (holds(read, "88 Zqelsewhere Way"), holds(read, ida.street)) == (True, False)


@pytest.mark.clause("II.20")
def test_letters_do_not_outstay(company: Company) -> None:
    """A letter that still lies here goes with an erased person, the others stay; a batch that nobody fetches goes in time."""
    eve, fay = Person(company, 5), Person(company, 6)
    first, other = eve.batch(), fay.batch()
    desk = company.vendor.key("staff.privacy", RIGHTS, cases=("request",))
    number = ask(company.site, "erase", eve.email).json()["number"]
    step(company.vendor, desk, "verify", number)
    wait_until(lambda: not Path(first["file"]).exists(), "the erased person's letter goes")
    assert company.vendor.files_with(eve.street) == []
    assert Path(other["file"]).is_file()
    company.vendor.clock.advance(timedelta(days=15))
    run_tasks(company.vendor)
    assert not Path(other["file"]).exists()
    states = {one["batch"]: one["state"] for one in company.vendor.json("letters", "list")["batches"]}
    assert (states[first["batch"]], states[other["batch"]]) == ("gone", "gone")


@pytest.mark.clause("II.20")
@pytest.mark.parametrize("why", ["expired", "undeclared"])
def test_no_letter_goes_to_a_house_without_a_contract(tmp_path: Path, reference_text: str, why: str) -> None:
    """Out of contract, or not declared at all: denied, on record; the letter stays planned, and no file is made."""
    vendor = Vendor(tmp_path)
    if why == "expired":
        vendor.clock.set(datetime(2030, 3, 1, 9, 0, tzinfo=UTC))
    else:
        settings = vendor.data / "troth.toml"
        changed = re.sub(
            r'(\[letters\]\n(?:.*\n)*?recipient = )""', r'\1"cheap-printer"', settings.read_text()
        )
        settings.write_text(changed)
        assert "cheap-printer" in changed
    shop, desk = tmp_path / "shop.key", tmp_path / "desk.key"
    shop.write_text(vendor.key("service.collection", FULFIL), encoding="ascii")
    desk.write_text(vendor.key("staff.support", SUPPORT, LETTERS, cases=("ticket",)), encoding="ascii")
    address = {"line1": "1 Zqstreet Way", "city": "Zqcity", "country": "US"}
    values = {
        "name": "Gus", "email": "gus@example.com", "shipping_address": address, "billing_address": address,
        "country": "US", "payment_token": "tok-made", "order_lines": [{"sku": "EX-1", "quantity": 1}],
    }  # fmt: skip
    vendor.command(
        "--data", vendor.data, "act", "collect", "--point", "shop", "--channel", "web", "--notice", "shop-notice",
        "--age-passed", "--purpose", FULFIL, "--values", "-", "--key-file", shop, text=json.dumps(values),
    )  # fmt: skip
    case = vendor.json(
        "case", "open", "ticket", "--by", "email=gus@example.com", "--purpose", SUPPORT, "--key-file", desk
    )
    letter = tmp_path / "letter.md"
    letter.write_text(TEXT, encoding="utf-8")
    refused = vendor.json(
        "letters", "batch", case["case"], "--text", letter, "--purpose", LETTERS, "--key-file", desk, status=3
    )  # fmt: skip
    assert refused["error"]["clause"] == ("II.20" if why == "expired" else "I.2")
    assert list((vendor.data / "letters").glob("*")) == []
    assert vendor.json("letters", "list")["batches"] == []
    (denied,) = [one for one in vendor.ledger() if one["act"] == "disclose"]
    assert (denied["effect"], denied["person"]) == ("deny", case["person"])
