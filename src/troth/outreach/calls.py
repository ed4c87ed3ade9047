"""Calls: the call centre pulls them with a key of its own, one at a time, and each is decided at the moment of the pull.

A stop therefore holds for the very next call. The centre is told a name, a number and what to say; how a call went comes
back as one of a few words.

    planned -> sending -> sent | failed | bounced     of each message, in the outbox
                  |
                  +-> planned: nobody answered, or nothing was heard of the call
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from troth.gate import Actor, Ask, Outcome
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, Refused, micros, new_id
from troth.outreach.call_tables import CallList, close_list, list_of, newest_lists, open_list, open_lists
from troth.outreach.channels import (
    DISCLOSE,
    Channel,
    Needed,
    check_citing,
    check_topic,
    error_of,
    needed,
    why_skipped,
)
from troth.outreach.composing import filled
from troth.outreach.letter_setting import check_text, variables
from troth.outreach.letter_tables import channel_counts, due_rows, held_rows
from troth.outreach.letter_text import LetterText, OwnText, no_text, text_under
from troth.outreach.noting_said import note_said
from troth.outreach.outbox import BOUNCED, FAILED, PLANNED, SENDING, SENT, SKIPPED, Outbox, Row
from troth.policy import Policy
from troth.storage import Database, Transaction

PHONE = "phone"
REACHED, NO_ANSWER, WRONG_NUMBER, STOP = "reached", "no-answer", "wrong-number", "stop"
OUTCOMES = (REACHED, NO_ANSWER, WRONG_NUMBER, STOP)
MOST_AT_ONCE = 10
"""Most calls that one pull gives."""
MOST_TRIES = 3
"""Calls to somebody who never answers."""
LATER = timedelta(hours=4)
"""After which somebody who did not answer is called again."""
LEASE = timedelta(hours=1)
"""After which a call of which nothing was heard is given out again."""
CHOICE = "essential.service.choice"
_EXPIRED = "expired"
_AT_ONCE = 10_000

PerformAlong = Callable[[Sequence[Ask], Callable[[Transaction, Sequence[Outcome]], None]], list[Outcome]]


class Call(NamedTuple):
    """One call, as the centre is given it.

    Args:
        id: Of its message; the outcome is told under it.
        name: Who is called.
        number: The number.
        subject: What it is about.
        script: What to say.
        reason: Why they are called, if they ask.
        language: In which language.
        until: Until when it may be made (microseconds).
    """

    id: str
    name: str
    number: str
    subject: str
    script: str
    reason: str
    language: str
    until: int

    def __repr__(self) -> str:
        return f"Call(id={self.id!r})"


class CallOrder(NamedTuple):
    """What a call list is.

    Args:
        case: Case under which its calls are planned: a campaign, a bulletin, or a person's own matter.
        purpose: Data use that they serve.
        text: The script: subject, reason, and what to say, with variables in braces; None under a case that brings its own.
        key: API key in whose name it is opened.
        announcing: Whether they announce something.
        message: Digest of the version of a kept message that the script is; empty for another one.
        topic: Declared topic that they are about; empty for none.
    """

    case: str
    purpose: str
    text: LetterText | None
    key: str
    announcing: bool = False
    message: str = ""
    topic: str = ""


class Centre(NamedTuple):
    """Who calls, and in whose name numbers are handed to them.

    Args:
        channel: The channel phone, with the recipient that is chosen.
        days: Days after which a list ends by itself.
        key: Gives the API key in whose name numbers are handed over.
    """

    channel: Channel
    days: int
    key: Callable[[], str]


class CallLists:
    """Lists of calls.

    Args:
        database: Keeps them.
        perform_along: Performs acts together with something of the caller's own.
        actor: Gives who stands behind a key.
        policy: Gives the version in force.
        outbox: The messages.
        clock: Dates calls.
        centre: Who calls.
        own_text: Gives the text that a case brings.
    """

    def __init__(
        self,
        *,
        database: Database,
        perform_along: PerformAlong,
        actor: Callable[[str], Actor],
        policy: Callable[[], Policy],
        outbox: Outbox,
        clock: Clock,
        centre: Centre,
        own_text: OwnText = no_text,
    ) -> None:
        self._own = own_text
        self._database, self._perform, self._actor = database, perform_along, actor
        self._policy, self._outbox, self._clock, self._centre = policy, outbox, clock, centre

    def open(self, order: CallOrder) -> CallList:
        """Open the call list of a case; whoever the case is about is on it without a plan.

        Raises:
            NotFound: There is no such case.
            Refused: The policy does not let this key open it.
            InvalidInput: The script uses a variable that nothing gives, or see `check_topic`.
        """
        text = text_under(order.case, order.text, self._own)
        check_text(text)
        check_topic(self._policy(), PHONE, order.purpose, order.topic)
        actor = self._actor(order.key)
        person = check_citing(self._database, actor, order.case)
        recipient = self._centre.channel.recipient_of(self._policy())
        now = self._clock.now()
        new = CallList(
            new_id(), order.case, order.purpose, recipient, text.subject, text.reason, text.body,
            text.language, int(order.announcing), micros(now), micros(now + timedelta(days=self._centre.days)), 0,
            order.topic,
        )  # fmt: skip
        opened: list[CallList] = []

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if outcomes[0].permitted:
                if person:
                    self._outbox.plan(tx, order.case, [person], PHONE)
                opened[:] = [open_list(tx, new)]
                more = {"list": opened[0].list}
                note_said(tx, self._policy(), "calls-opened", order, actor.key_id, micros(now), more)

        self._instruct(order.key, order.purpose, along, about=(order.case, person))
        return opened[0]

    def lists(self, most: int = 100) -> list[CallList]:
        """Lists, the newest first."""
        with self._database.reading() as tx:
            return newest_lists(tx, most)

    def counts(self, case: str) -> dict[str, int]:
        """How many calls of a case are in each state."""
        with self._database.reading() as tx:
            return channel_counts(tx, case, PHONE)

    def pull(self, key: str, most: int = 1) -> list[Call]:
        """The next calls that the centre is to make; each is decided now, and on record.

        Args:
            key: The centre's own key.
            most: How many; at most `MOST_AT_ONCE`. One at a time is what lets a stop hold for the next call.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy lets nobody with this key pull calls.
            InvalidInput: Too many are asked for.
        """
        if not 1 <= most <= MOST_AT_ONCE:
            raise InvalidInput(
                f"Between 1 and {MOST_AT_ONCE} calls are given at once.", field="most", mend="Ask for 1."
            )
        actor, now = self._actor(key), micros(self._clock.now())
        with self._database.reading() as tx:
            found = [one for one in open_lists(tx) if one.ends_at > now]
        mine = [one for one in found if actor.may_serve(one.purpose)]
        if not mine:
            if found:  # refused by the gate, and on record
                self._instruct(key, found[0].purpose)
            return []
        calls: list[Call] = []
        for purpose in dict.fromkeys(one.purpose for one in mine):
            self._instruct(key, purpose)
            for one in mine:
                while one.purpose == purpose and len(calls) < most:
                    rows = self._due(one, most - len(calls))
                    if not rows:
                        break
                    calls += self._given(one, rows)
        return calls

    def outcome(self, key: str, call: str, outcome: str) -> str:
        """Note how a call went; gives the state that it is in now.

        Args:
            key: The centre's own key, or one of staff who may.
            call: Id of the call.
            outcome: One of `OUTCOMES`. `stop` stops the purpose at once, and for a call that was told already, too.

        Raises:
            NotFound: There is no such call.
            Conflict: It is not being made.
            Refused: The policy does not let this key tell it.
        """
        if outcome not in OUTCOMES:
            raise InvalidInput(
                "There is no such outcome.", field="outcome", mend=f"Use one of {', '.join(OUTCOMES)}."
            )
        row = self._outbox.message(call)
        with self._database.reading() as tx:
            found = list_of(tx, row.batch) if row is not None else None
        if row is None or row.channel != PHONE or found is None or row.state == PLANNED:
            raise NotFound(
                "There is no such call.", field="call", mend="Give the id that came with the number."
            )
        if row.state != SENDING and outcome != STOP:
            raise Conflict(
                f"The call is {row.state} already.", field="call", mend="Only a stop can still be told."
            )
        told: list[str] = [row.state]

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if outcomes[0].permitted and row.state == SENDING:
                told[:] = [self._noted(tx, row, outcome)]

        self._instruct(key, found.purpose, along)
        if outcome == STOP:
            self._stop(found, row)
        return told[0]

    def expire(self) -> int:
        """Close the lists whose time is over; what was not called is skipped. Gives the number of lists."""
        now = micros(self._clock.now())
        with self._database.reading() as tx:
            over = [one for one in open_lists(tx) if one.ends_at <= now]
        for one in over:
            with self._database.transaction() as tx:
                for row in due_rows(tx, one.case, PHONE, micros(self._clock.now() + LATER), _AT_ONCE):
                    self._outbox.settle(tx, row, SKIPPED, _EXPIRED)
                for row in held_rows(tx, one.case, PHONE, now):
                    self._outbox.settle(tx, row, FAILED, _EXPIRED)
                close_list(tx, one.list, now)
        return len(over)

    def _due(self, one: CallList, most: int) -> list[Row]:
        """Calls that are due; those of which nothing was heard for too long are due again."""
        now = self._clock.now()
        with self._database.reading() as tx:
            left = held_rows(tx, one.case, PHONE, micros(now - LEASE))
            found = [] if left else due_rows(tx, one.case, PHONE, micros(now), most)
        if not left:
            return found
        with self._database.transaction() as tx:
            for row in left:
                self._outbox.settle(tx, row, PLANNED, "unheard")
            return due_rows(tx, one.case, PHONE, micros(now), most)

    def _given(self, one: CallList, rows: Sequence[Row]) -> list[Call]:
        """The acts of handing numbers over, decided and on record; gives the calls that are permitted."""
        policy, key = self._policy(), self._centre.key()
        channel = self._centre.channel._replace(recipient=one.recipient)
        need = needed(policy, channel, self._actor(key), one.purpose, self._clock)
        asks = [self._ask(one, need, key, row) for row in rows]
        taken: list[tuple[Row, Outcome]] = []
        if not need.possible:
            (refused,) = self._perform(asks[:1], lambda *_: None)
            if refused.problem is not None:
                raise error_of(refused.problem)
            raise Refused("No number may go to this call centre.", mend="`troth policy explain` says why.")

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            taken.clear()
            for row, outcome in zip(rows, outcomes, strict=True):
                why = why_skipped(outcome, outcome.values.get(need.field))
                moved = self._outbox.settle(tx, row, SKIPPED if why else SENDING, why, tried=int(not why))
                if moved is not None and not why:
                    taken.append((moved, outcome))

        self._perform(asks, along)
        return [self._call(one, policy, need, row, outcome) for row, outcome in taken]

    def _ask(self, one: CallList, need: Needed, key: str, row: Row) -> Ask:
        return Ask(
            act=DISCLOSE,
            purpose=one.purpose,
            key=key,
            person=row.person,
            fields=need.fields,
            recipient=need.recipient,
            channel=PHONE,
            case=one.case,
            topic=one.topic,
        )

    def _call(self, one: CallList, policy: Policy, need: Needed, row: Row, outcome: Outcome) -> Call:
        name = str(outcome.values.get(need.name, ""))
        given = variables(policy, name, one.language)
        until = min(micros(self._clock.now() + LEASE), one.ends_at)
        return Call(
            row.id,
            name,
            str(outcome.values[need.field]),
            " ".join(filled(one.subject, given).split()),
            filled(one.body, given).strip(),
            filled(one.reason, given),
            one.language,
            until,
        )

    def _noted(self, tx: Transaction, row: Row, outcome: str) -> str:
        """The state that an outcome leads to, noted."""
        state, why, due = SENT, outcome, 0
        if outcome == NO_ANSWER and row.tries < MOST_TRIES:
            state, due = PLANNED, micros(self._clock.now() + LATER)
        elif outcome == NO_ANSWER:
            state = FAILED
        if outcome == WRONG_NUMBER:
            moved = self._outbox.note_bounce(tx, row.id, hard=True)
            state = BOUNCED
        else:
            moved = self._outbox.settle(tx, row, state, why, due=due)
        if moved is None:
            raise Conflict(
                "Somebody else told how the call went.", field="call", mend="Nothing is left to do."
            )
        return state

    def _stop(self, one: CallList, row: Row) -> None:
        """Put the person's no into effect: an objection to what is optional, else a restriction of the channel's purpose."""
        ask = Ask(
            act="instruct",
            purpose=CHOICE,
            key=self._centre.key(),
            person=row.person,
            case=one.case,
            order="record-stance",
            about=one.purpose,
            stance="objected" if one.announcing else "restricted",
            channel=PHONE,
        )
        (done,) = self._perform([ask], lambda *_: None)
        if done.problem is not None:
            raise error_of(done.problem)

    def _instruct(
        self,
        key: str,
        purpose: str,
        along: Callable[[Transaction, Sequence[Outcome]], None] | None = None,
        *,
        about: tuple[str, str] = ("", ""),
    ) -> None:
        """The act of working with a list, decided and on record: opening one under a case, or pulling from it.

        Raises:
            TrothError: It was not permitted.
        """
        case, person = about
        channel = "" if case else PHONE
        ask = Ask(act="instruct", purpose=purpose, key=key, case=case, person=person, channel=channel)
        (outcome,) = self._perform([ask], along or (lambda *_: None))
        if outcome.problem is not None:
            raise error_of(outcome.problem)
