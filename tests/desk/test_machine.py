"""Whatever clerks do with an order and a ticket, in whatever order: a model of the rules agrees with what they see."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.clauses.desk import FULFIL, PAY, case_of_order, order, ticket
from tests.web.conftest import SUPPORT, Web, serving
from troth.kernel import TrothError

STAGES = ("", "packed", "shipped", "invoiced")
MAY = {"packed": ("ships",), "shipped": ("ships",), "invoiced": ("bills",)}
"""Who may bring an order where, as the reference policy has it."""
ORDER_CLERKS, SUPPORTERS = ("ships", "bills"), ("sue", "tom")
_NUMBERS = count(1)


class Model(NamedTuple):
    """What the rules say of a case, without how the code keeps it."""

    number: str
    stage: str = ""
    open: bool = True
    holder: str = ""


class Cases(RuleBasedStateMachine):
    """One order and one ticket; every step is tried by everybody, on the desk and on the model."""

    web: Web
    keys: dict[str, str]

    @initialize()
    def begin(self) -> None:
        """Somebody orders, and asks."""
        self.web.clock.advance(timedelta(hours=1))  # forms of one network are limited
        place = f"OR-{next(_NUMBERS)}"
        order(self.web, place)
        found = case_of_order(self.web, self.keys["ships"], place)
        self.order = Model(self.web.troth.desk.case(self.keys["ships"], found["case"]).row.number)
        self.ticket = Model(ticket(self.web)["number"])

    @rule(who=st.sampled_from(ORDER_CLERKS), to=st.sampled_from(STAGES[1:]))
    def stage(self, who: str, to: str) -> None:
        """A stage follows the one before, by whom the policy lets; the last one closes."""
        place = STAGES.index(self.order.stage) + 1
        legal = self.order.open and STAGES[place : place + 1] == (to,) and who in MAY[to]
        values = {"parcel_number": "P-1"} if to == "shipped" else {}
        assert (
            self._does(lambda: self.web.troth.desk.reach(self.keys[who], self.order.number, to, values))
            == legal
        )
        if legal:
            self.order = self.order._replace(stage=to, open=to != "invoiced")

    @rule(who=st.sampled_from(ORDER_CLERKS))
    def cancel(self, who: str) -> None:
        """An open order may be closed at any stage."""
        desk, number = self.web.troth.desk, self.order.number
        assert self._does(lambda: desk.close(self.keys[who], number, "unpaid")) == self.order.open
        self.order = self.order._replace(open=False)

    @rule(who=st.sampled_from(ORDER_CLERKS))
    def reopen(self, who: str) -> None:
        """A closed order goes on where it stood; one that was done goes back by one stage."""
        desk, number = self.web.troth.desk, self.order.number
        assert self._does(lambda: desk.reopen(self.keys[who], number)) == (not self.order.open)
        stage = "shipped" if self.order.stage == "invoiced" else self.order.stage
        self.order = self.order._replace(stage=stage, open=True)

    @rule(who=st.sampled_from(SUPPORTERS), step=st.sampled_from(("take", "give", "back")))
    def assign(self, who: str, step: str) -> None:
        """An open ticket is taken, handed over and put back by anybody of support."""
        desk, key = self.web.troth.desk, self.keys[who]
        other = next(one for one in SUPPORTERS if one != who)
        to = {"take": who, "give": other, "back": ""}[step]
        if step == "take":
            done = self._does(lambda: desk.take(key, self.ticket.number))
        else:
            done = self._does(lambda: desk.hand_over(key, self.ticket.number, self._id(to)))
        assert done == self.ticket.open
        if done:
            self.ticket = self.ticket._replace(holder=to)

    @rule(who=st.sampled_from(SUPPORTERS))
    def answer(self, who: str) -> None:
        """Only whoever has an open ticket answers it."""
        legal = self.ticket.open and self.ticket.holder == who
        assert (
            self._does(lambda: self.web.troth.desk.answer(self.keys[who], self.ticket.number, "Try again."))
            == legal
        )

    @rule(who=st.sampled_from(SUPPORTERS), reason=st.sampled_from(("answered", "no-reply")))
    def close(self, who: str, reason: str) -> None:
        """An open ticket is closed once."""
        desk, number = self.web.troth.desk, self.ticket.number
        assert self._does(lambda: desk.close(self.keys[who], number, reason)) == self.ticket.open
        self.ticket = self.ticket._replace(open=False)

    @invariant()
    def everybody_reads_what_is_theirs(self) -> None:
        """An order is open to its two roles while it is open, a ticket to whoever has it while it is open, and to nobody else."""
        if not hasattr(self, "ticket"):
            return
        desk = self.web.troth.desk
        for who in ORDER_CLERKS:
            assert bool(desk.read(self.keys[who], self.order.number).records) == self.order.open
        for who in SUPPORTERS:
            mine = self.ticket.open and self.ticket.holder == who
            assert bool(desk.read(self.keys[who], self.ticket.number).records) == mine
        row = desk.case(self.keys["ships"], self.order.number).row
        assert (row.state, not row.ended_at) == (self.order.stage, self.order.open)

    def _id(self, who: str) -> str:
        return self.web.troth.gate.actor(self.keys[who]).who if who else ""

    @staticmethod
    def _does(step: object) -> bool:
        assert callable(step)
        try:
            step()
        except TrothError:
            return False
        return True


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """The reference vendor, served in process."""
    with serving(tmp_path / "data") as found:
        yield found


@pytest.mark.slow
def test_cases_follow_the_model(web: Web) -> None:
    """No order of steps opens anything to anybody else, or brings a case where it may not be."""
    roles = {"ships": ("staff.fulfilment", "order"), "bills": ("staff.billing", "order")}
    roles |= dict.fromkeys(SUPPORTERS, ("staff.support", "ticket"))
    Cases.web, Cases.keys = web, {
        name: web.troth.issue_key(name=name, role=role, purposes=[FULFIL, PAY, SUPPORT], cases=[case])[0]
        for name, (role, case) in roles.items()
    }  # fmt: skip
    checks = [HealthCheck.too_slow]
    run_state_machine_as_test(
        Cases,
        settings=settings(
            max_examples=5, stateful_step_count=12, deadline=None, suppress_health_check=checks
        ),
    )
