"""The relay as its users have it: switching it on, writing, blocking, reporting; each act in their own name."""

from datetime import timedelta
from typing import Any

from troth.gate import Ask, Outcome
from troth.kernel import NotFound, micros
from troth.relay.aliases import (
    LASTS,
    aliases_to_write_to,
    drop_passed,
    end_aliases,
    forget,
    old_messages,
)
from troth.relay.model import Alias, Message, Sent, Writer
from troth.relay.passing import Passing, error_of

CHOICE = "essential.service.choice"
DISPOSAL = "essential.service.disposal"
REPORT = "abuse"
"""The policy's kind of case for a message that was reported."""
_MICROSECOND = timedelta(microseconds=1)
_AT_ONCE = 200
_LOOKED_AT = 50
"""Newest messages of somebody that a look at the account reads; each is a decision on record."""
_SHOWN = 5
"""Messages of one writer that the account shows."""


class Relays:
    """What people do with the relay.

    Args:
        passing: Takes messages in.
    """

    def __init__(self, passing: Passing) -> None:
        self.passing = passing

    def is_on(self, key: str, person: str) -> bool:
        """Whether somebody has switched the relay on."""
        stances = self._stances(key, person)["stances"]
        return any(
            stance == "consented" and self.passing.relay().purpose == purpose for purpose, stance in stances
        )

    def switch(self, key: str, person: str, *, on: bool) -> None:
        """Switch the relay on or off; off, nothing more is passed on in either direction."""
        order = "record-stance" if on else "withdraw-stance"
        purpose = self.passing.relay().purpose
        if on:
            self._order(key, person, "withdraw-stance", about=purpose, stance="objected")
        self._order(key, person, order, about=purpose, stance="consented")

    def reachable(self, sender: str, receiver: str) -> bool:
        """Whether somebody may be shown that another takes messages; recorded as a look at the alias."""
        if sender == receiver:
            return False
        relay = self.passing.relay()
        ask = Ask(
            act="use", purpose=relay.purpose, key=self.passing.key(), person=receiver, fields=(relay.alias,)
        )
        (outcome,) = self.passing.perform([ask])
        return outcome.permitted

    def write(self, sender: str, receiver: str, text: str, subject: str = "") -> str:
        """Write to somebody; gives the message's record.

        Args:
            sender: Handle of who is signed in.
            receiver: Handle of who is written to.
            text: The message.
            subject: Its subject.

        Raises:
            Refused: One of the two has not switched the relay on, or the receiver blocked the sender.
            InvalidInput: The message is empty or too long.
            TooMany: The sender sent enough for a day.
        """
        if sender == receiver:
            raise NotFound("Nobody writes to themselves.", clause=self.passing.relay().clause)
        addresses = self.passing.addresses(sender, receiver)
        self.passing.check_rate(sender)
        sent = self.passing.scrub(Sent(sender, receiver, subject, text), addresses)
        return self.passing.take(sent, "web")

    def writers(self, key: str, person: str) -> list[Writer]:
        """Whom somebody exchanged messages with, and what came, read in their own name."""
        relay = self.passing.relay()
        with self.passing.database.snapshot() as tx:
            aliases = aliases_to_write_to(tx, person)
        blocked = set(self._stances(key, person)["blocked"])
        messages = self._messages(key, person, relay.purpose)
        return [
            Writer(
                one.alias,
                one.holder in blocked,
                tuple(found for found in messages if found.alias == one.alias)[:_SHOWN],
            )
            for one in aliases
        ]

    def block(self, key: str, person: str, alias: str, *, on: bool = True) -> None:
        """Let nothing more through from whoever stands behind an alias, or let it through again.

        Raises:
            NotFound: No such alias was given to this person.
        """
        order = "block-sender" if on else "release-sender"
        self._order(key, person, order, sender=self._alias(person, alias).holder)

    def report(self, key: str, person: str, record: str) -> str:
        """Report a message to staff, who may then read this one message; gives the case."""
        ask = Ask(
            act="instruct",
            purpose=self.passing.relay().purpose,
            key=key,
            person=person,
            order="open-case",
            case_type=REPORT,
            record=record,
        )
        return self._done(ask).case

    def forget(self, person: str) -> None:
        """Remove what concerns an erased person; may be called again for the same one."""
        with self.passing.database.transaction() as tx:
            forget(tx, person)

    def tidy(self, disposal_key: str) -> int:
        """End aliases whose time is over and erase messages that are as old; gives the number of messages."""
        relay, now = self.passing.relay(), micros(self.passing.clock.now())
        gone = 0
        with self.passing.database.transaction() as tx:
            end_aliases(tx, now)
        fields = tuple(name for name in (relay.alias, relay.text, relay.subject) if name)
        while True:
            with self.passing.database.snapshot() as tx:
                old = old_messages(tx, now - LASTS // _MICROSECOND, _AT_ONCE)
            if not old:
                return gone
            asks = [
                Ask(act="erase", purpose=DISPOSAL, key=disposal_key, person=who, record=record, fields=fields)
                for record, who in old
            ]
            self.passing.perform(asks)
            with self.passing.database.transaction() as tx:
                drop_passed(tx, [record for record, _ in old])
            gone += len(old)

    def _messages(self, key: str, person: str, purpose: str) -> list[Message]:
        relay = self.passing.relay()
        listed = self._done(
            Ask(
                act="instruct", purpose=purpose, key=key, person=person, order="list-records", kind=relay.kind
            )
        ).values["records"][:_LOOKED_AT]
        fields = tuple(name for name in (relay.alias, relay.text, relay.subject) if name)
        asks = [
            Ask(act="use", purpose=purpose, key=key, person=person, record=one["record"], fields=fields)
            for one in listed
        ]
        return [
            Message(
                one["record"],
                str(outcome.values.get(relay.alias, "")).partition("@")[0],
                str(outcome.values.get(relay.subject, "")),
                str(outcome.values[relay.text]),
                one["created"],
            )
            for one, outcome in zip(listed, self.passing.perform(asks), strict=True)
            if outcome.permitted and relay.text in outcome.values
        ]

    def _alias(self, person: str, alias: str) -> Alias:
        with self.passing.database.snapshot() as tx:
            found = [one for one in aliases_to_write_to(tx, person) if one.alias == alias]
        if not found:
            raise NotFound("No such alias was given to you.", field="alias", mend="See the list.")
        return found[0]

    def _stances(self, key: str, person: str) -> dict[str, Any]:
        return dict(self._order(key, person, "show-stances").values)

    def _order(
        self, key: str, person: str, order: str, *, about: str = "", stance: str = "", sender: str = ""
    ) -> Outcome:
        return self._done(
            Ask(
                act="instruct", purpose=CHOICE, key=key, person=person, order=order,
                about=about, stance=stance, sender=sender,
            )
        )  # fmt: skip

    def _done(self, ask: Ask) -> Outcome:
        (outcome,) = self.passing.perform([ask])
        if outcome.problem is not None:
            raise error_of(outcome.problem)
        return outcome
