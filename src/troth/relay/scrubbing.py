"""What must not pass: addresses in a message, wherever they stand, names that mail programs put beside them, and the signature.

An address is taken out whoever has it, since people have several and mail programs quote them all; the addresses of the two
people are also looked for where a line end, a quotation mark or an encoding tears them apart. A name goes where a program wrote it:
before an address in brackets, in the head of a mail that is quoted (`From:`, `To:`...), and in the line above a quotation ("On Monday
... wrote:"), with or without an address.
"""

import re
from collections.abc import Iterable

from troth.relay.encoded import REMOVED, without_encoded_addresses, words_decoded

_TORN = r"(?:[\s>|]|=\n|&#8203;)*"
_AT = r"(?:@|%40|&#0{0,5}64;|&#x0{0,5}40;|&commat;|\uff20|\ufe6b)"
_ADDRESS = re.compile(rf"[^\s<>()\[\]\"',;:]{{1,128}}{_AT}[^\s<>()\[\]\"',;]{{1,255}}", re.IGNORECASE)
_SIGNATURE = re.compile(r"(?m)^--[ \t]?$")
_ATS = {
    "@": rf"(?:{_AT}|=40|[\(\[]\s*at\s*[\)\]]|\s+at\s+)",
    ".": r"(?:\.|=2e|%2e|&#0{0,5}46;|&#x0{0,5}2e;|[\(\[]\s*dot\s*[\)\]]|\s+dot\s+)",
}
_NAME_WORD = r"(?:[^\W\d_a-z][\w.'\u2019-]{0,40}|van|von|der|den|de|la|le|du|di|da|dos|bin|al)"
_NAMED = re.compile(
    rf"(?:\"[^\"\n]{{1,100}}\"|(?:{_NAME_WORD},?[ \t]+){{1,5}})[ \t]*(?:\n[>|\t ]{{0,20}})?[<\[](?:mailto:)?{re.escape(REMOVED)}[>\]]"
)
_PEOPLE = (
    r"From|To|Cc|Bcc|Reply-To|Sender|Von|An|Kopie|Blindkopie|Antwort an|De|\u00c0|A|Cci|R\u00e9pondre \u00e0"
)
_OTHERS = r"Sent|Date|Subject|Importance|Gesendet|Datum|Betreff|Envoy\u00e9|Objet|Date d.envoi"
_QUOTED_HEAD = re.compile(
    rf"(?P<before>[>|\s*_]*(?:(?P<who>{_PEOPLE})|{_OTHERS})[ \u00a0]?[*_]*:[*_]*)(?P<said>.*)", re.IGNORECASE
)
_WROTE = re.compile(r"\b(?:wrote|a \u00e9crit)[ \u00a0]?:[ \t]*$|\bschrieb\b.*:[ \t]*$", re.IGNORECASE)
_WROTE_BEGINS = re.compile(r"[>|\s]*(?:On|Am|Le)\b(?=.*(?:\d|\[address removed\]))", re.IGNORECASE)
_MARKS = re.compile(r"[>|\s]*")
_WRAPPED = 3
"""Lines over which programs wrap what stands above a quotation."""
MOST = 20_000
"""Characters of a message that are looked at; the rest is left out."""


def scrubbed(text: str, addresses: Iterable[str]) -> str:
    """A message without its signature and without any address.

    Args:
        text: What was written.
        addresses: Those of the two people, which are also found when they are torn apart.
    """
    kept = words_decoded(_without_signature(text[:MOST].replace("\r\n", "\n").replace("\r", "\n")))
    for address in sorted({one.strip() for one in addresses if "@" in one}, key=len, reverse=True):
        kept = _torn(address).sub(REMOVED, kept)
    kept = _NAMED.sub(REMOVED, _ADDRESS.sub(REMOVED, without_encoded_addresses(kept)))
    return _without_who_wrote(_without_quoted_heads(kept)).strip()


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


def _without_who_wrote(text: str) -> str:
    """The text with nobody named in lines that programs put above what they quote."""
    lines, kept, wraps = text.split("\n"), list[str](), 0
    for number, line in enumerate(lines):
        kept.append(line)
        wraps = 0 if not line.strip() else wraps + 1
        most = min(wraps, _WRAPPED)
        spans = [n for n in range(1, most + 1) if _WROTE.search(" ".join(kept[-n:]))]
        begun = [n for n in spans if _WROTE_BEGINS.match(" ".join(kept[-n:]))]
        below = next((one for one in lines[number + 1 : number + 3] if one.strip()), "")
        marks = _marks(line)
        if begun or (spans and _marks(below).count(">") > marks.count(">")):
            first = begun[0] if begun else spans[0]
            kept[-first:] = [f"{marks}{REMOVED}:"]
            wraps = 0
    return "\n".join(kept)


def _marks(line: str) -> str:
    found = _MARKS.match(line)
    return found[0] if found is not None else ""


def _torn(address: str) -> re.Pattern[str]:
    """Finds an address with anything between its signs that a mail program may have put there."""
    pieces = [_ATS.get(one, re.escape(one)) for one in address]
    return re.compile(_TORN.join(pieces), re.IGNORECASE)
