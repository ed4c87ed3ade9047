"""Text out of the parts of a mail: decoded, without what could fool a reader or a page."""

import re
from email.message import Message
from html import unescape

import nh3

MOST_HTML = 1_000_000
"""Characters of HTML that are looked at."""
MOST_LINE = 500
_BLOCKS = frozenset(
    {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "table"}
)
_BLOCK = re.compile(r"</?(?:" + "|".join(sorted(_BLOCKS)) + r")\b[^<>]*>")
_BLANKS = re.compile(r"[^\S\n]+")
_EMPTY = re.compile(r"\n{3,}")
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})


def decoded_bytes(part: "Message[str, str]") -> bytes:
    """The content of a part, its transfer encoding undone as far as it can be."""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def clean_text(text: str) -> str:
    """A text with one kind of line end and without signs that are not seen, such as those that turn its direction."""
    joined = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(one for one in joined if one == "\n" or _is_seen(one)).strip("\n ")


def clean_line(text: str) -> str:
    """A text on one line, cut where it is long."""
    return " ".join(clean_text(text[: 4 * MOST_LINE]).split())[:MOST_LINE]


def html_text(html: str) -> str:
    """What a reader of HTML sees, as plain text; scripts, styles and comments are left out."""
    kept = nh3.clean(html[:MOST_HTML], tags=set(_BLOCKS), attributes={}, strip_comments=True)
    flat = _BLANKS.sub(" ", kept.replace("\n", " "))
    lines = (line.strip() for line in unescape(_BLOCK.sub("\n", flat)).split("\n"))
    return _EMPTY.sub("\n\n", "\n".join(lines)).strip()


def _is_seen(one: str) -> bool:
    if one.isascii():
        return one.isprintable()
    import unicodedata

    return unicodedata.category(one) not in _UNSEEN
