"""Turns the YAML of a document into typed rules; every fault becomes a finding with its line."""

import difflib
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from troth.policy.bases import Thing
from troth.policy.document import Block, Document, Section, render
from troth.policy.front import FrontMatter
from troth.policy.model import Finding
from troth.policy.rules import Forbid, Notice, Permit, Placed, Require, Rule
from troth.policy.strict_yaml import Lines, Path, YamlFault, read_yaml
from troth.policy.things import Declared

RULE_KINDS: dict[str, Any] = {
    "permit": Permit,
    "forbid": Forbid,
    "require": Require,
    "notice": Notice,
    "declare": Declared,
}
_FINDINGS_PER_DOCUMENT = 500
_PATH = re.compile(r" - at `(key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_NAMED = re.compile(r"(?:unknown|required) field `(.*)`", re.DOTALL)
_TYPE = re.compile(r"`(\w+)`")
_TYPES = {
    "bool": "true or false",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of the policy: its published prose and the rules it carries.

    Args:
        id: Stable id, such as "II.12".
        title: Its heading.
        part: Id of its part, or "".
        line: Line of its heading.
        prose: Plain text without rules.
        html: The prose as safe HTML.
        rules: Permits, forbids, requires and notices, in the order of the document.
        things: What the clause declares, in the order of the document.
    """

    id: str
    title: str
    part: str
    line: int
    prose: str
    html: str
    rules: tuple[Rule, ...]
    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the policy: its id, heading and the prose before its first clause."""

    id: str
    title: str
    line: int
    html: str


@dataclass(slots=True)
class Source:
    """A document read into types, before anything is checked against anything else."""

    file: str
    front: FrontMatter | None = None
    front_lines: Lines = field(default_factory=dict)
    title: str = ""
    intro_html: str = ""
    parts: tuple[Part, ...] = ()
    clauses: tuple[Clause, ...] = ()
    findings: list[Finding] = field(default_factory=list)


def read_source(document: Document, file: str) -> Source:
    """Read the YAML of a document; the findings of the document are kept."""
    source = Source(file, title=document.title, findings=list(document.findings))
    if document.front:
        _read_front(source, document.front)
    source.intro_html = render(document, document.intro)[1]
    source.parts = tuple(Part(p.id, p.title, p.line, render(document, p.tokens)[1]) for p in document.parts)
    source.clauses = tuple(_clause(source, section, document) for section in document.clauses)
    return source


def _read_front(source: Source, text: str) -> None:
    try:
        data, source.front_lines = read_yaml(text, first_line=2)
    except YamlFault as fault:
        source.findings.append(Finding(source.file, fault.line, "yaml", fault.reason, fault.mend))
        return
    front = convert(data, FrontMatter)
    if isinstance(front, FrontMatter):
        source.front = front
    else:
        source.findings.append(front.finding(source.file, source.front_lines, 2, "front-matter"))


def _clause(source: Source, section: Section, document: Document) -> Clause:
    rules: list[Rule] = []
    things: list[Thing] = []
    for block in section.blocks:
        rule = _read_rule(source, section, block) if len(source.findings) < _FINDINGS_PER_DOCUMENT else None
        if isinstance(rule, Thing):
            things.append(rule)
        elif rule is not None:
            rules.append(rule)
    prose, html = render(document, section.tokens)
    return Clause(
        section.id, section.title, section.part, section.line, prose, html, tuple(rules), tuple(things)
    )


def _read_rule(source: Source, section: Section, block: Block) -> Rule | Thing | None:
    try:
        data, lines = read_yaml(block.text, block.line)
    except YamlFault as fault:
        source.findings.append(Finding(source.file, fault.line, "yaml", fault.reason, fault.mend, section.id))
        return None
    rule = read_rule(data, section.id, block.line)
    if isinstance(rule, Misfit):
        source.findings.append(rule.finding(source.file, lines, block.line, "shape", section.id))
        return None
    return rule


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why data does not have the shape asked for, and where in it."""

    path: Path
    reason: str
    mend: str

    def finding(
        self, file: str, lines: Lines, default: int, check: str, clause: str = "", within: Path = ()
    ) -> Finding:
        """The finding that names the line of the fault; `within` is the path of the data that was converted."""
        path = (*within, *self.path)
        while path and path not in lines:
            path = path[:-1]
        return Finding(file, lines.get(path, default), check, self.reason, self.mend, clause)


def read_rule(data: Any, clause: str, line: int) -> "Rule | Thing | Misfit":
    """The typed rule that a mapping states, or why it states none."""
    if not isinstance(data, dict) or not data:
        return Misfit(
            (), "a rule block is not a mapping", "start it with permit, forbid, require, notice or declare"
        )
    kind = next(iter(data))
    if kind not in RULE_KINDS:
        return Misfit(
            (kind,),
            f"the first key of a rule is {kind[:60]!r}",
            "start with permit, forbid, require, notice or declare",
        )
    for key in ("clause", "line"):
        if key in data:
            return Misfit((key,), f"unknown key {key!r}", "remove it")
    if data.get("then") is not None and kind == "forbid":
        return Misfit(("then",), "a forbid names obligations", "move `then` to a permit")
    rule: Rule | Thing | Misfit = convert({**data, "clause": clause, "line": line}, RULE_KINDS[kind])
    return rule


def convert(data: Any, wanted: Any) -> Any:
    """Data as an instance of the type wanted, or a `Misfit`."""
    try:
        return msgspec.convert(data, wanted, strict=True)
    except msgspec.ValidationError as error:
        return _misfit(str(error), data, wanted)


def _misfit(message: str, data: Any, wanted: Any) -> Misfit:
    located = _PATH.search(message)
    what = message[: located.start()] if located else message
    path: Path = ()
    for key, index in _STEP.findall(located[2] if located else ""):
        path = (*path, key) if key else ((*path, int(index)) if index != "..." else path)
    named = _NAMED.search(what)
    if named and "unknown" in what:
        known = _keys_at(wanted, data, path)
        close = difflib.get_close_matches(named[1][:60], known, 1)
        hint = (
            f"did you mean {close[0]!r}?"
            if close
            else f"known keys are {', '.join(sorted(known))}"
            if known
            else "remove it"
        )
        return Misfit((*path, named[1]), f"unknown key {named[1][:60]!r}", hint)
    if named:
        return Misfit(path, f"the key {named[1]!r} is missing", f"write {named[1]}: ...")
    place = ".".join(str(step) for step in path)
    where = f"{place}: " if place else ""
    return Misfit(path, f"{where}{_in_words(what)}", _meaning(wanted, data, path))


def _in_words(what: str) -> str:
    """A decoder's message without types and patterns, which authors of policies need not know."""
    if "matching regex" in what:
        return "this has not the form that is needed"
    plain = _TYPE.sub(lambda found: _TYPES.get(found[1], found[1]), what)
    return f"{plain[0].lower()}{plain[1:200]}"


def _struct(wanted: Any, data: Any) -> Any:
    if wanted is not Declared:
        return wanted
    tag = data.get("declare") if isinstance(data, dict) else None
    return things_by_tag().get(tag) if isinstance(tag, str) else None


def _keys_at(wanted: Any, data: Any, path: Path) -> list[str]:
    struct = _struct(wanted, data)
    if path or struct is None:
        return []
    hidden = Placed.__struct_fields__
    return [f.encode_name for f in msgspec.structs.fields(struct) if f.name not in hidden]


def _meaning(wanted: Any, data: Any, path: Path) -> str:
    """The description of the innermost key of the path, for the mend."""
    struct = _struct(wanted, data)
    if struct is None:
        return "declare one of " + ", ".join(sorted(things_by_tag()))
    for found in msgspec.structs.fields(struct) if path else ():
        if found.encode_name == path[0]:
            described = _description(found.type)
            return f"{path[0]} means: {described}" if described else "see docs/policy-format.md"
    return "see docs/policy-format.md"


def _description(kind: Any) -> str:
    for extra in getattr(kind, "__metadata__", ()):
        if isinstance(extra, msgspec.Meta) and extra.description:
            return str(extra.description)
    return next((text for part in getattr(kind, "__args__", ()) if (text := _description(part))), "")


@cache
def things_by_tag() -> dict[Any, Any]:
    """The type of each thing that can be declared, by the word after `declare`."""
    return {struct.__struct_config__.tag: struct for struct in Declared.__args__}
