"""Recipients that are told of requests by signed messages, and say how it went."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from tests.connectors.running import RIGHTS, Office, running
from tests.connectors.shop import ADA
from tests.connectors.test_requests import holding
from tests.connectors.told import Told, callback
from troth.adapters.connectors.posting import MAX_ANSWER, NotReceived, post
from troth.bootstrap import ConnectorSettings
from troth.bootstrap.answering import answering_key
from troth.connectors import Run
from troth.flows import Work
from troth.kernel import Conflict, InvalidInput, NotFound, SettableClock, Unauthenticated
from troth.ledger import whole_journal
from troth.web import create_app

DESK = "customer-desk"
KINDS = ("access", "erase", "correct", "restrict", "object")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Told]:
    """A recipient that listens."""
    made = Told(tmp_path / "desk")
    made.start()
    yield made
    made.kill()


@contextmanager
def telling(folder: Path, clock: SettableClock, desk: Told) -> Iterator[Office]:
    """A Troth that tells the recipient."""
    with running(folder, clock) as office:
        settings = ConnectorSettings(
            kind="webhook", url=desk.url, recipient=DESK, requests=KINDS, private=True
        )
        office.troth.connectors.add("desk", settings)
        desk.shares(office.troth.connectors.files.secret("desk"))
        yield office


def say(office: Office, message: str, result: str, late: int = 0, **more: Any) -> Run:
    """The recipient's callback."""
    body = json.dumps({"message": message, "result": result, **more}).encode()
    at = int(office.clock.now().timestamp()) - late
    headers = callback(office.troth.connectors.files.secret("desk"), "cb_1", at, body)
    return office.troth.connectors.heard("desk", headers, body)


def test_a_recipient_is_told_and_its_later_answer_ends_its_part(tmp_path: Path, desk: Told) -> None:
    """Verified by the published library; only what the policy lets it have; the callback ends the request; said twice is once."""
    folder = tmp_path / "data"
    with telling(folder, SettableClock(datetime.now(UTC)), desk) as office:
        case = office.ask("erase")
        (message,) = desk.heard
        assert (message["verified"], message["fresh"]) == (True, True)
        assert message["path"] == "/hook?of=us"
        assert message["body"]["type"] == "privacy.erase"
        assert message["body"]["data"]["identity"] == {"email": [ADA]}
        assert set(message["body"]["data"]) == {"request", "kind", "identity", "due"}
        told = office.told(case)
        assert (told.matter.state, office.items(case, "desk")) == (
            "executing",
            {"privacy.erase": ("waiting", "received, not answered yet")},
        )
        assert {state for state, _ in office.items(case, "vault").values()} == {"done"}
        office.go_on(hours=5)
        assert len(desk.heard) == 1
        name = message["headers"]["webhook-id"]
        for _ in range(2):
            assert say(office, name, "done").result == "done"
        with pytest.raises(Conflict):
            say(office, name, "failed")
        office.go_on(hours=7)
        assert office.told(case).matter.state == "completed"
    assert holding(folder, ADA) == []


def test_an_answer_at_once(tmp_path: Path, clock: SettableClock, desk: Told) -> None:
    """The answer to the message itself may say that it is done, or that a part is kept; anything else is a receipt."""
    with telling(tmp_path / "data", clock, desk) as office:
        desk.answers(200, {"result": "kept", "note": "tax-law"})
        kept = office.ask("erase")
        assert office.items(kept, "desk") == {"privacy.erase": ("kept", "tax-law")}
        desk.answers(200, {"ok": True})
        waiting = office.ask("erase", "ben@example.com")
        assert office.items(waiting, "desk")["privacy.erase"][0] == "waiting"


def test_a_recipient_that_is_away_is_told_again_the_same(
    tmp_path: Path, clock: SettableClock, desk: Told
) -> None:
    """Killed, failing and redirecting recipients are asked again, later each time, with the same id; nothing else waits."""
    with telling(tmp_path / "data", clock, desk) as office:
        desk.kill()
        case = office.ask("erase")
        assert office.items(case, "desk")["privacy.erase"] == ("waiting", "not-received")
        assert {state for state, _ in office.items(case, "vault").values()} == {"done"}
        desk.start()
        for status, more in ((500, {}), (302, {"headers": {"Location": "http://127.0.0.1:1/"}}), (404, {})):
            desk.answers(status, {"result": "done"}, **more)
            office.go_on(hours=7)
            assert office.items(case, "desk")["privacy.erase"][0] == "waiting"
        desk.answers(204)
        office.go_on(hours=7)
        office.go_on(hours=23)
        assert len(desk.heard) == 4
        office.go_on(hours=7)
        heard = desk.heard
        assert len(heard) == 5
        assert all(one["verified"] for one in heard)
        assert len({one["headers"]["webhook-id"] for one in heard}) == 1
        assert len({one["headers"]["webhook-timestamp"] for one in heard}) == 5
        assert all(one["body"]["data"]["identity"] == {"email": [ADA]} for one in heard)


def test_each_telling_stands_in_the_journal(tmp_path: Path, clock: SettableClock, desk: Told) -> None:
    """Told again, also after the person is erased: decided each time, with recipient, instant, clause, purpose and fields."""
    with telling(tmp_path / "data", clock, desk) as office:
        case = office.ask("erase")
        who = office.told(case).matter.person
        for _ in range(2):
            office.go_on(hours=31)
        office.troth.flush_ledger()
        passed = [one for one in whole_journal(office.troth.database, who) if one.act == "disclose"]
        assert len(passed) == len(desk.heard) == 3
        assert len({one.at for one in passed}) == 3
        assert {(one.recipient, one.purpose, one.clauses, one.fields, one.effect) for one in passed} == {
            (DESK, RIGHTS, ("II.22",), ("email",), "permit")
        }


def test_nothing_put_by_goes_to_a_recipient_whose_contract_ended(
    tmp_path: Path, clock: SettableClock, desk: Told
) -> None:
    """What was read while it was a recipient is not passed on once it is none; the refusal is on record."""
    reference = Path(__file__).parents[2] / "policies" / "software-vendor" / "policy.md"
    with telling(tmp_path / "data", clock, desk) as office:
        case = office.ask("erase")
        text = reference.read_text(encoding="utf-8")
        ended = text.replace("signed: 2014-07-01, until: 2030-06-30", "signed: 2014-07-01, until: 2025-12-31")
        office.troth.post_policy(office.troth.draft_policy(ended.encode()))
        for _ in range(2):
            office.go_on(hours=31)
        assert len(desk.heard) == 1
        assert office.items(case, "desk")["privacy.erase"][0] == "failed"


def test_what_is_not_signed_is_not_believed(tmp_path: Path, clock: SettableClock, desk: Told) -> None:
    """Neither another secret, nor another body, nor an old or future time, nor another connector's message."""
    with telling(tmp_path / "data", clock, desk) as office:
        case = office.ask("erase")
        connectors, name = office.troth.connectors, desk.heard[0]["headers"]["webhook-id"]
        secret, now = connectors.files.secret("desk"), int(clock.now().timestamp())
        body = json.dumps({"message": name, "result": "done"}).encode()
        good = callback(secret, "cb", now, body)
        wrong = [
            callback("whsec_" + "A" * 44, "cb", now, body),
            callback(secret, "cb", now - 301, body),
            callback(secret, "cb", now + 301, body),
            good | {"webhook-id": "cc"},
            good | {"webhook-timestamp": "1e9"},
            good | {"webhook-timestamp": "9" * 400},
            good | {"webhook-signature": good["webhook-signature"].replace("v1,", "v2,")},
            good | {"webhook-signature": "v1,é"},
            {},
        ]
        for headers in wrong:
            with pytest.raises(Unauthenticated):
                connectors.heard("desk", headers, body)
        with pytest.raises(Unauthenticated):
            connectors.heard("desk", good, body + b" ")
        with pytest.raises(NotFound):
            say(office, "msg_unknown", "done")
        with pytest.raises(NotFound):
            connectors.heard("nothing", good, body)
        for bad in (
            b"",
            b"[]",
            b"{}x",
            b'{"result": "maybe"}',
            b'{"result": "done", "note": "Ada Lovelace"}',
        ):
            with pytest.raises(InvalidInput):
                connectors.heard("desk", callback(secret, "cb", now, bad), bad)
        assert office.items(case, "desk")["privacy.erase"][0] == "waiting"


def test_data_that_a_recipient_answers_is_sealed_and_given_out(
    tmp_path: Path, clock: SettableClock, desk: Told
) -> None:
    """Tables of an answer become parts of the copy; on disk they are sealed; erasing the person destroys them."""
    folder = tmp_path / "data"
    with telling(folder, clock, desk) as office:
        desk.answers(202)
        case = office.ask("access")
        store = office.troth.connectors.store("desk")
        row = office.told(case).matter
        work = Work(
            case, row.number, "access", row.person, row.record, answering_key(office.troth), RIGHTS, "en"
        )
        for item in store.plan(work):
            store.carry_out(work, item)
        name = desk.heard[0]["headers"]["webhook-id"]
        rows = [{"when": "2025", "what": "ZQ-CANARY"}, {"what": "ZQ-CANARY-2", "more": 3}]
        say(office, name, "done", data={"calls": rows})
        (part,) = store.copy(work)
        assert (part.title, part.columns) == ("Example Customer Desk, Inc.: calls", ("when", "what", "more"))
        assert [list(one) for one in part.rows] == [["2025", "ZQ-CANARY", ""], ["", "ZQ-CANARY-2", "3"]]
        assert holding(folder, "zq-canary") == []
        desk.answers(200, {"result": "done"})
        office.ask("erase")
        assert list(store.copy(work)) == []
        with pytest.raises(InvalidInput):
            say(office, name, "done", data={str(n): [] for n in range(51)})


def test_a_recipient_that_the_policy_does_not_name_any_more_is_told_nothing(
    tmp_path: Path, clock: SettableClock, desk: Told
) -> None:
    """The decision is made at the moment of sending, each time."""
    reference = Path(__file__).parents[2] / "policies" / "software-vendor" / "policy.md"
    with telling(tmp_path / "data", clock, desk) as office:
        text = reference.read_text(encoding="utf-8")
        assert text.count("signed: 2014-07-01, until: 2030-06-30") == 1
        ended = text.replace("signed: 2014-07-01, until: 2030-06-30", "signed: 2014-07-01, until: 2025-12-31")
        office.troth.post_policy(office.troth.draft_policy(ended.encode()))
        case = office.ask("erase")
        state, note = office.items(case, "desk")["privacy.erase"]
        assert (state, note.partition(":")[0]) == ("failed", "refused")
        assert desk.heard == []


def test_messages_go_to_public_addresses_only(desk: Told) -> None:
    """Without leave, neither plain http nor an address inside our own network is asked; answers are limited."""
    for url in (
        desk.url,
        "https://127.0.0.1/",
        "https://localhost/",
        "https://169.254.169.254/",
        "ftp://example.com/",
        "https://a@b/",
    ):
        with pytest.raises(InvalidInput):
            post(url, b"{}", {})
    assert desk.heard == []
    desk.answers(200, "x" * (MAX_ANSWER + 1))
    with pytest.raises(NotReceived):
        post(desk.url, b"{}", {}, private=True)
    desk.answers(200, sleep=3)
    with pytest.raises(NotReceived):
        post(desk.url, b"{}", {}, private=True, seconds=0.3)


def test_the_callback_comes_over_http(tmp_path: Path, clock: SettableClock, desk: Told) -> None:
    """Signed: 200 with what is known; else 401, 404, 409, 415 or 422 as a problem; no API key is asked for."""
    with telling(tmp_path / "data", clock, desk) as office:
        office.ask("erase")
        name = desk.heard[0]["headers"]["webhook-id"]
        secret, now = office.troth.connectors.files.secret("desk"), int(clock.now().timestamp())
        with TestClient(create_app(office.troth), raise_server_exceptions=False) as client:

            def send(said: dict[str, Any], where: str = "desk", **headers: str) -> tuple[int, dict[str, Any]]:
                body = json.dumps(said).encode()
                signed = callback(secret, "cb", now, body) | {"content-type": "application/json"} | headers
                answer = client.post(f"/v1/connectors/{where}/ack", content=body, headers=signed)
                found: dict[str, Any] = answer.json()
                return answer.status_code, found

            done = {"message": name, "result": "done"}
            assert send({"message": name, "result": "received"}) == (200, {"message": name, "result": ""})
            assert send(done, **{"webhook-signature": "v1,AAAA"})[0] == 401
            assert send(done, where="nothing")[0] == 404
            assert send(done, where="..%2Fdesk")[0] == 404
            assert send({"message": name, "result": "maybe"})[0] == 422
            assert send(done, **{"content-type": "text/plain"})[0] == 415
            assert send(done) == (200, done)
            assert send(done) == (200, done)
            assert send({"message": name, "result": "failed"})[0] == 409
