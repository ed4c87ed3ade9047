"""Receiving a matter: its number, its clocks and its first steps, in the unit of work that opens its case."""

from troth.gate import Change, Follower, Opening, language_of, stage_mail
from troth.kernel import from_micros, micros
from troth.policy import Policy
from troth.rights.agents import begin_mandate
from troth.rights.clocks import Due
from troth.rights.duties import answer_of, clocks
from troth.rights.handling import check_taker
from troth.rights.keeping import (
    Noted,
    add_duties,
    add_matter,
    assign_matter,
    matter_by_case,
    move_matter,
    note_step,
    open_in_slot,
)
from troth.rights.model import KINDS, PROOFLESS, SHAPES, Duty, Matter, MatterRow
from troth.rights.numbers import new_number
from troth.rights.plans import stage_unattended
from troth.rights.proving import PROVE, few_today, slot_of
from troth.rights.uses import USE_KINDS, waits_for_proof
from troth.storage import Transaction

RECEIVED = "matter-received"
"""Mail template: that a matter was received."""
_BY_ITSELF = Noted("", "")


def receive(tx: Transaction, policy: Policy, opening: Opening) -> str:
    """Take in a matter; gives the id of its case, or of the open one that it joins.

    One person has one open request of a kind: what the same person asks for again joins it, keeps its due date, and is noted
    there. What nobody has proven yet stands alone, so that its sender learns nothing of what is open.

    Args:
        tx: The unit of work that opens the case.
        policy: The version in force, whose promises hold from now on.
        opening: The case that is being opened.
    """
    matter = opening.declared.matter
    if matter is None:
        return opening.case
    kind = _kind(matter, opening.kind)
    proven = opening.person if opening.verified or matter == "dispute" else ""
    uses = " ".join(opening.uses) if kind in USE_KINDS else ""
    slot = slot_of(matter, kind, proven, opening.about, opening.case, uses)
    standing = open_in_slot(tx, slot)
    if standing is not None:
        note_step(tx, standing.case, opening.at, "joined", _BY_ITSELF, opening.record)
        return standing.case
    row = _add(tx, policy, opening, matter, kind, slot)
    _first_steps(tx, policy, row, opening)
    return row.case


def close(tx: Transaction, case: str, role: str, key: str, at: int) -> None:
    """End a question whose case was closed; what asks for more than an answer ends by its own steps only.

    Args:
        tx: The unit of work that closes the case.
        case: Id of the case.
        role: Role of who closed it.
        key: Id of the key of who closed it.
        at: Instant (microseconds).
    """
    row = matter_by_case(tx, case)
    if row is not None and row.matter == "question" and not row.ended_at:
        move_matter(tx, row, "answered", at, Noted(role, key), "")


def assigned(tx: Transaction, change: Change) -> None:
    """Give a matter to whoever it is assigned to from now on, or to nobody.

    Raises:
        Refused: Whoever handled the matter, or reviews the dispute, does not take it over (clause VI.2).
    """
    row = matter_by_case(tx, change.case)
    if row is None:
        return
    check_taker(tx, row, change.holder)
    assign_matter(tx, row.case, Noted(change.role, change.who), change.holder, change.at)


def _kind(matter: Matter, asked: str) -> str:
    if matter != "request":
        return ""
    return asked if asked in KINDS else "other"


def _language(policy: Policy, opening: Opening) -> str:
    """The language in which somebody is answered, without its region: theirs where it is known, else the policy's."""
    own = policy.front.languages
    return language_of(opening.language) or (own[0] if own else "en")


def _add(
    tx: Transaction, policy: Policy, opening: Opening, matter: Matter, kind: str, slot: str
) -> MatterRow:
    found = clocks(policy, matter, kind, from_micros(opening.at))
    answer = answer_of(found, matter)
    row = MatterRow(
        case=opening.case,
        number=new_number(matter),
        matter=matter,
        kind=kind,
        state=SHAPES[matter].first,
        person=opening.person,
        record=opening.record,
        channel=opening.channel,
        about=opening.about,
        policy=policy.sha256,
        language=_language(policy, opening),
        handler=opening.holder,
        reviewer="",
        received_at=opening.at,
        due_at=micros(answer.at),
        due_rule=answer.rule.name,
        verified_at=0,
        overdue_at=0,
        ended_at=0,
        outcome="",
        uses=" ".join(opening.uses) if kind in USE_KINDS else "",
    )
    add_matter(tx, row, slot)
    note_step(tx, row.case, opening.at, row.state, _BY_ITSELF, "")
    add_duties(tx, [_duty(row, one) for one in found])
    return row


def _duty(row: MatterRow, one: Due) -> Duty:
    """A clock as it is kept; that the matter arrived is told at once."""
    met = row.received_at if one.rule.does == "acknowledge" else 0
    return Duty(row.case, one.rule.name, one.rule.does, micros(one.at), met, one.why, one.rule.remind)


def _first_steps(tx: Transaction, policy: Policy, row: MatterRow, opening: Opening) -> None:
    """Verify who asks, or have the mailbox prove it; and say that the matter arrived."""
    template = RECEIVED
    if opening.agent and row.matter == "request":
        begin_mandate(tx, row, opening)
        return
    if row.matter == "request":
        if opening.verified:
            _verified(tx, row, opening)
        elif not waits_for_proof(policy, row.kind, opening.uses):
            move_matter(tx, row, "verified", opening.at, _BY_ITSELF, PROOFLESS)
            stage_unattended(tx, opening.declared, row, opening.at)
        else:
            move_matter(tx, row, "identity-pending", opening.at, _BY_ITSELF, "")
            template = PROVE
    elif row.matter == "dispute":
        move_matter(tx, row, "acknowledged", opening.at, _BY_ITSELF, "")
    # The number of a question stands on the page that answers its form; whoever orders a case opened tells the person.
    told = row.person and row.matter != "question" and (row.record or template == PROVE)
    if told and (opening.verified or few_today(tx, row, row.received_at)):
        stage_mail(tx, template, person=row.person, now=opening.at, case=row.case)


def _verified(tx: Transaction, row: MatterRow, opening: Opening) -> None:
    move_matter(tx, row, "verified", opening.at, _BY_ITSELF, "")
    stage_unattended(tx, opening.declared, row, opening.at)


FOLLOWER = Follower(receive, close, assigned)
"""Gives every matter its clocks when its case is opened, and ends a question with its case."""
