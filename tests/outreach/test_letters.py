"""Letters on each engine: decided one by one, whole or not there, taken out again, sealed to the print house."""

import io
import json
import subprocess
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from tests.gate.conftest import FULFIL, RIGHTS, SUPPORT, Company, company, reference_text  # noqa: F401  fixtures
from troth.adapters import letter_pdf, sealing_to
from troth.gate import Outcome
from troth.kernel import Conflict, InvalidInput, NotFound, Refused, micros, new_id
from troth.outreach import (
    Channel,
    HandedLetters,
    House,
    LetterBatch,
    LetterOrder,
    LetterText,
    Outbox,
    read_text,
)
from troth.outreach.letter_tables import letters_to, marks_of
from troth.outreach.letter_text import address_lines, blocks, layout_for

LETTERS = "essential.service.notifications.letter"
TEXT = LetterText(
    "About your order", "you ordered", "{greeting}\n\nHello *{name}*, [look]({contact_link}).\n"
)
ADDRESS = {"line1": "1 Way", "city": "Town", "region": "CA", "postal_code": "94403", "country": "US"}


class Stopped(Exception):
    """The process ends here."""


class Post:
    """A company with customers and a print house."""

    def __init__(self, company: Company, folder: Path) -> None:  # noqa: F811  the fixture
        self.company, self.outbox, self.folder = company, Outbox(company.database, company.clock), folder
        self.set_letter: Any = letter_pdf
        self.desk = company.key("staff.support")

    def letters(self, **more: Any) -> HandedLetters:
        """What makes batches, as a process that starts has it."""
        company = self.company  # noqa: F811
        house = House(
            Channel("letter", "address", "", "letters.recipient"), self.folder, "", "https://www.example.com",
            self._set, None, lambda _, at: f"{at:%Y-%m-%d}", lambda text: company.vault.keys.blind("letter", text).hex(),
        )._replace(**more)  # fmt: skip
        return HandedLetters(
            database=company.database, perform_along=company.gate.perform_along, actor=company.gate.actor,
            policy=company.gate.policy, outbox=self.outbox, clock=company.clock, house=house,
        )  # fmt: skip

    def _set(self, document: Mapping[str, Any]) -> tuple[bytes, int]:
        pdf: tuple[bytes, int] = self.set_letter(document)
        return pdf

    def customer(self, number: int, **values: Any) -> tuple[str, str]:
        """Somebody who ordered; gives the handle and an open ticket."""
        company = self.company  # noqa: F811
        given = {
            "name": f"Person {number}", "email": f"person{number}@example.com", "shipping_address": ADDRESS,
            "billing_address": ADDRESS, "country": "US", "payment_token": "tok", "order_lines": [{"sku": "A", "quantity": 1}],
            **values,
        }  # fmt: skip
        bought = company.act(
            "collect", "service.collection", FULFIL, point="shop", channel="web", notice="shop-notice", age_passed=True,
            values=given,
        )  # fmt: skip
        assert bought.permitted, bought
        return bought.person, company.open_case("ticket", "staff.support", SUPPORT, bought.person)

    def make(self, case: str, **more: Any) -> LetterBatch | None:
        """A batch under a case."""
        return self.letters().make(LetterOrder(case, LETTERS, TEXT, self.desk)._replace(**more))

    def state(self, case: str) -> dict[str, int]:
        """States of the messages of a case."""
        return {state: n for state, n in self.outbox.counts(case).items() if n}

    def files(self) -> list[str]:
        """What lies in the folder."""
        return sorted(one.name for one in self.folder.glob("*"))


@pytest.fixture
def post(company: Company, tmp_path: Path) -> Post:  # noqa: F811
    """A company that writes letters."""
    return Post(company, tmp_path / "letters")


def test_a_process_that_dies_leaves_no_letter_twice_and_none_out(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the file is whole: nothing lies there, and the next call begins anew. After it: the file is put in its place."""
    _, case = post.customer(1)

    def dies(_: Mapping[str, Any]) -> tuple[bytes, int]:
        raise Stopped

    def killed(*_: Any) -> None:
        raise Stopped

    letters, order = post.letters(), LetterOrder(case, LETTERS, TEXT, post.desk)
    post.set_letter = dies
    monkeypatch.setattr(letters, "_undo", killed)
    with pytest.raises(Stopped):
        letters.make(order)
    post.set_letter = letter_pdf
    assert post.state(case) == {"sending": 1}
    with pytest.raises(Conflict):
        post.make(case)
    post.company.clock.advance(timedelta(minutes=11))
    made = post.make(case)
    assert made is not None
    assert (made.state, made.letters, post.state(case)) == ("made", 1, {"sent": 1})
    assert post.files() == [f"{made.batch}.zip"]
    (post.folder / f"{made.batch}.zip").rename(post.folder / f"{made.batch}.zip.part")
    post.letters().sweep()
    assert post.files() == [f"{made.batch}.zip"]
    assert post.make(case) is None
    assert len([one for one in post.company.entries() if one.act == "disclose"]) == 2


def test_what_fails_leaves_everything_as_it_was(post: Post) -> None:
    """A setter that fails, a key that may not, a text that uses what nobody gives: planned as before, no file."""
    _, case = post.customer(1)

    def fails(_: Mapping[str, Any]) -> tuple[bytes, int]:
        raise Stopped

    post.set_letter = fails
    with pytest.raises(Stopped):
        post.make(case)
    post.set_letter = letter_pdf
    assert post.state(case) == {"planned": 1}
    for text in ("{secret}", "{email}"):
        with pytest.raises(InvalidInput):
            post.make(case, text=TEXT._replace(body=text))
    with pytest.raises(InvalidInput):
        post.make(case, text=TEXT._replace(language="xx"))
    other = post.company.key("staff.support", (SUPPORT,), ("ticket",))
    with pytest.raises(Refused):
        post.make(case, key=other)
    with pytest.raises(Refused):
        post.make(case, key=post.company.key("staff.support", ("*",), ("order",)))
    with pytest.raises(NotFound):
        post.make(new_id())
    assert (post.state(case), post.files(), post.letters().batches()) == ({"planned": 1}, [], [])


def test_many_letters_and_one_taken_out(post: Post) -> None:
    """Everybody who is planned under a case is decided on; whoever is erased is taken out, also while a batch is made."""
    people = [post.customer(number)[0] for number in range(4)]
    campaign = post.company.open_case("ticket", "staff.support", SUPPORT, people[0])
    with post.company.database.transaction() as tx:
        post.outbox.plan(tx, campaign, people, "letter")
        post.outbox.plan(tx, campaign, people, "email")
    made = post.make(campaign)
    assert made is not None
    assert made.letters == 1, "a case about one person covers nobody else"
    assert post.outbox.counts(campaign)["planned"] == 4, "mail is not the letters' matter"
    second, case = post.customer(7)
    letters = post.letters()

    def erased_meanwhile(document: Mapping[str, Any]) -> tuple[bytes, int]:
        letters.forget(second)
        return letter_pdf(document)

    post.set_letter = erased_meanwhile
    gone = letters.make(LetterOrder(case, LETTERS, TEXT, post.desk))
    assert gone is not None
    assert (gone.state, gone.letters) == ("gone", 0)
    assert post.files() == [f"{made.batch}.zip"]
    letters.forget(people[0])
    assert post.files() == []


def test_letters_are_sealed_to_the_print_house(post: Post, tmp_path: Path) -> None:
    """With a certificate only its owner opens them, by an ordinary program; the list stays readable."""
    key, certificate = house_certificate(tmp_path)
    _, case = post.customer(1)
    made = post.letters(seal=sealing_to(certificate)).make(LetterOrder(case, LETTERS, TEXT, post.desk))
    assert made is not None
    with zipfile.ZipFile(post.folder / f"{made.batch}.zip") as batch:
        (listed,) = json.loads(batch.read("manifest.json"))["letters"]
        sealed = batch.read(listed["file"])
    assert listed["file"].endswith(".pdf.p7m")
    assert b"%PDF" not in sealed
    opened = subprocess.run(
        ["openssl", "cms", "-decrypt", "-inform", "DER", "-recip", certificate, "-inkey", key],
        input=sealed, capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert "Person 1" in PdfReader(io.BytesIO(opened)).pages[0].extract_text()
    for wrong in (tmp_path / "nowhere.pem", key):
        with pytest.raises(InvalidInput):
            sealing_to(wrong)


def house_certificate(folder: Path) -> tuple[Path, Path]:
    """Files with a key and a certificate of a print house."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Letter House")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    built = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), day, day + timedelta(days=900)
    )
    files = folder / "house.key", folder / "house.pem"
    files[0].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    files[1].write_bytes(built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return files


def test_what_people_typed_is_only_text(post: Post) -> None:
    """A name with the signs of Markdown and of the setter stands on the letter as it is, and changes nothing around it."""
    name = '#text(red)[x] *b* `c` <a> $x$ @y "#{1}" \\'
    _, case = post.customer(1, name=name)
    made = post.make(case)
    assert made is not None
    with zipfile.ZipFile(post.folder / f"{made.batch}.zip") as batch:
        (pdf,) = (batch.read(one) for one in batch.namelist() if one.endswith(".pdf"))
    shown = "".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
    assert shown.count("".join(name.split())) == 3


@pytest.mark.parametrize(
    ("home", "address", "lines"),
    [
        ("US", ADDRESS, ("Ann", "1 Way", "Town, CA 94403")),
        ("DE", ADDRESS, ("Ann", "1 Way", "Town, CA 94403", "UNITED STATES")),
        ("DE", {"line1": "Weg 1", "postal_code": "10117", "city": "Berlin", "country": "DE"}, ("Ann", "Weg 1", "10117 Berlin")),
        ("US", {"line1": "1 Road", "line2": "Flat 2", "postal_code": "N1 9GU", "city": "London", "country": "GB"},
         ("Ann", "1 Road", "Flat 2", "London", "N1 9GU", "UNITED KINGDOM")),
        ("US", {"line1": "a\nb\x00", "city": "x", "country": "US"}, ("Ann", "a b", "x")),
    ],
)  # fmt: skip
def test_addresses_by_country(home: str, address: dict[str, str], lines: tuple[str, ...]) -> None:
    """The place as its country writes it; the country in capitals where the letter goes abroad."""
    assert address_lines("Ann", address, home) == lines


def test_paper_by_country() -> None:
    """Letter paper where it is the custom, A4 elsewhere."""
    assert (layout_for("US"), layout_for("DE"), layout_for("")) == ("us", "din", "din")


@pytest.mark.parametrize(("layout", "width", "height"), [("din", 595, 842), ("us", 612, 792)])
def test_the_address_stands_in_the_window(layout: str, width: int, height: int) -> None:
    """DIN 5008 form B: 45 to 90 mm from the top; #10: within what the window shows however the sheet slips."""
    document = {
        "layout": layout, "language": "en", "company": "C", "postal": "P", "contact": "c", "sender": "S",
        "address": [f"Line {number}" for number in range(1, 5)], "date": "d", "day": [2026, 1, 5], "sign": "0" * 32,
        "subject": "About", "words": {"page": "Page", "date": "Date", "sign": "Sign"},
        "blocks": blocks("Text.\n\n" * 120), "foot": ["Because."],
    }  # fmt: skip
    content, pages = letter_pdf(document)
    assert pages == len(PdfReader(io.BytesIO(content)).pages) > 1
    page = PdfReader(io.BytesIO(content)).pages[0]
    found: dict[str, tuple[float, float]] = {}

    def seen(text: str, around: list[float], at: list[float], *_: Any) -> None:
        x = at[4] * around[0] + at[5] * around[2] + around[4]
        y = at[4] * around[1] + at[5] * around[3] + around[5]
        if text.strip():
            found.setdefault(text.strip(), (x, float(page.mediabox.height) - y))

    page.extract_text(visitor_text=seen)
    assert (int(page.mediabox.width), round(float(page.mediabox.height))) == (width, height)
    places = [place for text, place in found.items() if text.startswith("Line")]
    millimetre, inch = 72 / 25.4, 72
    top, bottom = (62.7 * millimetre, 90 * millimetre) if layout == "din" else (2.5 * inch, 3.625 * inch)
    left, right = (20 * millimetre, 105 * millimetre) if layout == "din" else (0.875 * inch, 4.375 * inch)
    assert places
    for x, y in places:
        assert left <= x <= right
        assert top <= y <= bottom


@given(st.text(alphabet="ab *_`#[]()<>!-+1.\n\\&{}|~\"':/@", max_size=300))
def test_any_markdown_becomes_blocks(text: str) -> None:
    """Whatever is written is made blocks; a link leads to the web or to a mailbox, and nowhere else."""
    whole = json.dumps(blocks(text))
    assert '"link": "javascript' not in whole.lower()


def test_a_text_needs_its_head() -> None:
    """Without subject, reason or body it is refused before anybody is looked at."""
    assert read_text("Subject: S\nReason: r\n\nBody\n", "de") == LetterText("S", "r", "Body\n", "de")
    for wrong in ("", "Body", "Subject: S\n\nBody", "Subject: S\nReason: r\n\n  "):
        with pytest.raises(InvalidInput):
            read_text(wrong, "en")


def test_a_batch_that_nobody_fetched_goes(post: Post) -> None:
    """After its time; a delivered one cannot be delivered again."""
    _, case = post.customer(1)
    made = post.make(case)
    assert made is not None
    letters = post.letters()
    assert letters.purge(post.company.clock.now() - timedelta(days=1)) == 0
    post.company.clock.advance(timedelta(days=2))
    assert letters.purge(post.company.clock.now() - timedelta(days=1)) == 1
    assert (post.files(), letters.batches()[0].state) == ([], "gone")
    with pytest.raises(Conflict):
        letters.delivered(made.batch)
    with pytest.raises(NotFound):
        letters.delivered(new_id())
    assert micros(post.company.clock.now()) > letters.batches()[0].made_at


def test_letters_that_came_back(post: Post) -> None:
    """They count as bounced, once; what is no letter that is out is told, and then nothing is noted."""
    cases = [post.customer(number)[1] for number in (1, 2)]
    signs = []
    for case in cases:
        made = post.make(case)
        assert made is not None
        with zipfile.ZipFile(post.folder / f"{made.batch}.zip") as batch:
            signs.append(json.loads(batch.read("manifest.json"))["letters"][0]["id"])
    letters = post.letters()
    with pytest.raises(NotFound, match="No letter that is out"):
        letters.returned([signs[0], new_id()])
    assert [post.state(case) for case in cases] == [{"sent": 1}, {"sent": 1}]
    assert letters.returned([signs[0], signs[0]]) == 1
    assert [post.state(case) for case in cases] == [{"bounced": 1}, {"sent": 1}]
    with pytest.raises(NotFound, match=signs[0]):
        letters.returned([signs[0]])


def test_a_batch_is_fetched_once(post: Post, tmp_path: Path) -> None:
    """The file is laid where it was asked for, for its owner alone, and goes from here; a second time there is none."""
    _, case = post.customer(1)
    made, out = post.make(case), tmp_path / "out.zip"
    assert made is not None
    letters = post.letters()
    with pytest.raises(Refused):
        letters.fetch(post.company.key("staff.marketing"), made.batch, out)
    assert (post.state(case), out.exists()) == ({"sent": 1}, False)
    fetched, taken_out, changed = letters.fetch(post.desk, made.batch, out)
    assert (fetched.state, fetched.letters, taken_out, changed) == ("delivered", 1, 0, 0)
    assert post.files() == []
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as batch:
        assert len(json.loads(batch.read("manifest.json"))["letters"]) == 1
    with pytest.raises(Conflict, match="delivered"):
        letters.fetch(post.desk, made.batch, tmp_path / "again.zip")
    looks = [one for one in post.company.entries() if one.act == "disclose" and one.case == case]
    assert [one.effect for one in looks if one.actor == "staff.support"] == ["permit", "permit"]


def test_whoever_asked_to_be_left_alone_meanwhile_is_taken_out(post: Post, tmp_path: Path) -> None:
    """Decided again at the fetch, by clause; where nobody is left nothing is handed over and the file goes."""
    _, case = post.customer(1)
    made, out = post.make(case), tmp_path / "out.zip"
    assert made is not None
    identify = {"email": "person1@example.com"}
    listed = post.company.act(
        "instruct", "staff.privacy", RIGHTS, order="suppress", about="no-contact", identify=identify
    )
    assert listed.permitted, listed
    with pytest.raises(Conflict, match="Nobody"):
        post.letters().fetch(post.desk, made.batch, out)
    assert (post.state(case), post.files(), out.exists()) == ({"skipped": 1}, [], False)
    assert {why for (state, why) in post.outbox.reasons(case) if state == "skipped"} == {"I.5"}


@pytest.mark.parametrize(
    "values", [{"shipping_address": {**ADDRESS, "line1": "2 Other Way"}}, {"name": "Other Name"}]
)
def test_a_letter_with_an_address_or_name_of_before_is_made_anew(
    post: Post, tmp_path: Path, values: dict[str, Any]
) -> None:
    """Corrected after the batch was made: the old letter is not handed over, and waits to be made with what is right now."""
    who, case = post.customer(1)
    made, out, letters = post.make(case), tmp_path / "out.zip", post.letters()
    assert made is not None
    with post.company.database.reading() as tx:
        (mark,) = marks_of(tx, [one for one, _ in letters_to(tx, who)]).values()
    assert len(mark) == 64
    assert correct(post.company, who, **values).permitted
    with pytest.raises(Conflict, match="changed") as refused:
        letters.fetch(post.desk, made.batch, out)
    assert case in refused.value.mend
    assert (post.state(case), post.files(), out.exists()) == ({"planned": 1}, [], False)
    assert post.outbox.reasons(case) == {("planned", "changed"): 1}
    notes = [one for one in post.company.entries() if one.detail.get("what") == "letters-changed"]
    assert [(one.case, one.detail["batch"], one.detail["letters"]) for one in notes] == [
        (case, made.batch, "1")
    ]
    again = post.make(case)
    assert again is not None
    fetched = letters.fetch(post.desk, again.batch, out)
    assert (fetched.batch.letters, fetched.taken_out, fetched.changed) == (1, 0, 0)
    (letter,) = letters_in(out)
    assert values.get("name", "2 Other Way") in letter


def letters_in(file: Path) -> list[str]:
    """The text of each letter in a batch."""
    with zipfile.ZipFile(file) as batch:
        pdfs = [batch.read(one) for one in batch.namelist() if one.endswith(".pdf")]
    return [PdfReader(io.BytesIO(one)).pages[0].extract_text() for one in pdfs]


def correct(company: Company, person: str, **values: Any) -> Outcome:  # noqa: F811  the fixture
    """Staff put right what stands on record about somebody."""
    case = company.open_case("request", "staff.privacy", RIGHTS, person)
    return company.act(
        "collect", "staff.privacy", RIGHTS, point="correction", channel="api", notice="correction-notice",
        person=person, case=case, values=values,
    )  # fmt: skip


@pytest.mark.parametrize("dies_in", ["", "note_matter", "remove"])
def test_a_batch_that_is_discarded_is_made_again(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    """The file goes and its letters wait again, on record; wherever the process dies, no letter lies in two files."""
    _, case = post.customer(1)
    made, out, letters = post.make(case), tmp_path / "out.zip", post.letters()
    assert made is not None
    if dies_in:

        def dies(*_: Any, **__: Any) -> None:
            raise Stopped

        with monkeypatch.context() as patched:
            patched.setattr(f"troth.outreach.handing.{dies_in}", dies)
            with pytest.raises(Stopped):
                letters.discard(post.desk, made.batch)
        assert post.files() == [f"{made.batch}.zip"]
    if dies_in == "remove":
        with pytest.raises(Conflict, match="discarded"):
            letters.fetch(post.desk, made.batch, out)
    else:
        assert post.state(case) == {"sent": 1}
        gone = letters.discard(post.desk, made.batch)
        assert (gone.state, gone.letters, post.files()) == ("discarded", 1, [])
    assert post.state(case) == {"planned": 1}
    again = post.make(case)
    assert again is not None
    assert (again.letters, post.files(), post.state(case)) == (1, [f"{again.batch}.zip"], {"sent": 1})
    with pytest.raises(Conflict, match="discarded"):
        letters.discard(post.desk, made.batch)
    assert post.files() == [f"{again.batch}.zip"]
    notes = [one for one in post.company.entries() if one.detail.get("what") == "letters-discarded"]
    assert [(one.case, one.detail["batch"], one.detail["letters"]) for one in notes] == [
        (case, made.batch, "1")
    ]


def test_what_somebody_has_or_may_not_touch_is_not_discarded(post: Post, tmp_path: Path) -> None:
    """A key for other cases or purposes changes nothing; what left from here is left alone, with what to do instead."""
    _, case = post.customer(1)
    made, letters = post.make(case), post.letters()
    assert made is not None
    for key in (
        post.company.key("staff.support", (LETTERS,), ("order",)),
        post.company.key("staff.support", (SUPPORT,), ("ticket",)),
    ):
        with pytest.raises(Refused):
            letters.discard(key, made.batch)
    assert (post.state(case), post.files()) == ({"sent": 1}, [f"{made.batch}.zip"])
    letters.fetch(post.desk, made.batch, tmp_path / "out.zip")
    with pytest.raises(Conflict, match="delivered") as refused:
        letters.discard(post.desk, made.batch)
    assert "print house" in refused.value.mend
    assert post.state(case) == {"sent": 1}
    with pytest.raises(NotFound):
        letters.discard(post.desk, new_id())


def test_a_batch_that_is_discarded_while_it_is_fetched_is_not_handed_over(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever copies the file when it is thrown away is left without it: its letters may be in the next batch already."""
    _, case = post.customer(1)
    made, out, letters = post.make(case), tmp_path / "out.zip", post.letters()
    assert made is not None

    def meanwhile(whole: Any, file: Any) -> None:
        file.write(whole.read())
        post.letters().discard(post.desk, made.batch)

    monkeypatch.setattr("troth.outreach.handing.shutil.copyfileobj", meanwhile)
    with pytest.raises(Conflict, match="meanwhile"):
        letters.fetch(post.desk, made.batch, out)
    assert (out.exists(), post.state(case), post.files()) == (False, {"planned": 1}, [])


def test_nothing_that_lies_at_the_place_is_written_over(post: Post, tmp_path: Path) -> None:
    """Refused before anybody is decided on."""
    _, case = post.customer(1)
    made, out = post.make(case), tmp_path / "out.zip"
    assert made is not None
    out.write_bytes(b"mine")
    with pytest.raises(InvalidInput, match="there already"):
        post.letters().fetch(post.desk, made.batch, out)
    assert (out.read_bytes(), post.state(case)) == (b"mine", {"sent": 1})
