"""Matters: received once, due on a day that nobody moves, moved only as their state machine allows."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gate.conftest import RIGHTS, SUPPORT
from tests.rights.conftest import Desk
from troth.gate import Outcome, case_is_open
from troth.kernel import InvalidInput, Refused, TrothError, from_micros
from troth.rights import (
    KINDS,
    SHAPES,
    IllegalMove,
    MatterRow,
    Place,
    counts,
    late_count,
    queue,
    read_number,
    watch,
)

DAY = timedelta(days=1)


def matter(desk: Desk, outcome: Outcome) -> MatterRow:
    """The matter that a submission opened."""
    return desk.rights.matter(outcome.case).matter


def test_a_submission_opens_a_matter_with_its_clocks(desk: Desk) -> None:
    """Number, case, record, due date and every clock stand there in the unit of work of the submission."""
    start = desk.clock.now()
    told = desk.rights.matter(desk.write().case)
    row = told.matter
    assert (row.matter, row.kind, row.state) == ("request", "access", "identity-pending")
    assert row.number.startswith("R-")
    assert row.record
    assert from_micros(row.due_at) - start <= timedelta(days=30)
    assert {one.rule for one in told.duties} >= {"answer-requests", "gdpr-answer", "ccpa-acknowledge"}
    assert [step.step for step in told.steps] == ["received", "identity-pending"]
    assert desk.rights.matter(row.number.lower()).matter == row


def test_what_comes_in_again_joins_what_is_open(desk: Desk) -> None:
    """One open request of a kind for a person: a second one joins, keeps its due date, and is noted."""
    first = desk.write()
    desk.clock.advance(DAY)
    again, other, erasing = desk.write(), desk.write(email="bob@example.com"), desk.write("erase")
    assert again.case == first.case
    assert len({first.case, other.case, erasing.case}) == 3
    told = desk.rights.matter(first.case)
    assert [step.step for step in told.steps][-1] == "joined"
    assert told.steps[-1].note == again.record


def test_once_it_has_ended_a_new_one_opens(desk: Desk) -> None:
    """Whoever was answered may ask again."""
    first = desk.write()
    desk.rights.move(desk.staff(), first.case, "refused", "another person")
    assert desk.write().case != first.case


@pytest.mark.parametrize("kind", ["restrict", "object"])
def test_whoever_objects_proves_nothing(desk: Desk, kind: str) -> None:
    """Objection and restriction need no proof of who asks (answer 9)."""
    assert matter(desk, desk.write(kind)).state == "verified"


def test_only_a_proof_or_a_role_that_answers_for_it_verifies(desk: Desk) -> None:
    """The service that takes forms in cannot say who asks; the privacy desk may."""
    opened = desk.write()
    with pytest.raises(Refused):
        desk.rights.verify(desk.key("service.collection"), opened.case)
    assert matter(desk, opened).state == "identity-pending"
    assert desk.rights.verify(desk.staff(), opened.case).state == "verified"


def test_no_move_goes_round_the_proof(desk: Desk) -> None:
    """Moving to `verified` asks for the same proof as verifying does."""
    opened = desk.write()
    with pytest.raises(Refused):
        desk.rights.move(desk.key("service.collection"), opened.case, "verified")
    assert matter(desk, opened).state == "identity-pending"


def test_the_handler_ends_no_dispute(desk: Desk) -> None:
    """Once somebody else reviews it, whoever handled it proposes and settles nothing (clause VI.2)."""
    handler, reviewer = desk.staff("staff.reviewer"), desk.staff("staff.reviewer")
    dispute = desk.write("", point="dispute")
    desk.rights.take(handler, dispute.case)
    desk.rights.review(reviewer, dispute.case)
    with pytest.raises(Refused):
        desk.rights.move(handler, dispute.case, "proposed")
    assert desk.rights.move(reviewer, dispute.case, "proposed").state == "proposed"


def test_nothing_is_looked_through_before_it_is_sure_who_asks(desk: Desk) -> None:
    """An open request in somebody's name opens nobody's record; verified, it does."""
    who = desk.register(1)
    opened = desk.write(email="person1@example.com")
    assert opened.person == who
    key = desk.staff()

    def look() -> Outcome:
        return desk.act(
            "use", "staff.privacy", "essential.service.rights_request",
            key=key, person=who, fields=("serial",), case=opened.case,
        )  # fmt: skip

    denied = look()
    assert denied.effect == "deny"
    assert denied.clauses == ("III.0",)
    desk.rights.verify(key, opened.case)
    assert look().permitted


def test_a_reminder_fires_once_and_lateness_is_noted_once(desk: Desk) -> None:
    """On the very instant, not before; and never twice."""
    opened = desk.write()
    policy = desk.gate.policy()
    start = desk.clock.now()
    seen = []
    for offset in (
        20 * DAY - timedelta(seconds=1),
        20 * DAY,
        27 * DAY,
        30 * DAY,
        30 * DAY + timedelta(seconds=1),
        31 * DAY,
    ):
        desk.clock.set(start + offset)
        fired = watch(desk.database, policy, desk.clock)
        seen.append(([duty.remind for _, duty in fired.reminders], len(fired.late)))
    assert seen == [([], 0), (["staff.privacy"], 0), (["staff.privacy.head"], 0), ([], 0), ([], 1), ([], 0)]
    with desk.database.snapshot() as tx:
        assert late_count(tx, desk.rights.matter(opened.case).matter.overdue_at) == 1
    assert [e.detail for e in desk.entries() if e.act == "matter"] == [{"what": "overdue"}]


def test_a_clock_that_jumps_back_changes_nothing(desk: Desk) -> None:
    """What was late stays late, and the due date stays where it was."""
    row = matter(desk, desk.write())
    start = desk.clock.now()
    desk.clock.set(start + 31 * DAY)
    watch(desk.database, desk.gate.policy(), desk.clock)
    desk.clock.set(start - DAY)
    watch(desk.database, desk.gate.policy(), desk.clock)
    after = desk.rights.matter(row.case).matter
    assert (after.due_at, after.overdue_at) == (row.due_at, after.overdue_at)
    assert after.overdue_at


def test_the_handler_does_not_review_the_dispute(desk: Desk) -> None:
    """Neither of the request that it is about, nor of the dispute itself (clause VI.2)."""
    request = desk.write()
    handler, reviewer = desk.staff("staff.reviewer"), desk.staff("staff.reviewer")
    dispute = desk.write("", point="dispute")
    desk.rights.take(handler, dispute.case)
    with pytest.raises(Refused) as refused:
        desk.rights.review(handler, dispute.case)
    assert refused.value.clause == "VI.2"
    assert desk.rights.review(reviewer, dispute.case).state == "under-review"
    assert matter(desk, request).state == "identity-pending"


def test_nobody_refuses_without_a_reason(desk: Desk) -> None:
    """The reason is asked for before anything is done."""
    opened = desk.write()
    with pytest.raises(InvalidInput):
        desk.rights.move(desk.staff(), opened.case, "refused")
    assert matter(desk, opened).state == "identity-pending"


def test_a_role_without_a_permit_moves_nothing(desk: Desk) -> None:
    """The policy decides who handles requests; a refused step leaves no trace but its entry."""
    opened = desk.write()
    before = desk.rights.matter(opened.case)
    with pytest.raises(Refused):
        desk.rights.take(desk.key("staff.marketing"), opened.case)
    assert desk.rights.matter(opened.case) == before


def test_a_question_ends_with_its_case(desk: Desk) -> None:
    """Support closes the ticket as ever, and its clock stops; a step to `answered` closes the case just as well."""
    for closes in (True, False):
        opened = desk.act(
            "collect", "service.collection", SUPPORT, channel="web", point="support-contact", notice="support-notice",
            age_passed=True, values={"email": f"{closes}@example.com", "ticket_text": "It does not start."},
        )  # fmt: skip
        assert opened.permitted, opened
        key = desk.key("staff.support")
        if closes:
            closed = desk.act(
                "instruct",
                "staff.support",
                SUPPORT,
                key=key,
                order="close-case",
                case=opened.case,
                person=opened.person,
            )
            assert closed.permitted, closed
        else:
            desk.rights.move(key, opened.case, "answered")
        assert matter(desk, opened).state == "answered"
        with desk.database.snapshot() as tx:
            assert not case_is_open(tx, opened.case)


def test_a_request_outlives_its_case(desk: Desk) -> None:
    """Closing the case by itself answers nobody: the clock runs on, and the matter can still be ended."""
    opened = desk.write()
    key = desk.staff()
    closed = desk.act(
        "instruct",
        "staff.privacy",
        RIGHTS,
        key=key,
        order="close-case",
        case=opened.case,
        person=opened.person,
    )
    assert closed.permitted, closed
    assert matter(desk, opened).state == "identity-pending"
    assert desk.rights.move(key, opened.case, "refused", "closed by mistake").ended_at


def test_numbers_forgive_how_people_type() -> None:
    """Small letters, blanks, and letters that look like digits."""
    assert read_number(" r-7kqm - 9oil ") == "R-7KQM-9011"


def test_pages_of_the_queue_hold_everything_once(desk: Desk) -> None:
    """By due date, whatever the size of a page."""
    cases = []
    for number in range(7):
        cases.append(desk.write(email=f"p{number}@example.com").case)
        desk.clock.advance(timedelta(hours=number % 3))
    with desk.database.snapshot() as tx:
        found: list[MatterRow] = []
        place = Place()
        while page := queue(tx, behind=place, most=2):
            found += page
            place = Place(page[-1].due_at, page[-1].case)
        assert counts(tx) == {("request", "identity-pending"): 7}
        assert len(queue(tx, state="identity-pending", most=200)) == 7
    assert {row.case for row in found} == set(cases)
    assert [row.due_at for row in found] == sorted(row.due_at for row in found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=12)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.sampled_from(KINDS)),
            st.tuples(st.just("move"), st.sampled_from(sorted({s for shape in SHAPES.values() for s in (*shape.moves, *shape.ends)}))),
            st.tuples(st.just("verify"), st.just("")),
            st.tuples(st.just("wait"), st.integers(0, 40)),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_whatever_is_tried_states_follow_the_machine(desk: Desk, tries: list[tuple[str, object]]) -> None:
    """Due dates never move, ended matters stay ended, no two open requests of a kind, every state was reached legally."""
    key, email = desk.staff(), f"p{desk.clock.now().timestamp()}@example.com"
    seen: dict[str, MatterRow] = {}
    for what, how in tries:
        if what == "write":
            outcome = desk.write(str(how), email=email)
            seen.setdefault(outcome.case, matter(desk, outcome))
        elif what == "wait":
            desk.clock.advance(timedelta(days=int(str(how))))
            watch(desk.database, desk.gate.policy(), desk.clock)
        for case, before in list(seen.items()):
            if what in ("move", "verify"):
                _try(desk, key, before, "verified" if what == "verify" else str(how))
            now = desk.rights.matter(case).matter
            assert now.due_at == before.due_at
            assert now.state == before.state or now.state in SHAPES["request"].moves[before.state]
            assert bool(now.ended_at) == (now.state in SHAPES["request"].ends)
            seen[case] = now
        open_kinds = [row.kind for row in seen.values() if not row.ended_at]
        assert len(open_kinds) == len(set(open_kinds))
    desk.clock.advance(timedelta(microseconds=1))


def _try(desk: Desk, key: str, before: MatterRow, to: str) -> None:
    legal = to in SHAPES["request"].moves.get(before.state, ())
    try:
        if to == "verified":
            desk.rights.verify(key, before.case)
        else:
            desk.rights.move(key, before.case, to, "made up")
    except IllegalMove:
        assert not legal
    except TrothError:  # the policy may refuse what the machine allows
        assert desk.rights.matter(before.case).matter.state == before.state
    else:
        assert legal
