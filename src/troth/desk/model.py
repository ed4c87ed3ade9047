"""Cases by which staff serve people: what the queue shows of them, and the stages in which they are worked on; pure."""

import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from troth.kernel import Conflict
from troth.policy import CaseType, Stage

TICKET: Final = "question"
"""The matter that a ticket is."""
OPEN, MINE, FREE, CLOSED = "open", "mine", "free", "closed"
VIEWS = (OPEN, MINE, FREE, CLOSED)
ANSWERED = "answered"
REASONS: Mapping[str, str] = MappingProxyType(
    {
        ANSWERED: "answered",
        "no-reply": "nobody replied",
        "duplicate": "the same was asked before",
        "taken-back": "the person took it back",
        "not-ours": "not for us",
        "spam": "not a question",
    }
)
"""Why a ticket is closed: words, so that nothing personal stands in clear."""
CANCELLED: Mapping[str, str] = MappingProxyType(
    {
        "taken-back": "the person took it back",
        "undeliverable": "it cannot be delivered",
        "unpaid": "it was not paid",
        "duplicate": "the same was ordered before",
    }
)
"""Why what is worked on in stages is closed before its last one."""
DONE = "done"
"""Outcome of a case whose last stage was reached."""


class IllegalStage(Conflict):
    """A case cannot go from its stage to the one asked for."""

    code = "illegal-move"


class Served(NamedTuple):
    """A case as the desk shows it; instants in microseconds, 0 for not. Names nobody: handles and words only.

    Args:
        case: Its id.
        number: What people call it by.
        kind: Type of case.
        state: Where it stands: a stage, or a state of a matter; empty before the first stage.
        person: Handle of whom it is about.
        record: Record that it is about; empty for none.
        holder: Id of the member of staff, or of the key, to whom it is assigned; empty for nobody.
        opened_at: When it was opened.
        due_at: By when it must be answered; 0 where nothing says so.
        ended_at: When it was closed.
        outcome: Why it was closed, in a word.
        about: Number of the case that it is linked with; empty for none.
        channel: How it came in; empty where nothing tells.
    """

    case: str
    number: str
    kind: str
    state: str
    person: str
    record: str
    holder: str
    opened_at: int
    due_at: int = 0
    ended_at: int = 0
    outcome: str = ""
    about: str = ""
    channel: str = ""

    def late(self, now: int) -> bool:
        """Whether the day of the answer is over at an instant (microseconds)."""
        return bool(self.due_at) and (self.ended_at or now) > self.due_at


def mail_mark(secret: bytes, person: str, message_id: str) -> str:
    """By what a mail of somebody's own is known again: a keyed hash of its Message-ID, so that nobody else's can be the same."""
    return hmac.new(secret, f"ticket mail\0{person}\0{message_id}".encode(), hashlib.sha256).hexdigest()


def following(declared: CaseType, stage: str) -> Stage | None:
    """The stage that follows one; None behind the last. An empty text stands before the first."""
    names = [one.name for one in declared.stages]
    place = names.index(stage) + 1 if stage in names else 0
    return declared.stages[place] if place < len(names) else None


def check_stage(declared: CaseType, row: Served, to: str) -> Stage:
    """The stage that a case is brought to, where that is the one that follows.

    Raises:
        IllegalStage: It is another one, or the case is closed.
    """
    after = None if row.ended_at else following(declared, row.state)
    if after is None or after.name != to:
        told = after.name if after is not None else "nothing: it is closed"
        raise IllegalStage(
            f"What is {row.state or 'new'} cannot become {to}.", field="stage", mend=f"It may become {told}."
        )
    return after


def is_last(declared: CaseType, stage: Stage) -> bool:
    """Whether a stage closes its case."""
    return bool(declared.stages) and declared.stages[-1] == stage


def reasons_of(declared: CaseType) -> Mapping[str, str]:
    """Why cases of a type may be closed by hand, by code."""
    return CANCELLED if declared.stages else REASONS
