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
from tests.outreach.post_office import ADDRESS, LETTERS, TEXT, Post, Stopped
from troth.adapters import letter_pdf, sealing_to
from troth.kernel import Conflict, InvalidInput, NotFound, Refused, micros, new_id
from troth.outreach import (
    LetterOrder,
    LetterText,
    read_text,
)
from troth.outreach.letter_text import address_lines, blocks, layout_for


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
    """After its time; its letter waits again, for nobody has it; a delivered one cannot be delivered again."""
    _, case = post.customer(1)
    made = post.make(case)
    assert made is not None
    letters = post.letters()
    assert letters.purge(post.company.clock.now() - timedelta(days=1)) == 0
    post.company.clock.advance(timedelta(days=2))
    assert letters.purge(post.company.clock.now() - timedelta(days=1)) == 1
    assert (post.files(), letters.batches()[0].state) == ([], "gone")
    assert post.outbox.counts(case)["planned"] == 1
    (noted,) = [one.detail for one in post.company.entries() if one.detail.get("what") == "letters-lapsed"]
    assert (noted["batch"], noted["letters"]) == (made.batch, "1")
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
