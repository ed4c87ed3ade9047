"""Addresses that an encoding of mail hides: words of headers (RFC 2047), quoted-printable, HTML and URL signs, base64.

Mail programs decode what they show; what is quoted as source, or passed on by a gateway that decodes nothing, is not.
"""

import re
from base64 import b64decode
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from html import unescape
from quopri import decodestring
from urllib.parse import unquote

REMOVED = "[address removed]"
"""What stands in the place of an address, and of the name beside it."""

_WORD = re.compile(r"=\?[\w-]{1,40}\?[bq]\?[^\s?]{0,400}\?=(?:[ \t\n>|]{0,20}(?==\?))?", re.IGNORECASE)
_CLEAR = re.compile(r"[^\s@<>\"',;:]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_RUN = re.compile(r"\S+")
_SIGNS = re.compile(r"=[0-9a-f]{2}|%[0-9a-f]{2}|&#?\w{1,8};", re.IGNORECASE)
_BASE64 = re.compile(r"[\w+/-]{12,}={0,2}(?:\n[>|\t ]{0,20}[\w+/-]+={0,2}(?=[ \t]*(?:\n|\Z)))*", re.ASCII)


def words_decoded(text: str) -> str:
    """The text with encoded words of headers (RFC 2047) as they are read; what is none stays."""
    return _WORD.sub(lambda found: _word(found[0]), text)


def without_encoded_addresses(text: str) -> str:
    """The text without what hides an address in quoted-printable, signs of HTML or of a URL, or base64."""
    kept = _RUN.sub(lambda found: REMOVED if _signs_hide(found[0]) else found[0], text)
    return _BASE64.sub(lambda found: REMOVED if _base64_hides(found[0]) else found[0], kept)


def _word(word: str) -> str:
    try:
        return str(make_header(decode_header(word.rstrip(" \t\n>|"))))
    except (HeaderParseError, LookupError, ValueError):
        return REMOVED  # nobody can tell what it holds


def _signs_hide(run: str) -> bool:
    if not _SIGNS.search(run):
        return False
    quoted = decodestring(run.encode()).decode("utf-8", "replace")
    return any(_CLEAR.search(one) for one in (quoted, unescape(run), unquote(run)))


def _base64_hides(run: str) -> bool:
    """Whether an address stands in it; what was cut may begin at any of four places."""
    packed = re.sub(r"[^A-Za-z0-9+/]", "", run.replace("-", "+").replace("_", "/"))
    for start in range(4):
        piece = packed[start:]
        whole = b64decode(piece + "A" * (-len(piece) % 4))
        if _CLEAR.search(whole.decode("utf-8", "replace")):
            return True
    return False
