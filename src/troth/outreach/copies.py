"""What is sent to many, and what becomes of each copy; pure data."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from troth.gate import Outcome
from troth.outreach.composing import Composed
from troth.outreach.model import Marks
from troth.outreach.outbox import Row
from troth.storage import Transaction

AGAIN, COUNT = "again", "count"
"""What becomes of a copy of which nobody knows whether it was taken: sent again under its Message-ID, or counted as failed."""


class Batch(NamedTuple):
    """What is sent to many.

    Args:
        case: Id of the case that it is sent under.
        purpose: Data use that it serves.
        fields: Names of the fields that are read for it, the address first.
        write: Gives subject and body of a copy, from what was read and its marks.
        marks: Gives what a copy bears of its own, from the copy and the person's address.
        topic: Declared topic; empty for none.
        optional: Names of fields that are left out where the policy or the person does not give them.
        uncertain: `AGAIN` or `COUNT`.
        look: Reads, in the unit of work that decides some copies, what `write` needs of them beside the fields.
    """

    case: str
    purpose: str
    fields: tuple[str, ...]
    write: Callable[[Row, Outcome, Marks], Composed]
    marks: Callable[[Row, str], Marks]
    topic: str = ""
    uncertain: str = AGAIN
    look: Callable[[Transaction, Sequence[Row]], None] = lambda _, __: None


class Handed(NamedTuple):
    """What became of a window.

    Args:
        sent: Copies handed over.
        skipped: Copies that the policy denied, or whose person is gone.
        failed: Copies given up.
        put_off: Copies that nobody took yet; they are due again later.
        waiting: Whether nobody took mail, so that it is better to wait.
    """

    sent: int = 0
    skipped: int = 0
    failed: int = 0
    put_off: int = 0
    waiting: bool = False

    def then(self, later: "Handed") -> "Handed":
        """This and what came later, together."""
        return Handed(
            self.sent + later.sent,
            self.skipped + later.skipped,
            self.failed + later.failed,
            self.put_off + later.put_off,
            waiting=later.waiting,
        )


class Held(NamedTuple):
    """A copy that may go out, with what was read for it."""

    row: Row
    outcome: Outcome


class End(NamedTuple):
    """How a try ended."""

    row: Row
    state: str
    why: str = ""
    due: int = 0
    tried: int = 0
