"""What the ledger has of a batch of letters or a list of calls as a whole: by whose key, and which version of which message it says."""

from collections.abc import Mapping
from typing import Protocol

from troth.gate import note_matter
from troth.policy import Policy
from troth.storage import Transaction

CLAUSE = "II.20"


class Ordered(Protocol):
    """An order of letters or of calls."""

    @property
    def case(self) -> str:
        """Case under which they are planned."""

    @property
    def message(self) -> str:
        """Digest of the version of the kept message that they say; empty where a file or the case brought the text."""


def note_said(
    tx: Transaction, policy: Policy, what: str, order: Ordered, key_id: str, now: int, more: Mapping[str, str]
) -> None:
    """Record that letters were made, or a list of calls opened.

    Of a text that is no kept message nothing is recorded: a file may be about one person.

    Args:
        tx: Unit of work that does it.
        policy: The version in force.
        what: What happened, a word of the code's own.
        order: What was ordered.
        key_id: Id of the key in whose name it is done.
        now: Instant (microseconds).
        more: Further details that are not personal.
    """
    said = {"message": order.message} if order.message else {}
    note_matter(
        tx, policy, case=order.case, what=what, clause=CLAUSE, now=now, more={"key": key_id, **more, **said}
    )
