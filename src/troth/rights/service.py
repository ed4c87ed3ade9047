"""Handling matters: who takes, verifies, plans, carries out, refuses or ends them. Every step is an act at the gate."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from troth.gate import Actor, Ask, Outcome, case_is_open, stage_mail
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, micros
from troth.policy import Act, CaseType, Policy
from troth.rights import keeping, plans
from troth.rights.agents import confirm_mandate
from troth.rights.extending import EXTENDED, extend
from troth.rights.handling import (
    check_no_person,
    check_reviewer,
    classify,
    named_matter,
    refusal,
)
from troth.rights.keeping import Noted
from troth.rights.mandates import Mandate, check_stands, mandate_of
from troth.rights.model import (
    KINDS,
    REASONED,
    SHAPES,
    Duty,
    IllegalMove,
    MatterRow,
    Step,
)
from troth.rights.plans import Item, stage_unattended
from troth.rights.proving import prove, tell_agent, tell_news
from troth.rights.telling import check_told, start_telling, tell_recipient
from troth.storage import Database, Transaction

Along = Callable[[Transaction, Sequence[Outcome]], None]
PerformAlong = Callable[[Sequence[Ask], Along], list[Outcome]]
_REVIEWED = frozenset({"under-review", "proposed", "resolved", "unresolved"})
_STARTED = frozenset({"planned", "executing"})
_TRIES = 5
_MOST_REASON = 200
_TELLS = frozenset({"taken", "planned", "under-review"})


class Told(NamedTuple):
    """A matter with its clocks, its steps, its plan, and by what authority an agent asks, where one does."""

    matter: MatterRow
    duties: list[Duty]
    steps: list[Step]
    items: Sequence[Item] = ()
    mandate: Mandate | None = None


class Rights:
    """What staff and people do with matters.

    Args:
        database: The data database.
        perform: Performs acts together with rows of this room in one unit of work; the gate's.
        actor: Who stands behind a key.
        policy: Gives the version in force.
        clock: Dates every step.
    """

    def __init__(
        self,
        *,
        database: Database,
        perform: PerformAlong,
        actor: Callable[[str], Actor],
        policy: Callable[[], Policy],
        clock: Clock,
    ) -> None:
        self._database = database
        self._perform = perform
        self._actor = actor
        self._policy = policy
        self._clock = clock

    def matter(self, name: str) -> Told:
        """A matter by its number or the id of its case.

        Raises:
            NotFound: There is none.
        """
        with self._database.snapshot() as tx:
            row = named_matter(tx, name)
            return Told(
                row,
                keeping.duties_of(tx, row.case),
                keeping.steps_of(tx, row.case),
                plans.items_of(tx, row.case),
                mandate_of(tx, row.case),
            )

    def row(self, name: str) -> MatterRow:
        """A matter alone, by its number or the id of its case.

        Raises:
            NotFound: There is none.
        """
        with self._database.reading() as tx:
            return named_matter(tx, name)

    def handled_by(self, key: str) -> frozenset[str]:
        """The matters that a key may handle: those whose purpose its role may be instructed for by the policy in force.

        Raises:
            Unauthenticated: The key does not work.
        """
        policy, actor = self._policy(), self._actor(key)
        today = self._clock.now().date().isoformat()
        found = set()
        for case in policy.cases.values():
            if case.matter is None or case.purpose is None or not actor.may_cite(case.name):
                continue
            facts = ("purpose.granted",) if actor.may_serve(case.purpose) else ()
            act = Act("instruct", actor.role, case.purpose, (), facts=facts, on=today)
            if facts and policy.decide(act).permitted:
                found.add(case.matter)
        return frozenset(found)

    def take(self, key: str, name: str) -> MatterRow:
        """Take a matter over; whoever takes one handles it.

        Raises:
            Refused: People take nothing over; nor does whoever reviews a dispute, or handled what it is about (clause VI.2).
        """
        return self._assign(key, name, "assign-case", "", told=True)

    def hand_over(self, key: str, name: str, to: str) -> MatterRow:
        """Give a matter to somebody else, or back to the queue; from then on nobody else opens what it is about.

        Args:
            key: Of who gives it.
            name: Number or case.
            to: Id of the member of staff, or of the key; empty for nobody.

        Raises:
            Refused: People hand nothing over; nor is a dispute given to whoever reviews it (clause VI.2).
        """
        return self._assign(key, name, "assign-case" if to else "release-case", to, told=False)

    def verify(self, key: str, name: str, proof: str = "") -> MatterRow:
        """Note that it is proven who asks.

        Args:
            key: Of whoever answers for it, or of the service that was sent the proof.
            name: Number or case.
            proof: Secret from the person's mailbox.

        Raises:
            Refused: Nothing proves it.
        """
        return self._move(key, name, "verified", "mailbox" if proof else "", order="verify-case", proof=proof)

    def classify(self, key: str, name: str, kind: str, uses: Sequence[str] = ()) -> MatterRow:
        """Say what a request asks for, once somebody has read it.

        Args:
            key: Of who says so.
            name: Number or case.
            kind: One of `KINDS`.
            uses: For restrict, object and release: the data uses that it is about; none for every optional one.

        Raises:
            InvalidInput: There is no such kind or data use.
            Refused: It came in without a proof that this kind needs.
        """
        if any(use not in self._policy().scales.purposes for use in uses):
            raise InvalidInput(
                "The policy knows no such data use.", field="uses", mend="Name data uses of the policy."
            )
        if kind not in KINDS:
            raise InvalidInput(
                "There is no such kind of request.", field="kind", mend=f"Use one of {', '.join(KINDS)}."
            )

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            _check_open(row)
            classify(tx, self._policy(), row, kind, uses, who, now)

        check_no_person(self._actor(key).person)
        return self.act(key, self.row(name), along)

    def move(self, key: str, name: str, to: str, reason: str = "", *, told: bool = True) -> MatterRow:
        """Move a matter to another state.

        Args:
            key: Of who moves it.
            name: Number or case.
            to: The state to reach.
            reason: Why, as a code or a short text without personal data; needed where nobody may end without one.
            told: Whether the person gets a mail where one belongs to it; not where another says it.

        Raises:
            IllegalMove: Its state machine knows no such move.
            InvalidInput: The move needs a reason.
            Refused: The policy lets this role do no such thing, or the handler would review their own work.
        """
        if to in REASONED and not reason:
            raise InvalidInput(
                f"Nothing is {to} without a reason.",
                field="reason",
                mend="Say why, in words the person understands.",
            )
        if to == "verified":
            return self.verify(key, name)
        if to != "withdrawn":
            check_no_person(self._actor(key).person)
        return self._move(key, name, to, reason, told=told)

    def plan(
        self, key: str, name: str, items: Sequence[Item], *, told: bool = True, start: bool = False
    ) -> MatterRow:
        """Write the plan of a request, which stands from now on.

        Args:
            key: Of who plans it.
            name: Number or case.
            items: What is to be done.
            told: Whether the person is told of it; not where it is carried out at once.
            start: Whether carrying it out begins at once, as a second act of the same unit of work.

        Raises:
            IllegalMove: It cannot be planned in its state.
            Refused: The policy lets this role do no such thing.
        """
        row = self.row(name)
        SHAPES[row.matter].check(row.state, "planned")

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> MatterRow:
            planned = keeping.move_matter(tx, row, "planned", now, who, "")
            plans.replace_items(tx, row.case, items)
            start_telling(tx, self._policy(), row.case, items, now)
            if not start:
                return planned
            check_stands(tx, row, now)
            return keeping.move_matter(tx, planned, "executing", now, who, "")

        return self.act(key, row, along, told=told, acts=1 + start)

    def carry_out(self, key: str, name: str) -> MatterRow:
        """Have a request carried out in the background; staff start so what does not go by itself.

        Raises:
            IllegalMove: It is not proven who asks, or it has ended.
            Refused: The policy lets this role do no such thing.
        """
        check_no_person(self._actor(key).person)
        row = self.row(name)
        if row.state not in _STARTED:
            SHAPES[row.matter].check(row.state, "planned")

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            keeping.note_step(tx, row.case, now, "started", who, "")
            plans.stage_answer(tx, row.case, now)

        return self.act(key, row, along)

    def tell(self, key: str, name: str, recipient: str) -> MatterRow:
        """Say that a recipient of a value that was wrong has been told the right one.

        Args:
            key: Of who told it.
            name: Number or case.
            recipient: Name of the recipient, as the plan has it.

        Raises:
            NotFound: No such recipient waits to be told.
            Refused: The policy lets this role do no such thing.
        """
        check_no_person(self._actor(key).person)

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            tell_recipient(tx, self._policy(), row, recipient, who, now)

        return self.act(key, self.row(name), along)

    def review(self, key: str, name: str) -> MatterRow:
        """Take a dispute under review.

        Raises:
            Refused: Whoever handled the matter does not review the dispute about it (clause VI.2).
        """
        check_no_person(self._actor(key).person)
        return self._move(key, name, "under-review", "")

    def extend(self, key: str, name: str, rule: str, reason: str) -> MatterRow:
        """Take the longer time that a law's clock gives; the person is given notice with the reason.

        Args:
            key: Of who takes it.
            name: Number or case.
            rule: Name of the clock.
            reason: Why, in words that the person understands; no personal data.

        Raises:
            Refused: The clock is a promise or knows no longer time, or nobody can be told.
            Conflict: Its day is over, or it was taken longer before.
        """
        check_no_person(self._actor(key).person)

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            extend(tx, row, rule, reason[:_MOST_REASON], who, now)
            stage_mail(tx, EXTENDED, person=row.person, now=now, case=row.case, clock=rule)

        return self.act(key, self.row(name), along)

    def _assign(self, key: str, name: str, order: str, to: str, *, told: bool) -> MatterRow:
        """Assign its case; the gate knows to whom it is assigned, and the matter follows in the same unit of work."""
        check_no_person(self._actor(key).person)
        row = self.row(name)
        _check_open(row)

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            """Its case was assigned by the order itself."""

        return self.act(key, row, along, order=order, assignee=to, told=told)

    def _move(
        self, key: str, name: str, to: str, note: str, *, order: str = "", proof: str = "", told: bool = True
    ) -> MatterRow:
        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> MatterRow | None:
            if to in _REVIEWED:
                check_reviewer(tx, row, who)
            if to == "under-review":
                keeping.set_reviewer(tx, row.case, who, now)
                row = row._replace(reviewer=who.key)
            if row.state == to:  # a question ends with its case
                return row
            if to == "verified":
                if proof:
                    confirm_mandate(tx, row, who, now)
                if prove(tx, row, now, who, note):
                    stage_unattended(tx, self._declared(row), row, now)
                return None
            check_told(tx, row, to)
            if to == "executing":
                check_stands(tx, row, now)
            moved = keeping.move_matter(tx, row, to, now, who, note)
            if ends and not told:
                tell_agent(tx, row.case, now)
            return moved

        row = self.row(name)
        SHAPES[row.matter].check(row.state, to)
        ends = to in SHAPES[row.matter].ends
        closing = False
        if ends:
            with self._database.reading() as tx:
                closing = case_is_open(tx, row.case)
        asked = order or ("close-case" if closing else "")
        return self.act(key, row, along, order=asked, proof=proof, told=told and (ends or to in _TELLS))

    def act(
        self,
        key: str,
        row: MatterRow,
        step: Callable[[Transaction, MatterRow, Noted, int], MatterRow | None],
        *,
        order: str = "",
        proof: str = "",
        told: bool = False,
        acts: int = 1,
        assignee: str = "",
    ) -> MatterRow:
        """Do a step in the unit of work of the act, or the acts, weighed and recorded for it; gives the matter as it is then.

        Args:
            key: Of who takes it.
            row: The matter.
            step: Takes it, given the unit of work, the matter as it is then, who does it and the instant (microseconds). It may
                give the matter as it is afterwards; else that is read again.
            order: Order that the act gives; empty for none.
            proof: Secret from the person's mailbox; empty for none.
            told: Whether those whom it concerns get a mail.
            acts: How many acts it is.
            assignee: Of an order that assigns it: to whom; empty for who takes the step.
        """
        actor, after = self._actor(key), None
        declared = self._declared(row)
        if declared is None or declared.purpose is None:
            raise NotFound(
                "The policy declares no such matter any more.", field="matter", mend="Declare its case."
            )
        whose = "" if proof else row.person
        ask = Ask(
            act="instruct", purpose=declared.purpose, key=key, person=whose, case=row.case, order=order, proof=proof, assignee=assignee,
        )  # fmt: skip

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            nonlocal after
            if not all(one.permitted for one in outcomes):
                return
            now = micros(self._clock.now())
            current = keeping.matter_by_case(tx, row.case)
            assert current is not None, "matters are never removed while they are open"
            after = step(tx, current, Noted(actor.role, actor.who), now)
            if told:
                tell_news(tx, current, now)

        for outcome in self._performed([ask] * acts, along):
            if not outcome.permitted:
                raise refusal(outcome.problem)
        return after or self.row(row.case)

    def _declared(self, row: MatterRow) -> CaseType | None:
        """The type of case of a matter by the version in force."""
        return next((c for c in self._policy().cases.values() if c.matter == row.matter), None)

    def _performed(self, asks: Sequence[Ask], along: Along) -> list[Outcome]:
        """Perform acts with their step; two that are taken at once see each other on the next try."""
        for left in reversed(range(_TRIES)):
            try:
                outcomes = self._perform(asks, along)
            except Conflict as error:
                if isinstance(error, IllegalMove) or error.field or not left:
                    raise  # only the store's own, about a key, has no field
            else:
                return outcomes
        msg = "the last try answers or raises"
        raise AssertionError(msg)


def _check_open(row: MatterRow) -> None:
    if row.ended_at:
        raise IllegalMove("This matter has ended.", field="number", mend="Nothing more is done to it.")
