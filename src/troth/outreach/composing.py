"""Templates made into text: Markdown with variables in braces, as plain text and as HTML.

A text in another language stands beside the template, as `NAME.de.md`. A file of a template begins with `Subject:` and `Reason:` lines; the reason completes "You get this message because". The
plain text is the Markdown itself, which reads well; the HTML is made of it with every value escaped, so that nobody's
name becomes a link or a heading.
"""

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from markdown_it import MarkdownIt

from troth.kernel import InvalidInput, NotFound
from troth.outreach.model import Template
from troth.outreach.phrases import FEET, SOURCE, foot

STANDARD = (
    "company",
    "address",
    "privacy",
    "support",
    "contact_link",
    "policy_link",
    "greeting",
    "clause",
    "reason",
)
"""Variables that every template may use."""
_PLACE = re.compile(r"\{([a-z_]+)\}")
_LINK = re.compile(r"https?://[^\s<>\"'\\]+")
_LONGEST = 500
PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 40em; margin: 1em auto; padding: 0 1em">
{body}</body></html>
"""


class Composed(NamedTuple):
    """A mail's subject and body, the body in both forms."""

    subject: str
    text: str
    html: str


class _Source(NamedTuple):
    subject: str
    reason: str
    body: str


class Composer:
    """The registered templates.

    Args:
        templates: What each is for; its text is read from `mails/` of this package.
        own: Texts that stand elsewhere, by template and language.

    Raises:
        InvalidInput: A text lacks its head or uses a variable that its template does not give.
    """

    def __init__(
        self, templates: Iterable[Template], own: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    ) -> None:
        self._templates = {one.name: one for one in templates}
        self._sources = {
            one.name: {language: _read(one, text) for language, text in own[one.name].items()}
            if one.name in own
            else _texts(one)
            for one in self._templates.values()
        }
        self._markdown = MarkdownIt("commonmark", {"html": False})

    @property
    def purposes(self) -> tuple[str, ...]:
        """Data uses that the templates serve, sorted."""
        return tuple(sorted({one.purpose for one in self._templates.values()}))

    def template(self, name: str) -> Template:
        """A template by name.

        Raises:
            NotFound: None is registered under it.
        """
        found = self._templates.get(name)
        if found is None:
            raise NotFound(
                "There is no such mail template.",
                field="message",
                mend=f"Use one of {', '.join(sorted(self._templates))}.",
            )
        return found

    def spoken(self, name: str, wanted: Sequence[str]) -> str:
        """The first of some languages that a template has a text in; English where it has none of them."""
        return next((one for one in wanted if one in self._sources[name]), SOURCE)

    def compose(self, name: str, variables: Mapping[str, str], language: str = SOURCE) -> Composed:
        """A template filled in.

        Args:
            name: Of a registered template.
            variables: Values by name, plain text; those whose name ends in `link` are web addresses.
            language: One that the template has a text in, as `spoken` gives it.

        Raises:
            InvalidInput: A variable is missing, or a link is none; names the variable.
        """
        source = self._sources[name][language]
        shown = {key: plain(key, value) for key, value in variables.items()}
        shown["reason"] = filled(source.reason, shown)
        safe = {key: value if key.endswith("link") else marked(value) for key, value in shown.items()}
        body = source.body + foot(language, staff=self._templates[name].staff)
        subject = " ".join(filled(source.subject, shown).split())
        html = self._markdown.render(filled(body, safe))
        page = PAGE.format(language=escape(language), title=escape(subject), body=html)
        return Composed(subject, _spaced(filled(body, shown)), page)


def _texts(template: Template) -> dict[str, _Source]:
    """The texts of a template by their language."""
    folder = files(__package__).joinpath("mails")
    found = {SOURCE: folder.joinpath(f"{template.name}.md")}
    others = {one: folder.joinpath(f"{template.name}.{one}.md") for one in FEET if one != SOURCE}
    found |= {language: file for language, file in others.items() if file.is_file()}
    return {language: _read(template, file.read_text(encoding="utf-8")) for language, file in found.items()}


def _read(template: Template, text: str) -> _Source:
    head, _, body = text.partition("\n\n")
    given = dict(line.partition(": ")[::2] for line in head.splitlines())
    if set(given) != {"Subject", "Reason"} or not body.strip():
        raise InvalidInput(
            f"Mail template {template.name} has no head.", mend="Begin with a Subject: and a Reason: line."
        )
    known = {*STANDARD, *template.reads, *template.variables}
    for name in variables_in(text):
        if name not in known:
            raise InvalidInput(
                f"Mail template {template.name} uses {name}, which nothing gives.",
                field=name,
                mend=f"Use {', '.join(sorted(known))}.",
            )
    return _Source(given["Subject"], given["Reason"], body.rstrip() + "\n")


def _spaced(text: str) -> str:
    """A text without the gap that a paragraph leaves whose only variable is empty."""
    return re.sub(r"\n{3,}", "\n\n", text).lstrip()


def variables_in(text: str) -> list[str]:
    """The names of the variables that a text uses, in order."""
    return _PLACE.findall(text)


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its variables filled in.

    Raises:
        InvalidInput: It uses one that nothing gives; names it.
    """

    def value(place: re.Match[str]) -> str:
        found = values.get(place[1])
        if found is None:
            raise InvalidInput(f"The mail lacks {place[1]}.", field=place[1], mend="Give it.")
        return found

    return _PLACE.sub(value, text)


def plain(name: str, value: str) -> str:
    """A value on one line; a link as it is, if it is one."""
    if name.endswith("link"):
        if not _LINK.fullmatch(value):
            raise InvalidInput(
                f"{name} is no web address.", field=name, mend="Give an http or https address."
            )
        return value
    if name.endswith("text"):
        return "\n".join(_line(line) for line in value.splitlines()).strip("\n")
    return " ".join(_shown(value).split())[:_LONGEST]


def _line(text: str) -> str:
    """A line of what somebody wrote, without signs that are not seen and without what would make it code."""
    return _shown(text).strip()


def _shown(text: str) -> str:
    return text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)


def marked(value: str) -> str:
    """A value that Markdown takes for nothing but text (CommonMark 0.31, section 2.4); its lines stay apart (section 6.7)."""
    shown = "".join(f"\\{one}" if one in string.punctuation else one for one in value)
    return shown.replace("\n", "  \n")
