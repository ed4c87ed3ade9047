"""Identity numbers and bank account numbers in text, told from other numbers by their form and check digits.

A form that any number of nine digits could have is not looked for: it would mark orders and serials.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?\b")
_SHORTEST_IBAN = 15
_NINO = re.compile(
    r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?:\s?\d{2}){3}\s?[A-D]\b", re.IGNORECASE
)
# Module of stdnum that knows the check digits, and a pattern for the form in which people write the number.
_CHECKED: tuple[tuple[str, str], ...] = (
    ("us.ssn", r"\b\d{3}-\d{2}-\d{4}\b"),
    ("us.itin", r"\b9\d{2}-\d{2}-\d{4}\b"),
    ("ca.sin", r"\b\d{3}-\d{3}-\d{3}\b"),
    ("fr.nir", r"\b[12]\s?\d{2}\s?\d{2}\s?\d[\dAB]\s?\d{3}\s?\d{3}\s?\d{2}\b"),
    ("es.dni", r"\b\d{8}-?[A-Z]\b"),
    ("es.nie", r"\b[XYZ]-?\d{7}-?[A-Z]\b"),
    ("it.codicefiscale", r"(?i)\b[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]\b"),
    ("br.cpf", r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"),
    ("se.personnummer", r"\b(?:\d{2})?\d{6}[-+]\d{4}\b"),
    ("fi.hetu", r"\b\d{6}[-+ABCDEFYXWVU]\d{3}[0-9A-Y]\b"),
    ("dk.cpr", r"\b\d{6}-\d{4}\b"),
    ("be.nn", r"\b\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}\b"),
    ("ch.ssn", r"\b756\.\d{4}\.\d{4}\.\d{2}\b"),
    ("in_.aadhaar", r"\b\d{4}\s\d{4}\s\d{4}\b"),
)
_NAMED = (  # forms that many numbers have, so that only one that is called by its name counts
    ("nl.bsn", r"(?i)\b(?:BSN|burgerservicenummer)\b\D{0,20}(\d{9})\b"),
    ("de.idnr", r"(?i)\b(?:Steuer-?ID|IdNr)\b\D{0,20}(\d{11})\b"),
    ("pl.pesel", r"(?i)\bPESEL\b\D{0,20}(\d{11})\b"),
)


def bank_accounts(text: str) -> Iterator[tuple[int, int]]:
    """International bank account numbers (ISO 13616) whose check digits hold."""
    for match in _IBAN.finditer(text):
        end = match.end()
        # The next word may look like one more group: try without it.
        while end - match.start() >= _SHORTEST_IBAN:
            if _valid("iban", text[match.start() : end]):
                yield match.start(), end
                break
            shorter = text.rfind(" ", match.start(), end)
            end = max(0, shorter)


def identity_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Numbers by which a state knows a person, of some countries."""
    for match in _NINO.finditer(text):
        yield match.span()
    for module, pattern in _CHECKED:
        for match in _compiled(pattern).finditer(text):
            if _valid(module, match[0]):
                yield match.span()
    for module, pattern in _NAMED:
        for match in _compiled(pattern).finditer(text):
            if _valid(module, match[1]):
                yield match.span(1)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Made when text is first looked at: all of them take longer to compile than most commands run."""
    return re.compile(pattern)


def _valid(module: str, number: str) -> bool:
    return _checker(module)(number)


@cache
def _checker(module: str) -> Callable[[str], bool]:
    check: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return check
