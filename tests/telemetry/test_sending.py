"""What is sent: exactly what the preview shows, once, to one place, and never in the product's way."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.telemetry.door import Door, opened, problem
from tests.telemetry.site import Installation

REPORTS = "/telemetry/reports"


@pytest.fixture
def door() -> Iterator[Door]:
    """A receiving door."""
    with opened(Door()) as found:
        yield found


@pytest.fixture
def here(tmp_path: Path, door: Door) -> Installation:
    """An installation that opted in and recorded something in week 48."""
    found = Installation(tmp_path, door.base)
    assert found.sender().opt_in() == ""
    record(found)
    return found


def record(here: Installation) -> None:
    """Record something in the current week."""
    product = here.telemetry()
    product.add("errors", 3)
    product.add("features", label="search")
    product.set("cores", 8)
    product.set("edition", "server")
    product.observe("search_time", 20)
    product.close()


def test_the_preview_is_what_arrives(here: Installation, door: Door) -> None:
    """The bytes that the preview shows, that the door gets and that the local copy holds are the same."""
    sender = here.sender()
    before = sender.preview()
    assert before is not None
    assert json.loads(before)["metrics"] == {
        "cores": 8,
        "edition": "server",
        "errors": 3,
        "features": {"search": 1},
        "search_time": [0, 1, 0],
        "weeks": 0,
    }
    here.later(days=5)
    shown = sender.preview()
    assert sender.send_due(at_once=True).sent == ("2026-W48",)
    assert door.reports == [shown] == [before]
    assert sender.sent("2026-W48") == shown
    assert sender.status().sent == ("2026-W48",)
    assert sender.send_due(at_once=True).sent == ()


def test_nothing_but_the_report_is_sent(here: Installation, door: Door) -> None:
    """With the report goes a token alone: no receipt, and no header that tells of the machine or its program."""
    here.later(days=5)
    here.sender().send_due(at_once=True)
    (report,) = door.posted(REPORTS)
    assert set(report.headers) == {
        "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "host", "user-agent",
    }  # fmt: skip
    assert report.headers["user-agent"] == "troth-telemetry"
    assert report.headers["authorization"].startswith("Token ")
    receipts = {one.headers.get("authorization", "") for one in door.posted("/telemetry/tokens")}
    assert len(receipts) == 1
    token = report.headers["authorization"].split(".")
    blinded = json.loads(door.posted("/telemetry/tokens")[0].body)["blinded"]
    assert blinded not in token


def test_a_week_is_sent_after_it_ended_and_a_random_while(here: Installation, door: Door) -> None:
    """Before Sunday two o'clock nothing goes; then it goes after the drawn delay, which is drawn once."""
    sender = here.sender(source=lambda most: most // 2)
    here.now = datetime.fromisoformat("2026-11-29T01:59:00+01:00")
    assert sender.send_due().sent == ()
    here.now = datetime.fromisoformat("2026-11-29T02:01:00+01:00")
    assert sender.send_due().sent == ()
    again = here.sender(source=lambda _: 0)
    here.now = datetime.fromisoformat("2026-11-29T13:59:00+01:00")
    assert again.send_due().sent == ()
    here.now = datetime.fromisoformat("2026-11-29T14:00:00+01:00")
    assert again.send_due().sent == ("2026-W48",)
    assert len(door.reports) == 1


def test_the_door_is_left_in_peace(here: Installation, door: Door) -> None:
    """Looking every hour for two weeks asks for keys and a token once a week, and sends each report once."""
    sender = here.sender()
    for hour in range(14 * 24):
        if hour == 7 * 24:
            door.keys.append(type(door.keys[0])("2026-W49"))
            record(here)
        sender.send_due()
        here.later(hours=1)
    counted = [len(door.posted(f"/telemetry/{name}")) for name in ("opt-in", "keys", "tokens", "reports")]
    assert counted == [1, 2, 2, 2]


def test_without_a_token_the_door_is_asked_seldom(here: Installation, door: Door) -> None:
    """A report that must wait for next week's token does not make the sender ask all the time."""
    here.later(days=7)
    record(here)
    here.later(days=7)
    sender = here.sender()
    assert sender.send_due(at_once=True).sent == ("2026-W48",)
    before = len(door.requests)
    for _ in range(6 * 24):
        sender.send_due()
        here.later(minutes=10)
    assert len(door.requests) - before <= 5


def test_missed_weeks(here: Installation, door: Door) -> None:
    """A week is sent until two weeks after its end, oldest first, one for each token; older ones are forgotten."""
    here.later(days=7)
    record(here)
    here.later(days=14)
    record(here)
    sender = here.sender()
    assert sender.send_due(at_once=True).sent == ("2026-W49",)
    here.later(days=7)
    assert "no further token" in sender.send_due(at_once=True).said
    door.keys.append(type(door.keys[0])("2026-W52"))
    assert sender.send_due(at_once=True).sent == ("2026-W51",)
    assert [json.loads(one)["week"] for one in door.reports] == ["2026-W49", "2026-W51"]


@pytest.mark.parametrize("status", [400, 404, 413, 429, 500, 503])
def test_a_door_that_fails(here: Installation, door: Door, status: int) -> None:
    """Nothing is raised and nothing lost; it is left alone for a while, longer each time, and the same bytes go out later."""
    here.later(days=5)
    sender = here.sender(source=lambda _: 0)
    door.forced[REPORTS] = (status, {"detail": "Not now."})
    shown = sender.preview()
    assert sender.send_due(at_once=True).sent == ()
    here.later(minutes=14)
    sender.send_due()
    assert len(door.posted(REPORTS)) == 1
    here.later(minutes=2)
    sender.send_due()
    assert len(door.posted(REPORTS)) == 2
    here.later(minutes=20)
    sender.send_due()
    assert len(door.posted(REPORTS)) == 2
    door.forced.clear()
    here.later(minutes=20)
    assert sender.send_due().sent == ("2026-W48",)
    assert door.reports == [shown]


def test_a_door_that_is_away(tmp_path: Path) -> None:
    """Where nobody listens nothing is raised; opting in holds, and the door is told later."""
    door = Door()
    with opened(door):
        base = door.base
    here = Installation(tmp_path, base)
    assert "does not answer" in here.sender().opt_in()
    assert here.sender().standing().on
    record(here)
    here.later(days=5)
    assert "does not answer" in here.sender().send_due(at_once=True).said


def test_an_answer_that_was_lost(here: Installation, door: Door) -> None:
    """A report that arrived while its answer was lost is not counted twice: the same token goes out again, and is known."""
    here.later(days=5)
    sender = here.sender()
    door.forced[REPORTS] = "lost"
    assert sender.send_due(at_once=True).sent == ()
    record(here)
    door.forced.clear()
    assert sender.send_due(at_once=True).sent == ("2026-W48",)
    assert len(door.reports) == 1
    assert len(door.posted(REPORTS)) == 2
    assert len({(one.body, one.headers["authorization"]) for one in door.posted(REPORTS)}) == 1


def test_a_token_that_was_spent_for_another_week(here: Installation, door: Door) -> None:
    """A token that a crash left behind after it was spent passes for no further report: that one goes under a fresh token."""
    here.sender().send_due()
    here.later(days=5)
    left = (here.folder / "tokens.json").read_bytes()
    assert here.sender().send_due(at_once=True).sent == ("2026-W48",)
    (here.folder / "tokens.json").write_bytes(left.replace(b'"token"', b'"for": "2026-W48", "token"'))
    record(here)
    here.later(days=7)
    door.keys.append(type(door.keys[0])("2026-W49"))
    assert here.sender().send_due(at_once=True).sent == ("2026-W49",)
    assert [json.loads(one)["week"] for one in door.reports] == ["2026-W48", "2026-W49"]


def test_a_lost_token_is_asked_for_again(here: Installation, door: Door) -> None:
    """Where the door's signature was lost on the way, the same blinded message is shown again."""
    door.forced["/telemetry/tokens"] = "lost"
    sender = here.sender()
    here.later(days=5)
    assert sender.send_due(at_once=True).sent == ()
    door.forced.clear()
    assert sender.send_due(at_once=True).sent == ("2026-W48",)
    assert len({one.body for one in door.posted("/telemetry/tokens")}) == 1


def test_a_closed_key(here: Installation, door: Door) -> None:
    """When the key was closed because another installation left, a token under the next one is fetched."""
    sender = here.sender()
    sender.send_due()
    door.keys[0].state = "closed"
    door.keys.append(type(door.keys[0])("2026-W48"))
    here.later(days=5)
    assert sender.send_due(at_once=True).sent == ("2026-W48",)
    assert len(sender.status().keys) == 2


def test_revoked(here: Installation, door: Door) -> None:
    """When the receipt is not taken any more, everything stops, what was recorded is removed, and status says why."""
    here.sender().send_due()
    door.receipts.clear()
    door.keys.append(type(door.keys[0])("2026-W49"))
    door.keys[0].state = "closed"
    here.later(days=5)
    sender = here.sender()
    assert "refused the receipt" in sender.send_due(at_once=True).said
    assert not sender.standing().on
    assert "not opted in" in sender.standing().why
    assert not (here.folder / "sums.json").exists()
    seen = len(door.requests)
    sender.send_due(at_once=True)
    assert len(door.requests) == seen
    assert sender.opt_in() == ""
    assert sender.standing().on


def test_a_stranger_in_between_revokes_nothing(here: Installation, door: Door) -> None:
    """A 403 that is not the door's own, such as a proxy's, is a failure like any other."""
    here.later(days=5)
    door.forced["/telemetry/tokens"] = (403, {"message": "blocked"})
    sender = here.sender()
    sender.send_due(at_once=True)
    assert sender.standing().on


def test_another_schema(here: Installation, door: Door) -> None:
    """409: the report is kept, and status says that the schema is another."""
    here.later(days=5)
    door.forced[REPORTS] = problem(409, "schema-not-in-force")
    sender = here.sender()
    assert "another schema" in sender.send_due(at_once=True).said
    assert "another schema" in sender.status().said
    assert sender.status().weeks == ("2026-W48",)
    door.forced.clear()
    assert sender.send_due(at_once=True).sent == ("2026-W48",)


def test_a_refused_report(here: Installation, door: Door) -> None:
    """422: the report is not sent again; it stays on this machine to be looked at."""
    here.later(days=5)
    door.forced[REPORTS] = problem(422, "invalid-input")
    sender = here.sender()
    shown = sender.preview()
    assert "not sent again" in sender.send_due(at_once=True).said
    assert (here.folder / "refused" / "2026-W48.json").read_bytes() == shown
    door.forced.clear()
    assert sender.send_due(at_once=True).sent == ()
    assert door.reports == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(here: Installation, door: Door, status: int) -> None:
    """A redirect takes the report nowhere else."""
    with opened(Door()) as elsewhere:
        door.forced[REPORTS] = (status, f"{elsewhere.base}{REPORTS}")
        here.later(days=5)
        assert here.sender().send_due(at_once=True).sent == ()
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "address", ["http://telemetry.example.com", "ftp://127.0.0.1", "https://", "file:///etc/hosts"]
)
def test_only_https(tmp_path: Path, address: str) -> None:
    """An address that is neither https nor this machine is not called, whoever names it."""
    here = Installation(tmp_path, address, environ={"TROTH_TELEMETRY": "on"})
    record(here)
    here.later(days=5)
    assert "not https" in here.sender().send_due(at_once=True).said


def test_opting_out_hands_the_token_back(here: Installation, door: Door) -> None:
    """Opting out ends the receipt, gives the unspent token back, and removes what was recorded; nothing goes out after it."""
    sender = here.sender()
    sender.send_due()
    (key,) = sender.status().keys
    assert sender.opt_out() == ""
    (token,) = door.handed_back
    assert token is not None
    assert token.startswith(f"{key}.")
    assert token not in door.spent
    assert sorted(path.name for path in here.folder.iterdir() if path.suffix == ".json") == ["switch.json"]
    record(here)
    here.later(days=7)
    seen = len(door.requests)
    assert here.sender().send_due(at_once=True).sent == ()
    assert len(door.requests) == seen


def test_opting_out_without_network(here: Installation, door: Door) -> None:
    """It is off at once even where the door cannot be told; opting out again tells it."""
    door.forced["/telemetry/opt-out"] = (503, {})
    sender = here.sender()
    assert "run opt-out again" in sender.opt_out()
    assert not sender.standing().on
    door.forced.clear()
    assert sender.opt_out() == ""
    assert door.receipts == set()
