"""Collection over HTTP: declared points take data, and nothing else does (clauses I.1, 0.4, 0.5)."""

from typing import Any

import pytest

from tests.web.conftest import Web

CANARY = "canary-4711@example.com"


def submission(**changes: Any) -> dict[str, Any]:
    """A submission to the point of e-mail opt-in, with changes."""
    age = {"year": 1970, "month": 4}
    return {"channel": "web", "notice": "opt-in-notice", "age": age, "values": {"email": CANARY}, **changes}


def test_an_unknown_point_takes_nothing(web: Web) -> None:
    """404 names clause I.1, whatever the body, and no row is written."""
    before = web.rows()
    answer = web.post("/collect/lottery", submission())
    assert (answer.status_code, answer.json()["clause"]) == (404, "I.1")
    assert web.client.post("/collect/lottery", content=b"{").status_code == 404
    assert web.rows() == before


def test_what_was_stored_is_told_by_name(web: Web) -> None:
    """The answer holds the entry and the names of the fields, and no value."""
    answer = web.register(CANARY)
    assert answer.status_code == 201
    assert answer.json()["stored"] == ["name", "email", "product", "serial"]
    assert CANARY not in answer.text
    receipt = web.get(f"/v1/receipts/{answer.json()['entry']}")
    assert receipt.text.startswith("c2sp.org/tlog-proof@v1")
    assert CANARY not in receipt.text


@pytest.mark.parametrize(
    ("changes", "field", "clause"),
    [
        ({"channel": ""}, "channel", "0.5"),
        ({"values": {"email": CANARY, "shoe_size": "43"}}, "shoe_size", "0.4"),
        ({"values": {"email": "not an address"}}, "email", None),
        ({"values": {}}, "email", None),
        ({"values": []}, "values", None),
        ({"mood": "good"}, "mood", None),
    ],
)
def test_a_faulty_submission_is_422_and_stores_nothing(
    web: Web, changes: dict[str, Any], field: str, clause: str | None
) -> None:
    """The field at fault is named, every fault is listed, and no row is written."""
    before = web.rows()
    answer = web.post("/collect/email-opt-in", submission(**changes))
    problem = answer.json()
    assert (answer.status_code, problem["field"]) == (422, field)
    assert clause is None or problem["clause"] == clause
    assert field in {fault["field"] for fault in problem["errors"]}
    assert "not an address" not in answer.text
    assert web.rows() == before


def test_a_point_that_is_not_public_needs_a_key(web: Web) -> None:
    """The import point answers 401 to a visitor."""
    assert not web.troth.policy().points["import"].public
    assert web.post("/collect/import", submission()).status_code == 401


def test_a_point_is_described_with_its_notice(shared: Web) -> None:
    """Fields, channels and the text that must be shown."""
    described = shared.get("/v1/collect/email-opt-in").json()
    assert described["fields"]["email"]["required"] is True
    assert described["notice"]["text"]
    assert shared.get("/v1/collect/lottery").json()["clause"] == "I.1"


def test_the_service_keeps_one_key_for_its_points(web: Web) -> None:
    """The key of the public points is made once, in a file that only its owner can read."""
    web.register("a@example.com", "EX-1")
    path = web.troth.folder / "keys" / "collection.key"
    text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    web.register("b@example.com", "EX-2")
    assert path.read_text() == text
