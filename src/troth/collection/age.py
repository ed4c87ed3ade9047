"""The age screen: who is surely old enough, told from the month and year of birth alone (clause I.19). Pure.

Nothing here is kept: an answer goes in, yes or no comes out.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from troth.collection.errors import Fault, InvalidSubmission
from troth.kernel import Refused

CLAUSE = "I.19"
_OLDEST = 130
_LAST_MONTH = 12
_MEMBERS = ("year", "month")
_MONTHS = (
    ("january", "januar", "janvier"), ("february", "februar", "février", "fevrier"), ("march", "märz", "maerz", "mars"),
    ("april", "avril"), ("may", "mai"), ("june", "juni", "juin"), ("july", "juli", "juillet"), ("august", "août", "aout"),
    ("september", "septembre"), ("october", "oktober", "octobre"), ("november", "novembre"),
    ("december", "dezember", "décembre", "decembre"),
)  # fmt: skip
"""The months as people write them in the languages that forms speak."""
_LEAST_LETTERS = 3
_MOST_TEXT = 20


class Birth(NamedTuple):
    """A month of birth.

    Args:
        year: Year of the Gregorian calendar.
        month: 1 to 12.
    """

    year: int
    month: int


class TooYoung(Refused):
    """The answer to the age screen does not surely reach the age limit; tells neither the limit nor the answer."""

    def __init__(self) -> None:
        super().__init__(
            "We cannot take this in. Nothing was stored.",
            clause=CLAUSE,
            mend="The page /parents is for parents and guardians.",
        )

    def __reduce__(self) -> tuple[type["TooYoung"], tuple[()]]:
        """Rebuild without arguments, so that the error survives a process boundary."""
        return type(self), ()


def surely_reached(birth: Birth, limit: int, today: date) -> bool:
    """Whether somebody born in a month has had their birthday of an age for certain, whatever the day.

    The day of birth is not asked. In the very month of the birthday some have had it and some have not, so that the
    answer is yes from the first day of the month after.

    Args:
        birth: Month of birth.
        limit: The age, in years.
        today: The day (UTC).
    """
    return (today.year - limit, today.month) > (birth.year, birth.month)


def read_birth(given: object, today: date) -> Birth:
    """A month of birth as somebody wrote it.

    Args:
        given: An object of `year` and `month`; the month as a number or its English, German or French name.
        today: The day, after which nobody was born.

    Raises:
        InvalidSubmission: It is none; names `age`, `age.year` or `age.month`, and never the answer.
    """
    if not isinstance(given, Mapping) or set(given) - set(_MEMBERS):
        raise InvalidSubmission(
            [Fault("age", "age is not a month and a year.", "Send an object with year and month.", CLAUSE)]
        )
    faults = []
    year, month = _number(given.get("year")), _month(given.get("month"))
    if year is None or not today.year - _OLDEST <= year <= today.year:
        faults.append(
            Fault("age.year", "age.year is not a year of birth.", "Write it with four digits.", CLAUSE)
        )
    if month is None or not 1 <= month <= _LAST_MONTH:
        faults.append(
            Fault(
                "age.month", "age.month is not a month.", "Write a number from 1 to 12, or its name.", CLAUSE
            )
        )
    elif year == today.year and month > today.month:
        faults.append(Fault("age.month", "age.month lies ahead.", "Write the month of birth.", CLAUSE))
    if faults or year is None or month is None:
        raise InvalidSubmission(faults)
    return Birth(year, month)


def age_missing() -> InvalidSubmission:
    """The error of a submission that comes to an age-screened point without an answer."""
    reason = "age is missing: month and year of birth are asked before anything else is taken in."
    mend = 'Send age with year and month, such as {"year": 1970, "month": 4}.'
    return InvalidSubmission([Fault("age", reason, mend, CLAUSE)])


def _number(value: object) -> int | None:
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_TEXT else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _month(value: object) -> int | None:
    number = _number(value)
    if number is not None or not isinstance(value, str):
        return number
    text = value.strip().casefold().rstrip(".")
    if not _LEAST_LETTERS <= len(text) <= _MOST_TEXT:
        return None
    fitting = [
        place for place, names in enumerate(_MONTHS, 1) if any(name.startswith(text) for name in names)
    ]
    return fitting[0] if len(fitting) == 1 else None
