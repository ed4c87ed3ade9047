"""A copy that was handed out: noted as a step, so that its person and staff see that it was, and when."""

from collections.abc import Sequence

from troth.rights.keeping import Noted, note_step
from troth.rights.model import Step
from troth.storage import Transaction

COPY_FETCHED = "copy-fetched"
"""Step: the copy that a request asked for was made and handed out."""


def note_fetched(tx: Transaction, case: str, role: str, key: str, now: int) -> None:
    """Note that the copy of a request was handed out.

    Args:
        tx: Unit of work.
        case: Id of the request's case.
        role: Of whoever fetched it: the person, or staff who hand it over.
        key: Id of their key, or of the member of staff.
        now: Instant (microseconds).
    """
    note_step(tx, case, now, COPY_FETCHED, Noted(role, key), "")


def fetches(steps: Sequence[Step]) -> list[Step]:
    """The steps at which a copy was handed out, in order."""
    return [one for one in steps if one.step == COPY_FETCHED]
