"""What a mail to the privacy address asks for, as far as words tell; what is doubtful is left to a person.

Words of several languages count, in subject and text alike, quoted lines left out. Only when the words of exactly one kind stand
there, that kind is taken; otherwise the request is `other`, and somebody classifies it. A wrong guess costs a click, never a
right: the due date is the same.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from troth.rights.model import Matter

_MOST = 5000
_PREFIX = re.compile(r"^\s*((re|aw|wg|fw|fwd|sv|tr|rv)(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_QUOTE = re.compile(r"^\s*>.*$", re.MULTILINE)
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "portability": r"portab\w+|machine.readable|maschinenlesbar\w*|datenubertragbarkeit|portabilite",
        "access": r"access to my|access request|subject access|copy of (my|all|the)|what (data|information)? ?(do )?you (hold|have|know|keep|store)"
        r"|auskunft\w*|kopie meiner daten|acces a mes|copie de mes",
        "erase": r"(delete|erase|remove|destroy) (all |everything|my|me\b|the)|deletion|erasure|forget me|right to be forgotten"
        r"|losch(en|ung|t|e)\b|vergessenwerden|effac\w+|supprim\w+|suppression de mes",
        "correct": r"(correct|rectify|update|change) (my|the)|is (wrong|incorrect)|are (wrong|incorrect)|rectification"
        r"|berichtig\w+|korrigier\w+|rectifi\w+|corriger",
        "restrict": r"restrict\w*|set (it|them|my data) aside|einschrank\w+|limitation du traitement",
        "object": r"unsubscribe|opt.?out|object to|stop (sending|using|writing)|no more (mail|e-?mail|marketing)"
        r"|widersp\w+|abmeld\w+|abbestell\w+|desabonn\w+|m.oppose",
    }
)  # fmt: skip
_KINDS = {kind: re.compile(rf"\b(?:{words})", re.IGNORECASE) for kind, words in _WORDS.items()}
_DISPUTE = re.compile(r"\b(complaint|complain about|dispute|beschwer\w+|reclamation|plainte)", re.IGNORECASE)


class Reading(NamedTuple):
    """What a mail is taken for: its matter, and what a request asks for."""

    matter: Matter
    kind: str


def read_asking(subject: str, text: str, optout_subject: str = "") -> Reading:
    """What a mail asks for.

    Args:
        subject: Its subject.
        text: Its text; the first 5,000 characters count.
        optout_subject: The subject that the policy publishes for opting out; empty for none.
    """
    bare = _PREFIX.sub("", subject).strip()
    if optout_subject and _plain(bare) == _plain(optout_subject):
        return Reading("request", "object")
    words = _plain(bare + "\n" + _QUOTE.sub("", text[:_MOST]))
    if _DISPUTE.search(words):
        return Reading("dispute", "")
    found = [kind for kind, pattern in _KINDS.items() if pattern.search(words)]
    if "portability" in found and "access" in found:
        found.remove("access")
    return Reading("request", found[0] if len(found) == 1 else "other")


def _plain(text: str) -> str:
    """Text without accents and with blanks of one kind, so that how somebody types does not matter."""
    apart = unicodedata.normalize("NFKD", text)
    return " ".join("".join(one for one in apart if not unicodedata.combining(one)).casefold().split())
