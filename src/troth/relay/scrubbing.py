"""What must not pass: addresses in a message, wherever they stand, and the sender's signature.

An address is taken out whoever has it, since people have several and mail programs quote them all; the addresses of the two
people are also looked for where a line end, a quotation mark or an encoding tears them apart.
"""

import re
from collections.abc import Iterable

REMOVED = "[address removed]"
_TORN = r"(?:[\s>|]|=\n|&#8203;)*"
_AT = r"(?:@|%40|&#64;|&commat;|\uff20|\ufe6b)"
_ADDRESS = re.compile(rf"[^\s<>()\[\]\"',;:]{{1,128}}{_AT}[^\s<>()\[\]\"',;]{{1,255}}", re.IGNORECASE)
_SIGNATURE = re.compile(r"(?m)^--[ \t]?$")
_ATS = {"@": rf"(?:{_AT}|[\(\[]\s*at\s*[\)\]]|\s+at\s+)", ".": r"(?:\.|[\(\[]\s*dot\s*[\)\]]|\s+dot\s+)"}
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
    return _ADDRESS.sub(REMOVED, kept).strip()


def scrubbed_line(text: str, addresses: Iterable[str], most: int) -> str:
    """A subject without any address, on one line."""
    return " ".join(scrubbed(text.replace("\n", " "), addresses).split())[:most]


def _without_signature(text: str) -> str:
    """The text before the mark that mail programs put before a signature (RFC 3676, section 4.3)."""
    found = _SIGNATURE.search(text)
    return text[: found.start()] if found is not None else text


def _torn(address: str) -> re.Pattern[str]:
    """Finds an address with anything between its signs that a mail program may have put there."""
    pieces = [_ATS.get(one, re.escape(one)) for one in address]
    return re.compile(_TORN.join(pieces), re.IGNORECASE)
