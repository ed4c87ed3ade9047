"""Acts over HTTP: each goes through the gate, and its answer says what became of it."""

import pytest

from tests.web.conftest import RIGHTS, SUPPORT, Web
from troth.ledger import verify_receipt


def test_a_support_read_needs_an_open_ticket(engine_web: Web) -> None:
    """Read with the ticket: the values; after closing it: 403 with the clause, and the refusal is in the ledger."""
    web = engine_web
    assert web.register().status_code == 201
    person, case = web.ticket()
    query = {"fields": "name,email", "purpose": SUPPORT, "case": case}
    read = web.get(f"/v1/people/{person}", "support", **query)
    assert read.status_code == 200
    assert read.json()["values"] == {"name": "Ann Example", "email": "ann@example.com"}
    assert read.json()["clauses"] == ["II.12"]
    closed = web.post(f"/v1/cases/{case}/close", {"purpose": SUPPORT, "person": person}, "support")
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    refused = web.get(f"/v1/people/{person}", "support", **query)
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert (problem["type"], problem["clause"]) == ("/problems/refused", "II.12")
    receipt = web.get(f"/v1/receipts/{problem['entry']}")
    body = verify_receipt(receipt.text, web.troth.signer.verifier_key).body
    assert b'"effect":"deny"' in body
    assert b"ann@example.com" not in body


def test_the_post_and_the_get_give_the_same_answer(web: Web) -> None:
    """POST /v1/acts and GET /v1/people answer alike for the same act."""
    web.register()
    person, case = web.ticket()
    act = {"act": "use", "purpose": SUPPORT, "person": person, "fields": ["email"], "case": case}
    posted = web.post("/v1/acts", act, "support").json()
    got = web.get(f"/v1/people/{person}", "support", fields="email", purpose=SUPPORT, case=case).json()
    assert posted.pop("entry") != got.pop("entry")
    assert posted == got


def test_a_batch_gives_each_act_its_own_outcome(web: Web) -> None:
    """One refused act among others does not spoil them, and outcomes stand in the order of the acts."""
    web.register()
    person, case = web.ticket()
    good = {"act": "use", "purpose": SUPPORT, "person": person, "fields": ["email"], "case": case}
    bad = {**good, "case": ""}
    odd = {**good, "fields": ["shoe_size"]}
    answer = web.post("/v1/acts", {"acts": [good, bad, odd, good]}, "support")
    assert answer.status_code == 200
    outcomes = answer.json()["outcomes"]
    assert [one["effect"] for one in outcomes] == ["permit", "deny", "deny", "permit"]
    assert [one["problem"] and one["problem"]["status"] for one in outcomes] == [None, 403, 422, None]
    assert outcomes[2]["problem"]["field"] == "shoe_size"


def test_a_collection_answers_201(web: Web) -> None:
    """A collecting act over /v1/acts makes somebody and says so."""
    act = {
        "act": "collect",
        "purpose": "essential.service.product_registration",
        "channel": "web",
        "point": "product-registration",
        "notice": "registration-notice",
        "age_passed": True,
        "values": {"name": "Bo", "email": "bo@example.com", "product": "Sensor", "serial": "EX-2"},
    }
    answer = web.post("/v1/acts", act, "collector")
    assert answer.status_code == 201
    assert len(answer.json()["person"]) == 32


def test_somebody_is_found_only_with_the_right_to(web: Web) -> None:
    """With an open ticket the handle is given; without one it is refused; an unknown address is 404."""
    web.register()
    person, case = web.ticket()
    body = {"identify": {"email": "ann@example.com"}, "purpose": SUPPORT, "case": case}
    found = web.post("/v1/people/find", body, "support")
    assert (found.status_code, found.json()["person"]) == (200, person)
    assert "ann@example.com" not in found.text
    assert web.post("/v1/people/find", {**body, "case": ""}, "support").status_code == 403
    unknown = web.post("/v1/people/find", {**body, "identify": {"email": "nobody@example.com"}}, "support")
    assert unknown.status_code in {403, 404}


def test_an_erased_person_is_gone(web: Web) -> None:
    """After DELETE the values cannot be read, and nothing of them is on the pages or in the database's tables."""
    web.register()
    person, _ = web.ticket()
    case = web.post("/v1/cases", {"type": "request", "purpose": RIGHTS, "person": person}, "privacy").json()
    erased = web.client.delete(
        f"/v1/people/{person}",
        params={"purpose": RIGHTS, "case": case["case"]},
        headers=web.signed("privacy"),
    )
    assert (erased.status_code, erased.json()["clauses"]) == (200, ["III.2"])
    query = {"fields": "email", "purpose": RIGHTS, "case": case["case"]}
    assert web.get(f"/v1/people/{person}", "privacy", **query).status_code in {403, 404}


def test_partial_reads_withhold_the_rest(web: Web) -> None:
    """With partial, allowed fields are given and the others are named as withheld."""
    web.register()
    person, case = web.ticket()
    query = {"fields": "email,payment_token", "purpose": SUPPORT, "case": case}
    whole = web.get(f"/v1/people/{person}", "support", **query)
    assert whole.status_code == 403
    part = web.get(f"/v1/people/{person}", "support", **query, partial="true")
    assert part.status_code == 200
    assert part.json()["values"] == {"email": "ann@example.com"}
    assert part.json()["withheld"] == ["payment_token"]


def test_deciding_in_the_abstract_touches_nobody(web: Web) -> None:
    """The decision comes with every rule weighed, and no row is written."""
    before = web.rows()
    body = {"kind": "use", "actor": "staff.support", "purpose": SUPPORT, "data": ["user.name"], "facts": []}
    answer = web.post("/v1/decide", body, "support")
    assert answer.status_code == 200
    found = answer.json()
    assert (found["decision"]["effect"], found["act"]["on"]) == ("deny", "2026-01-05")
    assert found["categories"][0]["weighed"]
    assert web.post("/v1/decide", {**body, "facts": ["the.moon"]}, "support").json()["field"] == "facts"
    assert web.rows() == before


@pytest.mark.parametrize("key", ["", "troth_0_0", "something", "troth_" + "0" * 32 + "_x"])
def test_nothing_is_done_without_a_key_that_works(web: Web, key: str) -> None:
    """Every endpoint that needs a key answers 401 with a challenge, and no row is written."""
    before = web.rows()
    person = "0" * 32
    answers = [
        web.post("/v1/acts", {"act": "use", "purpose": SUPPORT, "person": person, "fields": ["email"]}, key),
        web.get(f"/v1/people/{person}", key, fields="email", purpose=SUPPORT),
        web.client.delete(f"/v1/people/{person}", params={"purpose": RIGHTS}, headers=web.signed(key)),
        web.post("/v1/decide", {"kind": "use", "actor": "person", "purpose": SUPPORT}, key),
        web.post("/v1/people/find", {"identify": {"email": "a@example.com"}, "purpose": SUPPORT}, key),
        web.post("/v1/cases", {"type": "ticket", "purpose": SUPPORT, "person": person}, key),
        web.post(f"/v1/cases/{person}/close", {"purpose": SUPPORT}, key),
        web.get("/ledger/tile/entries/000.p/1", key),
    ]
    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert all("Bearer" in answer.headers["www-authenticate"] for answer in answers)
    assert web.rows() == before


def test_a_revoked_key_is_refused_at_once(web: Web) -> None:
    """The act after the revocation is refused."""
    key, key_id = web.troth.issue_key(name="x", role="staff.support", purposes=(SUPPORT,))
    body = {"kind": "use", "actor": "staff.support", "purpose": SUPPORT}
    assert web.post("/v1/decide", body, key).status_code == 200
    web.troth.revoke_key(key_id)
    assert web.post("/v1/decide", body, key).status_code == 401
