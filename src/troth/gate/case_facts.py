"""Facts of a case: what the rooms above establish about it in the unit of work of the step that makes it true.

A row says nothing by itself. What it says is weighed at each act by the version in force: a reason that was struck from the
list, or whose review is overdue, counts no more; who owns a product is read from the person's own records each time.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import bindparam, delete

from troth.gate.tables import case_fact
from troth.policy import Policy, Wanted, crucial_reason, read_wanted
from troth.storage import Lookup, Statement, Transaction, Upsert

APPROVED, REASON_LISTED, PROMOTIONAL, OWNED = (
    "message.approved",
    "message.listed",
    "message.promotional",
    "product.owned",
)
CASE_FACTS = frozenset({APPROVED, REASON_LISTED, PROMOTIONAL, OWNED})
"""The facts that a case can bear: approved (value: digest of the text), listed (value: product and reason), promotional (value:
the rules that it breaks), owned (value: product and versions that its message is about)."""
Particulars = Mapping[str, str]
"""Of one case: value by fact."""
_PUT = Upsert(case_fact, by=("case_id", "fact"), update=("value", "noted_at"))
_OF = Lookup(case_fact, by=("case_id",), take=("fact", "value"))
_TAKE_BACK = Statement(
    delete(case_fact).where(case_fact.c.case_id == bindparam("which"), case_fact.c.fact == bindparam("what"))
)


def note_case_fact(tx: Transaction, case_id: str, fact: str, value: str, now: int) -> None:
    """Note a fact of a case at an instant (microseconds); replaces what was noted before.

    Raises:
        ValueError: It is none of `CASE_FACTS`; a slip in a program.
    """
    if fact not in CASE_FACTS:
        msg = f"{fact} is no fact that a case bears"
        raise ValueError(msg)
    tx.run(_PUT, (case_id, fact, value, now))


def withdraw_case_fact(tx: Transaction, case_id: str, fact: str) -> None:
    """Take a fact of a case back; nothing where it was not noted."""
    tx.run(_TAKE_BACK, {"which": case_id, "what": fact})


def case_facts(tx: Transaction, case_ids: Collection[str]) -> dict[str, Particulars]:
    """What was noted of cases; a case of which nothing was noted is absent."""
    rows = tx.lookup_all(_OF, [(one,) for one in case_ids])
    return {key[0]: dict(found) for key, found in rows.items()}


def message_facts(noted: Particulars, policy: Policy, day: str) -> set[str]:
    """The facts about the message of a case that hold on a day (ISO 8601) under a version of the policy."""
    facts = {fact for fact in (APPROVED, PROMOTIONAL) if fact in noted}
    product, _, reason = noted.get(REASON_LISTED, "").partition(" ")
    if reason and crucial_reason(policy, product, reason, day) is not None:
        facts.add(REASON_LISTED)
    return facts


def wanted_of(noted: Particulars) -> Wanted | None:
    """The product and versions whose owners the message of a case is for; None where it is for no owners."""
    return read_wanted(noted[OWNED]) if OWNED in noted else None
