"""Matters: received once, due on a day that nobody moves, moved only as their state machine allows."""

from datetime import timedelta

import pytest

from tests.gate.conftest import RIGHTS, SUPPORT
from tests.rights.conftest import DISPUTE, Desk
from troth.gate import MAIL, Outcome, case_is_open
from troth.kernel import InvalidInput, Refused, from_micros, micros
from troth.rights import (
    JOINED,
    IllegalMove,
    Item,
    MatterRow,
    Place,
    counts,
    end_questions,
    late_count,
    queue,
    read_number,
    watch,
)
from troth.storage import job_records

DAY = timedelta(days=1)
SIGN_IN = "essential.service.authentication"


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


def test_once_it_has_ended_a_new_one_opens(desk: Desk) -> None:
    """Whoever was answered may ask again."""
    first = desk.vouched()
    assert desk.vouched().case == first.case
    desk.rights.move(desk.staff(), first.case, "refused", "another person")
    assert desk.vouched().case != first.case


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
    opened = desk.vouched()
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
    row = matter(desk, desk.vouched())
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


def test_the_reviewer_takes_no_dispute_over(desk: Desk) -> None:
    """Neither its reviewer nor whoever handled what it is about becomes its handler (clause VI.2)."""
    handler, reviewer = desk.staff("staff.privacy"), desk.staff("staff.reviewer")
    request = desk.vouched()
    desk.rights.take(handler, request.case)
    dispute = desk.act(
        "instruct", "staff.privacy", DISPUTE,
        key=handler, order="open-case", case_type="dispute", person=request.person, case=request.case,
    )  # fmt: skip
    assert dispute.permitted, dispute
    with pytest.raises(Refused) as refused:
        desk.rights.take(handler, dispute.case)
    assert refused.value.clause == "VI.2"
    desk.rights.review(reviewer, dispute.case)
    with pytest.raises(Refused):
        desk.rights.take(reviewer, dispute.case)
    assert matter(desk, dispute).handler == ""


@pytest.mark.parametrize("step", ["take", "review", "classify", "move"])
def test_people_only_withdraw(desk: Desk, step: str) -> None:
    """Whoever is signed in ends their own request, and takes no step that is ours."""
    who = desk.register(1)
    opened = desk.write(email="person1@example.com")
    key = desk.session(who)
    tries = {
        "take": lambda: desk.rights.take(key, opened.case),
        "review": lambda: desk.rights.review(key, opened.case),
        "classify": lambda: desk.rights.classify(key, opened.case, "erase"),
        "move": lambda: desk.rights.move(key, opened.case, "planned"),
    }
    with pytest.raises(Refused):
        tries[step]()
    assert matter(desk, opened).state == "identity-pending"
    assert desk.rights.move(key, opened.case, "withdrawn").outcome == ""


def test_what_needed_no_proof_waits_for_one_once_it_does(desk: Desk) -> None:
    """An objection that is found to ask for a copy sends its person the link, and goes on once that is followed; its day stays."""
    objecting, asking = desk.write("object"), desk.write("other")
    key = desk.staff()
    before = matter(desk, objecting)
    after = desk.rights.classify(key, objecting.case, "access")
    assert (after.kind, after.state, after.verified_at) == ("access", "identity-pending", 0)
    assert after.due_at == before.due_at
    with desk.database.snapshot() as tx:
        mails = [one.topic for one in job_records(tx, done=False, most=50)].count(MAIL)
    assert mails == 3
    assert desk.prove(objecting.case).state == "verified"
    assert desk.rights.classify(key, asking.case, "object").state == "verified"


def test_a_plan_for_something_else_goes(desk: Desk) -> None:
    """An objection that was planned and turns out to ask for deletion waits for a proof; its plan, made for less, is gone."""
    objecting, key = desk.write("object"), desk.staff()
    plan = [Item(objecting.case, 0, "uses", "marketing", "marketing", "object", "III.2")]
    assert desk.rights.plan(key, objecting.case, plan).state == "planned"
    after = desk.rights.classify(key, objecting.case, "erase")
    assert (after.state, after.verified_at, desk.rights.matter(objecting.case).items) == (
        "identity-pending",
        0,
        [],
    )
    assert desk.prove(objecting.case).state == "verified"
    assert desk.rights.plan(key, objecting.case, plan).state == "planned"
    assert desk.rights.classify(key, objecting.case, "access").state == "verified"
    with pytest.raises(IllegalMove):
        desk.rights.move(key, objecting.case, "identity-pending")


def test_nothing_is_read_anew_while_it_is_carried_out(desk: Desk) -> None:
    """What is being done is not turned into something else half way."""
    opened, key = desk.vouched("object"), desk.staff()
    desk.rights.plan(key, opened.case, (), start=True)
    with pytest.raises(IllegalMove):
        desk.rights.classify(key, opened.case, "access")
    assert desk.rights.classify(key, opened.case, "object").state == "executing"


def test_what_turns_out_to_ask_for_the_same_becomes_one(desk: Desk) -> None:
    """A request that is read as another of the same person's joins the one that is due first."""
    standing = desk.vouched("access")
    desk.clock.advance(timedelta(days=1))
    other, key = desk.vouched("other"), desk.staff()
    after = desk.rights.classify(key, other.case, "access")
    assert (after.state, after.outcome, after.joined) == ("withdrawn", JOINED, standing.case)
    assert matter(desk, standing).state == "verified"


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


def test_people_take_back_their_own_and_do_nothing_else(desk: Desk) -> None:
    """Every other step is ours, whatever the state; nobody takes back what is somebody else's."""
    ann, ben = desk.register(1), desk.register(2)
    sessions = {
        who: str(
            desk.act("instruct", "service.web", SIGN_IN, order="open-session", person=who).values["session"]
        )
        for who in (ann, ben)
    }
    opened = desk.write("other", email="", key=sessions[ann], person=ann)
    row = matter(desk, opened)
    assert (row.person, row.state) == (ann, "verified")
    for state in ("planned", "executing", "completed", "partially-completed", "refused", "identity-pending"):
        with pytest.raises((Refused, IllegalMove)):
            desk.rights.move(sessions[ann], opened.case, state, "mine")
    with pytest.raises(Refused):
        desk.rights.move(sessions[ben], opened.case, "withdrawn")
    for step in (desk.rights.take, desk.rights.review):
        with pytest.raises((Refused, IllegalMove)):
            step(sessions[ann], opened.case)
    assert desk.rights.move(sessions[ann], opened.case, "withdrawn").state == "withdrawn"


def test_a_question_of_somebody_who_was_erased_ends(desk: Desk) -> None:
    """Nobody is left to answer: it ends with that reason, and its case is closed; a second time changes nothing."""
    asked = desk.act(
        "collect", "service.collection", SUPPORT, channel="web", point="support-contact", notice="support-notice",
        age_passed=True, values={"email": "ann@example.com", "ticket_text": "It does not start."},
    )  # fmt: skip
    with desk.database.transaction() as tx:
        assert end_questions(tx, asked.person, micros(desk.clock.now())) == 1
        assert end_questions(tx, asked.person, micros(desk.clock.now())) == 0
        assert not case_is_open(tx, asked.case)
    row = matter(desk, asked)
    assert (row.state, row.outcome) == ("withdrawn", "the person was erased")
