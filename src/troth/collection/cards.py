"""Finds payment card numbers in text, so that none is ever stored.

A card number is 12 to 19 digits (ISO/IEC 7812-1) that start in the range of an issuer network and whose last digit is the
Luhn check digit (ISO/IEC 7812-1, annex B). People write them in one piece or in groups with blanks, dashes or dots.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from stdnum import luhn

_DIGITS = re.compile(r"\d+")
_BETWEEN = re.compile(r"[\s\-./_‐-―−·•]{1,3}")  # noqa: RUF001  dashes as people type them
_DIGIT = re.compile(r"\d")
_SHORTEST = 12
_LONGEST = 19
_LEAST_GROUP = 3
_PREFIX = 4
"""First digits that tell every network."""
_PHONE_DIGITS = 15  # E.164
_IN_ONE_PIECE = {12, 13}  # so short that a grouped telephone number would often look like one

# First digits of a network's numbers, as inclusive ranges, and the lengths that it issues.
_NETWORKS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({13, 16, 19})),  # Visa
    ("51", "55", frozenset({16})),  # Mastercard
    ("2221", "2720", frozenset({16})),
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset({14, 16, 19})),  # Diners Club
    ("3095", "3095", frozenset({14, 16, 19})),
    ("36", "36", frozenset({14, 16, 19})),
    ("38", "39", frozenset({14, 16, 19})),
    ("6011", "6011", frozenset({16, 19})),  # Discover
    ("644", "649", frozenset({16, 19})),
    ("65", "65", frozenset({16, 19})),
    ("3528", "3589", frozenset({16, 19})),  # JCB
    ("62", "62", frozenset({16, 17, 18, 19})),  # UnionPay
    ("81", "81", frozenset({16, 17, 18, 19})),
    ("50", "50", frozenset({12, 13, 16, 18, 19})),  # Maestro
    ("56", "58", frozenset({12, 13, 16, 18, 19})),
    ("6304", "6304", frozenset({12, 13, 16, 18, 19})),
    ("67", "67", frozenset({12, 13, 16, 18, 19})),
    ("2200", "2204", frozenset({16, 17, 18, 19})),  # Mir
)


def card_numbers(text: str) -> list[str]:
    """The payment card numbers in a text, digits only, in the order in which they stand.

    Args:
        text: Any text; digits of any script count, characters that show nothing are passed over.
    """
    plain = _plain(text)
    if len(plain) < _SHORTEST or len(_DIGIT.findall(plain)) < _SHORTEST:
        return []
    return list(dict.fromkeys(digits for digits, _, _ in _found(plain)))


def card_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the payment card numbers of a text stand: the first character and the place behind the last."""
    if text.isascii():
        for _, start, end in _found(text):
            yield start, end
        return
    plain, places = "", list[int]()
    for place, char in enumerate(text):
        shown = _plain(char)
        plain += shown
        places += [place] * len(shown)
    for _, start, end in _found(plain):
        yield places[start], places[end - 1] + 1


def _found(plain: str) -> Iterator[tuple[str, int, int]]:
    for run in _runs(plain):
        for digits, start, end in _candidates(plain, run):
            if luhn.is_valid(digits):
                yield digits, start, end


def _plain(text: str) -> str:
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text)
    shown = (char for char in folded if unicodedata.category(char) != "Cf")
    return "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in shown)


def _runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Groups of digits that follow each other with nothing but separators between them."""
    run: list[re.Match[str]] = []
    for group in _DIGITS.finditer(text):
        if run and not _BETWEEN.fullmatch(text, run[-1].end(), group.start()):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def _candidates(text: str, run: list[re.Match[str]]) -> Iterator[tuple[str, int, int]]:
    """Digits that may be one number: whole groups in a row, written as people write the numbers of some network."""
    for first, start in enumerate(run):
        lengths = _lengths("".join(group[0][:_PREFIX] for group in run[first : first + _PREFIX])[:_PREFIX])
        if not lengths:
            continue
        phone = start.start() > 0 and text[start.start() - 1] == "+"
        digits = ""
        for last in range(first, min(first + _LONGEST, len(run))):
            digits += run[last][0]
            length = len(digits)
            if length > _LONGEST:
                break
            if length not in lengths or (phone and length <= _PHONE_DIGITS):
                continue
            if last > first and length in _IN_ONE_PIECE:
                continue
            # As many digits as groups: written digit by digit, which needs no closer look.
            if length == last - first + 1 or _well_grouped([len(one[0]) for one in run[first : last + 1]]):
                yield digits, start.start(), run[last].end()


def _well_grouped(sizes: list[int]) -> bool:
    """One piece, or groups of three and more of which the last may be shorter."""
    if len(sizes) == 1:
        return True
    return min(sizes[:-1]) >= _LEAST_GROUP and sum(1 for _ in groupby(sizes)) <= _LEAST_GROUP


@lru_cache(maxsize=10_000)
def _lengths(head: str) -> frozenset[int]:
    """The lengths of the numbers that some network issues with these first digits."""
    return frozenset().union(
        *(lengths for low, high, lengths in _NETWORKS if low <= head[: len(low)] <= high)
    )
