"""Passing a message on: decided for sender and receiver, scrubbed, sealed under the receiver's key, promised as mail."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from troth.gate import Ask, Outcome, Problem, matching_fields
from troth.kernel import (
    Clock,
    Conflict,
    InvalidInput,
    NotFound,
    Refused,
    TrothError,
    Unauthenticated,
    Unavailable,
    micros,
)
from troth.policy import Policy
from troth.relay.aliases import note_passed, pair, passed_since
from troth.relay.errors import TooMany
from troth.relay.model import MOST_SUBJECT, Relay, Sent, relay_of
from troth.relay.scrubbing import scrubbed, scrubbed_line
from troth.storage import Database, Transaction, stage_job

DELIVER = "relay.deliver"
"""Topic of a message that is to go out; body: its record and its sender."""
MOST_A_DAY = 50
"""Messages that one person may send in a day."""
MOST_PEOPLE = 10
"""People to whom one person may write in a day."""
_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_ERRORS = {
    one.status: one for one in (Conflict, InvalidInput, NotFound, Refused, Unauthenticated, Unavailable)
}

Perform = Callable[[Sequence[Ask]], list[Outcome]]
PerformAlong = Callable[[Sequence[Ask], Callable[[Transaction, Sequence[Outcome]], None]], list[Outcome]]
Settle = Callable[[Transaction], bool]


class Handled(Exception):
    """The mail was handled before; everything of this try is undone."""


class Passing:
    """Takes messages in for people who switched the relay on.

    Args:
        database: Where aliases are kept.
        clock: Dates messages.
        policy: Gives the version in force.
        perform: Performs acts through the gate.
        perform_along: Performs acts together with something of the caller's own.
        key: Gives the API key in whose name the relay acts.
        domain: Gives the domain of aliases.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        policy: Callable[[], Policy],
        perform: Perform,
        perform_along: PerformAlong,
        key: Callable[[], str],
        domain: Callable[[], str],
    ) -> None:
        self.database, self.clock, self.policy = database, clock, policy
        self.perform, self._perform_along = perform, perform_along
        self.key, self.domain = key, domain

    def relay(self) -> Relay:
        """The relay of the policy in force.

        Raises:
            NotFound: It declares none.
        """
        found = relay_of(self.policy())
        if found is None:
            raise NotFound("There is no relay here.", mend="Declare a point with an alias and a message.")
        return found

    def address_field(self) -> str:
        """Name of the field with the mail address of a person."""
        policy = self.policy()
        matching = matching_fields(policy)
        return next(name for name in policy.fields if name in matching)

    def addresses(self, sender: str, receiver: str) -> tuple[str, str]:
        """The mail addresses of two people who both switched the relay on.

        Raises:
            Refused: One of them has not; names the clause, and tells the sender only about the sender.
        """
        relay, field = self.relay(), self.address_field()
        asks = [
            Ask(act="use", purpose=relay.purpose, key=self.key(), person=one, fields=(field,))
            for one in (sender, receiver)
        ]
        own, others = self.perform(asks)
        for outcome, told in (
            (own, "You have not switched the relay on."),
            (others, "This person takes no messages."),
        ):
            if outcome.problem is not None and outcome.problem.code not in {"refused", "not-found"}:
                raise error_of(outcome.problem)
            if not outcome.permitted or not outcome.values.get(field):
                mend = "Switch it on in your account, so that they can answer." if outcome is own else ""
                raise Refused(told, clause=relay.clause, mend=mend)
        return str(own.values[field]), str(others.values[field])

    def check_rate(self, sender: str) -> None:
        """Refuse a message of somebody who sent enough for a day.

        Raises:
            TooMany: They did.
        """
        since = micros(self.clock.now()) - _DAY // _MICROSECOND
        with self.database.snapshot() as tx:
            messages, people = passed_since(tx, sender, since)
        if messages >= MOST_A_DAY or people >= MOST_PEOPLE:
            raise TooMany(
                f"At most {MOST_A_DAY} messages to {MOST_PEOPLE} people go through the relay in a day.",
                clause=self.relay().clause,
                mend="Go on tomorrow.",
            )

    def scrub(self, sent: Sent, addresses: Sequence[str]) -> Sent:
        """A message without addresses.

        Raises:
            InvalidInput: Nothing is left, or it is too long.
        """
        relay = self.relay()
        text = scrubbed(sent.text, addresses)
        if not text or len(text) > relay.most:
            raise InvalidInput(
                f"The message is empty or longer than {relay.most} characters; nothing was passed on.",
                clause=relay.clause,
                field=relay.text,
                mend="Change it.",
            )
        return sent._replace(text=text, subject=scrubbed_line(sent.subject, addresses, MOST_SUBJECT))

    def take(self, sent: Sent, channel: str, settle: Settle | None = None) -> str:
        """Seal a scrubbed message for its receiver and promise the mail; gives its record.

        Args:
            sent: The message.
            channel: How it came in.
            settle: Notes in the same unit of work that the mail it came by is handled.

        Raises:
            Refused: The policy denies it: the receiver has switched the relay off, or blocked the sender.
            Handled: The mail was handled before.
        """
        relay, now = self.relay(), micros(self.clock.now())
        with self.database.transaction() as tx:
            reply_to, _ = pair(tx, sent.sender, sent.receiver, now)
        values: dict[str, Any] = {relay.alias: f"{reply_to.alias}@{self.domain()}", relay.text: sent.text}
        if relay.subject and sent.subject:
            values[relay.subject] = sent.subject
        ask = Ask(
            act="collect",
            purpose=relay.purpose,
            key=self.key(),
            person=sent.receiver,
            sender=sent.sender,
            values=values,
            channel=channel,
            point=relay.point.name,
            notice=str(relay.point.notice) if channel == "web" else "",
            # Whoever has an account opened it behind its age screen, and nobody else has an alias.
            age_passed=True,
        )

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if settle is not None and not settle(tx):
                raise Handled
            if outcomes[0].permitted:
                note_passed(tx, outcomes[0].record, sent.sender, sent.receiver, now)
                body: Mapping[str, str] = {"record": outcomes[0].record, "sender": sent.sender}
                stage_job(tx, DELIVER, body, due=now, person=sent.receiver)

        (outcome,) = self._perform_along([ask], along)
        if outcome.problem is not None:
            raise error_of(outcome.problem)
        return outcome.record


def error_of(problem: Problem) -> TrothError:
    """The error that a problem was made of."""
    kind = _ERRORS.get(problem.status, Unavailable)
    return kind(problem.detail, mend=problem.mend, clause=problem.clause, field=problem.field)
