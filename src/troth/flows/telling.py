"""Telling recipients: whoever was given a value before it was corrected hears the new one.

Who that is stands in the ledger: the person's own journal names the recipient of each act by which something went out, and the fields. A recipient with a
connector is told by it; every other one is an item that waits until somebody of staff says that the recipient was told, so that no
correction is called done before. Other databases of the company are corrected by their own connectors.
"""

from collections.abc import Callable, Iterator

from troth.flows.answering import TELL, Done, Part, Work
from troth.flows.correcting import CORRECT, corrections, given_corrections
from troth.flows.vault_store import PerformAlong
from troth.ledger import Entry
from troth.policy import Policy
from troth.rights import RECIPIENTS, Item

_CLAUSE = "III.1"
_CARRIED = frozenset({"send", "pass-message"})
"""Acts whose recipient carries a message once, and is given the address anew with the next."""
_BY_STAFF = "staff tell them, and say so here"


class RecipientsStore:
    """Recipients of the old value that no connector reaches.

    Args:
        perform: Performs acts; the gate's.
        policy: Gives the version in force.
        journal: Gives every entry of the ledger about a person.
        connected: Gives the recipients that a connector tells of corrections.
    """

    name = RECIPIENTS

    def __init__(
        self,
        perform: PerformAlong,
        policy: Callable[[], Policy],
        journal: Callable[[str], Iterator[Entry]],
        connected: Callable[[], frozenset[str]],
    ) -> None:
        self._perform = perform
        self._policy = policy
        self._journal = journal
        self._connected = connected

    def plan(self, work: Work) -> list[Item]:
        """One item for each recipient that was given a value which is corrected."""
        if work.kind != CORRECT or not work.person:
            return []
        policy = self._policy()
        known = corrections(policy)
        wrong = {known[name] for name in given_corrections(self._perform, policy, work)}
        had = {
            entry.recipient
            for entry in self._journal(work.person)
            if entry.act not in _CARRIED and entry.effect == "permit" and wrong & set(entry.fields)
        }
        told = [(_titled(policy, name), name) for name in sorted(had - {""} - self._connected())]
        return [Item(work.case, 0, self.name, what, target, TELL, _CLAUSE) for what, target in told]

    def carry_out(self, work: Work, item: Item) -> Done:  # noqa: ARG002  the port's
        """Wait: only whoever told the recipient can say so."""
        return Done("waiting", _BY_STAFF)

    def copy(self, work: Work) -> Iterator[Part]:  # noqa: ARG002  the port's
        """Nothing: what went to whom stands in the journal."""
        return iter(())


def _titled(policy: Policy, name: str) -> str:
    declared = policy.recipients.get(name)
    return (declared.title if declared is not None else "") or name
