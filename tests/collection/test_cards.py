"""Payment card numbers are found however people write them, and other numbers are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.collection import card_numbers

NUMBERS = [
    "4111111111111111", "4012888888881881", "4222222222222", "4000000000000000006",  # Visa
    "5555555555554444", "5105105105105100", "2223003122003222", "2720990000000007",  # Mastercard
    "378282246310005", "341111111111111",  # American Express
    "30569309025904", "38520000023237", "36700102000000",  # Diners Club
    "6011111111111117", "6445644564456445", "6500000000000002",  # Discover
    "3530111333300000", "6200000000000005", "6759649826438453", "2200000000000004",  # JCB, UnionPay, Maestro, Mir
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_networks_numbers_are_found(number: str) -> None:
    """Published test numbers of every network are found in running text."""
    assert card_numbers(f"please charge {number}.") == [number]
    assert card_numbers(f"a{number}z") == [number]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111 - 1111 - 1111 - 1111",
        "41111111 11111111",
        "411111 1111 111111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4111\u00a01111\u20111111\u20131111",
        "4111\u200b1111\u200b1111\u200b1111",
        "4111111111111111",
        "٤١١١١١١١١١١١١١١١",
        "4111\n1111\n1111\n1111",
        "order 2015 4111 1111 1111 1111 exp 04 19",
        "+4111111111111111",
        '{"number":"4111111111111111"}',
    ],
)
def test_ways_of_writing_are_found(text: str) -> None:
    """Groups, dashes, blanks of all kinds, other scripts and hidden characters do not hide a number."""
    assert card_numbers(text) == ["4111111111111111"]


def test_several_are_found_once_each() -> None:
    """Every number of a text is told once."""
    text = "4111111111111111, 378282246310005; 4111 1111 1111 1111 / 3782 822463 10005"
    assert card_numbers(text) == ["4111111111111111", "378282246310005"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",  # wrong check digit
        "1234567812345670",  # no network
        "0000000000000000",
        "+49 1511 2345678",
        "+4915112345678",
        "+12025550143",
        "2015-04-16T12:30:45.123456+00:00",
        "018f4539a1b2c3d4e5f60718293a4b5c",
        "SN-2015-0001",
        "79927398713",
        "dump 45 56 51 80 34 12 45 98 56 31 40 41 51 22",
        "1429142400000000",
        "12345678901234567890123456789012345",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    """Telephone numbers, dates, serials, ids and sums are not card numbers."""
    assert card_numbers(text) == []


@given(st.sampled_from(NUMBERS), st.integers(0, 18), st.integers(1, 9))
def test_one_wrong_digit_is_no_number(number: str, place: int, shift: int) -> None:
    """Changing one digit breaks the check digit, so that it is no card number."""
    place %= len(number)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert wrong not in card_numbers(wrong)


@given(st.text(alphabet=st.sampled_from("0123456789 -./x\u200b٤"), max_size=200))
def test_any_text_is_searched(text: str) -> None:
    """Whatever the text, what is found has 12 to 19 digits and a valid check digit."""
    for number in card_numbers(text):
        assert 12 <= len(number) <= 19
        doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(number))]
        assert sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
