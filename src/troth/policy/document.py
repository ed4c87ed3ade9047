"""Splits a policy document into front matter, parts and clauses with their prose and rule blocks, lines kept.

Block structure comes from markdown-it-py (CommonMark 0.31). Limits stand before the parser, because the time of some of
its rules grows faster than the length of what they read.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from troth.policy.model import Finding

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_BYTES = 2_000_000
MAX_LINE = 5_000
MAX_PARAGRAPH = 10_000
MAX_MARKS = 250
MAX_LINES = 40_000
MAX_FINDINGS = 50
MAX_BLOCKS = 3_000
_HEADING_ID = re.compile(r"\s*\{#([A-Za-z0-9][A-Za-z0-9.-]{0,59})\}\s*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u2028\u2029\x85]")
_CROWDED = re.compile(r"^(?:[ \t]*(?:[>*+-]|\d{1,9}[.)]))[ \t>*+\d.)-]{60,}")
_MARKS = re.compile(r"[\[\]()*_`<&!\\]")
_FENCE_END = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*")


def markdown() -> "MarkdownIt":
    """The Markdown reader of policies: CommonMark, raw HTML shown as text, links that carry no referrer."""
    from markdown_it import MarkdownIt  # loaded by whoever reads a policy, and by nobody else

    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 12})
    reader.add_render_rule("link_open", _link_open)
    reader.disable("image")
    return reader


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced rule block: its YAML and the line of its first line."""

    text: str
    line: int


@dataclass(slots=True)
class Section:
    """A part or a clause as it stands in the document."""

    id: str
    title: str
    line: int
    part: str = ""
    blocks: list[Block] = field(default_factory=list)
    tokens: list["Token"] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    """A policy document taken apart; `findings` says what could not be read."""

    front: str = ""
    title: str = ""
    parts: list[Section] = field(default_factory=list)
    clauses: list[Section] = field(default_factory=list)
    intro: list["Token"] = field(default_factory=list)
    environment: dict[str, object] = field(default_factory=dict)
    reader: "MarkdownIt" = field(default_factory=markdown)
    findings: list[Finding] = field(default_factory=list)


def read_document(raw: bytes | str, file: str) -> Document:
    """Take a policy document apart; never raises, whatever the bytes."""
    document = Document()
    text = _decoded(raw, file, document.findings)
    if text is None or not _within_limits(text, file, document.findings):
        return document
    body = _cut_front(text, file, document)
    document.reader.disable("inline")
    _Splitter(document, body.split("\n"), file).split(document.reader.parse(body, document.environment))
    return document


def _decoded(raw: bytes | str, file: str, findings: list[Finding]) -> str | None:
    try:
        data = raw if isinstance(raw, bytes) else raw.encode("utf-8")
        if len(data) > MAX_BYTES:
            findings.append(
                Finding(file, 1, "size", f"the document has {len(data)} bytes", f"write at most {MAX_BYTES}")
            )
            return None
        text = data.decode("utf-8-sig")
    except UnicodeError:
        findings.append(Finding(file, 1, "encoding", "the document is not UTF-8", "save it as UTF-8"))
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _within_limits(text: str, file: str, findings: list[Finding]) -> bool:
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        findings.append(
            Finding(
                file, MAX_LINES, "size", f"the document has {len(lines)} lines", f"write at most {MAX_LINES}"
            )
        )
        return False
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            findings.append(
                Finding(
                    file,
                    number,
                    "size",
                    f"a line has {len(line)} characters",
                    f"break it; at most {MAX_LINE}",
                )
            )
        elif _CONTROL.search(line):
            findings.append(
                Finding(file, number, "encoding", "a line holds a control character", "remove it")
            )
        elif _CROWDED.match(line):
            findings.append(
                Finding(
                    file,
                    number,
                    "layout",
                    "a line starts with too many list or quote marks",
                    "nest less deeply",
                )
            )
        if len(findings) >= MAX_FINDINGS:
            break
    return not findings


def _cut_front(text: str, file: str, document: Document) -> str:
    """The document without its front matter, which is replaced by empty lines so that line numbers stay."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        document.findings.append(
            Finding(
                file,
                1,
                "front-matter",
                "there is no front matter",
                "start with a line --- and the YAML of docs/policy-format.md",
            )
        )
        return text
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            document.front = "\n".join(lines[1:number])
            return "\n".join([""] * (number + 1) + lines[number + 1 :])
    document.findings.append(
        Finding(file, 1, "front-matter", "the front matter has no end", "end it with a line ---")
    )
    return ""


class _Splitter:
    """Walks the top-level tokens and gives each to the clause it belongs to."""

    def __init__(self, document: Document, lines: list[str], file: str) -> None:
        self._document = document
        self._lines = lines
        self._file = file
        self._part = ""
        self._blocks = 0
        self._clause: Section | None = None

    def split(self, tokens: list["Token"]) -> None:
        position = 0
        while position < len(tokens):
            token = tokens[position]
            if token.type == "heading_open" and token.level == 0 and token.tag in {"h1", "h2", "h3"}:
                self._heading(token, tokens[position + 1])
                position += 3
                continue
            if token.type == "fence" and token.info.strip().split(" ")[0] == "rule":
                self._rule(token)
            else:
                self._prose(token)
            position += 1

    def _heading(self, token: "Token", inline: "Token") -> None:
        line = _line(token)
        match = _HEADING_ID.search(inline.content[-80:])
        title = (
            inline.content[: len(inline.content) - len(match[0])].strip() if match else inline.content.strip()
        )
        if token.tag == "h1":
            self._document.title = self._document.title or title
            return
        noun = "part" if token.tag == "h2" else "clause"
        if match is None:
            self._find(
                line, "layout", f"the heading of a {noun} has no id", "end it with an id such as {#II.12}"
            )
        section = Section(id=match[1] if match else "", title=title, line=line)
        if token.tag == "h2":
            self._part, self._clause = section.id, None
            self._document.parts.append(section)
        else:
            section.part = self._part
            self._clause = section
            self._document.clauses.append(section)

    def _rule(self, token: "Token") -> None:
        line = _line(token)
        end = (token.map or [0, 0])[1]
        last = self._lines[end - 1] if 0 < end <= len(self._lines) else ""
        if token.level > 0:
            self._find(
                line, "layout", "a rule block stands inside a list or quotation", "write it at the top level"
            )
        elif end - line < 1 or not (_FENCE_END.fullmatch(last) and last.strip()[0] == token.markup[0]):
            self._find(line, "layout", "a rule block has no end", f"end it with a line {token.markup}")
        elif self._blocks >= MAX_BLOCKS:
            if self._blocks == MAX_BLOCKS:
                self._find(
                    line, "size", "the document has too many rule blocks", f"write at most {MAX_BLOCKS}"
                )
            self._blocks += 1
        elif self._clause is None:
            self._find(
                line,
                "layout",
                "a rule block stands outside a clause",
                "put it under a heading such as ### Title {#II.12}",
            )
        else:
            self._blocks += 1
            self._clause.blocks.append(Block(token.content, line + 1))

    def _prose(self, token: "Token") -> None:
        if token.type == "inline" and not self._readable(token):
            return
        if self._clause is not None:
            self._clause.tokens.append(token)
        elif self._document.parts:
            self._document.parts[-1].tokens.append(token)
        else:
            self._document.intro.append(token)

    def _readable(self, token: "Token") -> bool:
        """Whether a paragraph is short and plain enough for inline rules, whose time grows with its square."""
        length, marks = len(token.content), len(_MARKS.findall(token.content))
        if length > MAX_PARAGRAPH:
            reason = f"a paragraph has {length} characters"
            self._find(_line(token), "size", reason, f"split it; at most {MAX_PARAGRAPH}")
        elif marks > MAX_MARKS:
            reason = f"a paragraph has {marks} marks such as [ * _ and <"
            self._find(_line(token), "size", reason, f"split it; at most {MAX_MARKS}")
        return length <= MAX_PARAGRAPH and marks <= MAX_MARKS

    def _find(self, line: int, check: str, reason: str, mend: str) -> None:
        clause = self._clause.id if self._clause else ""
        self._document.findings.append(Finding(self._file, line, check, reason, mend, clause))


def render(document: Document, tokens: list["Token"]) -> tuple[str, str]:
    """Prose as plain text and as safe HTML (no raw HTML, no images, links without referrer).

    Args:
        document: The document, for its link references.
        tokens: Block tokens of the prose.
    """
    reader, environment = document.reader, document.environment
    words: list[str] = []
    for token in tokens:
        if token.type == "inline":
            token.children = []
            reader.inline.parse(token.content, reader, environment, token.children)
            words.append("".join(_words(child) for child in token.children))
        elif token.type in {"fence", "code_block"}:
            words.append(token.content.strip())
    return "\n\n".join(words), str(reader.renderer.render(tokens, reader.options, environment))


def _words(token: "Token") -> str:
    return " " if token.type in {"softbreak", "hardbreak"} else token.content


def _line(token: "Token") -> int:
    return (token.map or [0])[0] + 1


def _link_open(
    renderer: object, tokens: list["Token"], index: int, options: object, environment: object
) -> str:
    tokens[index].attrSet("rel", "noreferrer")
    return str(renderer.renderToken(tokens, index, options, environment))  # type: ignore[attr-defined]
