"""Messages made into mails: rendered once a language, and filled in for each person.

The Markdown is rendered a single time with marks in place of variables; a person's values are then put in as text: in the HTML
escaped, so that nobody's name becomes a link or a heading.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from types import MappingProxyType
from typing import NamedTuple

from markdown_it import MarkdownIt

from troth.outreach.composing import PAGE, Composed
from troth.outreach.composing import plain as plain_value
from troth.outreach.phrases import stopping_foot
from troth.outreach.writing import MARKETING, PLACE, Message

_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_GAP = re.compile(r"\n{3,}")
_MARK = re.compile(r"zq7([a-z_][a-z0-9_]*?)7qz")


class Sheet(NamedTuple):
    """A message in one language, ready to be filled in: subject, plain text and HTML.

    Each is in pieces: every second one, from the second on, is the name of a variable.
    """

    subject: tuple[str, ...]
    text: tuple[str, ...]
    html: tuple[str, ...]


def written_in(message: Message, wanted: str) -> str:
    """The language of a message nearest to a wanted one (BCP 47): itself, without its region, else the main one."""
    for one in (wanted, wanted.partition("-")[0].lower()):
        if one in message.bodies:
            return one
    return message.languages[0]


@lru_cache(maxsize=64)
def _sheet(
    subject: str,
    body: str,
    language: str,
    stoppable: bool,  # noqa: FBT001  part of the key
    constant: tuple[tuple[str, str], ...],
) -> Sheet:
    text = body + stopping_foot(language, stoppable=stoppable)
    marked = PLACE.sub(lambda place: _address(place[1]) or f"zq7{place[1]}7qz", text)
    html = _MARKDOWN.render(marked)
    page = PAGE.format(language=escape(language), title="zq7subject7qz", body=html)
    plain = {name: plain_value(name, value) for name, value in constant}
    shown = {name: escape(value) for name, value in plain.items()}
    return Sheet(
        _pieces(PLACE.split(subject), plain),
        _pieces(PLACE.split(text), plain),
        _pieces(_MARK.split(page.replace("https://zq7", "zq7")), shown),
    )


def _pieces(parts: Sequence[str], constant: Mapping[str, str]) -> tuple[str, ...]:
    """A text in pieces in which what is the same in every copy is filled in."""
    pieces = [parts[0]]
    for name, after in zip(parts[1::2], parts[2::2], strict=True):
        if name in constant:
            pieces[-1] += constant[name] + after
        else:
            pieces += [name, after]
    return tuple(pieces)


def _filled(pieces: Sequence[str], values: Mapping[str, str]) -> str:
    whole = list(pieces)
    whole[1::2] = [values.get(name, "") for name in pieces[1::2]]
    return "".join(whole)


def _address(name: str) -> str:
    """What stands for a variable that is an address, so that Markdown makes a link of it."""
    return f"https://zq7{name}7qz" if name.endswith("link") else ""


def compose(
    message: Message,
    language: str,
    values: Mapping[str, str],
    constant: Mapping[str, str] = MappingProxyType({}),
) -> Composed:
    """A message filled in.

    Args:
        message: The message.
        language: One of its languages.
        values: By variable: plain text, and web addresses for those whose name ends in `link`; what is missing is left empty.
            With `unsubscribe_link` its end tells how to stop.
        constant: Values of the same kind that all copies have in common, and never a person's own: they are kept, filled in.
    """
    sheet = _sheet(
        message.subjects[language],
        message.bodies[language],
        language,
        "unsubscribe_link" in values,
        tuple(constant.items()),
    )
    plain = {name: plain_value(name, value) for name, value in values.items()}
    subject = " ".join(_filled(sheet.subject, plain).split())
    text = _filled(sheet.text, plain)
    shown = {name: escape(value) for name, value in plain.items()}
    html = _filled(sheet.html, {**shown, "subject": escape(subject)})
    return Composed(subject, _GAP.sub("\n\n", text).lstrip(), html)


def is_marketing(purpose: str) -> bool:
    """Whether a purpose is marketing, so that its mail must say how to stop it."""
    return purpose == MARKETING or purpose.startswith(f"{MARKETING}.")
