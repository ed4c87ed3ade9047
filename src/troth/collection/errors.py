"""Why a submission is refused."""

from collections.abc import Sequence
from typing import NamedTuple

from troth.kernel import InvalidInput


class Fault(NamedTuple):
    """One thing wrong with a submission; never holds a value.

    Args:
        field: Name of the field or member, with a dotted path into objects and lists.
        reason: What is wrong, one sentence.
        mend: What to send instead, one sentence.
        clause: Id of the clause that asks for it, if one does.
    """

    field: str
    reason: str
    mend: str
    clause: str = ""


class InvalidSubmission(InvalidInput):
    """A submission has faults; nothing of it was stored.

    The error itself tells the first one, `errors` tells all of them.

    Args:
        faults: At least one fault.
    """

    code = "invalid-submission"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.errors = tuple(faults)
        first = self.errors[0]
        more = f" ({len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
        what = f"{first.reason}{more} Nothing was stored."
        super().__init__(what, mend=first.mend, clause=first.clause, field=first.field)

    def __reduce__(self) -> tuple[type["InvalidSubmission"], tuple[tuple[Fault, ...]]]:
        """Rebuild from the faults, so that the error survives a process boundary."""
        return type(self), (self.errors,)
