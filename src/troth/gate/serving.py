"""Serving people by cases: what joins a case after it was opened, and finding cases by what people quote."""

from troth.gate.cases import cases_about, join_case
from troth.gate.facts import identifiers_of, joins
from troth.gate.weighing import Weighed
from troth.kernel import Refused
from troth.policy import Policy
from troth.storage import Transaction
from troth.vault import Vault


def join_cited(tx: Transaction, policy: Policy, one: Weighed, record: str) -> None:
    """Let a new record join the open case that its collection cites, where the point says that it does.

    Raises:
        Refused: It cites no open case of the same person.
    """
    if not joins(one.ask, policy):
        return
    point = policy.points[one.ask.point]
    facts = one.act.facts if one.act is not None else ()
    if f"case.{point.joins}" not in facts or not record:
        raise Refused(
            f"What comes in here joins an open {point.joins} of the same person; nothing was stored.",
            clause=point.clause,
            field="case",
            mend="Open a new one.",
        )
    join_case(tx, one.ask.case, record)


def cases_found(tx: Transaction, vault: Vault, one: Weighed, policy: Policy) -> list[dict[str, str]]:
    """The cases, of kinds that whoever asks may cite, about the record or else the person that an identifier names."""
    actor = one.actor
    pairs = identifiers_of(one.ask.identify, policy)
    records = {record for who, record in vault.find_records(tx, pairs).values() if who == one.person}
    record = next(iter(sorted(records)), "")
    return [
        {"case": case, "type": kind}
        for case, kind in cases_about(tx, one.person, record)
        if actor is not None and actor.may_cite(kind)
    ]
