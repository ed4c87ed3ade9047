"""Recipients of a value that was wrong: the clock by which they are told the right one, and who said that they were."""

from collections.abc import Sequence

from troth.gate import ToldByStaff, note_told
from troth.kernel import NotFound, Refused, from_micros, micros
from troth.policy import Policy, instant_after, read_span
from troth.rights import keeping
from troth.rights.clocks import told
from troth.rights.keeping import Noted
from troth.rights.model import Duty, MatterRow
from troth.rights.plans import DONE, WAITING, Item, add_receipts, items_of, note_item, stage_answer
from troth.storage import Transaction

RECIPIENTS = "recipients"
"""Place of a plan: recipients that somebody of staff tells."""
TOLD = "recipient-told"
"""Step: a recipient was told."""
_CORRECTED = "record.corrected"
_ENDS = frozenset({"completed", "partially-completed"})


def start_telling(tx: Transaction, policy: Policy, case: str, items: Sequence[Item], now: int) -> None:
    """Start the clock by which recipients of a correction are told, where staff tell any.

    It reminds the role that its rule names, else the desk that answers for requests.

    Args:
        tx: The unit of work in which the plan is written.
        policy: The version in force, whose rules on record.corrected set it.
        case: Id of the case.
        items: The plan.
        now: Instant (microseconds).
    """
    if not any(item.store == RECIPIENTS for item in items):
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
    """Note that a recipient was told, in the plan, the steps and the ledger; the request then goes on.

    Args:
        tx: Unit of work.
        policy: The version in force.
        row: The request.
        recipient: Name of the recipient.
        who: Who told it.
        now: Instant (microseconds).

    Raises:
        NotFound: The plan has no such recipient that waits.
    """
    waiting = [item for item in items_of(tx, row.case) if item.store == RECIPIENTS and item.state == WAITING]
    item = next((one for one in waiting if one.target == recipient), None)
    if item is None:
        raise NotFound(
            "No recipient of this name waits to be told.", field="to", mend="See the plan of the request."
        )
    note_item(tx, item, DONE, now, f"told by {who.role}")
    keeping.note_step(tx, row.case, now, TOLD, who, recipient)
    if len(waiting) == 1:
        for rule in policy.requires.values():
            met = next((one for one in keeping.duties_of(tx, row.case) if one.rule == rule.name), None)
            if met is not None and _CORRECTED in rule.on:
                keeping.meet_duty(tx, met, now)
    purpose = next((one.purpose for one in policy.cases.values() if one.matter == row.matter), None) or ""
    fields = _corrected(tx, policy, row.case)
    told_by = ToldByStaff(row.person, row.case, recipient, fields, purpose, "III.1", who.role)
    entry = note_told(tx, policy, told_by, TOLD, now)
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


def check_told(tx: Transaction, row: MatterRow, to: str) -> None:
    """Let nobody call a request done while a recipient has not been told.

    Raises:
        Refused: One waits.
    """
    waits = [i for i in items_of(tx, row.case) if i.store == RECIPIENTS and i.state == WAITING]
    if to in _ENDS and waits:
        raise Refused(
            "A recipient of the old value has not been told yet.",
            clause="III.1",
            mend="Tell it, and say so with the step told.",
        )
