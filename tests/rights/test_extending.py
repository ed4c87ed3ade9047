"""Taking a law's longer time: with a reason, a notice, before its day; never what we promised."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.rights.conftest import Desk
from troth.gate import MAIL
from troth.kernel import Conflict, InvalidInput, NotFound, Refused, TrothError, from_micros
from troth.rights import EXTENDED, LONGER, extendable, moved_clocks
from troth.storage import job_records

DAY = timedelta(days=1)
RECEIVED = datetime(2026, 1, 30, 10, tzinfo=UTC)
LAW = "gdpr-answer"
WHY = "many systems have to be searched"


def notices(desk: Desk) -> int:
    """Mails that give notice of longer time and wait to be sent."""
    with desk.database.snapshot() as tx:
        jobs = job_records(tx, done=False, most=200)
    assert all(one.topic for one in jobs)
    return sum(one.topic == MAIL for one in jobs)


def test_a_laws_clock_is_taken_longer_with_a_reason(desk: Desk) -> None:
    """Two months more, told to the person; the clock as it was stays; the day that we promised does not move."""
    desk.clock.set(RECEIVED)
    case = desk.vouched("other").case
    before, mails = desk.rights.matter(case), notices(desk)
    assert LAW in {one.rule for one in extendable(before.matter, before.duties, before.matter.received_at)}
    after = desk.rights.extend(desk.staff(), case, LAW, WHY)
    found = desk.rights.matter(case)
    assert (after.due_at, after.due_rule) == (before.matter.due_at, before.matter.due_rule)
    assert notices(desk) == mails + 1
    ((was, later, reason),) = moved_clocks(found.duties, found.steps)
    assert (was.rule, later.rule, reason) == (LAW, LAW + LONGER, WHY)
    assert was.due_at == next(one.due_at for one in before.duties if one.rule == LAW)
    assert from_micros(later.due_at) == datetime(
        2026, 5, 1, tzinfo=UTC
    )  # the end of 30 April: three months from receipt
    assert "1 month and another 2 months from receipt" in later.why
    assert LAW not in {one.rule for one in extendable(found.matter, found.duties, found.matter.received_at)}


@pytest.mark.parametrize(
    ("law", "reason", "days", "error"),
    [
        ("answer-requests", WHY, 1, Refused),
        ("remind-privacy-desk", WHY, 1, Refused),
        ("ccpa-acknowledge", WHY, 1, Refused),
        ("none", WHY, 1, NotFound),
        (LAW, " ", 1, InvalidInput),
        (LAW, WHY, 32, Conflict),
    ],
)
def test_nothing_else_gets_longer(
    desk: Desk, law: str, reason: str, days: int, error: type[TrothError]
) -> None:
    """No promise, no clock without a longer time, none without a reason, none after its day; and nobody is told."""
    desk.clock.set(RECEIVED)
    case, staff = desk.vouched("other").case, desk.staff()
    mails, before = notices(desk), desk.rights.matter(case).duties
    desk.clock.set(RECEIVED + days * DAY)
    with pytest.raises(error):
        desk.rights.extend(staff, case, law, reason)
    assert (notices(desk), desk.rights.matter(case).duties) == (mails, before)


def test_once_only_and_only_once_it_is_proven(desk: Desk) -> None:
    """A second time is refused, as is a request that nobody has proven."""
    case, unproven, staff = (
        desk.vouched("other").case,
        desk.write("other", "ben@example.com").case,
        desk.staff(),
    )
    desk.rights.extend(staff, case, LAW, WHY)
    with pytest.raises(Conflict):
        desk.rights.extend(staff, case, LAW, WHY)
    with pytest.raises(Refused):
        desk.rights.extend(staff, unproven, LAW, WHY)
    assert EXTENDED == "matter-extended"
