"""What a campaign is, and the states that it goes through. Pure.

draft -> scheduled -> running -> done
             ^           |
             +- paused <-+        stopped: from any that is not over
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from troth.kernel import Conflict

State = Literal["draft", "scheduled", "running", "paused", "done", "stopped"]
STATES: tuple[str, ...] = get_args(State)
Step = Literal["start", "begin", "pause", "resume", "finish", "stop"]
NEXT: Mapping[tuple[str, str], str] = {
    ("draft", "start"): "scheduled",
    ("draft", "stop"): "stopped",
    ("scheduled", "begin"): "running",
    ("scheduled", "pause"): "paused",
    ("scheduled", "finish"): "done",
    ("scheduled", "stop"): "stopped",
    ("running", "pause"): "paused",
    ("running", "finish"): "done",
    ("running", "stop"): "stopped",
    ("paused", "resume"): "scheduled",
    ("paused", "stop"): "stopped",
}
"""Where a step leads; `begin` and `finish` are the clock's own."""
OVER = frozenset({"done", "stopped"})


def moved(state: str, step: str) -> str:
    """The state after a step.

    Raises:
        Conflict: The step leads nowhere from there.
    """
    found = NEXT.get((state, step))
    if found is None:
        possible = sorted({one for was, one in NEXT if was == state} - {"begin", "finish"})
        raise Conflict(
            f"The campaign is {state}; it cannot {step}.",
            field="state",
            mend=f"It can {' or '.join(possible)}."
            if possible
            else "It is over; draft a new one to send again.",
        )
    return found


class Plan(NamedTuple):
    """What a campaign is to do.

    Args:
        name: What its makers call it.
        template: Digest of the version of the message.
        audience: Id of the audience; it was built of an expression.
        starts_at: When it may begin (microseconds); 0 for at once.
        ends_at: When what is left is not sent any more (microseconds); 0 for the end of its case.
        per_hour: Most messages an hour; 0 for as fast as it goes.
    """

    name: str
    template: str
    audience: str
    starts_at: int = 0
    ends_at: int = 0
    per_hour: int = 0


class Waits(NamedTuple):
    """Why a campaign that was started does not go on; nobody is named.

    Args:
        since: When it stopped going on (microseconds).
        code: Kind of the problem, as the API names it.
        what: What stands in the way, in words.
        clause: Clause of the policy that denies it; empty where none does.
        field: Setting or field at fault; empty for none.
        mend: What somebody can do about it.
    """

    since: int
    code: str
    what: str
    clause: str
    field: str
    mend: str


class Campaign(NamedTuple):
    """A campaign as it stands. Instants in microseconds, 0 for never.

    Args:
        case: Id of its case; also of the batch in the outbox.
        plan: What it is to do.
        state: One of `STATES`.
        created_at: When it was drafted.
        began_at: When it began.
        ended_at: When it was over.
        cursor: Handle up to which people have been chosen.
        planned: Whether everybody has been gone through.
        looked: People who could be chosen.
        left_out: People who could not, by reason.
        waits: Why it does not go on; None while it does.
    """

    case: str
    plan: Plan
    state: str
    created_at: int
    began_at: int = 0
    ended_at: int = 0
    cursor: str = ""
    planned: bool = False
    looked: int = 0
    left_out: Mapping[str, int] = {}
    waits: Waits | None = None
