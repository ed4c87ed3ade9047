"""What must not pass: addresses in a message, wherever they stand, names that mail programs put beside them, and the signature.

An address is taken out whoever has it, since people have several and mail programs quote them all; the addresses of the two
people are also looked for where a line end, a quotation mark or an encoding tears them apart. A name goes where a program wrote it:
before an address in brackets, and in the head of a mail that is quoted (`From:`, `To:`...), with or without an address.
"""

import re
from collections.abc import Iterable

REMOVED = "[address removed]"
_TORN = r"(?:[\s>|]|=\n|&#8203;)*"
_AT = r"(?:@|%40|&#64;|&commat;|\uff20|\ufe6b)"
_ADDRESS = re.compile(rf"[^\s<>()\[\]\"',;:]{{1,128}}{_AT}[^\s<>()\[\]\"',;]{{1,255}}", re.IGNORECASE)
_SIGNATURE = re.compile(r"(?m)^--[ \t]?$")
_ATS = {"@": rf"(?:{_AT}|[\(\[]\s*at\s*[\)\]]|\s+at\s+)", ".": r"(?:\.|[\(\[]\s*dot\s*[\)\]]|\s+dot\s+)"}
_NAME_WORD = r"(?:[^\W\d_a-z][\w.'\u2019-]{0,40}|van|von|der|den|de|la|le|du|di|da|dos|bin|al)"
_NAMED = re.compile(
    rf"(?:\"[^\"\n]{{1,100}}\"|(?:{_NAME_WORD},?[ \t]+){{1,5}})[ \t]*[<\[](?:mailto:)?{re.escape(REMOVED)}[>\]]"
)
_PEOPLE = (
    r"From|To|Cc|Bcc|Reply-To|Sender|Von|An|Kopie|Blindkopie|Antwort an|De|\u00c0|A|Cci|R\u00e9pondre \u00e0"
)
_OTHERS = r"Sent|Date|Subject|Importance|Gesendet|Datum|Betreff|Envoy\u00e9|Objet|Date d.envoi"
_QUOTED_HEAD = re.compile(
    rf"(?P<before>[>|\s*_]*(?:(?P<who>{_PEOPLE})|{_OTHERS})[ \u00a0]?[*_]*:[*_]*)(?P<said>.*)", re.IGNORECASE
)
MOST = 20_000
"""Characters of a message that are looked at; the rest is left out."""


def scrubbed(text: str, addresses: Iterable[str]) -> str:
    """A message without its signature and without any address.

    Args:
        text: What was written.
        addresses: Those of the two people, which are also found when they are torn apart.
    """
    kept = _without_signature(text[:MOST].replace("\r\n", "\n").replace("\r", "\n"))
    for address in sorted({one.strip() for one in addresses if "@" in one}, key=len, reverse=True):
        kept = _torn(address).sub(REMOVED, kept)
    kept = _NAMED.sub(REMOVED, _ADDRESS.sub(REMOVED, kept))
    return _without_quoted_heads(kept).strip()


def scrubbed_line(text: str, addresses: Iterable[str], most: int) -> str:
    """A subject without any address, on one line."""
    return " ".join(scrubbed(text.replace("\n", " "), addresses).split())[:most]


def _without_signature(text: str) -> str:
    """The text before the mark that mail programs put before a signature (RFC 3676, section 4.3)."""
    found = _SIGNATURE.search(text)
    return text[: found.start()] if found is not None else text


def _without_quoted_heads(text: str) -> str:
    """The text with nobody named in the heads of quoted mails: two or more lines of a head, one below the other."""
    lines = text.split("\n")
    found = [_QUOTED_HEAD.fullmatch(line) for line in lines]
    for number, head in enumerate(found):
        beside = (number > 0 and found[number - 1]) or (number + 1 < len(found) and found[number + 1])
        if head is not None and head["who"] and beside:
            lines[number] = f"{head['before']} {REMOVED}"
    return "\n".join(lines)


def _torn(address: str) -> re.Pattern[str]:
    """Finds an address with anything between its signs that a mail program may have put there."""
    pieces = [_ATS.get(one, re.escape(one)) for one in address]
    return re.compile(_TORN.join(pieces), re.IGNORECASE)
