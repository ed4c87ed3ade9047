"""A letter as text: the lines of its address, and Markdown as blocks, which whatever sets it takes for nothing but text. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from troth.collection import COUNTRY_NAMES
from troth.kernel import InvalidInput

MOST_LINES = 6
"""Lines that the address zone of a window has (DIN 5008)."""
_LONGEST_LINE = 60
_REGION_BEFORE_CODE = frozenset({"US", "CA", "AU", "PR", "VI", "GU", "AS", "MP"})
_CODE_BELOW = frozenset({"GB", "IE", "IM", "JE", "GG", "IN", "ZA", "KE", "NG"})
_DIN, _US = "din", "us"
LAYOUTS = (_DIN, _US)
_LETTER_SIZE = frozenset({"US", "CA", "MX", "PH", "CL", "CO", "VE"})
_HEADINGS = {"h1": 2, "h2": 2, "h3": 3}
_markdown = MarkdownIt("commonmark", {"html": False})


class LetterText(NamedTuple):
    """What a letter says, Markdown with variables in braces, as a mail template says it.

    Args:
        subject: Its subject line.
        reason: Completes "You get this letter because".
        body: Its text.
        language: en, de or fr.
    """

    subject: str
    reason: str
    body: str
    language: str = "en"


OwnText = Callable[[str], LetterText | None]
"""What is said under a case that brings its own text, such as one that a second person approved; None where a case brings none."""


def no_text(_: str) -> LetterText | None:
    """No case brings a text of its own."""
    return None


def text_under(case: str, given: LetterText | None, own: OwnText) -> LetterText:
    """What is said under a case: its own text, or what whoever orders it gives.

    Raises:
        InvalidInput: There is neither, or both.
    """
    brought = own(case)
    if brought is not None and given is not None:
        raise InvalidInput(
            "This case brings its own text, which was approved; no other one goes out under it.",
            field="text",
            mend="Leave --text and --message out; to say something else, write another notice and have it approved.",
        )
    found = brought if brought is not None else given
    if found is None:
        raise InvalidInput(
            "Nothing says what shall be said.",
            field="text",
            mend="Give a file with --text, or a kept message with --message.",
        )
    return found


def layout_for(country: str) -> str:
    """Paper and window by a country's custom: `us` for letter paper and a #10 envelope, else `din` for A4 (DIN 5008, form B)."""
    return _US if country.upper() in _LETTER_SIZE else _DIN


def address_lines(name: str, address: Mapping[str, Any], home: str) -> tuple[str, ...]:
    """The lines of an address, the country last and in capitals where it is abroad (UPU S42).

    Args:
        name: Who lives there.
        address: As a field of type `address` holds it.
        home: ISO 3166-1 code of the country where the letter is posted.
    """
    country = str(address.get("country", "")).upper()
    lines = [name, str(address.get("line1", "")), str(address.get("line2", ""))]
    lines += _place(country, address)
    if country and country != home.upper():
        lines.append(COUNTRY_NAMES.get(country, country).upper())
    return tuple(_one_line(line) for line in lines if line.strip())[: MOST_LINES + 1]


def _place(country: str, address: Mapping[str, Any]) -> list[str]:
    city, region, code = (str(address.get(one, "")) for one in ("city", "region", "postal_code"))
    if country in _REGION_BEFORE_CODE:
        behind = " ".join(one for one in (region, code) if one)
        return [f"{city}, {behind}" if behind else city]
    if country in _CODE_BELOW:
        return [city, region, code]
    return [" ".join(one for one in (code, city) if one), region]


def _one_line(text: str) -> str:
    shown = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return shown if len(shown) <= _LONGEST_LINE else f"{shown[: _LONGEST_LINE - 1]}…"


def blocks(markdown: str) -> list[dict[str, Any]]:
    """Markdown as blocks for the setter: paragraphs, headings, lists, quotations; a link keeps its address, nothing is run."""
    found, _ = _blocks(_markdown.parse(markdown), 0, "")
    return found


def _blocks(tokens: Sequence[Token], at: int, end: str) -> tuple[list[dict[str, Any]], int]:
    """The blocks from a token on, until the one that closes them."""
    made: list[dict[str, Any]] = []
    while at < len(tokens) and tokens[at].type != end:
        token = tokens[at]
        if token.type == "heading_open":
            made.append(
                {
                    "kind": "heading",
                    "level": _HEADINGS.get(token.tag, 3),
                    "spans": _spans(tokens[at + 1].children),
                }
            )
            at += 2
        elif token.type == "paragraph_open":
            made.append({"kind": "text", "spans": _spans(tokens[at + 1].children)})
            at += 2
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            items, at = _items(tokens, at + 1, token.type.replace("_open", "_close"))
            made.append({"kind": "list" if token.type.startswith("bullet") else "steps", "items": items})
        elif token.type == "blockquote_open":
            inner, at = _blocks(tokens, at + 1, "blockquote_close")
            made.append({"kind": "quote", "items": [inner]})
        elif token.type == "hr":
            made.append({"kind": "rule"})
        elif token.content:
            made.append({"kind": "text", "spans": [_span(token.content, code=True)]})
        at += 1
    return made, at


def _items(tokens: Sequence[Token], at: int, end: str) -> tuple[list[list[dict[str, Any]]], int]:
    items = []
    while tokens[at].type != end:
        inner, at = _blocks(tokens, at + 1, "list_item_close")
        items.append(inner)
        at += 1
    return items, at


def _spans(children: Sequence[Token] | None) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    strong, emph, link = 0, 0, ""
    for child in children or ():
        if child.type in {"strong_open", "strong_close"}:
            strong += child.nesting
        elif child.type in {"em_open", "em_close"}:
            emph += child.nesting
        elif child.type == "link_open":
            link = str(child.attrGet("href") or "")
        elif child.type == "link_close":
            link = ""
        else:
            text = {"softbreak": " ", "hardbreak": "\n"}.get(child.type, child.content)
            code = child.type == "code_inline"
            made.append(_span(text, strong=strong > 0, emph=emph > 0, code=code, link=_safe(link)))
    return made


def _safe(link: str) -> str:
    return link if link.startswith(("https://", "http://", "mailto:")) else ""


def _span(
    text: str, *, strong: bool = False, emph: bool = False, code: bool = False, link: str = ""
) -> dict[str, Any]:
    return {"text": text, "strong": strong, "emph": emph, "code": code, "link": link}
