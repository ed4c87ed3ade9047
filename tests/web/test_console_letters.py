"""Letters at the console: seen by numbers, by whose role has to do with them; noted as delivered and as come back."""

from datetime import timedelta
from typing import Any

import pytest

from tests.web.conftest import SUPPORT, Web
from tests.web.staff import Desk
from tests.web.test_sent_again import buy
from troth.kernel import micros, new_id
from troth.ledger import decode_entry
from troth.ledger import entries as ledger_entries
from troth.outreach import LetterBatch, LetterOrder, LetterText
from troth.outreach.letter_tables import add_batch

LETTERS = "essential.service.notifications.letter"
NOTICES = "essential.service.notifications.product_notice"
PAGE = "/console/letters"
TEXT = LetterText("About your ticket", "you have an open ticket", "{greeting}\n\nall is well.\n")
EMAIL = "lea@example.com"


def signed_in(web: Web, name: str, role: str, *cases: str) -> Desk:
    """Somebody at the console."""
    desk = Desk(web, name, role, cases)
    desk.sign_in()
    return desk


def made(web: Web, email: str = EMAIL) -> tuple[LetterBatch, str]:
    """A batch of one letter about a ticket; gives it and the reference that stands on the letter."""
    assert buy(web, email=email).status_code == 201
    _, case = web.ticket(email)
    key, _ = web.troth.issue_key(
        name="desk", role="staff.support", purposes=(SUPPORT, LETTERS), cases=("ticket",)
    )
    batch = web.troth.letters.make(LetterOrder(case, LETTERS, TEXT, key))
    assert batch is not None
    name = next(one for one in _names(web, batch) if one.endswith(".pdf"))
    return batch, name.removesuffix(".pdf")


def _names(web: Web, batch: LetterBatch) -> list[str]:
    from zipfile import ZipFile

    with ZipFile(web.troth.letters.place(batch.batch)) as whole:
        return whole.namelist()


def noted(web: Web, what: str) -> list[Any]:
    """What stands in the ledger under a word."""
    web.troth.flush_ledger()
    with web.troth.database.snapshot() as tx:
        found = [decode_entry(one.body) for one in ledger_entries(tx, 0, 10_000)]
    return [one for one in found if one.detail.get("what") == what]


def put(web: Web, purpose: str, age: int = 0, case: str = "") -> str:
    """A batch that lies here by its numbers only; gives its id."""
    at = micros(web.clock.now() - timedelta(hours=age))
    batch = LetterBatch(new_id(), case or new_id(), "mail-house", "made", 7, 9, 0, at, at, purpose)
    with web.troth.database.transaction() as tx:
        add_batch(tx, batch)
    return batch.batch


def test_a_batch_is_noted_as_delivered_and_a_letter_as_come_back(web: Web) -> None:
    """The desk sees numbers and nobody; the file goes only with a tick and a fresh proof; a returned letter counts once; both are on record."""
    batch, reference = made(web)
    sam = signed_in(web, "sam.example", "staff.support")
    assert f'href="{PAGE}"' in sam.get("/console/me").text
    listed = sam.get(PAGE)
    assert listed.status_code == 200, listed.text
    assert f"{PAGE}/{batch.batch}" in listed.text
    assert f"/console/cases/{batch.case}" in listed.text
    place = f"{PAGE}/{batch.batch}"
    shown = sam.get(place).text
    for words in ("1 letter ", "Waits to be fetched", "Example Letter House, Inc.", "troth letters fetch"):
        assert words in shown
    for words in (EMAIL, "Lea", "Example Way", reference):
        assert words not in listed.text + shown
    assert "was not ticked" in sam.post(f"{place}/steps", step="delivered").text
    web.clock.advance(timedelta(minutes=11))
    asked = sam.post(f"{place}/steps", step="delivered", sure="yes")
    assert asked.headers["location"].startswith("/console/confirm?next=")
    assert asked.headers["location"].endswith(batch.batch)
    assert web.troth.letters.place(batch.batch).is_file()
    assert sam.confirm().status_code == 303
    assert sam.post(f"{place}/steps", step="delivered", sure="yes").headers["location"] == place
    assert not web.troth.letters.place(batch.batch).exists()
    assert "Handed over" in sam.get(place).text
    again = sam.post(f"{place}/steps", step="delivered", sure="yes")
    assert (again.status_code, "The batch is delivered." in again.text) == (409, True)
    (entry,) = noted(web, "letters-delivered")
    assert (entry.case, entry.detail["batch"], entry.clauses) == (batch.case, batch.batch, ("II.20",))
    _came_back(web, sam, batch, reference)


def _came_back(web: Web, sam: Desk, batch: LetterBatch, reference: str) -> None:
    wrong = sam.post(PAGE, references=f"{reference}\n{new_id()}")
    assert (wrong.status_code, "has the reference" in wrong.text, reference in wrong.text) == (
        404,
        True,
        True,
    )
    assert web.troth.outbox.counts(batch.case)["bounced"] == 0
    assert sam.post(PAGE, references="  ").status_code == 422
    typed = f" {reference[:8]}-{reference[8:].upper()} "
    assert sam.post(PAGE, references=typed).headers["location"] == f"{PAGE}?returned=1#back"
    assert web.troth.outbox.counts(batch.case)["bounced"] == 1
    assert "1 came back, and is noted." in sam.get(PAGE, returned="1").text
    assert sam.post(PAGE, references=reference).status_code == 404
    (entry,) = noted(web, "letters-returned")
    assert (entry.case, entry.detail["letters"], reference in str(entry.detail)) == (batch.case, "1", False)


def test_a_batch_is_thrown_away(web: Web) -> None:
    """Asked first, with a fresh proof: the file goes, and the letter waits; the ledger has the key of who did it."""
    batch, reference = made(web)
    sam = signed_in(web, "sam.example", "staff.support")
    place = f"{PAGE}/{batch.batch}"
    assert f'href="{place}/discard"' in sam.get(place).text
    asked = sam.get(f"{place}/discard").text
    for words in ("Throw away 1 letter?", "Example Letter House, Inc.", "wait again"):
        assert words in asked
    assert (EMAIL in asked, reference in asked) == (False, False)
    web.clock.advance(timedelta(minutes=11))
    sent = sam.post(f"{place}/discard")
    assert sent.headers["location"].startswith("/console/confirm?next=")
    assert sent.headers["location"].endswith("discard")
    assert web.troth.letters.place(batch.batch).is_file()
    assert sam.confirm().status_code == 303
    assert sam.post(f"{place}/discard").headers["location"] == place
    assert not web.troth.letters.place(batch.batch).exists()
    counts = web.troth.outbox.counts(batch.case)
    assert (counts["planned"], counts["sent"]) == (1, 0)
    assert "Thrown away" in sam.get(place).text
    assert sam.get(f"{place}/discard").headers["location"] == place
    again = sam.post(f"{place}/discard")
    assert (again.status_code, "The batch is discarded." in again.text) == (409, True)
    (entry,) = noted(web, "letters-discarded")
    assert (entry.case, entry.clauses) == (batch.case, ("II.20",))
    keys = {one.key_id for one in web.troth.key_records() if one.role == "staff.support"}
    assert entry.detail == {
        "what": "letters-discarded", "batch": batch.batch, "letters": "1", "key": entry.detail["key"],
    }  # fmt: skip
    assert entry.detail["key"] in keys


def test_of_a_closed_case_nothing_waits(web: Web) -> None:
    """Thrown away after its ticket was closed, a letter is left out, and the page says so."""
    batch, _ = made(web)
    closed = web.post(f"/v1/cases/{batch.case}/close", {"purpose": SUPPORT}, "support")
    assert closed.status_code == 200, closed.text
    sam = signed_in(web, "sam.example", "staff.support")
    assert sam.post(f"{PAGE}/{batch.batch}/discard").status_code == 303
    shown = sam.get(f"{PAGE}/{batch.batch}").text
    assert ("None of its letters goes out any more." in shown, "Left out" in shown) == (True, True)
    assert "To be written" not in shown


def test_whose_role_has_nothing_to_do_with_it_sees_and_notes_nothing(web: Web) -> None:
    """The privacy desk sees the letters of bulletins and none about tickets; marketing none of either; shipping no page at all."""
    batch, reference = made(web)
    bulletin = put(web, NOTICES)
    ann = signed_in(web, "ann.example", "staff.privacy")
    listed = ann.get(PAGE).text
    assert (f"{PAGE}/{bulletin}" in listed, batch.batch in listed) == (True, False)
    assert ann.get(f"{PAGE}/{batch.batch}").status_code == 404
    assert ann.post(f"{PAGE}/{batch.batch}/steps", step="delivered", sure="yes").status_code == 404
    assert ann.post(PAGE, references=reference).status_code == 404
    shown = ann.get(f"{PAGE}/{bulletin}").text
    assert "Note it as delivered" not in shown
    assert "/discard" not in shown
    assert ann.get(f"{PAGE}/{bulletin}/discard").headers["location"] == f"{PAGE}/{bulletin}"
    assert ann.post(f"{PAGE}/{bulletin}/discard").status_code == 403
    assert ann.post(f"{PAGE}/{batch.batch}/discard").status_code == 404
    assert ann.get(f"{PAGE}/{batch.batch}/discard").status_code == 404
    assert ann.post(f"{PAGE}/{bulletin}/steps", step="delivered", sure="yes").status_code == 403
    pat = signed_in(
        web, "pat.example", "staff.product", "ticket"
    )  # cites such cases, and serves other purposes
    assert pat.post(PAGE, references=reference).status_code == 404
    mia = signed_in(web, "mia.example", "staff.marketing")
    assert batch.batch not in mia.get(PAGE).text
    assert bulletin not in mia.get(PAGE).text
    eva = signed_in(web, "eva.example", "staff.fulfilment")
    assert PAGE not in eva.get("/console/me").text
    assert eva.get(PAGE).status_code == 403
    assert eva.post(PAGE, references=reference).status_code == 403
    assert web.troth.letters.place(batch.batch).is_file()
    assert web.troth.outbox.counts(batch.case)["bounced"] == 0
    sam = signed_in(web, "sam.example", "staff.support")
    forged = [
        sam.post(PAGE, mark="0" * 64, references=reference),
        sam.post(f"{PAGE}/{batch.batch}/steps", mark="0" * 64, step="delivered", sure="yes"),
        sam.post(f"{PAGE}/{batch.batch}/discard", mark="0" * 64),
    ]
    assert [one.status_code for one in forged] == [403, 403, 403]
    assert web.troth.letters.place(batch.batch).is_file()
    assert web.troth.outbox.counts(batch.case)["bounced"] == 0


def test_pages_leave_nothing_out_and_show_nothing_twice(engine_web: Web) -> None:
    """Fifty a page, the newest first, those of the same moment too, and those between that others see are passed over."""
    web = engine_web
    mine = [put(web, LETTERS, age // 3) for age in range(60)]
    for age in range(450):
        put(web, NOTICES, age // 9)
    sam = signed_in(web, "sam.example", "staff.support")
    found: list[str] = []
    behind, pages = "", 0
    for _ in range(5):
        text = sam.get(PAGE, **({"behind": behind} if behind else {})).text
        here = [one.partition('"')[0] for one in text.split(f'href="{PAGE}/')[1:]]
        assert len(here) <= 50
        pages, found = pages + 1, found + here
        behind = text.partition(f'href="{PAGE}?behind=')[2].partition('"')[0]
        if not behind:
            break
    assert (pages, len(found), set(found)) == (2, 60, set(mine))
    assert [mine.index(one) // 3 for one in found] == sorted(mine.index(one) // 3 for one in found)
    assert sam.get(PAGE, behind="x").status_code == 422


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/{'0' * 32}", f"{PAGE}/{'0' * 32}/discard"])
def test_nobody_sees_it_without_signing_in(web: Web, path: str) -> None:
    """To the page for signing in."""
    assert Desk(web).get(path).headers["location"].startswith("/console/sign-in")
