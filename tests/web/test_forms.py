"""Forms over HTTP: hosted page, fragment, submission without script, age screen, forged submissions, limits."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest

from tests.support.forms import FormPage, Visitor
from tests.web.conftest import Web
from troth.web.forms.marks import Marks

GOOD = {"name": "Ann Example", "email": "ann@example.com", "product": "Sensor", "serial": "EX-2015-0001"}


def stored(web: Web) -> list[tuple[str, int]]:
    """How many rows there are beside the ledger, which counts the notices shown."""
    return [(table, rows) for table, rows in web.rows() if not table.startswith("ledger")]


@pytest.fixture
def visitor(web: Web) -> Visitor:
    """Somebody with a browser."""
    web.client.follow_redirects = False
    return Visitor(web.client)


def test_a_form_is_submitted_and_the_answer_names_what_was_stored(web: Web, visitor: Visitor) -> None:
    """303 to a page with the labels of what was stored and the receipt, which the ledger gives; no value on it."""
    answer = visitor.send("product-registration", GOOD)
    assert answer.status_code == 303, answer.text
    thanks = web.client.get(answer.headers["location"])
    for label in ("Your name", "E-mail address", "Product", "Serial number"):
        assert f"<li>{label}</li>" in thanks.text
    assert "Ann Example" not in thanks.text + answer.headers["location"]
    receipt = next(link for link in FormPage(thanks.text).links if link.startswith("/v1/receipts/"))
    assert web.client.get(receipt).status_code == 200


def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(web: Web, visitor: Visitor) -> None:
    """422 with a summary of links, an error beside each field, every text again, and no row written."""
    visitor.form("shop")
    before = stored(web)
    values = {
        "name": 'Ann "<b>',
        "email": "nowhere",
        "shipping_address.city": "Ulm",
        "payment_token": "tok-secret",
    }
    answer = visitor.send("shop", {**values, "order_lines.1.sku": "EX-1", "order_lines.1.quantity": "many"})
    page = FormPage(answer.text)
    assert answer.status_code == 422
    assert {
        "email",
        "shipping_address.line1",
        "shipping_address.country",
        "billing_address",
        "country",
        "order_lines.0.quantity",
    } <= page.errors.keys()
    assert "E-mail address: this is not a mail address" in page.errors["email"]
    for name in page.errors:
        assert f"#troth-{name}" in page.links
        assert f'id="troth-{name}"' in answer.text
        assert re.search(rf'aria-describedby="[^"]*troth-{re.escape(name)}-error', answer.text)
    assert page.controls["name"].value == 'Ann "<b>'
    assert page.controls["email"].value == "nowhere"
    assert page.controls["shipping_address.city"].value == "Ulm"
    assert page.controls["order_lines.0.sku"].value == "EX-1"
    assert page.controls["order_lines.0.quantity"].value == "many"
    assert "tok-secret" not in answer.text
    assert stored(web) == before


def test_what_the_form_does_not_ask_for_is_refused_by_name(web: Web, visitor: Visitor) -> None:
    """An extra field, and a card number in a field."""
    visitor.form("product-registration")
    before = stored(web)
    extra = visitor.send("product-registration", {**GOOD, "shoe_size": "44"})
    assert extra.status_code == 422
    assert "The policy declares and classes no such field" in extra.text
    card = visitor.send("product-registration", {**GOOD, "company": "4111 1111 1111 1111"})
    assert card.status_code == 422
    assert "payment card number" in FormPage(card.text).errors["company"]
    assert stored(web) == before


def test_a_serial_that_is_taken_is_told_at_its_field(visitor: Visitor) -> None:
    """409, and the form again with what was typed."""
    assert visitor.send("product-registration", GOOD).status_code == 303
    taken = visitor.send("product-registration", {**GOOD, "email": "bo@example.com"})
    page = FormPage(taken.text)
    assert taken.status_code == 409
    assert page.errors["serial"]
    assert page.controls["email"].value == "bo@example.com"


@pytest.mark.parametrize("point", ["lottery", "import", "relay", "web-events", "telemetry"])
def test_only_public_points_for_people_have_a_form(web: Web, point: str) -> None:
    """An unknown point, one that needs a key and one that programs feed answer 404."""
    for method, path in (
        ("GET", ""),
        ("GET", "/fragment"),
        ("POST", ""),
        ("POST", "/age"),
        ("GET", "/thanks"),
    ):
        answer = web.client.request(method, f"/forms/{point}{path}")
        assert answer.status_code == 404, path
        assert answer.json()["clause"] == "I.1"


def test_a_file_is_taken_in_parts_and_never_shown(web: Web, visitor: Visitor) -> None:
    """It is stored with its harmless name; a file of another kind is refused at its field."""
    question = {"email": "ann@example.com", "ticket_text": "It is red."}
    good = visitor.send("support-contact", question, {"ticket_file": ("../a.log", b"line\n", "text/plain")})
    assert good.status_code == 303, good.text
    assert "ticket_file" in good.headers["location"]
    bad = visitor.send("support-contact", question, {"ticket_file": ("a.txt", b"MZ\x90\x00", "text/plain")})
    assert bad.status_code == 422
    assert "not of a kind that is taken" in FormPage(bad.text).errors["ticket_file"]
    none = visitor.send("support-contact", question, {"ticket_file": ("", b"", "application/octet-stream")})
    assert none.status_code == 303
    assert "ticket_file" not in none.headers["location"]


def test_a_file_of_another_field_is_refused(visitor: Visitor) -> None:
    """A file where text belongs."""
    question = {"ticket_text": "It is red."}
    bad = visitor.send("support-contact", question, {"email": ("a.txt", b"ann@example.com", "text/plain")})
    assert bad.status_code == 422
    assert "email" in FormPage(bad.text).errors


def test_the_text_can_be_looked_through_before_it_is_sent(web: Web, visitor: Visitor) -> None:
    """The kinds of what was found are named, what was typed stays, and nothing is stored."""
    visitor.form("support-contact")
    before = stored(web)
    text = "Call +1 202-555-0143 or ann@example.com"
    looked = visitor.send("support-contact", {"ticket_text": text, "troth-look": "1"})
    assert looked.status_code == 200
    assert "a telephone number, an e-mail address" in looked.text
    assert FormPage(looked.text).controls["ticket_text"].value.strip() == text
    assert stored(web) == before


def test_an_order_gets_more_lines_without_script(visitor: Visitor) -> None:
    """The button gives the form back, with what was typed and three more lines."""
    page = FormPage(visitor.send("shop", {"order_lines.0.sku": "EX-1", "troth-more": "order_lines"}).text)
    assert page.controls["order_lines.0.sku"].value == "EX-1"
    assert "order_lines.5.sku" in page.controls


class TestAgeScreen:
    """The question before the first field."""

    def test_no_field_is_shown_before_it(self, visitor: Visitor) -> None:
        """Neither on the page nor in the fragment; free entry, nothing chosen beforehand, no limit named."""
        for path in ("", "/fragment"):
            text = visitor.client.get(f"/forms/shop{path}").text
            fields = FormPage(text).fields
            assert fields.keys() == {"troth-birth-month", "troth-birth-year"}
            assert {one.kind for one in fields.values()} == {"text"}
            assert not any(one.value for one in fields.values())
            assert "13" not in re.sub(r"<[^>]*>", "", text)

    def test_a_refusal_cannot_be_repaired_by_going_back(self, web: Web, visitor: Visitor) -> None:
        """Another answer, another point, a direct submission and the JSON door: refused for this session."""
        age_page = visitor.open("shop")
        assert visitor.answer_age("shop", "4", "2015").status_code == 303
        before = stored(web)
        refused = visitor.client.get("/forms/shop")
        assert refused.status_code == 403
        assert "/parents" in FormPage(refused.text).links
        again = {**age_page.hidden, "troth-birth-month": "4", "troth-birth-year": "1970"}
        assert visitor.client.post("/forms/shop/age", data=again).headers["location"] == "/forms/shop"
        assert visitor.client.get("/forms/email-opt-in").status_code == 403
        assert (
            visitor.client.post("/forms/email-opt-in", data={"email": "kid@example.com"}).status_code == 403
        )
        body = {"channel": "web", "age": {"year": 1970, "month": 4}, "values": {"email": "kid@example.com"}}
        assert visitor.client.post("/collect/email-opt-in", json=body).json()["clause"] == "I.19"
        assert visitor.client.get("/forms/dispute").status_code == 200
        assert stored(web) == before

    def test_the_answer_is_only_yes_or_no(self, visitor: Visitor) -> None:
        """The cookie holds a random part, a letter and an instant; it ends with the browser's session."""
        answer = visitor.answer_age("shop", "7", "1961")
        cookie = answer.headers["set-cookie"]
        assert re.fullmatch(r"form=v1\.[\w-]{22}\.p\.\d+\.[\w-]{22}; Path=/; HttpOnly; SameSite=Lax", cookie)
        assert "1961" not in cookie

    def test_what_the_browser_has_is_not_handed_out_again(self, visitor: Visitor) -> None:
        """A cookie goes out once and again when its state changes, not with each page."""
        first = visitor.client.get("/forms/shop")
        assert "set-cookie" in first.headers
        assert "set-cookie" not in visitor.client.get("/forms/shop").headers
        assert "set-cookie" in visitor.answer_age("shop", "7", "1961").headers
        assert "set-cookie" not in visitor.client.get("/forms/shop").headers

    def test_what_cannot_be_read_is_asked_again(self, visitor: Visitor) -> None:
        """422, with what was typed, and no hint at what would pass."""
        answer = visitor.answer_age("shop", "Brumaire", "70")
        page = FormPage(answer.text)
        assert answer.status_code == 422
        assert page.controls["troth-birth-month"].value == "Brumaire"
        assert {"#troth-birth-month", "#troth-birth-year"} <= set(page.links)

    def test_a_passed_screen_counts_for_an_hour(self, web: Web, visitor: Visitor) -> None:
        """Then the question comes again, and what was typed in between is carried past it."""
        page = visitor.form("email-opt-in")
        web.clock.advance(timedelta(minutes=61))
        late = visitor.client.post("/forms/email-opt-in", data={**page.hidden, "email": "ann@example.com"})
        assert late.status_code == 403
        carried = FormPage(late.text)
        assert carried.hidden["email"] == "ann@example.com"
        answer = {"troth-birth-month": "4", "troth-birth-year": "1970"}
        back = visitor.client.post("/forms/email-opt-in/age", data={**carried.hidden, **answer})
        assert back.status_code == 200
        assert FormPage(back.text).controls["email"].value == "ann@example.com"

    def test_the_json_door_knows_who_has_passed(self, visitor: Visitor) -> None:
        """A browser that passed need not answer again; without an answer the clause is named."""
        body = {"channel": "web", "notice": "opt-in-notice", "values": {"email": "ann@example.com"}}
        missing = visitor.client.post("/collect/email-opt-in", json=body).json()
        assert (missing["status"], missing["clause"], missing["field"]) == (422, "I.19", "age")
        visitor.answer_age("email-opt-in")
        assert visitor.client.post("/collect/email-opt-in", json=body).status_code == 202

    def test_the_holder_of_a_key_answers_for_it(self, web: Web) -> None:
        """With `age_passed`, which the ledger tells; a visitor cannot say that, and a key that does not is refused."""
        body = {"channel": "web", "notice": "opt-in-notice", "values": {"email": "ann@example.com"}}
        said = {**body, "age_passed": True}
        assert web.post("/collect/email-opt-in", said, "collector").status_code == 202
        assert web.post("/collect/email-opt-in", said).status_code == 422
        silent = web.post("/collect/email-opt-in", body, "collector")
        assert (silent.status_code, silent.json()["clause"]) == (403, "I.19")
        denied = web.post("/collect/email-opt-in", {**body, "age_passed": "yes"}, "collector")
        assert (denied.status_code, denied.json()["field"]) == (422, "age_passed")


class TestForgery:
    """A submission must have been meant by the visitor."""

    def test_without_token_the_form_comes_back_to_be_confirmed(self, web: Web, visitor: Visitor) -> None:
        """403 with everything that was typed and a token; sent once more it is taken."""
        visitor.form("product-registration")
        before = stored(web)
        forged = visitor.client.post("/forms/product-registration", data=GOOD)
        page = FormPage(forged.text)
        assert forged.status_code == 403
        assert page.controls["email"].value == GOOD["email"]
        assert stored(web) == before
        assert (
            visitor.client.post("/forms/product-registration", data={**page.hidden, **GOOD}).status_code
            == 303
        )

    def test_a_token_of_another_browser_is_none(self, web: Web, visitor: Visitor) -> None:
        """It belongs to the cookie that it came with."""
        others = visitor.form("dispute").hidden
        web.client.cookies.clear()
        visitor.form("dispute")
        body = {**others, "request_text": "It was not kept."}
        assert visitor.client.post("/forms/dispute", data=body).status_code == 403

    @pytest.mark.parametrize(
        ("place", "status"), [("same-origin", 303), ("same-site", 303), ("cross-site", 403), ("none", 403)]
    )
    def test_a_page_of_the_same_site_needs_no_token(self, web: Web, place: str, status: int) -> None:
        """A fragment on another host of the site works; one elsewhere is confirmed first."""
        headers = {"Sec-Fetch-Site": place}
        body = {"request_text": "It was not kept.", "troth-notice": "dispute-notice"}
        answer = web.client.post("/forms/dispute", data=body, headers=headers, follow_redirects=False)
        assert answer.status_code == status

    def test_a_cookie_cannot_be_forged_or_changed(self, web: Web, visitor: Visitor) -> None:
        """Neither a state nor an instant of one's own; each counts as no cookie."""
        visitor.answer_age("shop", "4", "2015")
        value = web.client.cookies["form"]
        parts = value.split(".")
        for changed in (
            ".".join([*parts[:2], "p", *parts[3:]]),
            ".".join([*parts[:3], str(int(parts[3]) + 1), parts[4]]),
            value[:-1],
            "v1.a.p.1.b",
            "v2" + value[2:],
        ):
            web.client.cookies.clear()
            page = FormPage(web.client.get("/forms/shop", headers={"Cookie": f"form={changed}"}).text)
            assert page.action == "/forms/shop/age"
        other = Marks(b"another secret", web.clock, web.troth.settings.web.public_url)
        forged = other.set_cookie(web.troth.policy(), other.fresh("p"))["Set-Cookie"].partition(";")[0]
        assert (
            FormPage(web.client.get("/forms/shop", headers={"Cookie": forged}).text).action
            == "/forms/shop/age"
        )

    def test_a_cookie_lasts_no_longer_than_declared_whatever_the_clock_does(
        self, web: Web, visitor: Visitor
    ) -> None:
        """A day; set back, a pass is over and a refusal stays."""
        visitor.answer_age("shop", "4", "2015")
        web.clock.advance(timedelta(hours=-2))
        assert visitor.client.get("/forms/shop").status_code == 403
        web.clock.advance(timedelta(hours=27))
        assert visitor.client.get("/forms/shop").status_code == 200
        visitor.answer_age("shop")
        web.clock.advance(timedelta(hours=-1))
        assert visitor.open("shop").action == "/forms/shop/age"


def test_a_fragment_stands_alone(web: Web, visitor: Visitor) -> None:
    """No page around it, absolute addresses, no cookie, and nothing about the visitor who has one."""
    visitor.form("dispute")
    known = web.client.get("/forms/dispute/fragment")
    web.client.cookies.clear()
    plain = web.client.get("/forms/dispute/fragment")
    assert plain.text == known.text
    assert "set-cookie" not in plain.headers
    assert "<html" not in plain.text
    base = web.troth.settings.web.public_url
    assert FormPage(plain.text).action == f"{base}/forms/dispute"
    assert all(link.startswith((base, "#")) for link in FormPage(plain.text).links)
    assert web.client.get("/static/forms.css").headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"email=%ff", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=1&" * 2_000, 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"email=" + b"a" * 1_000_000, 413),
        ({"Content-Type": "multipart/form-data"}, b"--x", 400),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"no part", 400),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n', 400),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 1_001 + b"--x--", 400),
    ],
)  # fmt: skip
def test_a_body_that_is_no_form_is_refused(
    web: Web, headers: dict[str, str], content: bytes, status: int
) -> None:
    """With a problem, and without a trace."""
    before = stored(web)
    assert web.client.post("/forms/dispute", headers=headers, content=content).status_code == status
    assert stored(web) == before


def statuses(web: Web, sent: Iterable[tuple[str, str]], path: str = "/forms/dispute") -> list[httpx.Response]:
    """The answers to submissions, each from an address, with what a proxy says of whom it asks for."""

    async def send() -> list[httpx.Response]:
        answers = []
        for address, told in sent:
            transport = httpx.ASGITransport(app=web.app, client=(address, 4711))
            headers = {"X-Forwarded-For": told} if told else {}
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
                body: dict[str, Any] = (
                    {"data": {"name": "Ann"}} if "forms" in path else {"json": {"values": {}}}
                )
                answers.append(await client.post(path, headers=headers, **body))
        return answers

    return anyio.run(send)


def test_a_network_can_send_only_so_much(web: Web) -> None:
    """429 with Retry-After for the network that sent too much, also through a proxy here; others go on."""
    most = web.troth.settings.web.submissions_per_minute
    here = "127.0.0.1"
    busy = (here, "10.0.0.1, 203.0.113.9")
    answers = statuses(web, [busy] * (most + 1))
    assert [answer.status_code for answer in answers] == [403] * most + [429]
    (refused,) = statuses(web, [(here, "203.0.113.77")], "/collect/dispute")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    others = statuses(web, [(here, "")] * (most + 1) + [(here, "198.51.100.1"), ("198.51.100.1", "")])
    assert {answer.status_code for answer in others} == {403}
    web.clock.advance(timedelta(seconds=61))
    assert statuses(web, [busy])[0].status_code == 403


def test_a_visitor_cannot_choose_a_network(web: Web) -> None:
    """Only a proxy on this machine is believed: whoever comes from elsewhere counts as what the connection says."""
    most = web.troth.settings.web.submissions_per_minute
    answers = statuses(web, [("203.0.113.5", f"198.51.{number}.1") for number in range(most + 1)])
    assert answers[-1].status_code == 429


def test_on_both_engines_a_form_is_stored_whole(engine_web: Web) -> None:
    """Registered by form, found by support under a ticket."""
    engine_web.client.follow_redirects = False
    assert Visitor(engine_web.client).send("product-registration", GOOD).status_code == 303
    person, case = engine_web.ticket()
    query: dict[str, Any] = {
        "fields": "name,email",
        "case": case,
        "purpose": "essential.service.operations.support",
    }
    read = engine_web.get(f"/v1/people/{person}", "support", **query)
    assert read.json()["values"] == {"name": "Ann Example", "email": "ann@example.com"}


def test_what_few_need_is_folded_until_something_stands_in_it(visitor: Visitor) -> None:
    """New values and single uses of a request lie behind a line that opens; what was typed, or is wrong, opens its own."""
    page = visitor.form("privacy-request").text
    assert page.count('<details class="troth-folded">') == 2
    assert 'href="/account#move"' in page
    answer = visitor.send("privacy-request", {"new_phone": "call me", "email": "pia@example.com"})
    assert answer.status_code == 422
    assert answer.text.count('<details class="troth-folded" open>') == 1
    folded = answer.text.partition('<details class="troth-folded" open>')[2].partition("</details>")[0]
    assert 'value="call me"' in folded
    assert "<details" not in visitor.form("product-registration").text
