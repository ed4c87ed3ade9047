"""The outbox of mass mail: who gets a batch, and what became of each copy. It holds handles; an address or a text never.

    planned -> sending -> sent -> bounced -> complained
       |          |          |
       |          |          +-> planned, skipped (a letter that never left here)
       |          +-> planned (put off, or given back), failed
       +-> skipped, failed

`sending` is committed before a copy is handed over. Whoever finds a copy in that state after a crash cannot know whether
the next server took it: see `BatchSending.recover`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, literal, or_, select, update

from troth.kernel import Clock, micros, new_id
from troth.outreach.counts import MailCounts
from troth.outreach.service import CHANNEL
from troth.outreach.tables import message
from troth.storage import Database, Lookup, Statement, Transaction, Upsert

PLANNED, SENDING, SENT = "planned", "sending", "sent"
SKIPPED, FAILED, BOUNCED, COMPLAINED = "skipped", "failed", "bounced", "complained"
STATES = (PLANNED, SENDING, SENT, SKIPPED, FAILED, BOUNCED, COMPLAINED)
MOVES: Mapping[str, frozenset[str]] = {
    PLANNED: frozenset({SENDING, SKIPPED, FAILED}),
    SENDING: frozenset({PLANNED, SENT, SKIPPED, FAILED, BOUNCED, COMPLAINED}),
    # a letter that is taken out of its batch before anybody fetched that is skipped after all, or planned again
    SENT: frozenset({PLANNED, SKIPPED, BOUNCED, COMPLAINED}),
    BOUNCED: frozenset({COMPLAINED}),
}
"""Where each state leads; from the others nothing leads away."""
HARD, SOFT = "hard", "soft"
_COUNTED = frozenset({SKIPPED, BOUNCED, COMPLAINED})
_COLUMNS = ("id", "batch", "person", "channel", "state", "why", "tries", "at")
_PLAN = Upsert(message, by=("batch", "person", "channel"))
_READ = Lookup(message, by=("id",), take=_COLUMNS)
_TAKE = Statement(
    select(*(message.c[name] for name in _COLUMNS))
    .where(
        message.c.batch == bindparam("batch"),
        message.c.channel == bindparam("channel"),
        message.c.state == PLANNED,
        message.c.at <= bindparam("now"),
    )
    .order_by(message.c.at)
    .limit(bindparam("most"))
)
_IN_HAND = Statement(
    select(*(message.c[name] for name in _COLUMNS)).where(
        message.c.batch == bindparam("batch"),
        message.c.channel == bindparam("channel"),
        message.c.state == SENDING,
    )
)
_NEXT = Statement(
    select(func.min(message.c.at)).where(
        message.c.batch == bindparam("batch"),
        message.c.channel == bindparam("channel"),
        message.c.state == PLANNED,
    )
)
_MOVE = Statement(
    update(message)
    .where(message.c.id == bindparam("which"), message.c.state == bindparam("was"))
    .values(
        state=bindparam("becomes"), why=bindparam("reason"), tries=bindparam("tried"), at=bindparam("instant")
    )
)
_END = Statement(
    update(message)
    .where(message.c.batch == bindparam("which"), message.c.state == PLANNED)
    .values(state=SKIPPED, why=bindparam("reason"), at=bindparam("instant"))
)
_COUNT = Statement(
    select(message.c.state, message.c.why, func.count())
    .where(message.c.batch == bindparam("batch"))
    .group_by(message.c.state, message.c.why)
)
_BY_CHANNEL = Statement(
    select(message.c.channel, message.c.state, message.c.why, func.count())
    .where(message.c.batch == bindparam("batch"))
    .group_by(message.c.channel, message.c.state, message.c.why)
)
_behind = message.alias("behind")
_FALLEN = Statement(
    select(*(message.c[name] for name in _COLUMNS))
    .where(
        message.c.batch == bindparam("batch"),
        message.c.channel == bindparam("channel"),
        or_(*(message.c.state == one for one in (SKIPPED, FAILED, BOUNCED))),
        message.c.id > bindparam("after"),
        ~exists().where(
            _behind.c.batch == message.c.batch,
            _behind.c.person == message.c.person,
            _behind.c.channel == bindparam("other"),
        ),
    )
    .order_by(message.c.id)
    .limit(bindparam("most"))
)
_ERASED = "erased"
_END_OF = Statement(
    update(message)
    .where(message.c.person == bindparam("who"), message.c.state == PLANNED)
    .values(state=SKIPPED, why=_ERASED, at=bindparam("instant"))
)
_FORGET = Statement(
    update(message)
    .where(message.c.person == bindparam("who"))
    .values(person=literal(f"{_ERASED}.") + message.c.id)
)


class Row(NamedTuple):
    """One copy of a batch.

    Args:
        id: Its id, also the left part of the mail's Message-ID.
        batch: Id of the case that it is sent under.
        person: Handle of whom it goes to.
        channel: email, letter or phone.
        state: One of `STATES`.
        why: Why it is so: the clause that denied it, or a word of the code's own.
        tries: How often it was handed over.
        at: When its state began, and for a planned one when it is due (microseconds).
    """

    id: str
    batch: str
    person: str
    channel: str
    state: str
    why: str
    tries: int
    at: int


Heard = Callable[[Transaction, Row], None]
"""Told, in the unit of work that notes it, of a copy that came back, was complained of, or counted as sent and was not; the row is as it has become."""


class Outbox:
    """The outbox of a folder.

    Args:
        database: Keeps it.
        clock: Dates its rows.
        listeners: Told of bounces and complaints, and of what is taken back.
        counts: Counts copies that were skipped, came back or were complained of; None where nobody counts.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        listeners: Iterable[Heard] = (),
        counts: MailCounts | None = None,
    ) -> None:
        self._database, self._clock = database, clock
        self._listeners = list(listeners)
        self._counts = counts

    def listen(self, listener: Heard) -> None:
        """Tell one more of bounces and complaints, and of what is taken back."""
        self._listeners.append(listener)

    def plan(self, tx: Transaction, batch: str, persons: Sequence[str], channel: str) -> int:
        """Plan a copy for each person; whoever has one in this batch and channel gets no second. Gives the new ones."""
        now = micros(self._clock.now())
        return sum(tx.run(_PLAN, (new_id(), batch, who, channel, PLANNED, "", 0, now)) for who in persons)

    def take(self, tx: Transaction, batch: str, most: int, channel: str = CHANNEL) -> list[Row]:
        """Copies of a batch that are due on a channel, at most so many; the longest due first."""
        now = micros(self._clock.now())
        found = tx.rows(_TAKE, {"batch": batch, "channel": channel, "now": now, "most": most})
        return [Row(*one) for one in found]

    def in_hand(self, tx: Transaction, batch: str, channel: str = CHANNEL) -> list[Row]:
        """Copies of a batch that are in state `sending` on a channel."""
        return [Row(*one) for one in tx.rows(_IN_HAND, {"batch": batch, "channel": channel})]

    def fallen(
        self, tx: Transaction, batch: str, channel: str, other: str, most: int, after: str = ""
    ) -> list[Row]:
        """Copies that did not arrive on a channel, of people who have no copy on another one.

        Args:
            tx: Unit of work.
            batch: Id of the case.
            channel: On which they did not arrive.
            other: The other one.
            most: Most copies.
            after: Id of the last copy of the page before; empty for the first page.
        """
        given = {"batch": batch, "channel": channel, "other": other, "most": most, "after": after}
        return [Row(*one) for one in tx.rows(_FALLEN, given)]

    def next_due(self, tx: Transaction, batch: str, channel: str = CHANNEL) -> int | None:
        """When the next copy that is planned on a channel is due (microseconds); None when none is any more."""
        row = tx.row(_NEXT, {"batch": batch, "channel": channel})
        return None if row is None or row[0] is None else int(row[0])

    def settle(
        self, tx: Transaction, row: Row, state: str, why: str = "", *, due: int = 0, tried: int = 0
    ) -> Row | None:
        """Move a copy on from the state in which it was taken.

        Args:
            tx: Unit of work.
            row: The copy as it was taken.
            state: What it becomes.
            why: Why; a clause or a word of the code's own, never a value.
            due: For `planned`: when it is due again (microseconds); 0 for at once.
            tried: 1 for a try that begins, -1 for one that did not take place.

        Returns:
            The copy as it is now; None where somebody else moved it meanwhile, and nothing was changed.

        Raises:
            AssertionError: No state leads there; a slip in a program.
        """
        if state not in MOVES.get(row.state, ()):
            msg = f"a message goes from {row.state} to {state}"
            raise AssertionError(msg)
        at = due or micros(self._clock.now())
        moved = row._replace(state=state, why=why, tries=row.tries + tried, at=at)
        changed = tx.run(
            _MOVE,
            {
                "which": row.id,
                "was": row.state,
                "becomes": state,
                "reason": why,
                "tried": moved.tries,
                "instant": at,
            },
        )
        if changed and self._counts is not None and state in _COUNTED:
            self._counts.note_in(tx, f"{state}-{why}" if state == BOUNCED else state)
        return moved if changed else None

    def end(self, tx: Transaction, batch: str, why: str) -> int:
        """Skip every planned copy of a batch; gives their number."""
        return tx.run(_END, {"which": batch, "reason": why, "instant": micros(self._clock.now())})

    def counts(self, batch: str) -> dict[str, int]:
        """How many copies of a batch are in each state."""
        found = dict.fromkeys(STATES, 0)
        for (state, _), number in self.reasons(batch).items():
            found[state] += number
        return found

    def by_channel(self, batch: str) -> dict[tuple[str, str, str], int]:
        """How many copies of a batch are on each channel in each state for each reason."""
        with self._database.reading() as tx:
            found = tx.rows(_BY_CHANNEL, {"batch": batch})
        return {(channel, state, why): number for channel, state, why, number in found}

    def reasons(self, batch: str) -> dict[tuple[str, str], int]:
        """How many copies of a batch are in each state for each reason."""
        with self._database.reading() as tx:
            return {(state, why): number for state, why, number in tx.rows(_COUNT, {"batch": batch})}

    def message(self, message_id: str) -> Row | None:
        """A copy by its id; None where there is none."""
        with self._database.reading() as tx:
            return self._found(tx, message_id)

    def note_bounce(self, tx: Transaction, message_id: str, *, hard: bool) -> Row | None:
        """Note that a copy came back; gives it, or None where there is none that could.

        Args:
            tx: Unit of work.
            message_id: Left part of its Message-ID.
            hard: Whether the address is dead (RFC 3464, status 5), not only full or away.
        """
        return self._heard(tx, message_id, BOUNCED, HARD if hard else SOFT)

    def note_complaint(self, tx: Transaction, message_id: str) -> Row | None:
        """Note that whoever got a copy calls it spam (RFC 5965); gives it, or None where there is none that could."""
        return self._heard(tx, message_id, COMPLAINED, "")

    def take_back(self, tx: Transaction, row: Row, state: str, why: str) -> Row | None:
        """Move a copy on that counted as sent and never left here, as `settle` does; whoever listens is told."""
        moved = self.settle(tx, row, state, why)
        if moved is not None:
            for listener in self._listeners:
                listener(tx, moved)
        return moved

    def forget(self, person: str) -> None:
        """Let no copy tell any more that it went to a person who was erased; the counts stay true."""
        with self._database.transaction() as tx:
            tx.run(_END_OF, {"who": person, "instant": micros(self._clock.now())})
            tx.run(_FORGET, {"who": person})

    def _heard(self, tx: Transaction, message_id: str, state: str, why: str) -> Row | None:
        row = self._found(tx, message_id)
        if row is None or state not in MOVES.get(row.state, ()):
            return None
        return self.take_back(tx, row, state, why)

    def _found(self, tx: Transaction, message_id: str) -> Row | None:
        row = tx.lookup(_READ, [(message_id,)]).get((message_id,))
        return None if row is None else Row(*row)
