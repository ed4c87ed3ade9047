"""The age screen at the web's doors (clause I.19): the answer is weighed and forgotten."""

from datetime import date

from troth.collection import TooYoung, age_missing, read_birth, surely_reached
from troth.policy import Policy


def screened(policy: Policy, point: str, given: object, today: date, *, asked: bool) -> bool:
    """Whether the age screen of a point was passed with this answer; False where none stands there or none was given.

    Args:
        policy: The version in force, which gives the age limit.
        point: Name of a declared point.
        given: Month and year of birth as they were sent; None when they were not.
        today: The day (UTC).
        asked: Whether an answer must be there.

    Raises:
        InvalidSubmission: The answer is missing or no month of birth.
        TooYoung: It does not surely reach the limit.
    """
    limit = policy.front.age_limit
    if limit is None or not policy.points[point].age_screen:
        return False
    if given is None:
        if asked:
            raise age_missing()
        return False
    if not surely_reached(read_birth(given, today), limit, today):
        raise TooYoung
    return True
