"""Postal addresses in text, by the ways in which some countries write streets, towns and codes."""

import re
from collections.abc import Iterator
from functools import cache

_NUMBER = r"\d{1,5}[a-zA-Z]?(?:[-/]\d{1,4}[a-zA-Z]?)?"
_WORD = r"[A-ZÀ-Þ][\w'’.-]{0,30}"  # noqa: RUF001  the apostrophe as word processors write it
_STREET_EN = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Ct|Place|Pl|Square|Sq|Terrace|Close"
    r"|Crescent|Highway|Hwy|Parkway|Pkwy|Row|Gardens|Mews)\b\.?"
)
_TOWN = (
    rf"(?:,?\s{{1,3}}(?:Apt|Suite|Unit|Floor|Flat)\.?\s?#?\w{{1,6}})?"
    rf"(?:,?\s{{1,3}}{_WORD}(?:\s{_WORD}){{0,3}})?(?:,?\s{{1,3}}[A-Z]{{2}})?(?:\s{{1,3}}\d{{4,5}}(?:-\d{{4}})?)?"
)
_CODE_TOWN = rf"(?:,?\s{{1,3}}(?:[A-Z]{{1,2}}-)?\d{{4,5}}\s{_WORD}(?:\s{_WORD}){{0,3}})?"


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Made when text is first looked at: they take longer to compile than most commands run."""
    return (
        # 100 Example Way, San Mateo, CA 94403
        re.compile(rf"\b{_NUMBER}\s(?:{_WORD}\s){{1,4}}{_STREET_EN}{_TOWN}"),
        # Hauptstraße 5, 10115 Berlin
        re.compile(
            rf"\b(?:{_WORD}[\s-]){{0,3}}[A-ZÀ-Þ]?[\w-]{{0,30}}(?:[Ss]tr(?:aße|asse|\.)|weg|platz|allee|gasse|damm|ufer|ring)"
            rf"\s{_NUMBER}\b{_CODE_TOWN}"
        ),
        # 12 bis rue de la Paix, 75002 Paris · Calle Mayor 4, 28013 Madrid · Via Roma 10
        re.compile(
            rf"\b\d{{1,4}}(?:\s?(?:bis|ter))?,?\s(?:rue|avenue|boulevard|place|quai|impasse|chemin)\s"
            rf"(?:[\w'’-]{{1,30}}\s?){{1,5}}{_CODE_TOWN}",  # noqa: RUF001
            re.IGNORECASE,
        ),
        re.compile(
            rf"\b(?:Calle|Avenida|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua)\s(?:[\w'’-]{{1,30}}\s){{1,5}},?\s?"  # noqa: RUF001
            rf"{_NUMBER}\b{_CODE_TOWN}"
        ),
        re.compile(r"\bP\.?\s?O\.?\s?Box\s\d{1,6}\b", re.IGNORECASE),
        # a British postcode, a Canadian one, and a town of the United States with its code
        re.compile(r"\b(?:GIR 0AA|[A-PR-UWYZ][A-HK-Y]?\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2})\b"),
        re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z]\s?\d[A-Z]\d\b"),
        re.compile(rf"\b{_WORD}(?:\s{_WORD}){{0,3}},\s[A-Z]{{2}}\s\d{{5}}(?:-\d{{4}})?\b"),
    )


def postal_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Postal addresses, or the part that gives one away: street with number, post box, code of a place."""
    for pattern in _patterns():
        for match in pattern.finditer(text):
            yield match.start(), match.start() + len(match[0].rstrip(" ,\t\n"))
