"""YAML read strictly: plain data with the line of every value, and refusal of everything a rule does not need.

Built on PyYAML's event stream, so that aliases, tags and depth are refused before anything is built from them. Scalars follow
the core schema of YAML 1.2 without dates: `on`, `yes` and `2015-04-16` are text.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

MAX_DEPTH = 12
MAX_CHARACTERS = 65_536
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(
    r"[-+]?[0-9]{1,17}\.[0-9]{1,17}([eE][-+]?[0-9]{1,2})?|[-+]?[1-9][0-9]{0,16}[eE][-+]?[0-9]{1,2}"
)
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}

Path = tuple[str | int, ...]
Lines = dict[Path, int]


class YamlFault(ValueError):
    """Text is not the YAML that a rule may hold.

    Args:
        line: Line of the fault, counted from 1.
        reason: What is wrong.
        mend: What to write instead.
    """

    def __init__(self, line: int, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason
        self.mend = mend


def read_yaml(text: str, first_line: int = 1, limit: int = MAX_CHARACTERS) -> tuple[Any, Lines]:
    """The data of one YAML document, and the line of each part by its path.

    Args:
        text: The YAML.
        first_line: The line of the text's first line in its file.
        limit: Most characters that are read.

    Raises:
        YamlFault: The text is not YAML, or holds something that is not allowed.
    """
    if len(text) > limit:
        raise YamlFault(first_line, f"the YAML has {len(text)} characters", f"write at most {limit}")
    reader = _Reader(first_line)
    try:
        value = reader.read(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        raise YamlFault(
            line,
            f"not YAML: {error.problem or error.context}",
            "mend the syntax; quote text that holds : or #",
        ) from None
    except (yaml.YAMLError, UnicodeError) as error:
        reason = str(error).splitlines()[0] if str(error) else "unreadable characters"
        raise YamlFault(first_line, f"not YAML: {reason}", "remove control characters") from None
    return value, reader.lines


class _Reader:
    """Builds data from parser events, keeping lines."""

    def __init__(self, first_line: int) -> None:
        self.lines: Lines = {}
        self._first = first_line

    def read(self, events: Iterator[yaml.Event]) -> Any:
        value: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._fault(
                        event, "there is more than one YAML document", "put each rule in a block of its own"
                    )
            elif isinstance(event, (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentEndEvent)):
                continue
            else:
                value = self._node(event, events, ())
        return value

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], path: Path) -> Any:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._fault(event, "anchors and aliases are not allowed", "write the value out")
        if getattr(event, "tag", None) is not None:
            raise self._fault(event, "tags are not allowed", "remove the tag that starts with !")
        if len(path) > MAX_DEPTH:
            raise self._fault(event, f"nested deeper than {MAX_DEPTH} levels", "write it flatter")
        self.lines.setdefault(path, self._line(event))
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        return self._mapping(events, path)

    def _sequence(self, events: Iterator[yaml.Event], path: Path) -> list[Any]:
        items: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, events, (*path, len(items))))
        return items

    def _mapping(self, events: Iterator[yaml.Event], path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag is not None:
                raise self._fault(event, "a key is not plain text", "write keys as plain words")
            key = event.value
            if key == "<<":
                raise self._fault(event, "merge keys are not allowed", "write the values out")
            if key in mapping:
                raise self._fault(event, f"the key {key[:60]!r} stands twice", "keep one of them")
            self.lines[(*path, key)] = self._line(event)
            mapping[key] = self._node(next(events), events, (*path, key))
        return mapping

    def _line(self, event: yaml.Event) -> int:
        return self._first + (event.start_mark.line if event.start_mark else 0)

    def _fault(self, event: yaml.Event, reason: str, mend: str) -> YamlFault:
        return YamlFault(self._line(event), reason, mend)


def _scalar(event: yaml.ScalarEvent) -> str | int | float | bool | None:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return text
