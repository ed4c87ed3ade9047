"""Which words of a page are in its own language: its texts, save those that it marks as being in another."""

import re
from html.parser import HTMLParser

_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
_SILENT = frozenset({"script", "style", "code", "svg"})
_SHOWN = ("alt", "aria-label", "placeholder", "title")
ENGLISH = frozenset(
    "the you your we our us of and is are was were to with this that from by have has been not it its be on for at or what which who until here".split()  # noqa: SIM905
)
"""Words that English sentences cannot do without. What German and French have too is taken out below."""
_SHARED = {"de": frozenset({"was", "war", "not"}), "fr": frozenset({"on", "or"})}


class _Texts(HTMLParser):
    def __init__(self, language: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._stack: list[tuple[str, str]] = [("", language)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element, whose attributes are read too."""
        given = dict(attrs)
        language = given.get("lang") or self._stack[-1][1]
        self.found.extend((language, text) for name in _SHOWN if (text := given.get(name)))
        if tag not in _VOID:
            self._stack.append((tag, language))

    def handle_endtag(self, tag: str) -> None:
        """Go out of it."""
        while len(self._stack) > 1 and self._stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Note what it says."""
        text = " ".join(data.split())
        if text and not _SILENT & {tag for tag, _ in self._stack}:
            self.found.append((self._stack[-1][1], text))


def texts_in(html: str, language: str) -> list[str]:
    """Everything that the body of a page in a language says in it, attributes that are read aloud too."""
    reader = _Texts(language)
    reader.feed(html)
    return [text for told, text in reader.found if told == language]


def english_in(html: str, language: str) -> list[str]:
    """Texts of a page in another language that are English; each text has its own language mark, or the page's."""
    telling = ENGLISH - _SHARED[language]
    shown = (text for text in texts_in(html, language) if not text.isupper())  # codes such as US
    return [text for text in shown if telling & {*re.findall(r"[^\W\d_]+", text.lower())}]
