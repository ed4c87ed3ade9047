"""Postings as HTML: a subset of Markdown, cut down to an allow-list whatever the Markdown reader makes of it.

Paragraphs, emphasis, lists, links to web addresses, code and quotes. Raw HTML is shown as the text it is. Two guards
stand one behind the other: markdown-it-py never emits HTML that somebody wrote, and nh3 (ammonia) lets only the listed
elements and attributes through. Links of postings are followed by nobody's search engine and carry no referrer.
"""

import re
from collections.abc import Callable
from functools import cache
from html import escape, unescape

import nh3
from markdown_it import MarkdownIt

_TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "a", "code", "pre", "blockquote"}
_OFF = ("image", "heading", "lheading", "hr", "html_block", "html_inline", "reference")
_REL = "noopener noreferrer nofollow"
_WEB = ("https://", "http://")
_MAX_NESTING = 10
_MAX_PARAGRAPH = 10_000
_MAX_MARKS = 250
_MAX_LINES = 2_000
_MARKS = re.compile(r"[\[\]()*_`<&!\\]")
_CROWDED = re.compile(r"^(?:[ \t]*(?:[>*+-]|\d{1,9}[.)])){12}", re.MULTILINE)
_BLANK = re.compile(r"\n[ \t]*\n")
_BLOCK_END = re.compile(r"(?=</(?:p|li|pre|blockquote)>)|<br>")
_SPACE = re.compile(r"\s+")


def posting_html(text: str, links: Callable[[str], str] = str) -> str:
    """A posting as safe HTML.

    Args:
        text: What its author wrote.
        links: Rewrites the links of safe HTML, such as by way of the exit page; what it gives is cut down again.
    """
    safe = _allowed(_plain(text) if _heavy(text) else str(_reader().render(text)), outside_only=True)
    return _allowed(links(safe), outside_only=False)


def plain_summary(text: str, most: int = 400) -> str:
    """The beginning of a posting without markup, in one line."""
    bare = nh3.clean(_BLOCK_END.sub(" ", posting_html(text)), tags=set(), clean_content_tags=set())
    flat = _SPACE.sub(" ", unescape(bare)).strip()
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": _MAX_NESTING})
    reader.disable(list(_OFF))
    return reader


def _heavy(text: str) -> bool:
    """Whether the time of the Markdown reader would grow faster than this text; it is shown as plain text then."""
    if text.count("\n") > _MAX_LINES or _CROWDED.search(text):
        return True
    return any(
        len(part) > _MAX_PARAGRAPH or len(_MARKS.findall(part)) > _MAX_MARKS for part in _BLANK.split(text)
    )


def _plain(text: str) -> str:
    parts = (escape(part.strip()).replace("\n", "<br>") for part in _BLANK.split(text))
    return "".join(f"<p>{part}</p>" for part in parts if part)


def _allowed(html: str, *, outside_only: bool) -> str:
    def attribute(tag: str, name: str, value: str) -> str | None:
        if (tag, name) == ("a", "href"):
            own = not outside_only and value.startswith("/") and not value.startswith(("//", "/\\"))
            return value if own or value.lower().startswith(_WEB) else None
        return value

    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
        allowed_classes={"a": {"exit"}},
        attribute_filter=attribute,
        url_schemes={"http", "https"},
        link_rel=_REL,
    )
