"""The age screen's rule: the birthday is the boundary, and a doubt counts as too young (clause I.19)."""

import copy
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.collection import Birth, InvalidSubmission, TooYoung, read_birth, surely_reached

TODAY = date(2026, 1, 5)
births = st.builds(Birth, st.integers(1900, 2026), st.integers(1, 12))
limits = st.integers(1, 30)
days = st.dates(date(1950, 1, 1), date(2100, 12, 31))


def birthday(day: date, years: int) -> date:
    """The birthday of an age; of those born on 29 February, 1 March in common years, the later usage."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


@given(births, limits, days)
def test_yes_means_that_everybody_born_in_that_month_has_had_the_birthday(
    birth: Birth, limit: int, today: date
) -> None:
    """Yes exactly from the first day of the month after, when the last person of the month has had it."""
    first = date(birth.year, birth.month, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    passed = surely_reached(birth, limit, today)
    if passed:
        assert birthday(last, limit) <= today
    else:
        assert today < (birthday(first, limit) + timedelta(days=31)).replace(day=1)


@pytest.mark.parametrize(
    ("today", "passed"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), False),
        (date(2026, 1, 31), False),
        (date(2026, 2, 1), True),
        (date(2027, 1, 1), True),
    ],
)
def test_the_month_of_the_birthday_counts_as_too_young(today: date, *, passed: bool) -> None:
    """Born in January 2013: thirteen for certain on 1 February 2026."""
    assert surely_reached(Birth(2013, 1), 13, today) is passed


@pytest.mark.parametrize(
    ("given", "birth"),
    [
        ({"year": 1970, "month": 4}, Birth(1970, 4)),
        ({"year": " 1970 ", "month": "04"}, Birth(1970, 4)),
        ({"year": "1970", "month": "April"}, Birth(1970, 4)),
        ({"year": "1970", "month": "sept."}, Birth(1970, 9)),
        ({"year": 2026, "month": 1}, Birth(2026, 1)),
        ({"year": 1970, "month": "März"}, Birth(1970, 3)),
        ({"year": 1970, "month": "AOÛT"}, Birth(1970, 8)),
        ({"year": 1970, "month": "Mai"}, Birth(1970, 5)),
    ],
)
def test_an_answer_is_read_as_people_write_it(given: object, birth: Birth) -> None:
    """Numbers, digits, and the month's name in English, German or French, or its beginning."""
    assert read_birth(given, TODAY) == birth


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (None, {"age"}),
        ([1970, 4], {"age"}),
        ({"year": 1970, "month": 4, "day": 9}, {"age"}),
        ({}, {"age.year", "age.month"}),
        ({"year": "", "month": " "}, {"age.year", "age.month"}),
        ({"year": 1970, "month": 13}, {"age.month"}),
        ({"year": 1970, "month": "Ju"}, {"age.month"}),
        ({"year": 1970, "month": "juq"}, {"age.month"}),
        ({"year": 1970, "month": "jui"}, {"age.month"}),
        ({"year": 70, "month": 4}, {"age.year"}),
        ({"year": True, "month": 4}, {"age.year"}),
        ({"year": 1970.0, "month": 4}, {"age.year"}),
        ({"year": "١٩٧٠", "month": 4}, {"age.year"}),
        ({"year": 2027, "month": 1}, {"age.year"}),
        ({"year": 2026, "month": 2}, {"age.month"}),
    ],
)
def test_what_is_no_month_of_birth_is_named(given: object, fields: set[str]) -> None:
    """The member at fault is named, with the clause."""
    with pytest.raises(InvalidSubmission) as caught:
        read_birth(given, TODAY)
    assert {fault.field for fault in caught.value.errors} == fields
    assert {fault.clause for fault in caught.value.errors} == {"I.19"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["year", "month", "day"]), inner),
    )
)
def test_any_answer_is_a_month_of_birth_or_refused_without_its_text(answer: object) -> None:
    """Reading is total, and no error repeats what was answered."""
    found = _read(answer)
    if isinstance(found, Birth):
        assert date(1896, 1, 1) <= date(found.year, found.month, 1) <= TODAY
    else:
        assert all(fault.field.startswith("age") for fault in found.errors)


def _read(answer: object) -> Birth | InvalidSubmission:
    try:
        return read_birth(answer, TODAY)
    except InvalidSubmission as error:
        return error


def test_the_refusal_tells_no_limit_and_can_be_copied() -> None:
    """Neither the limit nor the answer stands in it."""
    error = copy.copy(TooYoung())
    assert (error.status, error.clause) == (403, "I.19")
    assert not any(char.isdigit() for char in f"{error.what}{error.mend}")
