"""Batches of letters leave: handed over once, without what may not go out any more; or thrown away."""

import csv
import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from tests.gate.conftest import FULFIL, RIGHTS, SUPPORT, Company, company, reference_text  # noqa: F401  fixtures
from tests.outreach.post_office import ADDRESS, LETTERS, Post, Stopped
from troth.gate import Outcome
from troth.kernel import Conflict, InvalidInput, NotFound, Refused, micros, new_id
from troth.outreach.letter_counts import letter_counts
from troth.outreach.letter_tables import letters_to, marks_of, sent_rows
from troth.vault import record_stance

NEWS, MARKETING = "marketing.communications.email", "marketing.communications.letter"
_BEFORE = b"### Opting out of announcements {#II.14}"
_BY_LETTER = b"""```rule
permit: write-to-everybody
acts: [disclose]
actors: [service.mailer]
data: [user.name, user.contact.address.shipping, user.contact.address.country]
purposes: [essential.service.notifications.letter]
recipients: [mail-house]
channels: [letter]
unless: [person.objected]
retention: messages
reason: A company that writes to all its customers about what became of its service.
```

"""
STOPPING = "essential.service.opt_out"
_ANNOUNCED = _BY_LETTER.replace(b"essential.service.notifications.letter", MARKETING.encode()).replace(
    b"retention: messages", b"retention: subscriptions"
)
_BOUND = b"user.contact.address.shipping, user.contact.address.billing]\npurposes: [marketing, personalize]"
_TOPIC = b"marketing.communications.phone]\nchannels: [email, phone]"
_TOPIC_BY_LETTER = (
    b"marketing.communications.phone, marketing.communications.letter]\nchannels: [email, phone, letter]"
)


@pytest.fixture
def post(company: Company, tmp_path: Path) -> Post:  # noqa: F811
    """A company that writes letters."""
    return Post(company, tmp_path / "letters")


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


def test_what_is_left_of_a_batch_is_handed_over(
    post: Post,
    tmp_path: Path,
    reference_text: bytes,  # noqa: F811
) -> None:
    """Of six one objected, one was restricted, one erased, one moved: two are handed over, and both lists name those and no other."""
    company = post.company  # noqa: F811
    company.publish(reference_text.replace(_BEFORE, _BY_LETTER + _BEFORE))
    people = [post.customer(number)[0] for number in range(6)]
    case = company.open_case("campaign", "staff.marketing", NEWS, "")
    key = company.key("service.mailer", (LETTERS,), ("campaign",))
    with company.database.transaction() as tx:
        post.outbox.plan(tx, case, people, "letter")
    made, out, letters = (
        post.make(case, key=key),
        tmp_path / "out.zip",
        post.letters(),
    )
    assert made is not None
    assert made.letters == 6
    whole = listed(post.folder / f"{made.batch}.zip")
    with company.database.transaction() as tx:
        record_stance(tx, people[1], LETTERS, "objected", micros(company.clock.now()))
        record_stance(tx, people[2], LETTERS, "restricted", micros(company.clock.now()))
        signs = {row.person: row.id for row in sent_rows(tx, made.batch)}
    post.outbox.forget(people[3])
    letters.forget(people[3])
    assert correct(company, people[4], shipping_address={**ADDRESS, "line1": "2 Other Way"}).permitted

    fetched = letters.fetch(key, made.batch, out)
    stay = {signs[people[0]], signs[people[5]]}
    assert (fetched.batch.letters, fetched.batch.pages, fetched.taken_out, fetched.changed) == (2, 2, 2, 1)
    assert {one["id"] for one in listed(out)} == stay
    assert listed(out) == [one for one in whole if one["id"] in stay]
    assert {name for one in letters_in(out) for name in re.findall(r"Hello (Person \d)", one)} == {
        "Person 0",
        "Person 5",
    }
    assert post.outbox.reasons(case) == {
        ("sent", ""): 3, ("skipped", "II.13"): 1, ("skipped", "I.5"): 1, ("planned", "changed"): 1,
    }  # fmt: skip
    again = post.make(case, key=key)
    assert again is not None
    assert [one["id"] for one in listed(post.folder / f"{again.batch}.zip")] == [signs[people[4]]]


def test_a_stop_of_the_topic_holds_for_letters_about_it(
    post: Post,
    tmp_path: Path,
    reference_text: bytes,  # noqa: F811
) -> None:
    """When the batch is made and when it is fetched, for its topic alone; marketing that names none, or a wrong one, is refused."""
    seller = post.company
    text = reference_text.replace(_BEFORE, _ANNOUNCED + _BEFORE).replace(_TOPIC, _TOPIC_BY_LETTER)
    text = text.replace(_BOUND, _BOUND.replace(b"user.contact.address.shipping, ", b""))
    seller.publish(text)
    people = [post.customer(number)[0] for number in range(4)]
    case = seller.open_case("campaign", "staff.marketing", NEWS, "")
    order = {"key": seller.key("service.mailer", (MARKETING,), ("campaign",)), "purpose": MARKETING}
    with seller.database.transaction() as tx:
        post.outbox.plan(tx, case, people, "letter")

    def stops(number: int, topic: str) -> None:
        identify = {"email": f"person{number}@example.com"}
        word = {"order": "stop-topic", "identify": identify, "topic": topic, "channel": "letter"}
        assert seller.act("instruct", "service.web", STOPPING, **word).permitted

    stops(1, "events")
    stops(2, "offers")
    for topic, told in (("", "events, offers"), ("product-news", "events, offers"), ("nothing", "events")):
        with pytest.raises(InvalidInput, match="topic") as refused:
            post.make(case, topic=topic, **order)
        assert (refused.value.field, told in str(refused.value.mend)) == ("topic", True)
    assert post.state(case) == {"planned": 4}
    made = post.make(case, topic="events", **order)
    assert made is not None
    assert (made.letters, made.topic) == (3, "events")
    stops(3, "events")
    out = tmp_path / "out.zip"
    fetched = post.letters().fetch(order["key"], made.batch, out)
    assert (fetched.batch.letters, fetched.taken_out) == (2, 1)
    assert post.outbox.reasons(case) == {("sent", ""): 2, ("skipped", "II.14"): 2}
    handed = [one for one in seller.entries() if one.act == "disclose" and one.case == case]
    assert {one.detail["topic"] for one in handed} == {"events"}


def listed(file: Path) -> list[dict[str, Any]]:
    """The list of a batch; both of its forms say the same, and name every other file in it and nothing else."""
    with zipfile.ZipFile(file) as batch:
        rows: list[dict[str, Any]] = json.loads(batch.read("manifest.json"))["letters"]
        table = list(csv.DictReader(io.StringIO(batch.read("manifest.csv").decode())))
        names = batch.namelist()
    assert table == [{key: str(value) for key, value in one.items()} for one in rows]
    assert sorted(names) == sorted([*(one["file"] for one in rows), "manifest.json", "manifest.csv"])
    return rows


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


def test_of_a_closed_case_no_letter_waits(post: Post) -> None:
    """Held while the case may be opened again; left out for good where it may not, thrown away or lapsed."""
    seller, letters = post.company, post.letters()
    person, ticket = post.customer(1)
    _, other = post.customer(2)
    order = seller.open_case("order", "staff.fulfilment", FULFIL, person)
    batches = {case: made.batch for case in (order, ticket, other) if (made := post.make(case))}
    for case, role, use in (
        (order, "staff.fulfilment", FULFIL),
        (ticket, "staff.support", SUPPORT),
        (other, "staff.support", SUPPORT),
    ):
        assert seller.act("instruct", role, use, order="close-case", case=case).permitted
    letters.discard(post.desk, batches[order])
    assert (post.state(order), letters.waiting(order)) == ({"planned": 1}, 0)
    with seller.database.reading() as tx:
        held = letter_counts(tx, seller.gate.policy(), order, micros(seller.clock.now()))
    assert held == {"held": 1}
    reopened = seller.act("instruct", "staff.fulfilment", FULFIL, order="reopen-case", case=order)
    assert (reopened.permitted, letters.waiting(order)) == (True, 1)
    letters.discard(post.desk, batches[ticket])
    seller.clock.advance(timedelta(days=1))
    letters.purge(seller.clock.now())
    for case in (ticket, other):
        assert post.outbox.reasons(case) == {("skipped", "case-over"): 1}
        assert letters.waiting(case) == 0


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
