"""The gate: the one door to personal data. Decide, act, record, in one unit of work."""

from collections.abc import Sequence

from troth.gate.doing import Doer
from troth.gate.model import Ask, Outcome
from troth.gate.publication import PolicyShelf
from troth.gate.weighing import Scales
from troth.kernel import Clock, TrothError, micros, new_id
from troth.policy import Act, Explanation, Policy
from troth.storage import Database, Transaction
from troth.vault import Vault

_TRIES = 3


class Gate:
    """Performs acts on personal data as the policy in force decides them.

    A batch is one unit of work: state, ledger entries and outgoing jobs of all its acts commit together, and an
    outcome is given only after they did. A ledger that cannot be written therefore refuses the act.

    Args:
        database: The data database.
        vault: People and their sealed fields.
        clock: Dates every act.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._shelf = PolicyShelf()

    def perform(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Perform acts in one unit of work.

        Args:
            asks: The acts; a single one is a batch of one.

        Returns:
            An outcome for each act, in order. A denial, an unknown person or malformed input is an outcome too.

        Raises:
            Unavailable: A store takes no work; nothing of the batch was done.
        """
        if not asks:
            return []
        newcomers = self._newcomers(asks)
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            scales = Scales(tx, self._vault, self._shelf, now)
            persons = self._persons(tx, asks, newcomers)
            weighed = scales.weigh(asks, persons)
            outcomes = Doer(tx, self._vault, scales.policy, now).do(weighed, newcomers)
        if any(ask.act == "erase" for ask in asks):
            self._finish_erasures(asks, outcomes)
        return outcomes
