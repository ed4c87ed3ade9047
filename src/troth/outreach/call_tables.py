"""Tables of call lists: the script, the case and the purpose of each; whom it is about stands in the outbox, by handle."""

from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from troth.outreach.tables import message
from troth.storage import Lookup, Statement, Transaction, data_tables

call_list = Table(
    "call_list",
    data_tables,
    Column("list", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("announcing", Integer, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=False),
    Column("topic", Text, nullable=False, server_default=""),
    Index(None, "case_id", unique=True),
    Index(None, "closed_at", "ends_at"),
)
_c, _m = call_list.c, message.c
_COLUMNS = (
    "list", "case_id", "purpose", "recipient", "subject", "reason", "body", "language", "announcing", "opened_at",
    "ends_at", "closed_at", "topic",
)  # fmt: skip
_ADD = Statement(insert(call_list))
_OF_CASE = Lookup(call_list, by=("case_id",), take=_COLUMNS)
_OPEN = Statement(
    select(*(_c[name] for name in _COLUMNS)).where(_c.closed_at == 0).order_by(_c.opened_at, _c.list)
)
_ENDING = Statement(
    select(*(_c[name] for name in _COLUMNS))
    .where(
        _c.closed_at == 0,
        _c.ends_at >= bindparam("instant"),
        or_(_c.ends_at > bindparam("instant"), _c.list > bindparam("last")),
    )
    .order_by(_c.ends_at, _c.list)
    .limit(bindparam("most"))
)
_NUMBERS = Statement(
    select(_m.state, _m.why, func.sum(case((_m.at <= bindparam("now"), 1), else_=0)), func.count())
    .where(_m.batch == bindparam("which"), _m.channel == bindparam("way"))
    .group_by(_m.state, _m.why)
)
_ALL = Statement(
    select(*(_c[name] for name in _COLUMNS))
    .order_by(_c.opened_at.desc(), _c.list.desc())
    .limit(bindparam("most"))
)
_OPEN_AGAIN = Statement(
    update(call_list)
    .where(_c.list == bindparam("which"))
    .values(
        purpose=bindparam("use"),
        recipient=bindparam("who"),
        subject=bindparam("title"),
        reason=bindparam("why"),
        body=bindparam("script"),
        language=bindparam("tongue"),
        announcing=bindparam("tells"),
        topic=bindparam("theme"),
        ends_at=bindparam("until"),
        closed_at=0,
    )
)
_CLOSE = Statement(update(call_list).where(_c.list == bindparam("which")).values(closed_at=bindparam("now")))


class CallList(NamedTuple):
    """A call list; instants in microseconds.

    Args:
        list: Its id.
        case: Case under which its calls are planned.
        purpose: Data use that they serve.
        recipient: The declared recipient that makes them.
        subject: What they are about.
        reason: Completes "You are called because".
        body: The script, with variables in braces.
        language: en, de or fr.
        announcing: Whether they announce something.
        opened_at: When it was opened.
        ends_at: When it ends by itself.
        closed_at: When it ended; 0 while it has not.
        topic: Declared topic that they are about; empty for none.
    """

    list: str
    case: str
    purpose: str
    recipient: str
    subject: str
    reason: str
    body: str
    language: str
    announcing: int
    opened_at: int
    ends_at: int
    closed_at: int
    topic: str = ""


def open_list(tx: Transaction, new: CallList) -> CallList:
    """Open the list of a case; one that is there already is opened again with what is new."""
    row = tx.lookup(_OF_CASE, [(new.case,)]).get((new.case,))
    if row is None:
        tx.run(_ADD, tuple(new))
        return new
    old = CallList(*row)
    tx.run(
        _OPEN_AGAIN,
        {
            "which": old.list, "use": new.purpose, "who": new.recipient, "title": new.subject, "why": new.reason,
            "script": new.body, "tongue": new.language, "tells": new.announcing, "until": new.ends_at,
            "theme": new.topic,
        },
    )  # fmt: skip
    return new._replace(list=old.list, opened_at=old.opened_at)


def list_of(tx: Transaction, case: str) -> CallList | None:
    """The list of a case."""
    row = tx.lookup(_OF_CASE, [(case,)]).get((case,))
    return CallList(*row) if row is not None else None


def open_lists(tx: Transaction) -> list[CallList]:
    """Lists that nobody closed, the oldest first."""
    return [CallList(*row) for row in tx.rows(_OPEN, {})]


def ending_lists(tx: Transaction, at: int, which: str, most: int) -> list[CallList]:
    """Open lists that end after another one, the soonest first.

    Args:
        tx: Unit of work.
        at: When the other one ends (microseconds).
        which: Its id, which tells apart those of the same moment.
        most: Most lists.
    """
    return [CallList(*row) for row in tx.rows(_ENDING, {"instant": at, "last": which, "most": most})]


def call_numbers(tx: Transaction, of: str, channel: str, now: int) -> list[tuple[str, str, int, int]]:
    """How many calls of a case are in each state for each reason, due by now (microseconds), and in all."""
    found = tx.rows(_NUMBERS, {"which": of, "way": channel, "now": now})
    return [(str(state), str(why), int(due), int(number)) for state, why, due, number in found]


def newest_lists(tx: Transaction, most: int) -> list[CallList]:
    """Lists, the newest first."""
    return [CallList(*row) for row in tx.rows(_ALL, {"most": most})]


def close_list(tx: Transaction, which: str, now: int) -> None:
    """Close a list at an instant (microseconds)."""
    tx.run(_CLOSE, {"which": which, "now": now})
