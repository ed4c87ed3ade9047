"""Events are folded exactly once, leave with the person, and go by themselves when their time is over."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.events.conftest import USAGE, Counting
from troth.events import EventKeeper
from troth.events.lake import Lake
from troth.kernel import Unavailable, new_id
from troth.ledger import decode_entry
from troth.ledger.tables import ledger_entry
from troth.storage import Statement, StoredBatch

CANARY = "zq-canary-lake"


def lake_of(counting: Counting) -> Lake:
    """The lake of the folder."""
    lake = counting.web.troth.events.keeper.lake
    assert lake is not None
    return lake


def views(counting: Counting, count: int, **more: str) -> None:
    """Send page views in one request."""
    events = [
        {"n": "pageview", "u": f"https://www.example.com/{n}", "d": "www.example.com", **more}
        for n in range(count)
    ]
    answer = counting.client.post("/api/event", json=events, headers=counting.choice(USAGE))
    assert answer.status_code == 202


def pages(counting: Counting) -> list[str]:
    """Pages of every event in the lake."""
    return [
        str(page)
        for batch in lake_of(counting).table().scan(columns=["page"])
        for page in batch.column("page").to_pylist()
    ]


def files_with(folder: Path, marker: str) -> list[str]:
    """Files that hold a marker, byte by byte."""
    return [
        str(path) for path in folder.rglob("*") if path.is_file() and marker.encode() in path.read_bytes()
    ]


def test_everything_moves_into_the_lake_once(engine_counting: Counting) -> None:
    """Folding empties the inbox into the table; folding again moves nothing."""
    keeper = engine_counting.web.troth.events.keeper
    views(engine_counting, 30)
    assert keeper.fold() == 30
    assert engine_counting.rows() == []
    assert sorted(pages(engine_counting)) == sorted(f"www.example.com/{n}" for n in range(30))
    assert keeper.fold() == 0
    views(engine_counting, 5)
    assert keeper.fold() == 5
    assert lake_of(engine_counting).condition().events == 35
    assert lake_of(engine_counting).folded() == 2


def test_a_crash_between_table_and_inbox_counts_nothing_twice(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the crash comes before or after the table's commit, every event is in it once in the end."""
    keeper = counting.web.troth.events.keeper
    views(counting, 10)
    with monkeypatch.context() as broken:
        broken.setattr(Lake, "append", _fail)
        with pytest.raises(Unavailable):
            keeper.fold()
    views(counting, 3)
    append = Lake.append

    def append_and_fail(lake: Lake, batches: list[StoredBatch], number: int) -> None:
        append(lake, batches, number)
        raise Unavailable("The process ended here.")

    with monkeypatch.context() as broken:
        broken.setattr(Lake, "append", append_and_fail)
        with pytest.raises(Unavailable):
            keeper.fold()
    assert lake_of(counting).condition().events == 13
    views(counting, 2)
    assert keeper.fold() == 2
    assert lake_of(counting).condition().events == 15
    assert counting.rows() == []


def _fail(*_: object) -> None:
    raise Unavailable("The disk is full.")


@pytest.fixture
def member(counting: Counting) -> tuple[str, dict[str, str]]:
    """Somebody who is signed in and allowed analytics: the handle and the headers."""
    from troth.gate.sessions import open_session
    from troth.kernel import micros

    assert counting.web.register().status_code == 201
    person, _ = counting.web.ticket()
    with counting.web.troth.database.transaction() as tx:
        key = open_session(tx, person, micros(counting.web.clock.now()))
    headers = counting.choice(USAGE)
    headers["Cookie"] += f"; session={key}"
    return person, headers


def test_a_member_is_known_and_forgotten_everywhere(
    counting: Counting, member: tuple[str, dict[str, str]]
) -> None:
    """A signed-in person's events bear the handle and no digest; after erasing, no byte of them is in inbox or lake."""
    person, headers = member
    troth = counting.web.troth
    counting.view(f"/{CANARY}", headers)
    (row,) = counting.rows()
    assert (row.person, row.visitor, row.identity) == (person, "", "person")
    views(counting, 20)
    assert troth.events.keeper.fold() == 21
    counting.view(f"/{CANARY}-2", headers)
    folder = troth.folder
    assert files_with(folder / "lake", person) != []
    assert troth.events.keeper.erase_subjects([person]) == 2
    assert files_with(folder / "lake", CANARY) == []
    assert files_with(folder / "lake", person) == []
    assert counting.rows() == []
    assert files_with(folder, CANARY) == []
    assert lake_of(counting).condition().events == 20
    assert troth.events.keeper.erase_subjects([person]) == 0


def test_the_events_of_a_visitor_leave_by_the_digest(counting: Counting) -> None:
    """Who has no account is erased by the digest of the cookie."""
    views(counting, 4)
    visitor = counting.rows()[0].visitor
    troth = counting.web.troth
    troth.events.keeper.fold()
    assert troth.events.keeper.erase_subjects(visitors=[visitor]) == 4
    assert lake_of(counting).condition().events == 0
    assert files_with(troth.folder / "lake", visitor) == []


def test_retention_disposes_by_itself(counting: Counting) -> None:
    """After 13 months events go from inbox and lake, younger ones stay, and the ledger says how many went."""
    from sqlalchemy import select

    troth = counting.web.troth
    views(counting, 7, r=f"https://{CANARY}.example/")
    troth.events.keeper.fold()
    views(counting, 2, r=f"https://{CANARY}.example/")
    counting.web.clock.advance(timedelta(days=300))
    views(counting, 3)
    counting.web.clock.advance(timedelta(days=100))
    ran = troth.background.run_due().tasks
    assert "event-disposal" in ran
    troth.events.keeper.fold()
    assert lake_of(counting).condition().events == 3
    assert files_with(troth.folder, CANARY) == []
    troth.flush_ledger()
    with troth.database.snapshot() as tx:
        bodies = [decode_entry(bytes(row[0])) for row in tx.rows(Statement(select(ledger_entry.c.body)))]
    (disposal,) = [one for one in bodies if one.act == "erase"]
    assert (disposal.effect, disposal.detail["count"], disposal.actor) == ("permit", "9", "service.disposal")


def test_without_a_lake_events_stay(counting: Counting) -> None:
    """Without the extra, folding does nothing, and erasing and disposing work on the inbox."""
    troth = counting.web.troth
    keeper = EventKeeper(
        troth.database, None, troth.gate, troth.clock, troth.events.salts, troth.folder / "events.lock"
    )
    views(counting, 4)
    assert keeper.fold() == 0
    assert keeper.status().waiting.events == 4
    assert keeper.erase_subjects([new_id()]) == 0
    counting.web.clock.advance(timedelta(days=500))
    assert keeper.dispose().events == 4
    assert counting.rows() == []


def test_tidying_puts_files_together(counting: Counting) -> None:
    """Small files of a day become one, and nothing is lost."""
    keeper = counting.web.troth.events.keeper
    for _ in range(4):
        views(counting, 5)
        keeper.fold()
    assert lake_of(counting).condition().files == 4
    keeper.tidy()
    found = lake_of(counting).condition()
    assert (found.files, found.events) == (1, 20)
