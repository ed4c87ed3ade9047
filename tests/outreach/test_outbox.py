"""The outbox of mass mail: nobody is planned twice, nothing is lost, and it holds handles only."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gate.conftest import Company, company, reference_text  # noqa: F401  fixtures
from troth.kernel import micros, new_id
from troth.outreach import MOVES, STATES, Outbox
from troth.outreach.outbox import Row
from troth.outreach.tables import message
from troth.storage import Transaction

CASE = "0" * 31 + "1"


@pytest.fixture
def outbox(company: Company) -> Outbox:  # noqa: F811  the fixture
    """An empty outbox."""
    return Outbox(company.database, company.clock)


def planned(company: Company, outbox: Outbox, number: int = 3) -> list[Row]:  # noqa: F811  the fixture
    """Some planned copies, as they are taken."""
    with company.database.transaction() as tx:
        assert outbox.plan(tx, CASE, [new_id() for _ in range(number)], "email") == number
        return outbox.take(tx, CASE, number)


def test_planning_again_adds_only_who_is_new(company: Company, outbox: Outbox) -> None:  # noqa: F811
    """A slice that is planned again after a crash gives nobody a second copy of the same batch and channel."""
    people = [new_id() for _ in range(5)]
    with company.database.transaction() as tx:
        assert outbox.plan(tx, CASE, people[:3], "email") == 3
        assert outbox.plan(tx, CASE, people, "email") == 2
        assert outbox.plan(tx, CASE, people[:1], "letter") == 1
        assert outbox.plan(tx, "0" * 31 + "2", people[:1], "email") == 1
    assert outbox.counts(CASE)["planned"] == 6
    assert company.count(message) == 7


def test_what_is_put_off_is_taken_when_it_is_due(company: Company, outbox: Outbox) -> None:  # noqa: F811
    """A copy that nobody took waits until it is due; the longest due comes first."""
    first, *_ = planned(company, outbox)
    due = micros(company.clock.now() + timedelta(minutes=1))
    with company.database.transaction() as tx:
        begun = outbox.settle(tx, first, "sending", tried=1)
        assert begun is not None
        assert outbox.settle(tx, begun, "planned", "unavailable", due=due)
        assert first.id not in {row.id for row in outbox.take(tx, CASE, 10)}
        company.clock.advance(timedelta(minutes=1))
        late = next(row for row in outbox.take(tx, CASE, 10) if row.id == first.id)
        assert (late.tries, late.why) == (1, "unavailable")
        assert outbox.next_due(tx, CASE) == min(row.at for row in outbox.take(tx, CASE, 10))


def test_only_one_moves_a_copy_on(company: Company, outbox: Outbox) -> None:  # noqa: F811
    """Whoever took a copy in a state that it has no more changes nothing."""
    row, *_ = planned(company, outbox)
    with company.database.transaction() as tx:
        assert outbox.settle(tx, row, "sending") is not None
        assert outbox.settle(tx, row, "skipped", "II.14") is None
    assert outbox.counts(CASE)["sending"] == 1
    with company.database.transaction() as tx, pytest.raises(AssertionError):
        outbox.settle(tx, row, "bounced")


def test_bounces_and_complaints_are_noted_and_told(company: Company, outbox: Outbox) -> None:  # noqa: F811
    """What comes back is found by its id, counted and told to whoever listens, also when it is quicker than our own note."""
    heard: list[tuple[str, str]] = []
    outbox.listen(lambda _, row: heard.append((row.state, row.why)))
    first, second, third = planned(company, outbox)
    with company.database.transaction() as tx:
        begun = [outbox.settle(tx, row, "sending") for row in (first, second)]
        assert outbox.note_bounce(tx, first.id, hard=True)
        assert begun[0] is not None
        assert begun[1] is not None
        assert outbox.settle(tx, begun[0], "sent") is None
        assert outbox.settle(tx, begun[1], "sent") is not None
        assert outbox.note_complaint(tx, second.id)
        assert outbox.note_bounce(tx, second.id, hard=False) is None
        assert outbox.note_bounce(tx, third.id, hard=True) is None
        assert outbox.note_bounce(tx, new_id(), hard=True) is None
    assert heard == [("bounced", "hard"), ("complained", "")]
    assert outbox.reasons(CASE) == {("bounced", "hard"): 1, ("complained", ""): 1, ("planned", ""): 1}


def test_who_was_erased_is_in_no_row(company: Company, outbox: Outbox) -> None:  # noqa: F811
    """After an erasure no row names the person; what was not sent yet is skipped, and the counts stay."""
    row, other, _ = planned(company, outbox)
    with company.database.transaction() as tx:
        begun = outbox.settle(tx, row, "sending")
        assert begun is not None
        assert outbox.settle(tx, begun, "sent")
    outbox.forget(row.person)
    outbox.forget(other.person)
    assert outbox.reasons(CASE) == {("sent", ""): 1, ("skipped", "erased"): 1, ("planned", ""): 1}
    for one in (row, other):
        now = outbox.message(one.id)
        assert now is not None
        assert one.person not in now.person


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STATES)), max_size=30))
def test_copies_move_along_the_states_only(
    company: Company,  # noqa: F811
    steps: list[tuple[int, str]],
) -> None:
    """Whatever is tried, each copy has just one state, reached along the declared moves, and none is lost or doubled."""
    outbox, batch = Outbox(company.database, company.clock), new_id()
    with company.database.transaction() as tx:
        outbox.plan(tx, batch, [new_id() for _ in range(4)], "email")
        rows = outbox.take(tx, batch, 4)
        for which, state in steps:
            rows[which] = moved(tx, outbox, rows[which], state)
    assert Counter(row.state for row in rows) == Counter(
        {state: number for state, number in outbox.counts(batch).items() if number}
    )


def moved(tx: Transaction, outbox: Outbox, row: Row, state: str) -> Row:
    """A copy after a step that may lead nowhere."""
    if state not in MOVES.get(row.state, ()):
        with pytest.raises(AssertionError):
            outbox.settle(tx, row, state)
        return row
    after = outbox.settle(tx, row, state)
    assert after is not None
    return after
