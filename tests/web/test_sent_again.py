"""A second click, a request tried again, a form with an error: one order, one receipt, nothing to choose again."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from tests.support.forms import FormPage, Visitor
from tests.web.conftest import Web
from troth.ledger import decode_entry
from troth.ledger.tables import ledger_staged
from troth.storage import Statement
from troth.vault.tables import record

ADDRESS = {"line1": "1 Example Way", "city": "Example City", "country": "US"}
ORDER = {
    "name": "Ann Example", "email": "ann@example.com", "shipping_address": ADDRESS, "billing_address": ADDRESS,
    "country": "US", "payment_token": "tok-made", "order_lines": [{"sku": "EX-1", "quantity": 1}],
}  # fmt: skip
MARK = "7d8a3c6e-5b1f-4c0e-9a52-1f0b6c2d9e4a"
TICKET = {"email": "ann@example.com", "ticket_text": "It does not start."}


def orders(web: Web) -> int:
    """How many records there are."""
    with web.troth.database.snapshot() as tx:
        row = tx.row(Statement(select(func.count()).select_from(record)))
    return int(row[0]) if row else 0


def details(web: Web) -> list[dict[str, str]]:
    """What the newest entries tell beside the decision."""
    with web.troth.database.snapshot() as tx:
        rows = tx.rows(Statement(select(ledger_staged.c.body).order_by(ledger_staged.c.entry_id)))
    return [dict(decode_entry(bytes(row[0])).detail) for row in rows]


def buy(web: Web, mark: str = "", **values: Any) -> httpx.Response:
    """Order over JSON."""
    body = {
        "channel": "web",
        "notice": "shop-notice",
        "age": {"year": 1970, "month": 4},
        "values": ORDER | values,
    }
    return web.client.post("/collect/shop", json=body, headers={"Idempotency-Key": mark} if mark else {})


def test_a_request_tried_again_makes_one_order(engine_web: Web) -> None:
    """The second answer is the first; another key, or none, is another order; other content under the key is refused."""
    web = engine_web
    first, again = buy(web, MARK), buy(web, MARK)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert orders(web) == 1
    changed = buy(web, MARK, name="Bob Example")
    assert (changed.status_code, orders(web)) == (422, 1)
    assert buy(web, MARK[::-1]).status_code == buy(web).status_code == 201
    assert orders(web) == 3
    short = buy(web, "1")
    assert (short.status_code, short.json()["field"]) == (422, "Idempotency-Key")


def test_a_refusal_is_not_kept(web: Web) -> None:
    """What was refused may be mended and sent under the same key."""
    assert buy(web, MARK, name="12").status_code == 422
    assert buy(web, MARK).status_code == 201


def test_twice_in_one_batch_counts_once(web: Web) -> None:
    """Acts of one request too."""
    act = {
        "act": "collect", "purpose": "essential.service.fulfil_order", "point": "shop", "channel": "web",
        "notice": "shop-notice", "age_passed": True, "values": ORDER, "once": MARK,
    }  # fmt: skip
    answer = web.post("/v1/acts", {"acts": [act, act, {**act, "once": MARK[::-1]}]}, "collector")
    assert answer.is_success, answer.text
    entries = [one["entry"] for one in answer.json()["outcomes"]]
    assert entries[0] == entries[1] != entries[2]
    assert orders(web) == 2


def test_a_mark_is_forgotten_after_a_day(web: Web) -> None:
    """Then the same is a new order."""
    assert buy(web, MARK).status_code == 201
    web.clock.advance(timedelta(days=1, seconds=1))
    web.troth.gate.clear_credentials()
    assert buy(web, MARK).status_code == 201
    assert orders(web) == 2


def test_a_second_click_on_a_form_makes_one_ticket(web: Web) -> None:
    """The same page sent twice: the same receipt; opened again, or changed, it is something new."""
    web.client.follow_redirects = False
    visitor = Visitor(web.client)
    page = visitor.form("support-contact")
    clicks = [web.client.post("/forms/support-contact", data={**page.hidden, **TICKET}) for _ in range(2)]
    assert [one.status_code for one in clicks] == [303, 303]
    assert clicks[0].headers["location"] == clicks[1].headers["location"]
    assert orders(web) == 1
    changed = {**page.hidden, **TICKET, "ticket_text": "It starts, but stops."}
    assert web.client.post("/forms/support-contact", data=changed).status_code == 303
    assert visitor.send("support-contact", TICKET).status_code == 303
    assert orders(web) == 3


def test_a_second_click_on_a_fragment_makes_one_ticket(web: Web) -> None:
    """It has no mark of its own: the same content within the same minute counts once, later again."""
    web.client.follow_redirects = False
    Visitor(web.client).form("support-contact")
    fragment = FormPage(web.client.get("/forms/support-contact/fragment").text)
    assert "troth-once" not in fragment.controls
    sent = {**fragment.hidden, **TICKET}
    same = {"Sec-Fetch-Site": "same-origin"}
    for _ in range(2):
        assert web.client.post("/forms/support-contact", data=sent, headers=same).status_code == 303
    assert orders(web) == 1
    web.clock.advance(timedelta(minutes=1))
    assert web.client.post("/forms/support-contact", data=sent, headers=same).status_code == 303
    assert orders(web) == 2


def _file(content: bytes, name: str = "log.txt") -> dict[str, Any]:
    return {"ticket_file": (name, content, "text/plain")}


@pytest.mark.parametrize("size", [20, 490_000])
def test_a_file_need_not_be_chosen_again(web: Web, size: int) -> None:
    """The page of an error carries it, and it is taken with the next try; nothing of it is here before."""
    web.client.follow_redirects = False
    visitor = Visitor(web.client)
    content = b"line of a log\n" * (size // 14)
    wrong = visitor.send("support-contact", {**TICKET, "email": "no address"}, _file(content))
    assert wrong.status_code == 422
    assert "Kept for you: <strong>log.txt</strong>" in wrong.text
    again = FormPage(wrong.text)
    assert again.action == "/forms/support-contact"
    empty = {"ticket_file": ("", b"", "application/octet-stream")}
    taken = web.client.post("/forms/support-contact", data={**again.hidden, **TICKET}, files=empty)
    assert taken.status_code == 303, taken.text
    assert "ticket_file" in taken.headers["location"]


def test_a_kept_file_can_be_replaced_or_left_out_and_is_checked_again(web: Web) -> None:
    """Another choice counts instead; a tick leaves it out; a page that was tampered with is refused."""
    web.client.follow_redirects = False
    visitor = Visitor(web.client)
    wrong = visitor.send("support-contact", {**TICKET, "email": "no"}, _file(b"first"))
    hidden = FormPage(wrong.text).hidden
    empty = {"ticket_file": ("", b"", "application/octet-stream")}
    dropped = {**hidden, **TICKET, "troth-drop.ticket_file": "1"}
    out = web.client.post("/forms/support-contact", data=dropped, files=empty)
    assert (out.status_code, "ticket_file" in out.headers["location"]) == (303, False)
    other = web.client.post(
        "/forms/support-contact", data={**hidden, **TICKET}, files=_file(b"\x00\x01", "x.bin")
    )
    assert other.status_code == 422
    assert "Kept for you" not in other.text
    bad = {**hidden, **TICKET, "troth-file.ticket_file": "{}"}
    assert web.client.post("/forms/support-contact", data=bad, files=empty).status_code == 400


def test_a_file_comes_past_the_age_screen(web: Web) -> None:
    """Whose hour was over while he wrote loses neither text nor file."""
    web.client.follow_redirects = False
    page = Visitor(web.client).form("support-contact")
    web.client.cookies.clear()
    asked = web.client.post("/forms/support-contact", data={**page.hidden, **TICKET}, files=_file(b"a log"))
    assert asked.status_code == 403
    screen = FormPage(asked.text)
    answer = {**screen.hidden, "troth-birth-month": "4", "troth-birth-year": "1970"}
    form = web.client.post(screen.action, data=answer)
    assert "Kept for you: <strong>log.txt</strong>" in form.text
    assert FormPage(form.text).controls["email"].value == TICKET["email"]


def test_a_warning_stands_before_personal_data_in_free_text(web: Web) -> None:
    """Told by kinds and stored only knowingly, by form and by JSON; the value is in no answer to JSON."""
    web.client.follow_redirects = False
    told = web.get("/v1/collect/account").json()["fields"]["interests"]
    assert told["scan"] == "warn"
    text = "Sensors. Call me at +1 202 555 0143."
    values = {"name": "Ann Example", "email": "ann@example.com", "interests": text}
    body = {"channel": "web", "notice": web.get("/v1/collect/account").json()["notice"]["name"],
            "age": {"year": 1970, "month": 4}, "values": values}  # fmt: skip
    refused = web.client.post("/collect/account", json=body)
    assert (refused.status_code, refused.json()["field"]) == (422, "interests")
    assert refused.json()["type"] == "/problems/personal-data-found"
    assert "phone" in refused.json()["mend"]
    assert "555 0143" not in refused.text
    assert web.client.post("/collect/account", json={**body, "aware": ["email"]}).status_code == 422
    assert web.client.post("/collect/account", json={**body, "aware": "phone"}).status_code == 422
    assert web.client.post("/collect/account", json={**body, "aware": ["phone"]}).is_success
    assert details(web)[-1]["found"] == "phone"
    visitor = Visitor(web.client)
    form = visitor.send("account", {**values, "email": "bob@example.com"})
    assert form.status_code == 422
    shown = FormPage(form.text)
    assert shown.controls["troth-aware"].value == "phone"
    sent = {**shown.hidden, **values, "email": "bob@example.com", "troth-aware": "phone"}
    assert web.client.post("/forms/account", data=sent).status_code == 303


def test_marked_text_is_taken_and_its_kinds_are_on_record(web: Web) -> None:
    """At each door; the ledger tells kinds and no value, and takes none from a caller's word."""
    web.client.follow_redirects = False
    ticket = {**TICKET, "ticket_text": "Write to ann@example.org or 203.0.113.9"}
    assert Visitor(web.client).send("support-contact", ticket).status_code == 303
    assert details(web)[-1]["found"] == "email network-address"
    act = {
        "act": "collect", "purpose": "essential.service.operations.support", "point": "support-contact",
        "channel": "web", "notice": "support-notice", "age_passed": True, "values": ticket,
    }  # fmt: skip
    assert web.post("/v1/acts", act, "collector").is_success
    assert details(web)[-1]["found"] == "email network-address"
    assert web.post("/v1/acts", {**act, "values": TICKET}, "collector").is_success
    assert "found" not in details(web)[-1]
    assert not re.search("example.org|203.0.113", str(details(web)))


def test_refused_text_stays_out(web: Web) -> None:
    """A field that declares so takes no personal data, knowingly or not."""
    web.client.follow_redirects = False
    text = web.troth.policy_text(web.troth.policy().sha256).decode()
    changed = text.replace(
        "type: text\nscan: warn\nmax_length: 1000", "type: text\nscan: refuse\nmax_length: 1000", 1
    )
    assert changed != text
    web.troth.post_policy(web.troth.draft_policy(changed.encode()))
    visitor = Visitor(web.client)
    values = {"name": "Ann Example", "email": "ann@example.com", "interests": "ann@example.org"}
    form = visitor.send("account", values)
    assert form.status_code == 422
    assert "troth-aware" not in FormPage(form.text).controls
    sent = {**FormPage(form.text).hidden, **values, "troth-aware": "email"}
    assert web.client.post("/forms/account", data=sent).status_code == 422
