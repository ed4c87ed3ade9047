"""Proving who asks: from then on a matter is one with what its person has open of the same kind; unproven, it ends by itself.

Before that, each submission stands alone, under a number and a due date of its own, so that whoever sends a form in somebody's
name learns nothing of what is open there. No due date moves: the one of two that is due first goes on, and the other ends.
"""

from datetime import timedelta

from troth.gate import case_is_verified, end_case, note_matter, stage_mail
from troth.kernel import Conflict
from troth.policy import Policy
from troth.rights.keeping import (
    Noted,
    matter_by_case,
    matters_of,
    move_matter,
    note_step,
    open_in_slot,
    point_to,
    received_since,
    take_slot,
    unproven_over,
)
from troth.rights.mandates import check_stands, mandate_of
from troth.rights.model import JOINED, SHAPES, UNPROVEN, Matter, MatterRow
from troth.storage import Transaction

NEWS = "matter-news"
"""Mail template that tells how a matter goes on."""
AGENT_NEWS = "agent-news"
"""Mail template that tells an agent how a request goes on."""
PROVE = "request-verify"
"""Mail template with a link by which a mailbox is proven."""
ERASED_PERSON = "the person was erased"
"""Outcome of a question that ended because nobody is left to answer."""
_DAY = timedelta(days=1) // timedelta(microseconds=1)
_MOST_MAILS = 5
"""So many unproven matters of a day are told by mail to one person; the others are answered alike and send nothing."""
_APART = "correct"
_BY_ITSELF = Noted("", "")


def slot_of(matter: Matter, kind: str, person: str, about: str, case: str, uses: str = "") -> str:
    """What may be open only once: a person's request of a kind, a person's dispute about a case; else the case itself.

    Requests about different uses stand apart, and so does each correction: what it asks for lies in its own record.

    Args:
        matter: request, dispute or question.
        kind: Of a request.
        person: Handle of whose it is, once that is proven; empty for nobody.
        about: Case that a dispute is about; empty for none.
        case: Id of its own case.
        uses: Of a request, the data uses that it is about.
    """
    if matter == "request" and person and kind != _APART:
        return f"{person}:{kind}:{uses}" if uses else f"{person}:{kind}"
    if matter == "dispute" and person and about:
        return f"{person}:{about}"
    return case


def prove(tx: Transaction, row: MatterRow, at: int, who: Noted, note: str) -> bool:
    """Note that it is proven who asks, and make one of it and what the person has open of the same kind.

    Gives whether this one goes on. What an agent asks for stands alone: who it is about keeps their own requests apart from it.

    Args:
        tx: Unit of work.
        row: The matter as it was read in this unit of work.
        at: Instant (microseconds).
        who: Who answers for it; nobody where a mailbox proved it.
        note: How it was proven, in a word.

    Raises:
        Conflict: Its time is over.
        IllegalMove: It is proven already, or has ended.
        Refused: An agent asks, and no authority stands.
    """
    check_stands(tx, row, at)
    if row.lapses and at > row.due_at:
        raise Conflict(
            "Nobody proved this request in time; it has ended.", field="state", mend="Send it again."
        )
    move_matter(tx, row, "verified", at, who, note)
    proven = matter_by_case(tx, row.case)
    assert proven is not None, "it was moved just now"
    return make_one(tx, proven, at)


def make_one(tx: Transaction, proven: MatterRow, at: int) -> bool:
    """Make one of a matter of which it is proven who asks and what the person has open of the same kind.

    Gives whether this one goes on: the one that is due first does.
    """
    row = proven
    if mandate_of(tx, row.case) is not None:
        return True
    slot = slot_of(row.matter, row.kind, row.person, row.about, row.case, row.uses)
    standing = open_in_slot(tx, slot)
    if standing is not None and standing.case != row.case:
        if standing.due_at <= proven.due_at:
            _join(tx, proven, standing, at)
            return False
        if "withdrawn" not in SHAPES[standing.matter].moves[standing.state]:
            return True  # it is being carried out: both go on, and each keeps its day
        _join(tx, standing, proven, at)
    take_slot(tx, row.case, slot)
    return True


def lapse(tx: Transaction, policy: Policy, now: int, most: int) -> list[MatterRow]:
    """End matters that nobody proved by their due date; nothing was to be done for them, so none of them is late.

    Args:
        tx: Unit of work.
        policy: The version in force, whose words the ledger entries use.
        now: Instant (microseconds).
        most: Most that are ended at once.
    """
    over = unproven_over(tx, now, most)
    for row in over:
        move_matter(tx, row, "withdrawn", now, _BY_ITSELF, UNPROVEN)
        end_case(tx, row.case, now)
        note_matter(tx, policy, case=row.case, what=UNPROVEN, clause="", now=now)
        tell_agent(tx, row.case, now)
    return over


def tell_agent(tx: Transaction, case: str, now: int) -> None:
    """Promise a mail about how a request goes on to the agent who made it, once the agent's mailbox is proven."""
    one = mandate_of(tx, case)
    if one is not None and one.proven_at and one.record:
        stage_mail(tx, AGENT_NEWS, person=one.person, now=now, case=case)


def tell_news(tx: Transaction, row: MatterRow, now: int) -> None:
    """Promise mails about how a matter goes on: to its person, and to the agent who asks for it.

    Whom an agent names is written to only once the agent's mailbox is proven.
    """
    one = mandate_of(tx, row.case)
    tell_agent(tx, row.case, now)
    if one is not None and not one.proven_at:
        return
    if row.person and (case_is_verified(tx, row.case) or few_today(tx, row, now)):
        stage_mail(tx, NEWS, person=row.person, now=now, case=row.case)


def end_questions(tx: Transaction, person: str, now: int) -> int:
    """End the open questions of somebody who was erased: nobody is left to answer. Gives their number."""
    found = [one for one in matters_of(tx, person) if one.matter == "question" and not one.ended_at]
    for row in found:
        move_matter(tx, row, "withdrawn", now, _BY_ITSELF, ERASED_PERSON)
        end_case(tx, row.case, now)
    return len(found)


def few_today(tx: Transaction, row: MatterRow, now: int) -> bool:
    """Whether little came in under a name within a day: what anybody may send in it must not flood its mailbox with our mail."""
    return received_since(tx, row.person, now - _DAY) <= _MOST_MAILS


def _join(tx: Transaction, ends: MatterRow, stays: MatterRow, at: int) -> None:
    """End one of two matters that ask for the same; the other knows the record that holds what was written."""
    pointing = ends._replace(about=stays.case)
    point_to(tx, ends.case, stays.case)
    move_matter(tx, pointing, "withdrawn", at, _BY_ITSELF, JOINED)
    end_case(tx, ends.case, at)
    note_step(tx, stays.case, at, "joined", _BY_ITSELF, ends.record)
    stage_mail(tx, NEWS, person=ends.person, now=at, case=ends.case)
