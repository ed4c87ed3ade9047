"""Unproven requests: each stands alone, under its own number; proven, one person's requests of a kind become one."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from tests.gate.conftest import RIGHTS
from tests.rights.conftest import Desk
from troth.gate import case_is_open
from troth.kernel import Conflict, NotFound, from_micros, micros
from troth.rights import JOINED, UNPROVEN, MatterRow, late_count, watch
from troth.storage import Statement
from troth.storage.jobs import job

DAY = timedelta(days=1)


def row_of(desk: Desk, case: str) -> MatterRow:
    """A matter as it stands."""
    return desk.rights.matter(case).matter


def mails(desk: Desk, template: str) -> int:
    """How many mails of a template are promised."""
    with desk.database.snapshot() as tx:
        return sum(template in str(body) for (body,) in tx.rows(Statement(select(job.c.body))))


def test_a_stranger_learns_nothing_of_what_is_open(desk: Desk) -> None:
    """Whoever sends the form in somebody's name gets a number and a day of its own, whether or not one is open there."""
    known = desk.vouched()
    desk.clock.advance(3 * DAY)
    for email in ("ann@example.com", "nobody@example.com"):
        told = row_of(desk, desk.write(email=email).case)
        assert told.number != row_of(desk, known.case).number
        assert from_micros(told.received_at) == desk.clock.now()
        assert told.due_at - told.received_at >= 28 * DAY // timedelta(microseconds=1)
    again = desk.write()
    assert again.case not in {known.case, told.case}


def test_proven_it_joins_what_is_open(desk: Desk) -> None:
    """The one that is due first goes on, keeps its day, and knows the record; the other ends, points to it, and is not late."""
    first = desk.vouched()
    due = row_of(desk, first.case).due_at
    desk.clock.advance(DAY)
    later = desk.write()
    joined = desk.prove(later.case)
    assert (joined.state, joined.outcome, joined.joined) == ("withdrawn", JOINED, first.case)
    told = desk.rights.matter(first.case)
    assert (told.steps[-1].step, told.steps[-1].note, told.matter.due_at) == ("joined", later.record, due)
    with desk.database.snapshot() as tx:
        assert case_is_open(tx, first.case)
        assert not case_is_open(tx, later.case)
    desk.clock.advance(40 * DAY)
    assert not row_of(desk, later.case).late(micros(desk.clock.now()))


def test_the_earlier_day_holds_whichever_is_proven_first(desk: Desk) -> None:
    """Proven later but received earlier: the earlier one takes the other's place, and no day moves."""
    early = desk.write()
    desk.clock.advance(DAY)
    late = desk.write()
    days = {case: row_of(desk, case).due_at for case in (early.case, late.case)}
    assert desk.prove(late.case).state == "verified"
    assert desk.prove(early.case).state == "verified"
    assert row_of(desk, late.case).joined == early.case
    assert days == {case: row_of(desk, case).due_at for case in days}
    assert desk.vouched().case == early.case


def test_what_is_being_carried_out_is_not_withdrawn(desk: Desk) -> None:
    """Received earlier, proven while the other is executed: both go on, each with its day."""
    early = desk.write()
    desk.clock.advance(DAY)
    running = desk.vouched()
    for state in ("planned", "executing"):
        desk.rights.move(desk.staff(), running.case, state)
    assert desk.prove(early.case).state == "verified"
    assert row_of(desk, running.case).state == "executing"


def test_what_nobody_proves_ends_and_is_not_late(desk: Desk) -> None:
    """At its day it ends by itself: no reminder, no lateness, its case closed, a word in the ledger; the link opens nothing."""
    opened = desk.write()
    row = row_of(desk, opened.case)
    seen = []
    for days in (20, 27):
        desk.clock.set(from_micros(row.received_at) + timedelta(days=days))
        seen += watch(desk.database, desk.gate.policy(), desk.clock).reminders
    desk.clock.set(from_micros(row.due_at) + timedelta(microseconds=1))
    with desk.database.snapshot() as tx:
        assert late_count(tx, micros(desk.clock.now())) == 0
    with pytest.raises(Conflict):
        desk.prove(opened.case)
    fired = watch(desk.database, desk.gate.policy(), desk.clock)
    assert (seen, fired.late, [one.case for one in fired.lapsed]) == ([], [], [opened.case])
    after = row_of(desk, opened.case)
    assert (after.state, after.outcome, after.overdue_at) == ("withdrawn", UNPROVEN, 0)
    assert not after.late(micros(desk.clock.now() + DAY))
    with desk.database.snapshot() as tx:
        assert not case_is_open(tx, opened.case)
    assert [e.detail for e in desk.entries() if e.act == "matter"] == [{"what": UNPROVEN}]


def test_proven_late_it_is_due_from_receipt(desk: Desk) -> None:
    """Proving it on the last day gives no more time, and a day later it is late."""
    opened = desk.write()
    due = row_of(desk, opened.case).due_at
    desk.clock.set(from_micros(due))
    assert desk.prove(opened.case).due_at == due
    desk.clock.advance(DAY)
    assert [one.case for one in watch(desk.database, desk.gate.policy(), desk.clock).late] == [opened.case]


def test_what_nobody_can_prove_waits_for_a_person(desk: Desk) -> None:
    """A mail that nobody could read names nobody who could be asked: it does not end by itself, and is late when it is."""
    opened = desk.act("instruct", "service.intake", RIGHTS, order="open-case", case_type="request")
    assert opened.permitted, opened
    desk.clock.advance(31 * DAY)
    assert [one.case for one in watch(desk.database, desk.gate.policy(), desk.clock).late] == [opened.case]


def test_no_mailbox_is_flooded(desk: Desk) -> None:
    """Five unproven requests of a day are told by mail; more are answered alike and send nothing, until the next day."""
    opened = [desk.write(kind) for kind in ("access", "erase", "correct", "other") * 3]
    assert len({one.case for one in opened}) == 12
    assert mails(desk, "request-verify") == 5
    desk.vouched("portability")
    assert mails(desk, "matter-received") == 1
    desk.clock.advance(DAY)
    desk.write()
    assert mails(desk, "request-verify") == 6


@pytest.mark.slow
def test_two_proofs_at_once_leave_one_open(desk: Desk) -> None:
    """Two links of one person are followed at the same instant, many times over: one request is open, and no error shows."""
    for number in range(6):
        cases = [desk.write(email=f"p{number}@example.com").case for _ in range(4)]
        assert _followed_at_once(desk, cases) == []
        rows = [row_of(desk, case) for case in cases]
        (stays,) = [row for row in rows if not row.ended_at]
        assert {_last(desk, row) for row in rows} == {stays.case}


def _followed_at_once(desk: Desk, cases: list[str]) -> list[Exception]:
    """Follow the link of each case in a thread of its own; gives what was raised."""
    web, secrets = desk.key("service.web"), [desk.secret(row_of(desk, case).person) for case in cases]
    barrier, raised = Barrier(len(cases)), list[Exception]()

    def follow(place: int) -> None:
        barrier.wait()
        try:
            desk.rights.verify(web, cases[place], secrets[place])
        except Exception as error:  # noqa: BLE001  told by the caller's assertion
            raised.append(error)

    threads = [Thread(target=follow, args=(place,)) for place in range(len(cases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def _last(desk: Desk, row: MatterRow) -> str:
    while row.joined:
        row = row_of(desk, row.joined)
    return row.case


def test_a_link_that_proves_nothing_is_told_as_such(desk: Desk) -> None:
    """A damaged link is no refusal by the policy: nothing has this secret, and the request waits on."""
    opened = desk.write()
    with pytest.raises(NotFound, match="used already"):
        desk.rights.verify(desk.key("service.web"), opened.case, "x" * 43)
    assert row_of(desk, opened.case).state == "identity-pending"
