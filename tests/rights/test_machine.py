"""Whatever strangers, people and staff do with requests, in whatever order: a model of the rules agrees with the rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.rights.conftest import Desk, begin_again
from troth.gate import Outcome, case_is_open
from troth.kernel import Refused, TrothError, from_micros, micros
from troth.rights import JOINED, SHAPES, UNPROVEN, IllegalMove, MatterRow, watch

PEOPLE = ("ann@example.com", "bob@example.com")
WAIT = ("access", "erase", "portability", "other")
AT_ONCE = ("restrict", "object")
_SALTS = count()
STATES = sorted(SHAPES["request"].ends.union(SHAPES["request"].moves))


class Model(NamedTuple):
    """What the rules say of a request, without how the code keeps it."""

    who: str
    kind: str
    due: int
    proven: bool
    state: str


class Requests(RuleBasedStateMachine):
    """Requests of two people; every submission, proof, step and lapse of time is tried on the desk and on the model."""

    desk: Desk

    def __init__(self) -> None:
        super().__init__()
        self.salt = next(_SALTS)
        begin_again(self.desk.clock)
        self.place: dict[tuple[str, str], str] = {}
        self.key = self.desk.staff()
        self.model: dict[str, Model] = {}
        self.numbers: set[str] = set()

    @property
    def now(self) -> int:
        """The desk's instant in microseconds."""
        return micros(self.desk.clock.now())

    @rule(who=st.sampled_from(PEOPLE), kind=st.sampled_from((*WAIT, *AT_ONCE)))
    def somebody_sends_a_form(self, who: str, kind: str) -> None:
        """Nobody knows who it is: a request of its own, whatever is open."""
        state = "verified" if kind in AT_ONCE else "identity-pending"
        self._received(self.desk.write(kind, email=self._mailbox(who)), who, kind, state, proven=False)

    @rule(who=st.sampled_from(PEOPLE), kind=st.sampled_from((*WAIT, *AT_ONCE)))
    def staff_note_a_call(self, who: str, kind: str) -> None:
        """Staff answer for who calls: it joins what is open and proven, else it is a request of its own."""
        outcome = self.desk.vouched(kind, email=self._mailbox(who))
        standing = self._open(who, kind)
        if standing:
            assert outcome.case == standing
        else:
            self._received(outcome, who, kind, "verified", proven=True)

    @precondition(lambda self: self._waiting())
    @rule(data=st.data())
    def somebody_follows_a_link(self, data: st.DataObject) -> None:
        """Proven in time, it becomes one with what is open: the one that is due first goes on."""
        case = data.draw(st.sampled_from(self._waiting()))
        one = self.model[case]
        if self.now > one.due:
            with pytest.raises(TrothError):
                self.desk.prove(case)
            return
        self.desk.prove(case)
        self._proven(case, one)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), to=st.sampled_from(STATES))
    def staff_move_one(self, data: st.DataObject, to: str) -> None:
        """Only legal moves happen; those that end a request free its place."""
        case = data.draw(st.sampled_from(list(self.model)))
        one = self.model[case]
        legal = to in SHAPES["request"].following(one.state)
        try:
            self.desk.rights.move(self.key, case, to, "made up")
        except IllegalMove:
            assert not legal
        except TrothError:
            assert to == "verified"
            assert one.state == "identity-pending"
            assert self.now > one.due
        else:
            assert legal
            if to == "verified":
                self._proven(case, one)
            else:
                self.model[case] = one._replace(state=to)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), kind=st.sampled_from((*WAIT, *AT_ONCE)))
    def staff_say_what_one_asks_for(self, data: st.DataObject, kind: str) -> None:
        """What turns out to need a proof waits for one, whether it was planned or not; another plan is made in any case."""
        case = data.draw(st.sampled_from(list(self.model)))
        one = self.model[case]
        same, before = kind == one.kind, self._row(case)
        ended = one.state in SHAPES["request"].ends
        asks = one.state in {"verified", "planned"} and kind in WAIT and not one.proven
        try:
            self.desk.rights.classify(self.key, case, kind)
        except IllegalMove:
            assert ended or (one.state == "executing" and not same)
            return
        except Refused:
            assert asks or one.state == "executing"
            assert not one.proven
            assert self.now > one.due
            return
        assert not ended
        if self.place.get((one.who, one.kind)) == case and not same:
            del self.place[(one.who, one.kind)]
        state = one.state
        if state == "planned" and not same:
            state = "verified"
        if asks:
            state = "identity-pending"
        elif state == "identity-pending" and kind in AT_ONCE:
            state = "verified"
        self.model[case] = one._replace(kind=kind, state=state)
        if one.proven and not same:
            self._becomes_one(case, self.model[case])
        after = self._row(case)
        assert after.received_at == before.received_at
        assert bool(after.verified_at) == (state not in {"identity-pending", "authority-pending"})
        if not same:
            assert not self.desk.rights.matter(case).items

    @rule(days=st.integers(0, 20))
    def time_passes(self, days: int) -> None:
        """What nobody proved in time ends."""
        self.desk.clock.advance(timedelta(days=days, seconds=1))
        watch(self.desk.database, self.desk.gate.policy(), self.desk.clock)
        for case, one in self.model.items():
            if one.state == "identity-pending" and one.due < self.now:
                self.model[case] = one._replace(state="withdrawn")

    @invariant()
    def rows_are_as_the_model(self) -> None:
        """State and day of each are the model's; what ended by itself is not late, whatever else is past its day is."""
        for case, one in self.model.items():
            row = self._row(case)
            assert (row.state, row.due_at) == (one.state, one.due)
            assert bool(row.ended_at) == (one.state in SHAPES["request"].ends)
            by_itself = row.outcome in (JOINED, UNPROVEN) or one.state == "identity-pending"
            assert row.late(self.now) == (not by_itself and (row.ended_at or self.now) > row.due_at)
            if row.outcome == JOINED:
                assert row.due_at >= self._row(row.joined).due_at
            if row.outcome in (JOINED, UNPROVEN):
                with self.desk.database.snapshot() as tx:
                    assert not case_is_open(tx, case)

    @invariant()
    def one_request_of_a_kind_stands_open(self) -> None:
        """A person has one proven request of a kind open; a second one only beside one that is being carried out."""
        for who in PEOPLE:
            for kind in (*WAIT, *AT_ONCE):
                proven = [
                    one for one in self.model.values() if one.proven and (one.who, one.kind) == (who, kind)
                ]
                states = [one.state for one in proven if one.state not in SHAPES["request"].ends]
                assert len(states) <= 1 or "executing" in states

    def _received(self, outcome: Outcome, who: str, kind: str, state: str, *, proven: bool) -> None:
        row = self._row(outcome.case)
        assert outcome.case not in self.model
        assert row.number not in self.numbers
        assert from_micros(row.received_at) == self.desk.clock.now()
        self.numbers.add(row.number)
        self.model[outcome.case] = Model(who, kind, row.due_at, proven, state)
        if proven:
            self.place[(who, kind)] = outcome.case

    def _proven(self, case: str, one: Model) -> None:
        self.model[case] = one._replace(state="verified", proven=True)
        self._becomes_one(case, one)

    def _becomes_one(self, case: str, one: Model) -> None:
        """It joins what its person has open of its kind: the one that is due first goes on."""
        standing = self._open(one.who, one.kind)
        other = self.model[standing] if standing else None
        if other is not None and other.due <= one.due:
            self.model[case] = self.model[case]._replace(state="withdrawn")
            return
        if other is not None and other.state == "executing":
            return
        if other is not None:
            self.model[standing] = other._replace(state="withdrawn")
        self.place[(one.who, one.kind)] = case

    def _open(self, who: str, kind: str) -> str:
        """The request that stands in a person's place for a kind; empty for none."""
        case = self.place.get((who, kind), "")
        return case if case and self.model[case].state not in SHAPES["request"].ends else ""

    def _waiting(self) -> list[str]:
        return [case for case, one in self.model.items() if one.state == "identity-pending"]

    def _row(self, case: str) -> MatterRow:
        return self.desk.rights.matter(case).matter

    def _mailbox(self, who: str) -> str:
        return f"{self.salt}-{who}"


@contextmanager
def _machine(desk: Desk) -> Iterator[type[Requests]]:
    class OnDesk(Requests):
        pass

    OnDesk.desk = desk
    yield OnDesk


@pytest.mark.slow
def test_requests_follow_the_model(desk: Desk) -> None:
    """Numbers are fresh, days never move, proofs join, what is unproven ends, and each move is a legal one."""
    with _machine(desk) as machine:
        run_state_machine_as_test(
            machine, settings=settings(max_examples=12, stateful_step_count=20, deadline=None)
        )
