"""The desk: cases by which staff serve people. Each look and each step is an act at the gate, under the case."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from troth.desk import keeping
from troth.desk.listing import Listing, Place
from troth.desk.model import ANSWERED, TICKET, Served, check_stage, following, is_last, reasons_of
from troth.desk.picking import answer_point, fields_read, given_to, serial_fields
from troth.gate import Actor, Ask, Outcome, Problem, joined_records, stage_mail
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, Refused, TrothError, micros
from troth.policy import Act, CaseType, Point, Policy, Stage
from troth.rights import Rights, Step
from troth.storage import Database, Transaction

Along = Callable[[Transaction, Sequence[Outcome]], None]
PerformAlong = Callable[[Sequence[Ask], Along], list[Outcome]]
ANSWER = "ticket-answer"
"""Mail template of an answer to a ticket."""
WEB = "web"


class Shown(NamedTuple):
    """A case with what happened to it, and the stage that follows; nothing of what anybody wrote.

    Args:
        row: The case.
        declared: Its type.
        steps: What happened to it.
        following: The stage that follows; None where there is none.
        own: Whether it is assigned to whoever looks.
        may: Whether the policy lets whoever looks bring it to the stage that follows.
    """

    row: Served
    declared: CaseType
    steps: Sequence[Step]
    following: Stage | None
    own: bool
    may: bool = False


class Read(NamedTuple):
    """What stands in a case, as far as the policy lets somebody see it; or why nothing is shown.

    Args:
        records: For each record of the case, in order, its values by field.
        withheld: Names of the fields that the role is not given.
        refused: Why nothing is shown; empty where something is.
        clause: Clause of the policy that decided so.
        entry: Ledger entry of the look.
    """

    records: Sequence[Mapping[str, Any]] = ()
    withheld: Sequence[str] = ()
    refused: str = ""
    clause: str = ""
    entry: str = ""


class _NotAll(Exception):
    """Undoes a unit of work of which one act was not permitted."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Desk:
    """What staff do with cases.

    Args:
        database: The data database.
        perform: Performs acts together with rows of this room in one unit of work; the gate's.
        actor: Who stands behind a key.
        policy: Gives the version in force.
        clock: Dates every step.
        rights: What is done with tickets, which are matters.
    """

    def __init__(
        self,
        *,
        database: Database,
        perform: PerformAlong,
        actor: Callable[[str], Actor],
        policy: Callable[[], Policy],
        clock: Clock,
        rights: Rights,
    ) -> None:
        self._database, self._perform, self._actor = database, perform, actor
        self._policy, self._clock, self._rights = policy, clock, rights
        self._listing = Listing(database, policy)

    def kinds(self, key: str) -> dict[str, CaseType]:
        """The types of case that a key may work on by the policy in force, by name.

        Raises:
            Unauthenticated: The key does not work.
        """
        policy, actor = self._policy(), self._actor(key)
        found = {}
        for one in policy.cases.values():
            known = one.served and one.purpose is not None and actor.may_cite(one.name)
            if known and not actor.person and self._may(key, one.purpose or ""):
                found[one.name] = one
        return found

    def _may(self, key: str, purpose: str) -> bool:
        """Whether the policy in force lets the holder of a key take steps that serve a purpose."""
        actor, today = self._actor(key), self._clock.now().date().isoformat()
        facts = ("purpose.granted",) if actor.may_serve(purpose) else ()
        act = Act("instruct", actor.role, purpose, (), facts=facts, on=today)
        return bool(facts) and self._policy().decide(act).permitted

    def cases(self, key: str, kind: str, view: str, *, stage: str | None = None, behind: Place = Place(), most: int = 50) -> list[Served]:  # noqa: B008  a constant  # fmt: skip
        """A page of cases of a kind: numbers and states, nothing of anybody.

        Args:
            key: Of who looks.
            kind: Type of case.
            view: One of `VIEWS`.
            stage: Only those in a stage; None for any.
            behind: Where the page before ended.
            most: Most cases.

        Raises:
            NotFound: The key works on no such cases.
        """
        return self._listing.page(self._kind(key, kind), view, self._actor(key).who, stage, behind, most)

    def find(self, key: str, text: str) -> list[Served]:
        """The cases with a number, or those of whoever has an order or serial number; each look by one is an act of its own.

        Raises:
            NotFound: There is none.
            Refused: The policy lets the role find nobody by such a number.
        """
        kinds = self.kinds(key)
        row = self._listing.by_number(text)
        if row is not None and row.kind in kinds:
            return [row]
        asks = [
            Ask(
                act="instruct",
                purpose=one.purpose or "",
                key=key,
                order="find-cases",
                identify={name: text.strip()},
            )
            for one in kinds.values()
            for name in serial_fields(self._policy())
        ]
        outcomes = self._perform(asks, _nothing) if text.strip() else []
        cases = {one["case"] for done in outcomes if done.permitted for one in done.values["cases"]}
        found = [row for case in sorted(cases) if (row := self._listing.by_case(case)) and row.kind in kinds]
        if not found:
            raise NotFound(
                "No case has this number.", field="number", mend="Give it whole, letter by letter."
            )
        return found

    def case(self, key: str, number: str) -> Shown:
        """A case by its number or id.

        Raises:
            NotFound: There is none that the key works on.
        """
        row, declared = self._mine(key, number)
        if declared.matter == TICKET:
            steps: Sequence[Step] = sorted(
                [*self._rights.matter(row.case).steps, *self._own_steps(row.case)], key=lambda one: one.at
            )
            after = None
        else:
            steps, after = self._own_steps(row.case), None if row.ended_at else following(declared, row.state)
        own = bool(row.holder) and row.holder == self._actor(key).who
        may = after is not None and after.open_to(self._actor(key).role) and self._may(key, after.purpose)
        return Shown(row, declared, steps, after, own, may)

    def take(self, key: str, number: str) -> Served:
        """Take a case over; from now on nobody else opens what is reserved to whom it is assigned.

        Raises:
            NotFound: There is none that the key works on, or it is closed.
        """
        return self._assign(key, number, "assign-case", "")

    def hand_over(self, key: str, number: str, to: str) -> Served:
        """Give a case to somebody else, or put it back where `to` is empty.

        Args:
            key: Of who gives it.
            number: Number or id.
            to: Id of the member of staff or of the key that gets it; that they may have it is the caller's to see to.
        """
        return self._assign(key, number, "assign-case" if to else "release-case", to)

    def read(self, key: str, number: str) -> Read:
        """Open what stands in a case: an act under it, decided and recorded; its person can see it.

        Raises:
            NotFound: There is none that the key works on.
        """
        row, declared = self._mine(key, number)
        if not row.person:
            return Read(refused="It is about nobody.")
        with self._database.reading() as tx:
            records = (row.record, *joined_records(tx, row.case))
        ask = self._ask(
            key, row, declared.purpose or "", act="use", records=records, fields=fields_read(self._policy(), declared), partial=True
        )  # fmt: skip
        (outcome,) = self._perform([ask], _nothing)
        if outcome.problem is not None:
            return Read(refused=outcome.problem.detail, clause=outcome.problem.clause, entry=outcome.entry)
        shown = [
            {name: kept["value"] for name, kept in outcome.values.get(one, {}).items()} for one in records
        ]
        return Read(shown, outcome.withheld, entry=outcome.entry)

    def file(self, key: str, number: str, place: int, field: str) -> Mapping[str, Any]:
        """Open one file of a case: an act under it.

        Args:
            key: Of who opens it.
            number: Number or id.
            place: Place of its record among those of the case.
            field: Name of the field.

        Raises:
            NotFound: There is no such file.
            Refused: The policy lets the role not have it.
        """
        row, declared = self._mine(key, number)
        with self._database.reading() as tx:
            records = (row.record, *joined_records(tx, row.case))
        known = fields_read(self._policy(), declared)
        if not (0 <= place < len(records) and records[place] and field in known):
            raise _no_file()
        ask = self._ask(key, row, declared.purpose or "", act="use", record=records[place], fields=(field,))
        (outcome,) = self._perform([ask], _nothing)
        if outcome.problem is not None:
            raise _refusal(outcome.problem)
        value = outcome.values.get(field)
        if not isinstance(value, Mapping):
            raise _no_file()
        return value

    def reach(
        self, key: str, number: str, to: str, values: Mapping[str, Any]
    ) -> tuple[Served, Mapping[str, Any]]:
        """Bring a case to its next stage, with all that belongs to it or not at all; the last stage closes it.

        Args:
            key: Of who does it.
            number: Number or id.
            to: The stage.
            values: What is noted with it, by field of the point that the policy names.

        Returns:
            The case, and what the stage's recipient was given.

        Raises:
            IllegalStage: Another stage follows.
            Refused: The policy lets the role do no such thing.
        """
        row, declared = self._mine(key, number)
        stage = check_stage(declared, row, to)
        asks = self._stage_asks(key, row, declared, stage, values)
        actor, now = self._actor(key), micros(self._clock.now())

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            _check_all(outcomes)
            if not keeping.reach_stage(tx, row.case, row.state, to):
                raise Conflict("Somebody else has moved it meanwhile.", field="stage", mend="Look again.")
            keeping.note_step(tx, row.case, now, to, actor.role, actor.who)

        outcomes = self._together(asks, along)
        return self._again(row), outcomes[1].values if stage.to is not None else {}

    def _stage_asks(
        self, key: str, row: Served, declared: CaseType, stage: Stage, values: Mapping[str, Any]
    ) -> list[Ask]:
        """The acts that a stage is made of: its step, what its recipient is given, and what is noted with it, in this order."""
        policy, last = self._policy(), is_last(declared, stage)
        asks = [
            self._ask(
                key, row, stage.purpose, act="instruct", order="close-case" if last else "", stage=stage.name
            )
        ]
        if stage.to is not None:
            fields = given_to(policy, declared, stage.to)
            given = {"recipient": stage.to, "fields": fields, "record": row.record}
            asks.append(self._ask(key, row, stage.purpose, act="disclose", **given))
        if stage.notes is not None:
            asks.append(self._noting(key, row, policy.points[stage.notes], dict(values)))
        return asks

    def answer(self, key: str, number: str, text: str) -> Served:
        """Answer whoever wrote a ticket: kept sealed with the ticket, and sent to their mailbox.

        Raises:
            Refused: The policy lets the role write none, or the ticket is not assigned to whoever writes.
            InvalidInput: Nothing was written.
        """
        row, declared = self._mine(key, number)
        policy, actor, now = self._policy(), self._actor(key), micros(self._clock.now())
        point, field = answer_point(policy, declared, actor.role)
        if not text.strip():
            raise InvalidInput("The answer is empty; nothing was sent.", field=field, mend="Write one.")
        ask = self._noting(key, row, point, {field: text.strip()})

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            _check_all(outcomes)
            message = stage_mail(
                tx, ANSWER, person=row.person, now=now, case=row.case, record=outcomes[0].record
            )
            keeping.note_mail(tx, message, row.case, now)
            keeping.note_step(tx, row.case, now, "answer-sent", actor.role, actor.who)

        self._together([ask], along)
        return self._again(row)

    def close(self, key: str, number: str, reason: str) -> Served:
        """Close a case for a reason; what it opened is closed with it.

        Raises:
            InvalidInput: There is no such reason.
            NotFound: There is none that the key works on, or it is closed.
        """
        row, declared = self._mine(key, number)
        known = reasons_of(declared)
        if reason not in known:
            raise InvalidInput(
                "There is no such reason.", field="reason", mend=f"Use one of {', '.join(known)}."
            )
        if (
            declared.matter == TICKET
        ):  # a question ends with its case, whatever the reason; that is noted beside it
            self._rights.move(key, row.case, ANSWERED, known[reason], told=reason == ANSWERED)
            actor, now = self._actor(key), micros(self._clock.now())
            with self._database.transaction() as tx:
                keeping.note_step(tx, row.case, now, "closed", actor.role, actor.who, known[reason])
            return self._again(row)

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            _check_all(outcomes)
            keeping.note_why(tx, row.case, known[reason])

        self._together(
            [self._ask(key, row, declared.purpose or "", act="instruct", order="close-case")], along
        )
        return self._again(row)

    def reopen(self, key: str, number: str) -> Served:
        """Go on with a closed case, within the time that the policy gives; a ticket goes on under a new number.

        Raises:
            Conflict: It is open.
            Refused: Its time is over.
        """
        row, declared = self._mine(key, number)
        names = [one.name for one in declared.stages]
        stage = names[-2] if row.state in names[1:] and row.state == names[-1] else row.state
        holder = self._actor(key).who

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            _check_all(outcomes)
            if declared.stages:
                keeping.begin_again(tx, row.case, holder, stage)

        ask = self._ask(key, row, declared.purpose or "", act="instruct", order="reopen-case")
        (outcome,) = self._together([ask], along)
        return self._mine(key, outcome.case)[0]

    def _assign(self, key: str, number: str, order: str, to: str) -> Served:
        row, declared = self._mine(key, number)
        if declared.matter == TICKET:
            if order == "assign-case" and not to:
                self._rights.take(key, row.case)
            else:
                self._rights.hand_over(key, row.case, to)
            return self._again(row)
        ask = self._ask(key, row, declared.purpose or "", act="instruct", order=order, assignee=to)
        self._together([ask], lambda _, outcomes: _check_all(outcomes))
        return self._again(row)

    def _ask(self, key: str, row: Served, purpose: str, **more: Any) -> Ask:
        """An act under a case."""
        return Ask(key=key, purpose=purpose, person=row.person, case=row.case, **more)

    def _noting(self, key: str, row: Served, point: Point, values: dict[str, Any]) -> Ask:
        """What somebody of us writes under a case, kept in a record of its own that joins it."""
        return self._ask(
            key, row, point.purposes[0], act="collect", point=point.name, channel=WEB, notice=point.notice or "", values=values
        )  # fmt: skip

    def _together(self, asks: Sequence[Ask], along: Along) -> list[Outcome]:
        """Perform acts together or not at all; of what is not permitted the denial alone is recorded.

        Raises:
            Refused: One of them is not permitted.
        """
        try:
            return self._perform(asks, along)
        except _NotAll as told:
            (outcome,) = self._perform([asks[told.number]], _nothing)
            raise _refusal(outcome.problem) from None

    def _kind(self, key: str, kind: str) -> CaseType:
        found = self.kinds(key).get(kind)
        if found is None:
            raise NotFound("You work on no such cases.", field="kind", mend="See the queue.")
        return found

    def _mine(self, key: str, number: str) -> tuple[Served, CaseType]:
        kinds = self.kinds(key)
        row = self._listing.by_case(number) or self._listing.by_number(number)
        if row is None or row.kind not in kinds:
            raise NotFound("No case has this number.", field="number", mend="See the queue.")
        return row, kinds[row.kind]

    def _again(self, row: Served) -> Served:
        found = self._listing.by_case(row.case)
        assert found is not None, "cases are never removed while somebody works on them"
        return found

    def _own_steps(self, case: str) -> list[Step]:
        with self._database.reading() as tx:
            return keeping.steps_of(tx, case)


def _no_file() -> NotFound:
    return NotFound("No such file stands here.", field="field", mend="Read the case again.")


def _nothing(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
    """Nothing of the desk's own beside an act."""


def _check_all(outcomes: Sequence[Outcome]) -> None:
    """Undo everything where one act was not permitted."""
    for number, one in enumerate(outcomes):
        if not one.permitted:
            raise _NotAll(number)


def _refusal(problem: Problem | None) -> TrothError:
    if problem is None:
        return Conflict("It is permitted by now.", field="number", mend="Try again.")
    kind: type[TrothError] = {404: NotFound, 409: Conflict, 422: InvalidInput}.get(problem.status, Refused)
    return kind(problem.detail, clause=problem.clause, field=problem.field, mend=problem.mend)
