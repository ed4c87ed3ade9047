"""Requests in somebody's name: whatever agents, people and staff do, nothing is carried out before mailbox and authority stand."""

import base64
from datetime import timedelta
from itertools import count
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from tests.gate.conftest import RIGHTS
from tests.rights.conftest import Desk, begin_again
from troth.gate import case_is_open, case_is_verified
from troth.kernel import Conflict, InvalidInput, NotFound, Refused, TrothError, from_micros, micros
from troth.rights import (
    DENIED,
    ENDED,
    STANDING,
    UNCONFIRMED,
    UNPROVEN,
    Agents,
    Mandate,
    MatterRow,
    forget_mandates,
    mandate_of,
    watch,
)
from troth.storage import Statement
from troth.storage.jobs import job

AGENT = "lawyer@example.org"
DAY = timedelta(days=1)
PAPER = {"name": "a.txt", "media": "text/plain", "data": base64.b64encode(b"I let them.").decode()}


class Office:
    """A privacy desk to which agents write."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.agents = Agents(desk.rights, desk.database, desk.gate.policy, desk.clock)
        self.service = desk.key("service.rights")

    def asks(
        self, kind: str = "access", email: str = "ann@example.com", agent: str = AGENT, *, paper: bool = False
    ) -> str:
        """An agent sends the form; gives the case."""
        values: dict[str, object] = {
            "agent_name": "Lee Lawyer",
            "agent_email": agent,
            "email": email,
            "request_kind": kind,
            "request_text": "For my client.",
        }
        values |= {"agent_authority": PAPER} if paper else {}
        outcome = self.desk.act(
            "collect", "service.collection", RIGHTS, channel="web", point="agent-request", notice="agent-notice", values=values
        )  # fmt: skip
        assert outcome.permitted, outcome
        return outcome.case

    def proven(self, kind: str = "access", **more: str | bool) -> str:
        """An agent who has proven their mailbox; gives the case."""
        case = self.asks(kind, **more)  # type: ignore[arg-type]
        self.agents.prove_mailbox(self.service, case)
        return case

    def accept(self, case: str, *kinds: str, days: int = 300, key: str = "") -> MatterRow:
        """Staff accept a written authority."""
        until = micros(self.desk.clock.now() + timedelta(days=days))
        return self.agents.accept(
            key or self.desk.staff(), case, until=until, kinds=kinds or (self.row(case).kind,)
        )

    def execute(self, case: str) -> None:
        """Staff carry a verified request out by hand."""
        for state in ("planned", "executing"):
            self.desk.rights.move(self.desk.staff(), case, state)

    def row(self, case: str) -> MatterRow:
        """A matter as it stands."""
        return self.desk.rights.row(case)

    def mandate(self, case: str) -> Mandate:
        """By what authority it was made."""
        with self.desk.database.snapshot() as tx:
            found = mandate_of(tx, case)
        assert found is not None
        return found

    def mails(self, template: str) -> int:
        """How many mails of a template are promised."""
        with self.desk.database.snapshot() as tx:
            return sum(f'"{template}"' in str(body) for (body,) in tx.rows(Statement(select(job.c.body))))


@pytest.fixture
def office(desk: Desk) -> Office:
    """A privacy desk to which agents write."""
    return Office(desk)


def test_nobody_is_written_to_before_the_agent_is_known(office: Office) -> None:
    """Only the agent hears of an unproven request; the fifth of a day is the last that is told by mail."""
    case = office.asks()
    assert (office.mails("agent-prove"), office.mails("agent-asks"), office.mails("request-verify")) == (
        1,
        0,
        0,
    )
    with pytest.raises(Conflict):
        office.desk.prove(case)
    for _ in range(7):
        office.asks()
    assert office.mails("agent-prove") == 5
    office.agents.prove_mailbox(office.service, case)
    office.agents.prove_mailbox(office.service, case)
    assert office.mails("agent-asks") == 1
    assert office.row(case).state == "identity-pending"


def test_staff_who_note_a_letter_do_not_vouch_for_the_person(office: Office) -> None:
    """A letter from an agent is as unproven as a form, though staff answer for whom they hear themselves."""
    values = {
        "agent_name": "Lee", "agent_email": AGENT, "email": "ann@example.com", "request_kind": "erase", "request_text": "By letter.",
    }  # fmt: skip
    outcome = office.desk.act(
        "collect", "staff.privacy", RIGHTS, channel="letter", point="agent-request", notice="agent-notice", values=values,
        key=office.desk.staff(),
    )  # fmt: skip
    assert office.row(outcome.case).state == "identity-pending"
    with office.desk.database.snapshot() as tx:
        assert not case_is_verified(tx, outcome.case)
    with pytest.raises(Refused):
        office.desk.rights.verify(office.desk.staff(), outcome.case)


def test_a_link_of_the_persons_own_request_says_nothing_for_an_agent(office: Office) -> None:
    """The secret of another mail of the person's does not confirm an agent whose mailbox nobody has proven."""
    own = office.desk.write()
    case = office.asks()
    secret = office.desk.secret(own.person)
    with pytest.raises(Conflict):
        office.desk.rights.verify(office.desk.key("service.web"), case, secret)
    assert office.row(case).state == "identity-pending"


def test_no_and_taking_back_end_what_is_open(office: Office) -> None:
    """A no ends the request; a year long that agent is turned down at once, another agent is not, and the person can say yes again."""
    case = office.proven()
    office.agents.deny(office.service, case)
    assert (office.row(case).outcome, office.mandate(case).state) == (UNCONFIRMED, DENIED)
    with office.desk.database.snapshot() as tx:
        assert not case_is_open(tx, case)
    mails = office.mails("agent-asks")
    assert office.row(office.proven()).outcome == UNCONFIRMED
    assert office.mails("agent-asks") == mails
    assert office.row(office.proven(agent="other@example.org")).state == "identity-pending"
    office.desk.clock.advance(366 * DAY)
    again = office.proven()
    assert office.desk.prove(again).state == "verified"
    assert office.row(office.proven()).state == "identity-pending"


def test_the_persons_own_requests_stay_apart(office: Office) -> None:
    """An agent's request joins nothing, and nothing of the person's joins it: neither learns of the other."""
    own = office.desk.vouched()
    case = office.proven()
    assert office.desk.prove(case).state == "verified"
    assert office.row(own.case).state == "verified"
    assert office.desk.vouched().case == own.case


def test_a_yes_is_for_one_request_and_kind(office: Office) -> None:
    """The person's yes to a copy does not become one to a deletion, and carries no second request."""
    case = office.proven("other")
    assert office.desk.prove(case).state == "verified"
    with pytest.raises(Refused):
        office.desk.rights.classify(office.desk.staff(), case, "erase")
    assert office.row(office.proven("other")).state == "identity-pending"


def test_a_written_authority_is_examined(office: Office) -> None:
    """Nothing to examine, over, of another kind, by a role that vouches for nobody: each is refused, and nothing moves."""
    bare = office.proven()
    with pytest.raises(Conflict):
        office.accept(bare)
    case = office.proven(paper=True)
    assert office.row(case).state == "authority-pending"
    with pytest.raises(InvalidInput):
        office.accept(case, days=-1)
    with pytest.raises(InvalidInput):
        office.accept(case, "erase")
    with pytest.raises(InvalidInput):
        office.agents.reject(office.desk.staff(), case, " ")
    with pytest.raises((Refused, NotFound)):
        office.accept(case, key=office.desk.key("staff.support"))
    assert office.row(case).state == "authority-pending"
    assert office.accept(case, "access", "erase").state == "verified"
    with pytest.raises(Conflict):
        office.agents.reject(office.desk.staff(), case, "too late")


def test_an_authority_that_waits_for_us_does_not_lapse(office: Office) -> None:
    """What staff have not examined by the day is late and not forgotten; what nobody proved ends by itself."""
    paper, bare = office.proven(paper=True), office.proven()
    office.desk.clock.set(from_micros(office.row(paper).due_at) + timedelta(microseconds=1))
    fired = watch(office.desk.database, office.desk.gate.policy(), office.desk.clock)
    assert [one.case for one in fired.late] == [paper]
    assert office.row(bare).outcome == UNPROVEN
    assert office.accept(paper).state == "verified"


def test_a_standing_authority_ends_with_all_that_rests_on_it(office: Office) -> None:
    """Accepted once, it carries the agent's next request; taken back, both stop, and being carried out is too late to stop."""
    first = office.proven("other", paper=True)
    office.accept(first, "other", "access")
    second, running = office.proven("other"), office.proven("access")
    assert {office.mandate(one).basis for one in (second, running)} == {STANDING}
    office.execute(running)
    office.agents.withdraw(office.desk.session(office.row(first).person), first)
    assert {office.mandate(one).state for one in (first, second, running)} == {ENDED}
    assert [office.row(one).state for one in (first, second, running)] == [
        "withdrawn",
        "withdrawn",
        "executing",
    ]


def test_of_an_erased_person_no_mark_of_an_agent_stays(office: Office) -> None:
    """What is kept says that somebody asked, not who: neither the hash of a mailbox nor the record."""
    case = office.proven()
    with office.desk.database.transaction() as tx:
        forget_mandates(tx, office.row(case).person)
    assert (office.mandate(case).agent, office.mandate(case).record) == ("", "")


class Model(NamedTuple):
    """What the rules say of an agent's request, without how the code keeps it."""

    kind: str
    mailbox: bool = False
    given: frozenset[str] = frozenset()
    until: int = 0
    ended: bool = False

    def stands(self, now: int) -> bool:
        """Whether mailbox and authority both stand."""
        return (
            self.mailbox
            and self.kind in self.given
            and (not self.until or now <= self.until)
            and not self.ended
        )


_SALTS = count()
_KINDS = ("access", "erase", "other", "object")
_STATES = ("verified", "planned", "executing", "executing", "completed")


class Requests(RuleBasedStateMachine):
    """Every step of agents, people and staff, in any order; the model says when a request may be carried out."""

    office: Office

    def __init__(self) -> None:
        super().__init__()
        self.salt = next(_SALTS)
        begin_again(self.office.desk.clock)
        self.model: dict[str, Model] = {}
        self.staff = self.office.desk.staff()

    @property
    def now(self) -> int:
        """The instant in microseconds."""
        return micros(self.office.desk.clock.now())

    @initialize(kind=st.sampled_from(_KINDS))
    def somebody_has_asked(self, kind: str) -> None:
        """A request whose agent is known and whose written authority waits."""
        self._follow(self._ask(kind, "a", paper=True))

    @rule(kind=st.sampled_from(_KINDS), agent=st.sampled_from(("a", "b", "c")), paper=st.booleans())
    def an_agent_asks(self, kind: str, agent: str, paper: bool) -> None:  # noqa: FBT001  drawn by name
        """Somebody sends the form."""
        self._ask(kind, agent, paper=paper)

    def _ask(self, kind: str, agent: str, *, paper: bool) -> str:
        whose, by = f"{self.salt}-ann@example.com", f"{self.salt}-{agent}@example.org"
        case = self.office.asks(kind, whose, by, paper=paper)
        self.model[case] = Model(kind)
        return case

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def an_agent_follows_a_link(self, data: st.DataObject) -> None:
        """The mailbox is proven; an earlier written authority may carry the request from now on."""
        self._follow(self._drawn(data))

    def _follow(self, case: str) -> None:
        try:
            self.office.agents.prove_mailbox(self.office.service, case)
        except TrothError:
            return
        one = self.office.mandate(case)
        self.model[case] = self.model[case]._replace(mailbox=True)
        if one.basis == STANDING and not self.model[case].given:
            earlier = self.model[one.under]
            assert earlier._replace(kind=self.model[case].kind).stands(self.now)
            self.model[case] = self.model[case]._replace(given=earlier.given, until=earlier.until)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def the_person_says_yes(self, data: st.DataObject) -> None:
        """From their own mailbox."""
        case = self._drawn(data)
        try:
            self.office.desk.prove(case)
        except TrothError:
            return
        self.model[case] = self.model[case]._replace(given=frozenset({self.model[case].kind}))

    @precondition(lambda self: self.model)
    @rule(data=st.data(), kinds=st.sets(st.sampled_from(_KINDS)), days=st.integers(1, 6))
    def staff_accept(self, data: st.DataObject, kinds: set[str], days: int) -> None:
        """A written authority, for what is asked, further kinds, and a time."""
        case = self._drawn(data, "authority-pending")
        kinds = kinds | {self.model[case].kind}
        try:
            self.office.accept(case, *sorted(kinds), days=days, key=self.staff)
        except TrothError:
            return
        until = micros(self.office.desk.clock.now() + timedelta(days=days))
        self.model[case] = self.model[case]._replace(given=frozenset(kinds), until=until)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), what=st.sampled_from(("reject", "verify", "verify", "deny", "withdraw")))
    def somebody_does_something_else(self, data: st.DataObject, what: str) -> None:
        """No, taking it back, turning the document down, or staff who try to answer for the person."""
        case, office = self._drawn(data), self.office
        try:
            if what == "deny":
                office.agents.deny(office.service, case)
            elif what == "withdraw":
                office.agents.withdraw(office.desk.session(office.row(case).person), case)
            elif what == "reject":
                office.agents.reject(self.staff, case, "no signature")
            else:
                office.desk.rights.verify(self.staff, case)
        except TrothError:
            return
        if what in ("deny", "withdraw"):
            for one, told in self.model.items():
                if one == case or (what == "withdraw" and office.mandate(one).under == case):
                    self.model[one] = told._replace(ended=True)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), kind=st.sampled_from(_KINDS))
    def staff_classify(self, data: st.DataObject, kind: str) -> None:
        """Staff read that it asks for something else."""
        case = self._drawn(data)
        try:
            self.office.desk.rights.classify(self.staff, case, kind)
        except TrothError:
            return
        self.model[case] = self.model[case]._replace(kind=kind)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), to=st.sampled_from(_STATES))
    def staff_move_one(self, data: st.DataObject, to: str) -> None:
        """Being carried out begins only while both stand."""
        case = self._drawn(data, "verified", "planned")
        try:
            if to == "executing" and self.office.row(case).state == "verified":
                self.office.desk.rights.move(self.staff, case, "planned")
            self.office.desk.rights.move(self.staff, case, to, "made up")
        except TrothError:
            return
        if to in ("verified", "executing"):
            assert self.model[case].stands(self.now), (to, self.model[case])

    @rule(days=st.sampled_from((1, 3, 9)))
    def time_passes(self, days: int) -> None:
        """Authorities run out; what nobody proved ends."""
        self.office.desk.clock.advance(timedelta(days=days, seconds=1))
        watch(self.office.desk.database, self.office.desk.gate.policy(), self.office.desk.clock)

    @invariant()
    def nothing_is_carried_out_without_both(self) -> None:
        """Whatever is proven or further has, or had when it was, a proven mailbox and an authority for it."""
        for case, one in self.model.items():
            row = self.office.row(case)
            if row.verified_at:
                assert one.mailbox
                assert one.given
            if row.state in ("executing", "completed", "partially-completed"):
                assert one.kind in one.given

    def _drawn(self, data: st.DataObject, *states: str) -> str:
        """A request; where there is one, in one of some states, or at least open, so that not all happens to what is over."""
        rows = {case: self.office.row(case) for case in self.model}
        fit = [case for case, row in rows.items() if row.state in states]
        open_ones = [case for case, row in rows.items() if not row.ended_at]
        return data.draw(st.sampled_from(fit or open_ones or list(rows)))


@pytest.mark.slow
def test_nothing_is_carried_out_before_both_stand(office: Office) -> None:
    """In whatever order agents, people and staff act, and however long it takes."""

    class OnDesk(Requests):
        pass

    OnDesk.office = office
    run_state_machine_as_test(
        OnDesk, settings=settings(max_examples=40, stateful_step_count=20, deadline=None)
    )
