"""Calls on each engine: pulled one at a time, decided then, given out again when nothing is heard, ended in time."""

from datetime import timedelta
from typing import Any

import pytest

from tests.gate.conftest import REGISTER, RIGHTS, SUPPORT, Company, company, reference_text  # noqa: F401  fixtures
from troth.kernel import Conflict, InvalidInput, NotFound, Refused, new_id
from troth.outreach import Call, CallLists, CallOrder, Centre, Channel, LetterText, Outbox

CALLS = "essential.service.notifications.phone"
SCRIPT = LetterText("Your ticket", "you wrote to us", "Good day, {name}.")


class Desk:
    """A company that has people called."""

    def __init__(self, company: Company) -> None:  # noqa: F811  the fixture
        self.company, self.outbox = company, Outbox(company.database, company.clock)
        self.heard: list[str] = []
        self.outbox.listen(lambda _, row: self.heard.append(row.why))
        self.centre = company.key("partner.calls")
        self.calls = CallLists(
            database=company.database, perform_along=company.gate.perform_along, actor=company.gate.actor,
            policy=company.gate.policy, outbox=self.outbox, clock=company.clock,
            centre=Centre(Channel("phone", "phone", "", "calls.recipient"), 14, lambda: company.key("service.mailer")),
        )  # fmt: skip

    def ticket(self, number: int, **values: Any) -> str:
        """Somebody with an open ticket."""
        person = self.company.register(number, phone=f"+1650253000{number}", **values)
        return self.company.open_case("ticket", "staff.support", SUPPORT, person)

    def open(self, case: str, **more: Any) -> None:
        """Open the list of a case."""
        self.calls.open(CallOrder(case, CALLS, SCRIPT, self.company.key("staff.support"))._replace(**more))

    def one(self) -> Call:
        """The next call."""
        (call,) = self.calls.pull(self.centre)
        return call


@pytest.fixture
def desk(company: Company) -> Desk:  # noqa: F811
    """A desk with a call centre."""
    return Desk(company)


def test_one_at_a_time_and_again_when_nothing_is_heard(desk: Desk) -> None:
    """The oldest first; a call of which nothing is heard for an hour comes again, under the same id."""
    for number in (1, 2):
        desk.open(desk.ticket(number))
    first = desk.one()
    assert (first.name, first.number, first.script) == ("Person 1", "+16502530001", "Good day, Person 1.")
    assert "Person" not in repr(first)
    second = desk.one()
    assert second.name == "Person 2"
    assert desk.calls.pull(desk.centre) == []
    assert desk.calls.outcome(desk.centre, second.id, "reached") == "sent"
    desk.company.clock.advance(timedelta(hours=2))
    assert desk.one().id == first.id
    assert desk.calls.outcome(desk.centre, first.id, "wrong-number") == "bounced"
    assert desk.heard == ["hard"]
    assert desk.calls.pull(desk.centre, 10) == []


def test_a_stop_of_the_topic_holds_for_calls_about_it(desk: Desk) -> None:
    """Also one that came after the list was opened, and for its topic alone; marketing that names none is refused."""
    seller = desk.company
    people = []
    for number in (1, 2, 3):
        values = {
            "email": f"person{number}@example.com",
            "name": f"Person {number}",
            "phone": f"+1650253000{number}",
        }
        taken = seller.act(
            "collect", "service.import", REGISTER, point="import", channel="import", values=values
        )
        people.append(taken.person)
        asked = seller.open_case("request", "staff.privacy", RIGHTS, taken.person)
        said = {"order": "record-stance", "about": "marketing.communications", "stance": "consented"}
        assert seller.act(
            "instruct", "staff.privacy", RIGHTS, person=taken.person, case=asked, **said
        ).permitted
    cases = [
        seller.open_case("campaign", "staff.marketing", "marketing.communications", who) for who in people
    ]
    order = {"key": seller.key("staff.marketing"), "purpose": "marketing.communications.phone"}
    for topic in ("", "product-news"):
        with pytest.raises(InvalidInput, match="topic") as refused:
            desk.open(cases[0], topic=topic, **order)
        assert "events, offers" in str(refused.value.mend)
    for case in cases:
        desk.open(case, topic="events", **order)
    assert {one.topic for one in desk.calls.lists()} == {"events"}
    for number, topic in ((1, "events"), (3, "offers")):
        word = {"identify": {"email": f"person{number}@example.com"}, "topic": topic, "channel": "phone"}
        assert seller.act(
            "instruct", "service.web", "essential.service.opt_out", order="stop-topic", **word
        ).permitted
    assert {one.name for one in desk.calls.pull(desk.centre, 10)} == {"Person 2", "Person 3"}
    assert desk.outbox.reasons(cases[0]) == {("skipped", "II.14"): 1}


def test_nobody_who_never_answers_is_called_for_ever(desk: Desk) -> None:
    """Three tries, hours apart."""
    case = desk.ticket(1)
    desk.open(case)
    states = []
    for _ in range(3):
        states.append(desk.calls.outcome(desk.centre, desk.one().id, "no-answer"))
        assert desk.calls.pull(desk.centre) == []
        desk.company.clock.advance(timedelta(hours=5))
    assert states == ["planned", "planned", "failed"]
    assert desk.calls.pull(desk.centre) == []
    assert desk.calls.counts(case) == {"failed": 1}


def test_a_stop_holds_for_the_very_next_call(desk: Desk) -> None:
    """Of two calls to the same person the second is not given out; the stop can be told after the call, too."""
    case = desk.ticket(1)
    person = next(one.person for one in desk.company.entries() if one.act == "collect")
    other = desk.company.open_case("ticket", "staff.support", SUPPORT, person)
    desk.open(case)
    desk.open(other)
    call = desk.one()
    assert desk.calls.outcome(desk.centre, call.id, "reached") == "sent"
    assert desk.calls.outcome(desk.centre, call.id, "stop") == "sent"
    assert desk.calls.pull(desk.centre) == []
    assert desk.outbox.reasons(other) == {("skipped", "I.5"): 1}
    with pytest.raises(Conflict):
        desk.calls.outcome(desk.centre, call.id, "reached")


def test_only_the_centre_pulls_and_only_what_it_was_given_is_told(desk: Desk) -> None:
    """Staff may open a list and get no number; outcomes are known words about calls that were given out."""
    case = desk.ticket(1)
    desk.open(case)
    staff = desk.company.key("staff.support")
    with pytest.raises(Refused):
        desk.calls.pull(staff)
    with pytest.raises(Refused):
        desk.open(case, key=desk.centre)
    with pytest.raises(InvalidInput):
        desk.calls.pull(desk.centre, 11)
    with pytest.raises(NotFound):
        desk.open(new_id())
    planned = desk.outbox.message(new_id())
    assert planned is None
    with pytest.raises(NotFound):
        desk.calls.outcome(desk.centre, new_id(), "reached")
    call = desk.one()
    with pytest.raises(InvalidInput):
        desk.calls.outcome(desk.centre, call.id, "rang")
    with pytest.raises(Refused):
        desk.calls.outcome(staff, call.id, "reached")


def test_a_list_ends(desk: Desk) -> None:
    """After its time nothing is given out; a closed case ends it at once; whoever has no number is skipped."""
    case, other = desk.ticket(1), desk.ticket(2)
    desk.open(case)
    desk.open(other)
    closed = desk.company.act(
        "instruct", "staff.support", SUPPORT, order="close-case", case=case,
        person=next(one.person for one in desk.company.entries() if one.act == "collect"),
    )  # fmt: skip
    assert closed.permitted, closed
    assert desk.one().name == "Person 2"
    desk.company.clock.advance(timedelta(days=15))
    assert desk.calls.pull(desk.centre) == []
    assert desk.calls.expire() == 2
    assert desk.calls.counts(other) == {"failed": 1}
    assert [one.closed_at > 0 for one in desk.calls.lists()] == [True, True]
    third = desk.company.open_case("ticket", "staff.support", SUPPORT, desk.company.register(3))
    desk.open(third)
    assert desk.calls.pull(desk.centre) == []
    assert desk.outbox.reasons(third) == {("skipped", "no-address"): 1}
