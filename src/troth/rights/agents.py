"""Agents: somebody asks in another's name, with an authority that the person or staff confirm (answer 9; 11 CCR 7063).

Nothing is done before both stand: the agent's own mailbox is proven, and the person says yes from theirs, or staff accept a written
authority. The clock runs from receipt meanwhile. Whom an agent names gets no mail of ours before the agent's mailbox is proven, and
no word of the agent's in a mail at all.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from troth.gate import Opening, end_case, note_matter, stage_mail
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, micros
from troth.policy import Policy
from troth.rights import mandates
from troth.rights.keeping import Noted, matter_by_case, move_matter, note_step
from troth.rights.mandates import (
    BY_DOCUMENT,
    BY_PERSON,
    DENIED,
    ENDED,
    GIVEN,
    REJECTED,
    STANDING,
    WAITS,
    Mandate,
)
from troth.rights.model import AUTHORITY_ENDED, KINDS, UNCONFIRMED, IllegalMove, MatterRow
from troth.rights.plans import stage_unattended
from troth.rights.proving import prove, tell_agent
from troth.storage import Database, Transaction

if TYPE_CHECKING:
    from troth.rights.service import Rights

AGENT_PROVE, AGENT_ASKS = "agent-prove", "agent-asks"
"""Mail templates: to an agent, with the link that proves the agent's mailbox; to the person, who says yes or no behind a link."""
_DAY = timedelta(days=1) // timedelta(microseconds=1)
_MOST_MAILS = 5
"""So many requests of a day are told by mail to an unproven mailbox, and as many to a person; others are answered alike and send
nothing."""
_MOST_REASON = 200
_BY_ITSELF = Noted("", "")
_OPEN = frozenset({"identity-pending", "authority-pending"})
_STOPPABLE = frozenset({"identity-pending", "authority-pending", "verified", "planned"})


def begin_mandate(tx: Transaction, row: MatterRow, opening: Opening) -> None:
    """Take in that an agent asks: nothing happens before the agent's own mailbox is proven.

    Args:
        tx: The unit of work that opens the case.
        row: The request, received just now.
        opening: The case that is being opened.
    """
    one = Mandate(row.case, row.person, opening.agent, opening.record, int(opening.authority), opening.at)
    few = mandates.unproven_since(tx, one.agent, opening.at - _DAY) < _MOST_MAILS
    mandates.add_mandate(tx, one)
    move_matter(tx, row, "identity-pending", opening.at, _BY_ITSELF, "")
    if few:
        stage_mail(tx, AGENT_PROVE, person=row.person, now=opening.at, case=row.case)


def confirm_mandate(tx: Transaction, row: MatterRow, who: Noted, at: int) -> None:
    """Note the person's own yes, which covers this request and no other; nothing where no agent asks.

    Args:
        tx: Unit of work.
        row: The request as it was read in this unit of work.
        who: Who notes it.
        at: Instant (microseconds).

    Raises:
        Conflict: The agent's mailbox is not proven, or it was decided before.
    """
    one = mandates.mandate_of(tx, row.case)
    if one is None:
        return
    if not one.proven_at or one.state not in (WAITS, REJECTED):
        raise Conflict(
            "Nobody waits for your word on this request.", field="state", mend="See your requests: /my."
        )
    mandates.settle(
        tx,
        one._replace(
            state=GIVEN, basis=BY_PERSON, kinds=row.kind, settled_at=at, role=who.role, key=who.key, reason=""
        ),
    )
    tell_agent(tx, row.case, at)


def take_document(tx: Transaction, case: str, role: str, key: str, at: int) -> None:
    """Note that staff added a written authority to a request, which now waits for somebody to examine it.

    Args:
        tx: The unit of work that keeps the document.
        case: Of the request.
        role: Role of who added it.
        key: Id of the key of who added it.
        at: Instant (microseconds).

    Raises:
        Conflict: It is decided by now.
    """
    row, one, who = matter_by_case(tx, case), mandates.mandate_of(tx, case), Noted(role, key)
    if row is None or one is None or row.state not in _OPEN:
        raise Conflict("This request is decided already.", field="authority", mend="Look at it again.")
    mandates.note_document(tx, case)
    mandates.settle(tx, one._replace(state=WAITS, reason=""))
    note_step(tx, case, at, "authority-added", who, "")
    if one.proven_at and row.state == "identity-pending":
        move_matter(tx, row, "authority-pending", at, who, "")


class Agents:
    """What agents, people and staff do about requests in somebody's name; every step is an act at the gate.

    Args:
        rights: Requests and their steps.
        database: The data database.
        policy: Gives the version in force.
        clock: Dates every step.
    """

    def __init__(
        self, rights: "Rights", database: Database, policy: Callable[[], Policy], clock: Clock
    ) -> None:
        self._rights = rights
        self._database = database
        self._policy = policy
        self._clock = clock

    def mandate(self, case: str) -> Mandate | None:
        """By what authority a request was made; None where its person asked."""
        with self._database.reading() as tx:
            return mandates.mandate_of(tx, case)

    def prove_mailbox(self, key: str, case: str) -> MatterRow:
        """Note that an agent's mailbox is proven, and ask the person; done again, it changes nothing.

        Args:
            key: Of the service, which checked the link.
            case: Of the request.

        Raises:
            Conflict: The request has ended, or its time is over.
        """
        row, one = self._asked(case)
        if one.proven_at:
            return row
        with self._database.reading() as tx:
            now = micros(self._clock.now())
            stands = mandates.standing_mandate(tx, one, row.kind, now) is not None

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            _check_open(row, now)
            if mandates.note_mailbox(tx, row.case, now):
                note_step(tx, row.case, now, "agent-proven", _BY_ITSELF, "")
                self._go_on(tx, row, who, now, stands=stands)

        return self._rights.act(key, row, along, order="verify-case" if stands else "")

    def _go_on(self, tx: Transaction, row: MatterRow, who: Noted, now: int, *, stands: bool) -> None:
        """What follows once it is known who the agent is: the request ends, goes on by an earlier authority, or waits."""
        one = mandates.mandate_of(tx, row.case)
        assert one is not None, "it was noted just now"
        if mandates.barred(tx, one, now):
            self._end(tx, row, one._replace(state=DENIED, settled_at=now), UNCONFIRMED, now)
            return
        earlier = mandates.standing_mandate(tx, one, row.kind, now) if stands else None
        if stands and earlier is None:
            raise Conflict("The authority has just ended.", field="authority", mend="Follow the link again.")
        if earlier is not None:
            mandates.settle(
                tx,
                one._replace(
                    state=GIVEN, basis=STANDING, under=earlier.case, kinds=earlier.kinds,
                    valid_until=earlier.valid_until, copies=earlier.copies, settled_at=now, role=who.role, key=who.key,
                ),
            )  # fmt: skip
            self._proven(tx, row, who, now, STANDING)
        elif one.document:
            move_matter(tx, row, "authority-pending", now, _BY_ITSELF, "")
        if mandates.proven_since(tx, row.person, now - _DAY) <= _MOST_MAILS:
            stage_mail(tx, AGENT_ASKS, person=row.person, now=now, case=row.case)

    def _proven(self, tx: Transaction, row: MatterRow, who: Noted, now: int, note: str) -> None:
        if prove(tx, row, now, who, note):
            declared = next((one for one in self._policy().cases.values() if one.matter == row.matter), None)
            stage_unattended(tx, declared, row, now)
        tell_agent(tx, row.case, now)

    def accept(
        self, key: str, name: str, *, until: int, kinds: Sequence[str], copies: bool = False
    ) -> MatterRow:
        """Note that a written authority was examined and stands; the request goes on.

        Args:
            key: Of whoever of staff examined it and answers for it.
            name: Number or case.
            until: Last instant at which it holds (microseconds).
            kinds: Kinds of request that it is for.
            copies: Whether it says that copies go to the agent.

        Raises:
            Conflict: The agent's mailbox is not proven, nothing was shown, or it is decided.
            InvalidInput: It is over already, or is not for this kind of request.
            Refused: The policy lets this role answer for nobody.
        """
        row, _ = self._asked(name)
        if until <= micros(self._clock.now()):
            raise InvalidInput("The authority is over.", field="until", mend="Name a day that is to come.")
        if not set(kinds) <= set(KINDS) or row.kind not in kinds:
            raise InvalidInput(
                "The authority is not for what is asked here.",
                field="kinds",
                mend=f"Name the kinds that it is for, {row.kind} among them; or say that it is not accepted.",
            )

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            one = _waiting(tx, row)
            settled = one._replace(
                state=GIVEN, basis=BY_DOCUMENT, kinds=" ".join(dict.fromkeys(kinds)), valid_until=until,
                copies=int(copies), settled_at=now, role=who.role, key=who.key, reason="",
            )  # fmt: skip
            mandates.settle(tx, settled)
            note_step(tx, row.case, now, "authority-accepted", who, "")
            self._proven(tx, row, who, now, BY_DOCUMENT)

        return self._rights.act(key, row, along, order="verify-case")

    def reject(self, key: str, name: str, reason: str) -> MatterRow:
        """Note that a written authority was examined and does not do; the agent is told why, and the person can still say yes.

        Raises:
            Conflict: Nothing was shown, or it is decided.
            InvalidInput: There is no reason.
        """
        if not reason.strip():
            raise InvalidInput(
                "No authority is turned down without a reason.",
                field="reason",
                mend="Say why, in words that the agent understands.",
            )
        row, _ = self._asked(name)

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            one = _waiting(tx, row)
            mandates.settle(
                tx,
                one._replace(
                    state=REJECTED, settled_at=now, role=who.role, key=who.key,
                    reason=" ".join(reason.split())[:_MOST_REASON],
                ),
            )  # fmt: skip
            note_step(tx, row.case, now, "authority-rejected", who, "")
            if row.state == "authority-pending":
                move_matter(tx, row, "identity-pending", now, who, "")
            tell_agent(tx, row.case, now)

        return self._rights.act(key, row, along)

    def deny(self, key: str, case: str) -> MatterRow:
        """Note the person's no: the request ends, and the agent hears only that it was not confirmed.

        Args:
            key: Of the service, which checked the person's link, or of the person's session.
            case: Of the request.

        Raises:
            Conflict: The request has ended or is being carried out.
        """
        row, _ = self._asked(case)

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            one = mandates.mandate_of(tx, row.case)
            assert one is not None, "mandates are never removed"
            if row.state not in _OPEN:
                raise IllegalMove(
                    "This request is decided already.", field="state", mend="See your requests: /my."
                )
            settled = one._replace(state=DENIED, settled_at=now, role=who.role, key=who.key)
            self._end(tx, row, settled, UNCONFIRMED, now)

        return self._rights.act(key, row, along)

    def withdraw(self, key: str, case: str) -> MatterRow:
        """Take an authority back: nothing more is asked by it, and what is not being carried out yet ends.

        Args:
            key: Of the person's own session.
            case: Of the request by which it was given.

        Raises:
            Conflict: It does not stand any more.
        """
        row, one = self._asked(case)
        if one.state in (WAITS, REJECTED) and row.state in _OPEN:
            return self.deny(key, case)

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            given = mandates.mandate_of(tx, row.case)
            if given is None or given.state != GIVEN:
                raise Conflict(
                    "This authority does not stand any more.", field="state", mend="See who may ask for you."
                )
            for each in (given, *mandates.mandates_under(tx, given.case)):
                if each.state == GIVEN:
                    self._take_back(tx, each._replace(role=who.role, key=who.key), now)
            note_step(tx, row.case, now, "authority-withdrawn", who, "")

        return self._rights.act(key, row, along)

    def stop(self, key: str, case: str) -> MatterRow:
        """End a request whose authority was over before anything was done for it."""
        row, _ = self._asked(case)

        def along(tx: Transaction, row: MatterRow, who: Noted, now: int) -> None:
            one = mandates.mandate_of(tx, row.case)
            if one is not None and row.state in _STOPPABLE and not one.stands(row.kind, now):
                self._end(
                    tx,
                    row,
                    one._replace(settled_at=one.settled_at or now, role=who.role),
                    AUTHORITY_ENDED,
                    now,
                )

        return self._rights.act(key, row, along)

    def _take_back(self, tx: Transaction, one: Mandate, now: int) -> None:
        row = matter_by_case(tx, one.case)
        ended = one._replace(state=ENDED, settled_at=now)
        if row is not None and row.state in _STOPPABLE:
            self._end(tx, row, ended, AUTHORITY_ENDED, now)
        else:
            mandates.settle(tx, ended)

    def _end(self, tx: Transaction, row: MatterRow, one: Mandate, outcome: str, now: int) -> None:
        """End a request of an agent; nothing was done for it."""
        mandates.settle(tx, one)
        move_matter(tx, row, "withdrawn", now, _BY_ITSELF, outcome)
        end_case(tx, row.case, now)
        note_matter(tx, self._policy(), case=row.case, what=outcome, clause="III.0", now=now)
        tell_agent(tx, row.case, now)

    def _asked(self, name: str) -> tuple[MatterRow, Mandate]:
        row = self._rights.row(name)
        one = self.mandate(row.case)
        if one is None:
            raise NotFound("No agent made this request.", field="number", mend="Its person did.")
        return row, one


def end_of_day(text: str) -> int:
    """The last instant (microseconds) of a day (ISO date, UTC).

    Raises:
        InvalidInput: It is no day.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "That is no day.", field="until", mend="Write the last day, such as 2027-12-31."
        ) from None
    return micros(datetime.combine(day, time.max, UTC))


def _check_open(row: MatterRow, now: int) -> None:
    if row.state not in _OPEN or now > row.due_at:
        raise Conflict("This request has ended, or its time is over.", field="state", mend="Send it again.")


def _waiting(tx: Transaction, row: MatterRow) -> Mandate:
    """The mandate of a request that waits for a decision about a written authority."""
    one = mandates.mandate_of(tx, row.case)
    assert one is not None, "mandates are never removed"
    if row.state not in _OPEN or not one.proven_at or not one.document:
        raise Conflict(
            "No written authority waits here: none was shown, the agent's mailbox is not proven, or it is decided.",
            field="authority",
            mend="Add the document, or wait for the agent's mailbox.",
        )
    return one
