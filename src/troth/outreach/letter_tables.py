"""Tables of letters: batches for the print house, and which message lies in which; no name, no address, no text."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from troth.kernel import Conflict
from troth.outreach.outbox import PLANNED, SENDING, SENT, Row
from troth.outreach.tables import message
from troth.storage import Lookup, Statement, Transaction, data_tables

MAKING, MADE, DELIVERED, DISCARDED, GONE = "making", "made", "delivered", "discarded", "gone"

letter_batch = Table(
    "letter_batch",
    data_tables,
    Column("batch", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("letters", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("sealed", Integer, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("purpose", Text, nullable=False, server_default=""),
    Column("topic", Text, nullable=False, server_default=""),
    Index(None, "state", "made_at"),
    Index(None, "made_at", "batch"),
    Index(None, "case_id"),
)

letter_in_batch = Table(
    "letter_in_batch",
    data_tables,
    Column("message", Text, primary_key=True),
    Column("batch", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("mark", Text, nullable=False, server_default=""),
    Index(None, "batch"),
    Index(None, "person"),
)
_b, _i, _m = letter_batch.c, letter_in_batch.c, message.c
_COLUMNS = (
    "batch",
    "case_id",
    "recipient",
    "state",
    "letters",
    "pages",
    "sealed",
    "made_at",
    "changed_at",
    "purpose",
    "topic",
)
_ADD = Statement(insert(letter_batch))
_READ = Lookup(letter_batch, by=("batch",), take=_COLUMNS)
_LIST = Statement(
    select(*(_b[name] for name in _COLUMNS))
    .order_by(_b.made_at.desc(), _b.batch.desc())
    .limit(bindparam("most"))
)
_BEHIND = Statement(
    select(*(_b[name] for name in _COLUMNS))
    .where(
        _b.made_at <= bindparam("instant"),
        or_(_b.made_at < bindparam("instant"), _b.batch < bindparam("last")),
    )
    .order_by(_b.made_at.desc(), _b.batch.desc())
    .limit(bindparam("most"))
)
_UNDER = Lookup(letter_batch, by=("case_id",), take=_COLUMNS)
_IN_STATE = Statement(select(*(_b[name] for name in _COLUMNS)).where(_b.state == bindparam("which")))
_CHANGE = Statement(
    update(letter_batch)
    .where(_b.batch == bindparam("which"), _b.state == bindparam("was"))
    .values(
        state=bindparam("becomes"),
        letters=bindparam("number"),
        pages=bindparam("sheets"),
        changed_at=bindparam("now"),
    )
)
_DROP = Statement(delete(letter_batch).where(_b.batch == bindparam("which")))
_PUT = Statement(insert(letter_in_batch))
_MARK = Lookup(letter_in_batch, by=("message",), take=("mark",))
_INSIDE = Statement(select(_i.message).where(_i.batch == bindparam("which")))
_OF_PERSON = Statement(select(_i.message, _i.batch).where(_i.person == bindparam("who")))
_TAKE_OUT = Statement(delete(letter_in_batch).where(_i.message == bindparam("which")))
_EMPTY = Statement(delete(letter_in_batch).where(_i.batch == bindparam("which")))
_ROWS = ("id", "batch", "person", "channel", "state", "why", "tries", "at")
_DUE = Statement(
    select(*(_m[name] for name in _ROWS))
    .where(
        _m.batch == bindparam("case"),
        _m.channel == bindparam("way"),
        _m.state == PLANNED,
        _m.at <= bindparam("now"),
    )
    .order_by(_m.at, _m.id)
    .limit(bindparam("most"))
)
_HELD = Statement(
    select(*(_m[name] for name in _ROWS)).where(
        _m.batch == bindparam("case"),
        _m.channel == bindparam("way"),
        _m.state == SENDING,
        _m.at <= bindparam("before"),
    )
)
_OUT = Statement(
    select(*(_m[name] for name in _ROWS))
    .join_from(letter_in_batch, message, _m.id == _i.message)
    .where(_i.batch == bindparam("which"), _m.state == SENT)
    .order_by(_m.id)
)
_COUNT = Statement(
    select(_m.state, func.count())
    .where(_m.batch == bindparam("case"), _m.channel == bindparam("way"))
    .group_by(_m.state)
)


class LetterBatch(NamedTuple):
    """A batch of letters; instants in microseconds.

    Args:
        batch: Its id; the file is `ID.zip`.
        case: Case under which its letters were written.
        recipient: The declared recipient that prints and posts them.
        state: making, made, delivered, discarded, or gone: its file went because of its age.
        letters: Number of its letters.
        pages: Number of their pages.
        sealed: Whether each letter in it is encrypted to the recipient.
        made_at: When it was made.
        changed_at: When its state began.
        purpose: Data use that its letters serve; empty for one that was made before that was noted.
        topic: Declared topic that they are about; empty for none.
    """

    batch: str
    case: str
    recipient: str
    state: str
    letters: int
    pages: int
    sealed: int
    made_at: int
    changed_at: int
    purpose: str = ""
    topic: str = ""


def add_batch(tx: Transaction, batch: LetterBatch) -> None:
    """Note that a batch is being made."""
    tx.run(_ADD, tuple(batch))


def batch_of(tx: Transaction, batch: str) -> LetterBatch | None:
    """A batch by its id."""
    row = tx.lookup(_READ, [(batch,)]).get((batch,))
    return LetterBatch(*row) if row is not None else None


def newest_batches(tx: Transaction, most: int) -> list[LetterBatch]:
    """Batches, the newest first."""
    return [LetterBatch(*row) for row in tx.rows(_LIST, {"most": most})]


def batches_behind(tx: Transaction, at: int, batch: str, most: int) -> list[LetterBatch]:
    """Batches made before another one, the newest first.

    Args:
        tx: Unit of work.
        at: When the other one was made (microseconds).
        batch: Its id, which tells apart those of the same moment.
        most: Most batches.
    """
    return [LetterBatch(*row) for row in tx.rows(_BEHIND, {"instant": at, "last": batch, "most": most})]


def batches_under(tx: Transaction, case: str) -> list[LetterBatch]:
    """The batches of a case."""
    return [LetterBatch(*row) for row in tx.lookup_all(_UNDER, [(case,)]).get((case,), [])]


def batches_in(tx: Transaction, state: str) -> list[LetterBatch]:
    """Batches in a state."""
    return [LetterBatch(*row) for row in tx.rows(_IN_STATE, {"which": state})]


def change_batch(tx: Transaction, was: str, batch: LetterBatch, now: int) -> bool:
    """Keep the state and the numbers of a batch at an instant (microseconds).

    Returns:
        False where it is not any more in the state in which it was; nothing is changed then.
    """
    given = {
        "which": batch.batch,
        "was": was,
        "becomes": batch.state,
        "number": batch.letters,
        "sheets": batch.pages,
        "now": now,
    }
    return tx.run(_CHANGE, given) == 1


def overtaken() -> Conflict:
    """The error where a batch is not any more in the state in which it was."""
    return Conflict(
        "Somebody else dealt with the batch meanwhile.",
        field="batch",
        mend="`troth letters list` tells how it stands.",
    )


def drop_batch(tx: Transaction, batch: str) -> None:
    """Forget a batch of which nothing became."""
    tx.run(_EMPTY, {"which": batch})
    tx.run(_DROP, {"which": batch})


def put_letters(tx: Transaction, batch: str, letters: Sequence[tuple[str, str, str]]) -> None:
    """Note which messages lie in a batch: each with whom it goes to, and a keyed hash of the name and address on it."""
    tx.run_many(_PUT, [(one, batch, who, mark) for one, who, mark in letters])


def marks_of(tx: Transaction, messages: Sequence[str]) -> dict[str, str]:
    """The keyed hashes of what stands on letters that lie in batches; empty for one that was made before they were kept."""
    return {one: row[0] for (one,), row in tx.lookup(_MARK, [(one,) for one in messages]).items()}


def letters_inside(tx: Transaction, batch: str) -> set[str]:
    """The messages in a batch."""
    return {row[0] for row in tx.rows(_INSIDE, {"which": batch})}


def letters_to(tx: Transaction, person: str) -> list[tuple[str, str]]:
    """The messages to a person that lie in batches, each with its batch."""
    return [(row[0], row[1]) for row in tx.rows(_OF_PERSON, {"who": person})]


def take_out(tx: Transaction, messages: Sequence[str]) -> None:
    """Forget that messages lie in batches."""
    tx.run_many(_TAKE_OUT, [{"which": one} for one in messages])


def empty_batch(tx: Transaction, batch: str) -> None:
    """Forget which messages lie in a batch, whose file is gone."""
    tx.run(_EMPTY, {"which": batch})


def due_rows(tx: Transaction, case: str, channel: str, now: int, most: int) -> list[Row]:
    """Messages of a case by one channel that are due at an instant (microseconds), the longest due first."""
    return [Row(*row) for row in tx.rows(_DUE, {"case": case, "way": channel, "now": now, "most": most})]


def held_rows(tx: Transaction, case: str, channel: str, before: int) -> list[Row]:
    """Messages of a case by one channel that somebody took before an instant (microseconds) and did not settle."""
    return [Row(*row) for row in tx.rows(_HELD, {"case": case, "way": channel, "before": before})]


def sent_rows(tx: Transaction, batch: str) -> list[Row]:
    """Messages that lie in a batch of letters and count as sent."""
    return [Row(*row) for row in tx.rows(_OUT, {"which": batch})]


def channel_counts(tx: Transaction, case: str, channel: str) -> dict[str, int]:
    """How many messages of a case by one channel are in each state."""
    found = tx.rows(_COUNT, {"case": case, "way": channel})
    return {str(row[0]): int(row[1]) for row in found}
