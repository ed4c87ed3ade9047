"""Corrections that go to recipients by webhook: the new values as far as the policy lets them go, until the recipient says that it has them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from tests.connectors.shop import ADA, customer, dump, fill
from tests.connectors.test_correction_requests import NAMED, PLAIN
from tests.connectors.test_requests import SHOP, kept, late_in, written
from tests.connectors.test_webhooks import say, telling
from tests.connectors.told import Told, callback
from troth.kernel import Conflict, Refused, SettableClock, Unauthenticated
from troth.ledger import Entry, decode_entry
from troth.ledger.tables import ledger_staged
from troth.storage import Database, Statement
from troth.web import create_app

OLD, NEW = "+12025550111", "+12025550122"
OLD_NAME, NEW_NAME = "Zq-canary-old", "Zq-canary-new"
WAITS = {"privacy.correct": ("waiting", "received, not answered yet")}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Told]:
    """A recipient that listens."""
    made = Told(tmp_path / "desk")
    made.start()
    yield made
    made.kill()


def disclosed(database: Database) -> list[Entry]:
    """What was passed on, by the ledger."""
    with database.snapshot() as tx:
        found = tx.rows(Statement(sa.select(ledger_staged.c.body)))
    return [one for one in (decode_entry(bytes(row[0])) for row in found) if one.act == "disclose"]


def test_the_new_values_that_the_policy_lets_go_are_in_the_message(
    tmp_path: Path, clock: SettableClock, desk: Told
) -> None:
    """The telephone number goes, the name does not, an old value never; the ledger has what went; the callback ends the request."""
    folder = tmp_path / "data"
    with telling(folder, clock, desk) as office:
        office.know(name=OLD_NAME, phone=OLD)
        case = office.ask("correct", new_name=NEW_NAME, new_phone=NEW)
        (message,) = [one for one in desk.heard if one["body"]["type"] == "privacy.correct"]
        data = message["body"]["data"]
        assert message["verified"]
        assert (data["identity"], data["corrected"]) == ({"email": [ADA]}, {"phone": NEW})
        assert data["due"] == int(clock.now().timestamp()) + 2 * 86_400 - 360
        assert not any(value in json.dumps(message) for value in (OLD, OLD_NAME, NEW_NAME))
        went = [one for one in disclosed(office.troth.database) if "phone" in one.fields]
        assert [(one.recipient, one.effect) for one in went] == [("customer-desk", "permit")]
        assert office.items(case, "desk") == WAITS
        say(office, message["headers"]["webhook-id"], "done")
        office.go_on(hours=1)
        assert office.items(case, "desk") == {"privacy.correct": ("done", "done")}
        assert office.told(case).matter.state in ("completed", "partially-completed")
        office.troth.flush_ledger()
    for value in (OLD, NEW, OLD_NAME.lower(), NEW_NAME.lower()):
        assert kept(folder, value) == []


def test_no_correction_is_done_before_the_recipient_has_it(
    tmp_path: Path, clock: SettableClock, desk: Told
) -> None:
    """Told again each day with the same id and values; late after two days, once; by hand nobody calls it done either."""
    folder = tmp_path / "data"
    with telling(folder, clock, desk) as office:
        office.troth.roster.add(name="desk@example.com", title="Desk", role="staff.privacy")
        office.know(phone=OLD)
        case = office.ask("correct", new_phone=NEW)
        with pytest.raises(Refused) as refused:
            office.troth.rights.move(office.staff, case, "completed")
        assert refused.value.clause == "III.1"
        for _ in range(6):
            office.go_on(hours=10)
        heard = desk.heard
        assert len(heard) >= 2
        assert len({one["headers"]["webhook-id"] for one in heard}) == 1
        assert all(one["body"]["data"]["corrected"] == {"phone": NEW} for one in heard)
        assert [one.clauses for one in late_in(office.troth.database, "desk")] == [("III.1",)]
        (mail,) = (folder / "mail").glob("staff.*.eml")
        assert "Late: R-" in mail.read_text(encoding="utf-8")
        assert not any(value in mail.read_text(encoding="utf-8") for value in (OLD, NEW, ADA))
        assert office.told(case).matter.state == "executing"
        say(office, heard[0]["headers"]["webhook-id"], "done")
        office.go_on(hours=1)
        assert office.told(case).matter.state in ("completed", "partially-completed")


def test_a_recipient_that_was_away_gets_the_new_values(
    tmp_path: Path, clock: SettableClock, desk: Told
) -> None:
    """The record here is corrected at once; the message comes once the recipient is back."""
    with telling(tmp_path / "data", clock, desk) as office:
        office.know(phone=OLD)
        desk.kill()
        case = office.ask("correct", new_phone=NEW)
        assert office.items(case, "desk") == {"privacy.correct": ("waiting", "not-received")}
        assert office.items(case, "corrections")["new_phone"] == ("done", "")
        desk.start()
        desk.answers(200, {"result": "done"})
        office.go_on(hours=7)
        (message,) = desk.heard
        assert message["body"]["data"]["corrected"] == {"phone": NEW}
        assert office.items(case, "desk")["privacy.correct"][0] == "done"
        assert office.told(case).matter.state in ("completed", "partially-completed")


def test_an_answer_is_believed_once_and_only_from_the_recipient(
    tmp_path: Path, clock: SettableClock, desk: Told
) -> None:
    """Another secret, an old signature or another message's signature changes nothing; sent again it is the same answer."""
    with telling(tmp_path / "data", clock, desk) as office:
        office.know(phone=OLD)
        first = office.ask("correct", new_phone=NEW)
        second = office.ask("correct", new_phone="+12025550133")
        names = [one["headers"]["webhook-id"] for one in desk.heard]
        assert len(set(names)) == 2
        connectors = office.troth.connectors
        secret, now = connectors.files.secret("desk"), int(clock.now().timestamp())
        body = json.dumps({"message": names[0], "result": "done"}).encode()
        other = json.dumps({"message": names[1], "result": "done"}).encode()
        good = callback(secret, "cb", now, body)
        for headers, said in (
            (callback("whsec_" + "A" * 44, "cb", now, body), body),
            (callback(secret, "cb", now - 301, body), body),
            (good, other),
        ):
            with pytest.raises(Unauthenticated):
                connectors.heard("desk", headers, said)
        assert (office.items(first, "desk"), office.items(second, "desk")) == (WAITS, WAITS)
        with TestClient(create_app(office.troth), raise_server_exceptions=False) as client:
            sent = good | {"content-type": "application/json"}
            answers = [client.post("/v1/connectors/desk/ack", content=body, headers=sent) for _ in range(2)]
        assert [one.status_code for one in answers] == [200, 200]
        office.go_on(hours=1)
        assert office.items(first, "desk") == {"privacy.correct": ("done", "done")}
        assert office.items(second, "desk") == WAITS
        with pytest.raises(Conflict):
            say(office, names[0], "failed")
        with pytest.raises(Unauthenticated):  # what was believed an hour ago is too old now
            connectors.heard("desk", good, body)
        receipts = [one for one in matters(office.troth.database) if one.detail.get("what") == "done in desk"]
        assert len(receipts) == 1


def test_a_database_and_a_recipient_stand_in_one_plan(
    tmp_path: Path, clock: SettableClock, desk: Told
) -> None:
    """Each does its part by itself, and neither waits for the other; the request is done when both have."""
    folder = tmp_path / "data"
    shop = sa.create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    fill(shop)
    with shop.begin() as connection:
        connection.execute(sa.update(customer).where(customer.c.id == 1).values(name=OLD_NAME))
        connection.exec_driver_sql("UPDATE shipment SET signed_by = NULL WHERE signed_by = 'ADA-signed'")
    with telling(folder, clock, desk) as office:
        written(folder, f"sqlite:///{tmp_path / 'other.db'}")
        office.troth.connectors.add("shop", SHOP, PLAIN)
        office.know(name=OLD_NAME, phone=OLD)
        case = office.ask("correct", new_name=NEW_NAME, new_phone=NEW)
        assert office.items(case)[NAMED] == ("done", "1 row corrected")
        assert office.items(case, "desk") == WAITS
        assert office.told(case).matter.state == "executing"
        say(office, desk.heard[0]["headers"]["webhook-id"], "done")
        office.go_on(hours=1)
        assert office.told(case).matter.state in ("completed", "partially-completed")
    assert OLD_NAME not in str(dump(shop))
    shop.dispose()


def matters(database: Database) -> list[Entry]:
    """What the ledger says of matters."""
    with database.snapshot() as tx:
        found = tx.rows(Statement(sa.select(ledger_staged.c.body)))
    return [one for one in (decode_entry(bytes(row[0])) for row in found) if one.act == "matter"]
