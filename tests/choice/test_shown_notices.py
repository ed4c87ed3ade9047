"""Notices that were shown become few entries that name nobody."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from troth.choice import ShownNotices
from troth.kernel import NotFound, SettableClock, Unavailable
from troth.ledger.tables import ledger_staged
from troth.policy import kept_policy
from troth.storage import Database, Statement

POLICY = kept_policy((Path(__file__).parents[2] / "policies/software-vendor/policy.md").read_bytes())
HOME = "page.home"


def _entries(database: Database) -> Iterator[dict[str, object]]:
    with database.snapshot() as tx:
        for (body,) in tx.rows(Statement(select(ledger_staged.c.body))):
            yield json.loads(body)


def test_views_become_one_entry_for_each_notice_and_place(database: Database, clock: SettableClock) -> None:
    """A thousand views of a page are one entry a notice, with the count."""
    shown = ShownNotices(database, clock)
    for _ in range(999):
        shown.at(POLICY, HOME)
    notices = shown.at(POLICY, HOME)
    assert notices
    assert shown.at(POLICY, "page.nowhere") == ()
    assert list(_entries(database)) == []
    assert shown.record() == len(notices)
    assert shown.record() == 0
    found = list(_entries(database))
    assert sorted(str(one["detail"]) for one in found) == sorted(
        str({"notice": one.name, "place": HOME, "times": "1000"}) for one in notices
    )
    assert all("person" not in one and "key" not in one and one["policy"] == POLICY.sha256 for one in found)


def test_a_receipt_is_the_entry_that_counts_the_view(database: Database, clock: SettableClock) -> None:
    """It waits for the entry of the view; without any view reading the receipt is the first; no notice, no receipt."""
    shown = ShownNotices(database, clock)
    name = shown.at(POLICY, HOME)[0].name
    waiting = shown.receipt(POLICY, name)
    assert not waiting.done()
    shown.record()
    entry = waiting.result(0)
    assert entry in {one["id"] for one in _entries(database)}
    assert shown.receipt(POLICY, name).result(0) == entry
    fresh = ShownNotices(database, clock)
    first = fresh.receipt(POLICY, name)
    assert fresh.record() == 1
    assert first.result(0) != entry
    with pytest.raises(NotFound):
        shown.receipt(POLICY, "no-such-notice")


def test_the_thread_records_and_finishes_what_waits(database: Database, clock: SettableClock) -> None:
    """A view is recorded without anybody asking, and stopping loses none."""
    shown = ShownNotices(database, clock, gather=0.01)
    shown.start()
    name = shown.at(POLICY, HOME)[0].name
    assert shown.receipt(POLICY, name).result(60)
    last = ShownNotices(database, clock, gather=3_600)
    last.start()
    last.at(POLICY, "page.policy")
    before = len(list(_entries(database)))
    last.stop()
    shown.stop()
    assert len(list(_entries(database))) > before


def test_counts_survive_a_ledger_that_cannot_be_written(
    database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be recorded is recorded the next time, and who waits for a receipt is told."""
    shown = ShownNotices(database, clock)
    name = shown.at(POLICY, HOME)[0].name
    waiting = shown.receipt(POLICY, name)

    def broken(*_: object) -> None:
        raise Unavailable("The ledger takes nothing.")

    with monkeypatch.context() as patched:
        patched.setattr("troth.choice.showing.note_shown", broken)
        with pytest.raises(Unavailable):
            shown.record()
    with pytest.raises(Unavailable):
        waiting.result(0)
    assert shown.record() > 0
    assert len(list(_entries(database))) == len(shown.at(POLICY, HOME))
