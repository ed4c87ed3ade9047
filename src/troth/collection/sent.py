"""Reads what a browser sends for a form: flat names and texts become the values of a submission. Pure."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from troth.collection.errors import Fault
from troth.collection.forms import ORDER_ROWS, PURPOSE, Control, Form, every_control
from troth.collection.model import MAX_ORDER_LINES

_MOST_DIGITS = 16
_ROW = re.compile(r"(\d{1,3})\.([a-z0-9_.]{1,40})")
_ROW_PARTS = ("sku", "title", "quantity", "price.amount", "price.currency")


class Upload(NamedTuple):
    """A file as a browser sends it: its name, the media type that it claims, and its bytes."""

    name: str
    media: str
    data: bytes


class Sent(NamedTuple):
    """What was sent for a form.

    Args:
        values: Values by field name, as a submission takes them.
        purpose: The purpose chosen; empty where none was asked for.
        texts: What was typed, by name of the control, to be shown again; without secrets and files.
        rows: How many rows an order has.
        faults: What makes it unreadable.
        files: The files, by name of the control, to be kept for the next try.
    """

    values: dict[str, Any]
    purpose: str
    texts: Mapping[str, str]
    rows: int
    faults: tuple[Fault, ...]
    files: Mapping[str, Upload] = {}


def read_sent(form: Form, pairs: Iterable[tuple[str, str | Upload]]) -> Sent:
    """What a browser sent, by the controls of a form; names that it does not have are left for the submission to refuse."""
    return _Reading(form).read(pairs)


class _Reading:
    """Reads one body."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._given: dict[str, str | Upload] = {}
        self._faults: list[Fault] = []
        self._texts: dict[str, str] = {}
        self._files: dict[str, Upload] = {}
        self._several: dict[str, list[str]] = {one.name: [] for one in form.controls if one.kind == "ticks"}

    def read(self, pairs: Iterable[tuple[str, str | Upload]]) -> Sent:
        for name, sent in pairs:
            if name in self._several and isinstance(sent, str):
                self._several[name].append(sent)
                continue
            if name in self._given:
                shown = name if any(one.name == name for one in every_control(self._form)) else "(a name)"
                self._faults.append(Fault(shown, f"{shown} was sent twice.", "Send it once."))
            self._given[name] = sent
        values: dict[str, Any] = {}
        rows = ORDER_ROWS
        value: Any
        for control in self._form.controls:
            if control.kind == "order":
                lines = self._lines(control)
                rows = max(rows, len(lines))
                value = lines or None
            elif control.kind == "group":
                value = self._group(control)
            elif control.kind == "ticks":
                value = self._several[control.name] or None
                self._texts[control.name] = " ".join(self._several[control.name])
            else:
                value = self._plain(control)
            if value is not None:
                values[control.name] = value
        purpose = values.pop(PURPOSE, "")
        values.update((name, _text(value)) for name, value in self._given.items())
        return Sent(values, purpose, self._texts, rows, tuple(self._faults), self._files)

    def _plain(self, control: Control) -> Any:
        value = self._given.pop(control.name, None)
        if isinstance(value, Upload) and control.kind == "file" and value.data:
            self._files[control.name] = value
        if isinstance(value, Upload) or control.kind == "file":
            return _file(value, control)
        if value is None or not value.strip():
            return None
        if not control.secret:
            self._texts[control.name] = value
        if control.kind == "tick":
            return True if value == "true" else value
        return _whole(value) if control.kind == "number" else value

    def _group(self, control: Control) -> dict[str, Any] | None:
        inside = len(control.name) + 1
        found = {part.name[inside:]: self._plain(part) for part in control.parts}
        return {name: value for name, value in found.items() if value is not None} or None

    def _lines(self, control: Control) -> list[dict[str, Any]]:
        """The rows of an order that hold anything, closed up, so that faults name them as they are shown again."""
        rows: dict[int, dict[str, str]] = {}
        for name in [name for name in self._given if name.startswith(f"{control.name}.")]:
            match = _ROW.fullmatch(name, len(control.name) + 1)
            value = self._given[name]
            if match and match[2] in _ROW_PARTS and isinstance(value, str):
                del self._given[name]
                if value.strip():
                    rows.setdefault(int(match[1]), {})[match[2]] = value
        if len(rows) > MAX_ORDER_LINES:
            mend = f"Send at most {MAX_ORDER_LINES}."
            self._faults.append(Fault(control.name, f"{control.name} has too many lines.", mend))
            return []
        lines = []
        for number, given in enumerate(rows[place] for place in sorted(rows)):
            self._texts.update({f"{control.name}.{number}.{part}": value for part, value in given.items()})
            lines.append(_line(given))
        return lines


def _line(given: Mapping[str, str]) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for name, value in given.items():
        outer, _, inner = name.partition(".")
        if inner:
            line.setdefault(outer, {})[inner] = value
        else:
            line[outer] = _whole(value) if outer == "quantity" else value
    return line


def _file(value: str | Upload | None, control: Control) -> Any:
    if control.kind != "file":  # a file where text belongs
        return {"name": "file"}
    if not isinstance(value, Upload):
        return value.strip() or None if value else None
    if not value.name and not value.data:
        return None
    return {"name": value.name, "media": value.media, "data": b64encode(value.data).decode()}


def _whole(text: str) -> int | str:
    plain = text.strip()
    digits = plain.removeprefix("-")
    return int(plain) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else text


def _text(value: str | Upload) -> str:
    return value if isinstance(value, str) else value.name
