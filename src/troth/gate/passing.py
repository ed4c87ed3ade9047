"""Passing on what an earlier act read and put by: decided anew and on record, although nothing is read for it."""

from collections.abc import Sequence

from troth.gate.doing import _decided_outcome, _failed
from troth.gate.model import Ask, Outcome
from troth.gate.publication import PolicyShelf
from troth.gate.recording import Words, recorded
from troth.gate.weighing import Scales
from troth.kernel import new_id
from troth.ledger import stage
from troth.storage import Transaction
from troth.vault import Vault


def passed_on(
    tx: Transaction, vault: Vault, shelf: PolicyShelf, words: Words, asks: Sequence[Ask], now: int
) -> list[Outcome]:
    """Decide and record acts by which values go out that were put by before, also of somebody who is erased meanwhile.

    Args:
        tx: Unit of work.
        vault: Knows what people said.
        shelf: Policy versions.
        words: The words that may stand in the ledger.
        asks: The acts; the fields are those that were put by.
        now: Instant (microseconds).
    """
    outcomes, entries = [], []
    for one in Scales(tx, vault, shelf, now).weigh(asks, [ask.person for ask in asks]):
        if one.error is not None or one.decision is None:
            outcomes.append(_failed(one, one.error))
            continue
        entry = new_id()
        body = recorded(entry, one, one.decision, one.ask.case, now, words)
        entries.append((entry, one.person, body))
        outcomes.append(_decided_outcome(one, entry, one.ask.case, {}, None))
    stage(tx, entries)
    return outcomes
