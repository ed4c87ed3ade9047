"""Plans: what a request will do and has done, item by item, in every place that holds something of the person.

An item names nobody and holds no value: it says which place, what is concerned in the policy's words, and why. Each is done in a
unit of work of its own, so that whatever stops the work in between, it goes on with the next item.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, or_, select, update

from troth.policy import CaseType
from troth.rights.model import MatterRow
from troth.rights.tables import matter, plan_item, plan_receipt
from troth.storage import Statement, Transaction, Upsert, stage_job

ANSWER = "matter.answer"
"""Topic of a request that is to be carried out; body: the id of its case."""
WAITING, DONE, KEPT, FAILED = "waiting", "done", "kept", "failed"
BY_HAND = "by-hand"
"""Action of an item that waits for a person: its note says what is to be looked at."""
DATABASE = "database:"
"""Begin of the target of an item that carries a correction into another database."""


class Item(NamedTuple):
    """One line of a plan, as the person and staff read it. Instants in microseconds.

    Args:
        case: Id of the case.
        place: Position in the plan.
        store: Name of the place that holds something, such as `vault` or `events`.
        what: What is concerned, in the policy's words.
        target: What the store needs to find it again; empty where nothing is left to do. Never a value.
        action: copy, erase, mask, correct, restrict, release, tell, by-hand or keep.
        reason: Why: the clause that it follows; for keep, what keeps it.
        until: For keep: when the reason ends; 0 for none.
        state: waiting, done, kept or failed.
        done_at: When it was done; 0 for not yet.
        tries: How often it was tried in vain.
        note: How it went, in a few words.
    """

    case: str
    place: int
    store: str
    what: str
    target: str
    action: str
    reason: str
    until: int = 0
    state: str = WAITING
    done_at: int = 0
    tries: int = 0
    note: str = ""

    @property
    def left_over(self) -> bool:
        """Whether something stays that the request asked about: it failed, or is kept for now."""
        return self.state == FAILED or (self.state == KEPT and bool(self.target))


class Went(NamedTuple):
    """How an item went.

    Args:
        item: The item as it was read.
        state: waiting (it was tried in vain), done, kept or failed.
        at: Instant (microseconds).
        note: A few words; no value of anybody.
        until: For kept: when what keeps it ends; 0 leaves it as planned.
    """

    item: Item
    state: str
    at: int
    note: str = ""
    until: int = 0


_COLUMNS = tuple(plan_item.c)
_ADD = Statement(insert(plan_item))
_CLEAR = Statement(delete(plan_item).where(plan_item.c.case_id == bindparam("which")))
_OF = Statement(
    select(*_COLUMNS).where(plan_item.c.case_id == bindparam("which")).order_by(plan_item.c.place)
)
_NOTE = Statement(
    update(plan_item)
    .where(
        plan_item.c.case_id == bindparam("which"),
        plan_item.c.place == bindparam("at"),
        plan_item.c.state != DONE,  # somebody may have said so meanwhile
    )
    .values(
        action=bindparam("doing"),
        state=bindparam("now"),
        done_at=bindparam("done"),
        tries=plan_item.c.tries + bindparam("tried"),
        note=bindparam("words"),
        until=bindparam("ends"),
    )
)
_RELEASED = Statement(
    select(*_COLUMNS)
    .where(
        plan_item.c.state == KEPT,
        plan_item.c.until <= bindparam("now"),
        plan_item.c.target != "",
        plan_item.c.done_at > 0,  # what the plan itself left as it is stays so
    )
    .order_by(plan_item.c.until, plan_item.c.case_id, plan_item.c.place)
    .limit(bindparam("most"))
)
_KEPT_OF = Statement(
    select(plan_item.c.case_id)
    .join(matter, matter.c.case_id == plan_item.c.case_id)
    .where(
        matter.c.person == bindparam("who"),
        matter.c.kind == "erase",
        or_(plan_item.c.state == KEPT, plan_item.c.state == WAITING),
        plan_item.c.target != "",
    )
    .limit(1)
)
_ADD_RECEIPT = Upsert(plan_receipt, by=("case_id", "entry"))
_RECEIPTS = Statement(
    select(plan_receipt.c.entry)
    .where(plan_receipt.c.case_id == bindparam("which"))
    .order_by(plan_receipt.c.entry)
)


def replace_items(tx: Transaction, case: str, items: Sequence[Item]) -> None:
    """Write the plan of a case; what stood there before is replaced."""
    tx.run(_CLEAR, {"which": case})
    tx.run_many(_ADD, [tuple(item) for item in items])


def items_of(tx: Transaction, case: str) -> list[Item]:
    """The plan of a case in order; empty where none was made."""
    return [Item(*row) for row in tx.rows(_OF, {"which": case})]


def note_item(tx: Transaction, item: Item, state: str, now: int, note: str = "", until: int = 0) -> None:
    """Note how an item went at an instant (microseconds).

    Args:
        tx: Unit of work.
        item: The item as it was read.
        state: waiting (it was tried in vain), done, kept or failed.
        now: Instant.
        note: A few words; no value of anybody.
        until: For kept: when what keeps it ends; 0 leaves it as planned.
    """
    note_items(tx, [Went(item, state, now, note, until)])


def note_items(tx: Transaction, went: Sequence[Went]) -> None:
    """Note how several items went."""
    tx.run_many(
        _NOTE,
        [
            {
                "which": one.item.case,
                "at": one.item.place,
                "doing": one.item.action,
                "now": one.state,
                "done": 0 if one.state == WAITING else one.at,
                "tried": int(one.state == WAITING),
                "words": one.note,
                "ends": one.until or one.item.until,
            }
            for one in went
        ],
    )


def released_items(tx: Transaction, now: int, most: int = 500) -> list[Item]:
    """Kept items whose reason has ended at an instant (microseconds), or has no known end and may have, the longest ago first."""
    return [Item(*row) for row in tx.rows(_RELEASED, {"now": now, "most": most})]


def planned_for(tx: Transaction, person: str) -> bool:
    """Whether an erasure that a person asked for still keeps something or waits: its plan finishes that by itself."""
    return bool(tx.rows(_KEPT_OF, {"who": person}))


def add_receipts(tx: Transaction, case: str, entries: Sequence[str]) -> None:
    """Keep which ledger entries prove what was done for a case."""
    for entry in entries:
        tx.run(_ADD_RECEIPT, (case, entry))


def receipts_of(tx: Transaction, case: str) -> list[str]:
    """The ledger entries that prove what was done for a case, in order."""
    return [row[0] for row in tx.rows(_RECEIPTS, {"which": case})]


def stage_answer(tx: Transaction, case: str, now: int) -> str:
    """Promise that a request is carried out; the job is about nobody, so that an erasure does not forget it."""
    return stage_job(tx, ANSWER, {"case": case}, due=now)


def stage_unattended(tx: Transaction, declared: CaseType | None, row: MatterRow, now: int) -> None:
    """Promise that a verified request is carried out, where the policy lets its kind go by itself.

    Args:
        tx: The unit of work in which it becomes verified.
        declared: The type of its case.
        row: The request.
        now: Instant (microseconds).
    """
    if declared is not None and row.kind in declared.by_itself:
        stage_answer(tx, row.case, now)
