"""Clause III.1: a wrong value is checked, shown beside the right one, replaced in every view, and whoever had it is told."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.cli.conftest import Program
from tests.support.process import ClockFile
from tests.web.conftest import SUPPORT, Web, serving
from tests.web.forum import Author
from tests.web.staff import Desk
from troth.gate import VERIFY
from troth.gate.proofs import issue_proof
from troth.gate.sessions import open_session
from troth.kernel import micros
from troth.ledger import Entry, decode_entry
from troth.ledger import entries as ledger_entries
from troth.vault.records import all_records_of
from troth.web.visiting import cookie_that_remembers

ANN = "ann@example.com"
OLD, NEW = "Zq-canary-old", "Zq-canary-new"
OLD_PHONE, NEW_PHONE = "+12025550111", "+12025550122"
FULFIL = "essential.service.fulfil_order"
_AGE = {"year": 1970, "month": 4}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """The reference vendor, served in process."""
    with serving(tmp_path / "data") as found:
        yield found


class Signed(Author):
    """Somebody known who signed in just now."""

    def __init__(self, web: Web, person: str) -> None:
        self.web, self.person = web, person
        with web.troth.database.transaction() as tx:
            self.key = open_session(tx, person, micros(web.clock.now()))
        self.cookie = f"{cookie_that_remembers(web.troth.policy(), 'session')}={self.key}"


def collect(web: Web, point: str, values: dict[str, Any], key: str = "") -> Any:
    """Somebody fills a form in."""
    declared = web.troth.policy().points[point]
    age = {"age": _AGE} if declared.age_screen and not key else {}
    passed = {"age_passed": True} if key else {}
    body = {"channel": "web", "notice": declared.notice, "values": values, **age, **passed}
    return web.post(f"/collect/{point}", body, key)


def known_person(web: Web, name: str = OLD, phone: str = OLD_PHONE) -> str:
    """Somebody who registered, wrote in and bought under the wrong name; gives the handle."""
    who = {"name": name, "email": ANN, "phone": phone}
    product = {"product": "Sensor", "serial": "EX-2015-0001"}
    address = {"line1": "1 Example Way", "city": "Example City", "country": "US"}
    bought = {
        "shipping_address": address, "billing_address": address, "country": "US", "payment_token": "tok-made",
        "order_lines": [{"sku": "EX-1", "quantity": 1}],
    }  # fmt: skip
    for point, more in (("product-registration", product), ("support-contact", {"ticket_text": "It broke."})):
        answer = collect(web, point, {**who, **more})
        assert answer.is_success, answer.text
    answer = collect(web, "shop", {**who, **bought})
    assert answer.is_success, answer.text
    return web.ticket(ANN)[0]


def ask(web: Web, **values: str) -> str:
    """Somebody asks on the public form to correct values; gives the number."""
    given = {"request_text": "It is wrong.", "request_kind": "correct", "email": ANN, **values}
    answer = collect(web, "privacy-request", given)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


def link(web: Web, number: str, person: str = "") -> str:
    """The link that went to the mailbox."""
    row = web.troth.rights.matter(number).matter
    with web.troth.database.transaction() as tx:
        secret = issue_proof(tx, person or row.person, VERIFY, micros(web.clock.now()))
    return f"/requests/{row.case}/verify/{secret}"


def proven(web: Web, number: str) -> str:
    """Press the button behind the link, and let the request be carried out; gives its state."""
    prove(web, number)
    return carried_out(web, number)


def prove(web: Web, number: str) -> None:
    """Press the button behind the link."""
    answer = web.client.post(
        link(web, number), headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    )
    assert answer.status_code == 200, answer.text


def carried_out(web: Web, number: str) -> str:
    """Let a request be carried out; gives its state."""
    web.troth.background.run_due()
    web.troth.flush_ledger()
    return web.troth.rights.matter(number).matter.state


def items(web: Web, number: str) -> dict[str, tuple[str, str]]:
    """The plan: action and state of each piece."""
    told = web.get(f"/v1/requests/{number}", "privacy").json()
    return {one["what"]: (one["action"], one["state"]) for one in told["items"]}


def found(web: Web, phone: str) -> str:
    """Whom a telephone number leads to."""
    body = {"type": "ticket", "purpose": SUPPORT, "identify": {"phone": phone}}
    answer = web.post("/v1/cases", body, "support")
    return str(answer.json()["person"]) if answer.status_code == 201 else ""


def entries(web: Web) -> list[Entry]:
    """The ledger."""
    web.troth.flush_ledger()
    with web.troth.database.snapshot() as tx:
        return [decode_entry(one.body) for one in ledger_entries(tx, 0, 10_000)]


def looks(web: Web, person: str) -> int:
    """How often staff's looks for a request stand in the person's journal."""
    return sum(
        one.person == person and one.act == "use" and one.actor == "staff.privacy" for one in entries(web)
    )


def without_books(page: str) -> str:
    """The page of what is held without the order, which the books keep as it was written."""
    return "".join(part for part in page.split('<div class="held">') if "EX-1" not in part)


def copied(ann: Author) -> list[dict[str, Any]]:
    """The tables of one's copy, but for the order."""
    number = str(
        ann.send("/my/ask", csrf=mark(ann), request_kind="access", request_text="All.").headers["location"]
    )
    number = number.partition("?")[0]
    ann.web.troth.background.run_due()
    answer = ann.send(f"{number}/copy", csrf=mark(ann))
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        parts: list[dict[str, Any]] = json.loads(archive.read("data.json"))["parts"]
    rows = [row for part in parts for row in part["rows"]]
    books = {row.get("Record") for row in rows if "EX-1" in str(row.get("Value"))}
    return [row for row in rows if row.get("Record", "") not in books]


def mark(author: Author) -> str:
    """The mark that the forms of a session carry."""
    hidden = re.search(r'name="csrf" value="([0-9a-f]{64})"', author.get("/my").text)
    assert hidden
    return hidden[1]


def views(web: Web, person: str, ann: Author) -> str:
    """Everything that anybody sees of the person, but for the books."""
    case = web.ticket(ANN)[1]
    found_there = [
        web.get(f"/v1/people/{person}", "support", fields="name,phone", purpose=SUPPORT, case=case).text,
        without_books(ann.get("/my/data").text),
        *(ann.get(path).text for path in ("/my", "/my/used", "/my/ask", "/account")),
    ]
    with web.troth.database.snapshot() as tx:
        records = [one.record for one in all_records_of(tx, person) if one.kind in ("ticket", "registration")]
    for record in records:
        look = {"act": "use", "purpose": SUPPORT, "person": person, "case": case, "record": record}
        found_there.append(
            web.post("/v1/acts", {**look, "fields": ["name", "phone"], "partial": True}, "support").text
        )
    assert len(found_there) == 8
    return "".join(found_there)


@pytest.mark.slow
@pytest.mark.clause("III.1")
def test_the_old_value_is_gone_from_every_view(web: Web) -> None:
    """Profile, pages, records, copy and look-up have the new value; what the books must keep stays and says so, item by item."""
    person = known_person(web)
    ann = Signed(web, person)
    collected = views(web, person, ann)
    assert OLD in collected
    number = ask(web, new_name=NEW, new_phone=NEW_PHONE)
    assert proven(web, number) == "partially-completed"
    seen = views(web, person, ann)
    assert NEW in seen
    assert NEW_PHONE in seen
    plan = items(web, number)
    assert plan["ticket: Your name"] == ("correct", "done")
    assert plan["registration: Your name"] == ("correct", "done")
    assert plan["order: Your name"] == ("keep", "kept")
    assert plan["order: Telephone number"] == ("correct", "done")
    page = ann.get(f"/my/requests/{number}").text
    assert "order: Your name" in page
    assert "tax law" in page
    assert OLD not in seen
    assert OLD_PHONE not in seen
    assert (found(web, NEW_PHONE), found(web, OLD_PHONE)) == (person, "")
    copy = json.dumps(copied(ann))
    assert NEW in copy
    assert OLD not in copy
    told = page + web.get(f"/v1/requests/{number}", "privacy").text
    assert not any(value in told for value in (OLD, NEW, OLD_PHONE, NEW_PHONE))


@pytest.mark.clause("III.1")
@pytest.mark.parametrize(("field", "value"), [("new_phone", "12"), ("new_country", "Atlantis")])
def test_a_wrong_new_value_is_refused_by_its_field(web: Web, field: str, value: str) -> None:
    """A new value that is none of its type is refused, the field is named, and no request is opened."""
    known_person(web)
    given = {"request_text": "Wrong.", "request_kind": "correct", "email": ANN, field: value}
    answer = collect(web, "privacy-request", given)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert web.get("/v1/requests", "privacy").json()["matters"] == []


@pytest.mark.clause("III.1")
def test_before_and_after_are_shown_to_the_right_person_only(web: Web) -> None:
    """Whoever has the mailbox, has signed in just now, or handles the proven request; nobody who only knows the address."""
    person = known_person(web)
    collect(web, "support-contact", {"email": "eve@example.com", "ticket_text": "Hi."})
    eve = web.ticket("eve@example.com")[0]
    number = ask(web, new_name=NEW)
    mine = link(web, number)
    asked = {"Accept": "text/html"}
    page = web.client.get(mine, headers=asked).text
    assert OLD in page
    assert NEW in page
    foreign = [mine[:-1] + ("A" if mine[-1] != "A" else "B"), link(web, number, eve)]
    for path in foreign:
        answer = web.client.get(path, headers=asked)
        assert OLD not in answer.text
        assert NEW not in answer.text
    assert (
        OLD
        not in collect(
            web, "privacy-request", {"request_text": "?", "request_kind": "correct", "email": ANN}
        ).text
    )
    ann, other = Signed(web, person), Signed(web, eve)
    for path in ("/my/ask", f"/my/requests/{number}"):
        assert OLD in ann.get(path).text
        assert OLD not in other.get(path).text
        assert OLD not in web.get(path).text
    web.clock.advance(timedelta(minutes=16))
    assert OLD not in ann.get("/my/ask").text
    assert OLD not in ann.get(f"/my/requests/{number}").text
    desk = Desk(web)
    desk.sign_in()
    assert OLD not in desk.get(f"/console/matters/{number}").text
    look = desk.post(f"/console/matters/{number}/written").text
    assert OLD not in look
    assert NEW in look
    prove(web, number)
    before = looks(web, person)
    look = desk.post(f"/console/matters/{number}/written").text
    assert OLD in look
    assert NEW in look
    assert looks(web, person) > before
    assert carried_out(web, number) == "partially-completed"
    assert OLD not in desk.post(f"/console/matters/{number}/written").text
    assert OLD not in web.client.get(mine, headers=asked).text


def said(web: Web, number: str, recipient: str) -> tuple[int, dict[str, Any]]:
    """Say on the command line that a recipient was told; gives exit code and document."""
    clock = ClockFile(web.troth.folder.parent / "clock", web.clock.now())
    program = Program(
        web.troth.folder, {"TROTH_CLOCK_FILE": str(clock.path), "TROTH_KEY": web.keys["privacy"]}
    )
    ended = program.run("requests", "tell", number, recipient, "--json")
    structlog.reset_defaults()
    return ended.code, ended.document


@pytest.mark.clause("III.1")
def test_recipients_of_the_old_value_are_told(web: Web) -> None:
    """Who had it stands in the ledger; the request is not done before staff say that they told it, and the clock reminds them."""
    person = known_person(web)
    shop = web.troth.issue_key(name="shop", role="staff.fulfilment", purposes=(FULFIL,), cases=("order",))[0]
    opened = {
        "act": "instruct",
        "purpose": FULFIL,
        "order": "open-case",
        "case_type": "order",
        "person": person,
    }
    case = web.post("/v1/acts", opened, shop).json()["case"]
    passed = {
        "act": "disclose",
        "purpose": FULFIL,
        "person": person,
        "case": case,
        "fields": ["name"],
        "recipient": "carrier",
    }
    answer = web.post("/v1/acts", passed, shop)
    assert answer.status_code == 200, answer.text
    number = ask(web, new_name=NEW)
    assert proven(web, number) == "executing"
    assert items(web, number)["Example Parcels, Inc."] == ("tell", "waiting")
    clock = next(
        one
        for one in web.get(f"/v1/requests/{number}", "privacy").json()["clocks"]
        if one["rule"] == "push-correction"
    )
    assert clock["due"].startswith("2026-01-07")
    ended = {"step": "move", "to": "completed"}
    refused = web.post(f"/v1/requests/{number}/steps", ended, "privacy")
    assert (refused.status_code, refused.json()["clause"]) == (403, "III.1")
    desk = Desk(web)
    desk.sign_in()
    assert "I told them" in desk.get(f"/console/matters/{number}").text
    assert desk.post(f"/console/matters/{number}/steps", step="tell", to="mail-house").status_code == 404
    assert said(web, number, "mail-house")[0] == 1
    assert said(web, number, "carrier")[1]["state"] == "executing"
    again = desk.post(f"/console/matters/{number}/steps", step="tell", to="carrier")
    assert again.status_code == 404
    web.troth.background.run_due()
    told = web.get(f"/v1/requests/{number}", "privacy").json()
    assert told["state"] == "partially-completed"
    assert [one["role"] for one in told["steps"] if one["step"] == "recipient-told"] == ["staff.privacy"]
    assert items(web, number)["Example Parcels, Inc."] == ("tell", "done")
    assert next(one for one in told["clocks"] if one["rule"] == "push-correction")["met"]
    had, right = [one for one in entries(web) if (one.act, one.recipient) == ("disclose", "carrier")]
    assert (right.person, right.fields, right.clauses) == (person, had.fields, ("III.1",))
    assert (right.purpose, right.actor) == ("essential.service.rights_request", "staff.privacy")
    assert Signed(web, person).get("/my/used").text.count("Example Parcels, Inc.") == 2
    assert "Example Parcels, Inc. is told" in Signed(web, person).get(f"/my/requests/{number}").text
