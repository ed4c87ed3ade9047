"""What people read in their own language: message catalogues in gettext's format, one file a language.

A message is named by its English text. What a company says itself (its policy, the titles of its fields) is shown in the words
and the language of its policy.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

SOURCE = "en"
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "fr": "Français"}
"""The languages there are, each as it calls itself."""
_MOST_OFFERED = 20


class Wording(NamedTuple):
    """The messages of one language."""

    language: str
    messages: Mapping[str, str]

    def __call__(self, message: str, **values: object) -> str:
        """A message in this language, its places filled in; the English text where a catalogue lacks it."""
        found = self.messages.get(message) or message
        return found.format(**values) if values else found

    def retold(self, text: str, messages: Iterable[str]) -> str:
        """A text that was put together in English, in this language: by the first of some messages whose places it fills.

        Where none fits it stays as it is.
        """
        if self.language == SOURCE:
            return text
        for message in messages:
            filled = _shape(message).fullmatch(text)
            if filled is not None:
                return self(message, **filled.groupdict())
        return text


@cache
def _shape(message: str) -> re.Pattern[str]:
    """What a message looks like when its places are filled in."""
    parts = re.split(r"\{([a-z_]+)\}", message)
    return re.compile(
        "".join(f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    )


@cache
def wording(language: str) -> Wording:
    """The messages of a language; English where there is no catalogue for it."""
    if language == SOURCE or language not in LANGUAGES:
        return Wording(SOURCE, {})
    return Wording(language, catalogue(language))


def catalogue(language: str) -> dict[str, str]:
    """A catalogue as it is written: translations by their English text."""
    import polib

    text = files("troth.flows").joinpath("languages", f"{language}.po").read_text(encoding="utf-8")
    return {entry.msgid: entry.msgstr for entry in polib.pofile(text) if not entry.obsolete}


def chosen_language(accepted: str, wanted: str = "", own: str = SOURCE) -> str:
    """The language to speak.

    Args:
        accepted: What the browser accepts (RFC 9110, Accept-Language).
        wanted: What the person chose; empty for nothing.
        own: The language of the policy, for whom both leave without one; English where there is no catalogue for it.
    """
    if wanted in LANGUAGES:
        return wanted
    otherwise = own if own in LANGUAGES else SOURCE
    return next((one for one in _ranked(accepted) if one in LANGUAGES), otherwise)


def _ranked(accepted: str) -> Iterable[str]:
    """The languages of the header, best first; what cannot be read is left out."""
    offers = []
    for place, offer in enumerate(accepted.split(",")[:_MOST_OFFERED]):
        tag, _, parameter = offer.strip().partition(";")
        weight = parameter.strip().removeprefix("q=") if parameter else "1"
        try:
            quality = float(weight)
        except ValueError:
            continue
        if quality > 0:
            offers.append((-quality, place, tag.partition("-")[0].lower()))
    return [tag for _, _, tag in sorted(offers)]
