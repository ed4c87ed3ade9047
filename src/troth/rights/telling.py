"""Where a value that was wrong went: the clock by which recipients and other databases have the right one, and who said that they do."""

from collections.abc import Sequence

from troth.gate import ToldByStaff, note_matter, note_told
from troth.kernel import NotFound, Refused, from_micros, micros
from troth.policy import Policy, instant_after, read_span
from troth.rights import keeping
from troth.rights.clocks import told
from troth.rights.keeping import Noted
from troth.rights.model import Duty, MatterRow
from troth.rights.plans import (
    BY_HAND,
    DATABASE,
    DONE,
    WAITING,
    Item,
    add_receipts,
    items_of,
    note_item,
    stage_answer,
)
from troth.storage import Transaction

RECIPIENTS = "recipients"
"""Place of a plan: recipients that somebody of staff tells."""
TOLD = "recipient-told"
"""Step: a recipient was told."""
_CORRECT = "correct"
_CORRECTED = "record.corrected"
_ENDS = frozenset({"completed", "partially-completed"})


def start_telling(tx: Transaction, policy: Policy, case: str, items: Sequence[Item], now: int) -> None:
    """Start the clock by which recipients of a correction and other databases have it, where staff tell any or a database has the field.

    It reminds the role that its rule names, else the desk that answers for requests.

    Args:
        tx: The unit of work in which the plan is written.
        policy: The version in force, whose rules on record.corrected set it.
        case: Id of the case.
        items: The plan.
        now: Instant (microseconds).
    """
    if not any(_carries(item) for item in items):
        return
    there = {one.rule for one in keeping.duties_of(tx, case)}
    desk = next(
        (one.vouched_by[0] for one in policy.cases.values() if one.matter == "request" and one.vouched_by), ""
    )
    for rule in policy.requires.values():
        span = read_span(rule.within) if rule.within else None
        if _CORRECTED not in rule.on or span is None or rule.name in there:
            continue
        due = instant_after(from_micros(now), span)
        why = f"Tell recipients by {told(due)}: {rule.within} from the correction. {rule.name} (clause {rule.clause})."
        keeping.add_duties(tx, [Duty(case, rule.name, "remind", micros(due), 0, why, rule.remind or desk)])


def tell_recipient(
    tx: Transaction, policy: Policy, row: MatterRow, recipient: str, who: Noted, now: int
) -> None:
    """Note that a recipient was told, or a database changed by hand, in the plan, the steps and the ledger; the request then goes on.

    Args:
        tx: Unit of work.
        policy: The version in force.
        row: The request.
        recipient: Name of the recipient; of a database, the target of its item.
        who: Who told it.
        now: Instant (microseconds).

    Raises:
        NotFound: The plan has no such recipient that waits.
    """
    item = next(
        (one for one in items_of(tx, row.case) if _waits_for_staff(one) and one.target == recipient), None
    )
    if item is None:
        raise NotFound(
            "No recipient of this name waits to be told.", field="to", mend="See the plan of the request."
        )
    note_item(tx, item, DONE, now, f"told by {who.role}")
    keeping.note_step(tx, row.case, now, TOLD, who, recipient)
    meet_telling(tx, policy, row.case, now)
    if item.store == RECIPIENTS:
        purpose = next((one.purpose for one in policy.cases.values() if one.matter == row.matter), None) or ""
        fields = _corrected(tx, policy, row.case)
        told_by = ToldByStaff(row.person, row.case, recipient, fields, purpose, "III.1", who.role)
        entry = note_told(tx, policy, told_by, TOLD, now)
    else:  # a database of our own is no recipient
        more = {"recipient": recipient}
        entry = note_matter(tx, policy, case=row.case, what=TOLD, clause="III.1", now=now, more=more)
    add_receipts(tx, row.case, [entry])
    stage_answer(tx, row.case, now)


def _corrected(tx: Transaction, policy: Policy, case: str) -> frozenset[str]:
    """The fields that a request corrects, by its plan."""
    named = {item.target.partition(":")[0] for item in items_of(tx, case) if item.action == "correct"}
    return frozenset(
        str(policy.fields[one].corrects)
        for one in named
        if one in policy.fields and policy.fields[one].corrects
    )


def meet_telling(tx: Transaction, policy: Policy, case: str, now: int) -> None:
    """Note that the clock of a correction was met, once every recipient and database of its plan has it.

    Args:
        tx: The unit of work in which an item was noted.
        policy: The version in force.
        case: Id of the case.
        now: Instant (microseconds).
    """
    if any(_carries(item) and item.state == WAITING for item in items_of(tx, case)):
        return
    rules = {rule.name for rule in policy.requires.values() if _CORRECTED in rule.on}
    for duty in keeping.duties_of(tx, case):
        if duty.rule in rules:
            keeping.meet_duty(tx, duty, now)


def _carries(item: Item) -> bool:
    """Whether an item carries a correction to where staff, or a connector of a database, see to it."""
    return item.store == RECIPIENTS or item.target.startswith(DATABASE)


def _waits_for_staff(item: Item) -> bool:
    return item.state == WAITING and (item.store == RECIPIENTS or item.action == BY_HAND)


def check_told(tx: Transaction, row: MatterRow, to: str) -> None:
    """Let nobody call a correction done while a recipient has not got it, or another database still has the old value.

    Raises:
        Refused: One waits.
    """
    if to not in _ENDS or row.kind != _CORRECT:
        return
    if any(item.state == WAITING for item in items_of(tx, row.case)):
        raise Refused(
            "A recipient of the old value has not got the new one yet, or a database has not been corrected.",
            clause="III.1",
            mend="Tell it, or change it there, and say so with the step tell.",
        )
