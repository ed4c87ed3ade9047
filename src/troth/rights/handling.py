"""What holds for the steps with a matter: who may take and review it, and what it may be said to ask for."""

from collections.abc import Sequence

from troth.gate import case_is_verified, stage_mail
from troth.kernel import Refused
from troth.policy import Policy
from troth.rights import keeping
from troth.rights.keeping import Noted
from troth.rights.model import PROOFLESS, MatterRow
from troth.rights.plans import stage_unattended
from troth.rights.proving import PROVE, slot_of
from troth.rights.uses import USE_KINDS, waits_for_proof
from troth.storage import Transaction


def check_no_person(person: str) -> None:
    """Refuse a step that is ours to whoever acts in a person's own name.

    Raises:
        Refused: A person asks for it.
    """
    if person:
        raise Refused(
            "People withdraw their own matters; other steps are ours.", field="step", mend="Withdraw it."
        )


def check_taker(tx: Transaction, row: MatterRow, who: Noted) -> None:
    """Let nobody handle a dispute that they review, or whose matter they handled."""
    disputed = keeping.matter_by_case(tx, row.about) if row.about else None
    if (
        row.matter == "dispute"
        and who.key
        and who.key in (row.reviewer, disputed.handler if disputed else "")
    ):
        raise Refused(
            "Whoever handled the matter, or reviews the dispute, does not take it over.",
            clause="VI.2",
            mend="Let somebody else take it.",
        )


def check_reviewer(tx: Transaction, row: MatterRow, who: Noted) -> None:
    """Let nobody review, propose or settle a dispute who handled it, or what it is about (clause VI.2)."""
    disputed = keeping.matter_by_case(tx, row.about) if row.about else None
    if who.key and who.key in (row.handler, disputed.handler if disputed else ""):
        raise Refused(
            "Whoever handled the matter does not review the dispute about it.",
            clause="VI.2",
            mend="Let somebody else review it.",
        )


def classify(
    tx: Transaction, policy: Policy, row: MatterRow, kind: str, uses: Sequence[str], who: Noted, now: int
) -> None:
    """Say what a request asks for; where that needs a proof which it came in without, its person is sent the link for it.

    Args:
        tx: Unit of work.
        policy: The version in force.
        row: The request as it was read in this unit of work.
        kind: What it asks for.
        uses: Data uses that it is about; none for every optional one.
        who: Who says so.
        now: Instant (microseconds).

    Raises:
        Refused: It needs a proof that nobody can be asked for any more.
    """
    proven = case_is_verified(tx, row.case)
    waits = waits_for_proof(policy, kind, uses)
    asks = bool(row.verified_at) and waits and not proven
    if asks and (row.state != "verified" or not row.person or now > row.due_at):
        raise Refused(
            "Nobody has proven who asks for this.",
            clause="III.0",
            mend="Ask the person to send a request of this kind.",
        )
    about = " ".join(uses) if kind in USE_KINDS else ""
    slot = slot_of(row.matter, kind, row.person if proven else "", row.about, row.case, about)
    standing = keeping.open_in_slot(tx, slot)
    if standing is not None and standing.case != row.case:
        slot = row.case
    keeping.classify_matter(tx, row, kind, about, slot, who, now)
    state = row.state
    if asks:
        keeping.ask_proof(tx, row, now, who)
        stage_mail(tx, PROVE, person=row.person, now=now, case=row.case)
        return
    if state == "identity-pending" and not waits:
        state = keeping.move_matter(tx, row, "verified", now, who, PROOFLESS).state
    if state == "verified":
        declared = next((one for one in policy.cases.values() if one.matter == row.matter), None)
        stage_unattended(tx, declared, row._replace(kind=kind), now)
