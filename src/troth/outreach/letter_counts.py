"""How many letters of a case stand where."""

from troth.gate import case_is_live
from troth.outreach.letter_tables import channel_counts
from troth.outreach.outbox import PLANNED
from troth.policy import Policy
from troth.storage import Transaction

LETTER = "letter"
HELD = "held"


def letter_counts(tx: Transaction, policy: Policy, case: str, now: int) -> dict[str, int]:
    """How many letters of a case are in each state at an instant (microseconds).

    What is planned counts as `HELD` where nothing may go out under the case; it is planned again should that be opened again.
    """
    found = channel_counts(tx, case, LETTER)
    if PLANNED in found and not case_is_live(tx, case, policy, now):
        found[HELD] = found.pop(PLANNED)
    return found
