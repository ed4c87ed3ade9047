"""What holds for the steps with a matter: who may take and review it, and what it may be said to ask for."""

from collections.abc import Sequence

from troth.gate import Problem, case_is_verified, stage_mail
from troth.kernel import NotFound, Refused
from troth.policy import Policy
from troth.rights import keeping
from troth.rights.keeping import Noted
from troth.rights.mandates import mandate_of
from troth.rights.model import PROOFLESS, IllegalMove, MatterRow
from troth.rights.numbers import read_number
from troth.rights.plans import replace_items, stage_unattended
from troth.rights.proving import PROVE, make_one
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


def check_taker(tx: Transaction, row: MatterRow, holder: str) -> None:
    """Let nobody handle a dispute that they review, or whose matter they handled."""
    disputed = keeping.matter_by_case(tx, row.about) if row.about else None
    if row.matter == "dispute" and holder and holder in (row.reviewer, disputed.handler if disputed else ""):
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

    A plan for something else goes, and a request that is proven becomes one with what its person has open of the new kind.

    Args:
        tx: Unit of work.
        policy: The version in force.
        row: The request as it was read in this unit of work.
        kind: What it asks for.
        uses: Data uses that it is about; none for every optional one.
        who: Who says so.
        now: Instant (microseconds).

    Raises:
        IllegalMove: It is being carried out.
        Refused: It needs a proof that nobody can be asked for any more.
    """
    about = " ".join(uses) if kind in USE_KINDS else ""
    same = (kind, about) == (row.kind, row.uses)
    proven = case_is_verified(tx, row.case)
    waits = _asked_by_agent(tx, row, kind, now) or waits_for_proof(policy, kind, uses)
    asks = bool(row.verified_at) and waits and not proven
    _check_classifiable(row, now, same=same, asks=asks)
    if same:
        keeping.note_step(tx, row.case, now, "classified", who, kind)
    else:
        keeping.classify_matter(tx, row, kind, about, who, now)
    row = row._replace(kind=kind, uses=about)
    if row.state == "planned" and not same:
        replace_items(tx, row.case, ())
        row = keeping.move_matter(tx, row, "verified", now, who, "", classified=True)
    if asks:
        keeping.move_matter(tx, row, "identity-pending", now, who, "", classified=True)
        stage_mail(tx, PROVE, person=row.person, now=now, case=row.case)
        return
    if row.state == "identity-pending" and not waits:
        row = keeping.move_matter(tx, row, "verified", now, who, PROOFLESS)
    if proven and not same and not make_one(tx, row, now):
        return
    if row.state == "verified":
        declared = next((one for one in policy.cases.values() if one.matter == row.matter), None)
        stage_unattended(tx, declared, row, now)


def _check_classifiable(row: MatterRow, now: int, *, same: bool, asks: bool) -> None:
    """Refuse to read a request anew when it is being carried out, or when the proof that it then needs can come from nobody.

    Raises:
        IllegalMove: It is being carried out.
        Refused: It needs a proof that nobody can be asked for any more.
    """
    if row.state == "executing" and not same:
        raise IllegalMove(
            "It is being carried out as it was read before.",
            field="state",
            mend="Ask for a request of its own.",
        )
    if asks and (not row.person or now > row.due_at):
        raise Refused(
            "Nobody has proven who asks for this.",
            clause="III.0",
            mend="Ask the person to send a request of this kind.",
        )


def _asked_by_agent(tx: Transaction, row: MatterRow, kind: str, now: int) -> bool:
    """Whether an agent asks, whose authority covers a kind of request as far as it was given.

    Raises:
        Refused: It was given for something else.
    """
    agent = mandate_of(tx, row.case)
    if agent is not None and agent.basis and not agent.stands(kind, now):
        raise Refused(
            "The authority of who asks does not cover this.",
            clause="III.0",
            field="kind",
            mend="Ask the agent to send a request of this kind.",
        )
    return agent is not None


def named_matter(tx: Transaction, name: str) -> MatterRow:
    """A matter by its number or the id of its case.

    Raises:
        NotFound: There is none.
    """
    row = keeping.matter_by_case(tx, name) or keeping.matter_by_number(tx, read_number(name))
    if row is None:
        raise NotFound("No matter has this number.", field="number", mend="See the list of requests.")
    return row


def refusal(problem: Problem | None) -> Refused | NotFound:
    """The error that a step was refused with."""
    if problem is None:
        return Refused("The policy does not permit this step.")
    kind = NotFound if problem.status == NotFound.status else Refused
    return kind(problem.detail, clause=problem.clause, field=problem.field, mend=problem.mend)
