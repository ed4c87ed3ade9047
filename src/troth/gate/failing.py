"""The outcomes of acts that failed or are only begun."""

from msgspec import structs

from troth.gate.model import Outcome, Problem
from troth.kernel import TrothError, Unavailable


def begun_only(outcome: Outcome, error: Unavailable) -> Outcome:
    """The outcome of an erasure that is committed to, while a store does not take the rest of it."""
    told = Unavailable(
        f"The erasure has begun and hides what it erases; it is not finished: {error.what}",
        mend=f"{error.mend} Troth then finishes it by itself.",
        clause=outcome.clauses[0] if outcome.clauses else "",
    )
    return structs.replace(outcome, problem=Problem.of(told))


def problem_outcome(error: TrothError) -> Outcome:
    """The outcome of an act that failed before it could be weighed."""
    return Outcome(effect="deny", problem=Problem.of(error), clauses=(error.clause,) if error.clause else ())
