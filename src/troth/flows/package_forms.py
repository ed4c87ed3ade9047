"""The three forms of a copy: a page to read, JSON for another program, and a CSV file for each table. Written row by row."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from troth.flows.answering import Part
from troth.flows.spool import Member, Spool
from troth.flows.wording import Wording

FORMAT = "troth-package-1"
_FORMULA = re.compile(r"^[=@\t\r]|^[+-](?![\d ().,/-]*$)")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):\d{2}(?:\.\d+)?\+00:00")
_encode = msgspec.json.Encoder().encode


class About(NamedTuple):
    """What stands at the head of a package.

    Args:
        number: Of the request.
        person: Handle.
        made: Instant (ISO 8601).
        company: Name of the controller.
        contact: Address for questions about privacy.
        policy: SHA-256 of the version in force.
        updated: Day of that version.
        policy_link: Where it can be read.
        signer: Verifier key of whoever signs.
    """

    number: str
    person: str
    made: str
    company: str
    contact: str
    policy: str
    updated: str
    policy_link: str
    signer: str


class Forms:
    """Writes a package's parts in every form at once.

    Args:
        spool: Takes the files.
        about: What stands at the head.
        words: In the language of the page.
    """

    def __init__(self, spool: Spool, about: About, words: Wording) -> None:
        self._spool, self._words = spool, words
        self._page, self._json = spool.member("index.html"), spool.member("data.json")
        self._number = 0
        self._open(about)

    def add(self, part: Part) -> None:
        """Write a part."""
        self._number += 1
        name = _NOT_NAME.sub("-", f"{part.store} {part.title}".lower()).strip("-")
        table = _Table(self._spool.member(f"tables/{self._number:02d}-{name}.csv"), part.columns)
        head = {
            name: getattr(part, name) for name in ("store", "title", "columns", "origin", "clause", "until")
        }
        start = _encode(head)[:-1].decode()
        self._json.write(("" if self._number == 1 else ",\n") + start + ',"rows":[')
        shown = _Shown(self._page, self._words, part)
        for count, row in enumerate(part.rows):
            named = dict(zip(part.columns, row, strict=True))
            self._json.write((",\n" if count else "\n") + _encode(named).decode())
            table.add(row)
            shown.add(row)
        self._json.write("]}")
        shown.end()

    def end(self) -> None:
        """Write what stands at the end."""
        self._json.write("\n]}\n")
        told = self._words(
            "The same in a form for other programs: data.json, and a table for each part in the folder tables. "
            "manifest.json lists the files with their digests, and manifest.sig is our signature."
        )
        self._page.write(f"<footer><p>{escape(told)}</p></footer>\n</main>\n</body>\n</html>\n")

    def _open(self, about: About) -> None:
        words = self._words
        controller = {"name": about.company, "contact": about.contact}
        policy = {"sha256": about.policy, "updated": about.updated, "link": about.policy_link}
        head = {
            "format": FORMAT, "made": about.made, "request": about.number, "person": about.person,
            "controller": controller, "policy": policy, "language": words.language,
        }  # fmt: skip
        self._json.write(_encode(head)[:-1].decode() + ',"parts":[\n')
        style = files("troth.flows").joinpath("languages", "package.css").read_text(encoding="utf-8")
        title = escape(words("Your data at {company}", company=about.company))
        facts = (
            (words("Request"), about.number),
            (words("Made on"), instant(about.made)),
            (words("Policy of"), f"{about.updated} ({about.policy[:12]})"),
            (words("Questions"), about.contact),
        )
        shown = "".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts
        )
        lead = words(
            "This is everything that we hold about you, with where it came from, the clause of our policy that allowed "
            "it, and until when we keep it. What belongs to other people is covered."
        )
        self._page.write(
            f'<!doctype html>\n<html lang="{words.language}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<meta name="color-scheme" content="light dark">\n'
            f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
            f'<p class="lead">{escape(lead)}</p>\n<dl class="facts">{shown}</dl>\n'
        )


class _Table:
    """A CSV file (RFC 4180); a cell that a spreadsheet would take for a formula gets an apostrophe before it."""

    def __init__(self, member: Member, columns: Sequence[str]) -> None:
        self._member = member
        self.add(columns)

    def add(self, row: Sequence[Any]) -> None:
        line = io.StringIO()
        csv.writer(line).writerow([_harmless(flat(cell)) for cell in row])
        self._member.write(line.getvalue())


class _Shown:
    """A part on the page: a list for each record, or a table."""

    def __init__(self, page: Member, words: Wording, part: Part) -> None:
        self._page, self._words, self._columns = page, words, part.columns
        self._lists = part.columns[0] == "Record"
        self._record: str | None = None
        self._shared = ""
        self._count = 0
        page.write(f"<section>\n<h2>{escape(words(part.title))}</h2>\n")
        clause = words("clause {clause}", clause=part.clause) if part.clause else ""
        until = words("kept until: {until}", until=part.until) if part.until else ""
        told = " · ".join(one for one in (part.origin, clause, until) if one)
        if told:
            page.write(f'<p class="from">{escape(told)}</p>\n')

    def add(self, row: Sequence[Any]) -> None:
        """Show a row."""
        self._count += 1
        if self._lists:
            self._value(dict(zip(self._columns, row, strict=True)))
            return
        if self._count == 1:
            heads = "".join(f'<th scope="col">{escape(self._words(one))}</th>' for one in self._columns)
            self._page.write(
                f'<div class="scroll" tabindex="0"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n'
            )
        cells = "".join(f"<td>{escape(instant(flat(cell)))}</td>" for cell in row)
        self._page.write(f"<tr>{cells}</tr>\n")

    def end(self) -> None:
        """Finish the part."""
        if not self._count:
            self._page.write(f"<p>{escape(self._words('Nothing.'))}</p>\n")
        elif self._lists:
            self._page.write("</dl>\n")
        else:
            self._page.write("</tbody></table></div>\n")
        self._page.write("</section>\n")

    def _value(self, row: Mapping[str, Any]) -> None:
        origin = self._origin(row)
        if row["Record"] != self._record:
            self._begin(str(row["Record"]), origin)
        told = "" if origin == self._shared else f'<small class="from">{escape(origin)}</small>'
        self._page.write(
            f"<div><dt>{escape(row['What'])}</dt><dd>{escape(flat(row['Value']))}{told}</dd></div>\n"
        )

    def _begin(self, record: str, origin: str) -> None:
        """Begin a record: what is alike for all its values stands at its head."""
        if self._record is not None:
            self._page.write("</dl>\n")
        self._record, self._shared = record, origin if record else ""
        if record:
            head, _, rest = origin.partition(" · ")
            self._page.write(f'<h3>{escape(head)}</h3>\n<p class="from">{escape(rest)}</p>\n')
        self._page.write('<dl class="values">\n')

    def _origin(self, row: Mapping[str, Any]) -> str:
        words = self._words
        told = (
            row["How it came in"],
            instant(row["On"]),
            words("clause {clause}", clause=row["Clause"]) if row["Clause"] else "",
            words("policy version {version}", version=row["Policy version"][:12])
            if row["Policy version"]
            else "",
            words("kept until: {until}", until=row["Kept until"]) if row["Kept until"] else "",
        )
        return " · ".join(one for one in told if one)


def instant(text: str) -> str:
    """An instant of ISO 8601 as people read it."""
    found = _INSTANT.fullmatch(text)
    return f"{found[1]} {found[2]} UTC" if found else text


def flat(value: Any) -> str:
    """A value as people read it: a structure as its values, one behind the other; a file as its name."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if value.keys() == {"name", "media", "data"}:
            return f"{value['name']} ({value['media']})"
        return ", ".join(found for one in value.values() if (found := flat(one)))
    if isinstance(value, Sequence):
        return "; ".join(found for one in value if (found := flat(one)))
    return str(value)


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text
