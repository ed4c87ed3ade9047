"""Rows of a file: CSV (RFC 4180) with a header, or NDJSON. Read in flat memory; a message never repeats a value.

A dotted column stands for a member of a structured value: `shipping_address.city`, `order_lines.0.sku`.
"""

import codecs
import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from troth.collection.errors import Fault
from troth.collection.model import is_blank
from troth.kernel import InvalidInput
from troth.policy import Field, Point, Policy

MOST_TEXT = 1_000_000
"""Most characters in one cell of a CSV file, and in one line of an NDJSON file."""
_CHUNK = 1 << 20
_NDJSON = frozenset({".ndjson", ".jsonl"})
_INTEGER = re.compile(r"-?[0-9]{1,16}")
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
_STRUCTURED = frozenset({"address", "money", "order-lines"})
Progress = Callable[[int], None]


class Row(NamedTuple):
    """A row of data: its number among the rows of data and its line in the file, from 1; values, or what is wrong."""

    number: int
    line: int
    values: dict[str, Any]
    fault: Fault | None = None


class Sheet(NamedTuple):
    """A file that was looked through once: SHA-256 of its bytes, number of rows, and how they are read.

    Args:
        path: Where it is.
        sha256: SHA-256 of its bytes.
        rows: Number of rows of data.
        delimiter: What stands between cells; empty for NDJSON.
    """

    path: Path
    sha256: bytes
    rows: int
    delimiter: str


def look_through(path: Path, point: Point, policy: Policy) -> Sheet:
    """Look through a file before anything of it is imported: encoding, form, header, number of rows.

    Raises:
        InvalidInput: It cannot be imported as it is; says what to do.
        OSError: It cannot be read.
    """
    digest = _checked_text(path)
    if path.suffix.lower() in _NDJSON:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            return Sheet(path, digest, sum(1 for line in file if line.strip()), "")
    delimiter = _delimiter(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = _cells(file, delimiter)
        header = next(rows, None)
        if header is None:
            raise InvalidInput(
                "The file is empty.", field="file", mend="Give it a header, and a row for each person."
            )
        _check_header([cell.strip() for cell in header[1]], point, policy)
        return Sheet(path, digest, sum(1 for _ in rows), delimiter)


def rows_of(sheet: Sheet, policy: Policy, behind: int = 0) -> Iterator[Row]:
    """The rows of a file in order, from behind a row's number."""
    if not sheet.delimiter:
        yield from _objects(sheet.path, behind)
        return
    with sheet.path.open(encoding="utf-8-sig", newline="") as file:
        cells = _cells(file, sheet.delimiter)
        header = next(cells)[1]
        columns = [_Column.of(name.strip(), policy.fields[name.strip().partition(".")[0]]) for name in header]
        for number, (line, row) in enumerate(cells, 1):
            if number > behind:
                yield _row(number, line, row, columns)


class _Column(NamedTuple):
    field: Field
    path: tuple[str, ...]

    @classmethod
    def of(cls, name: str, field: Field) -> "_Column":
        return cls(field, tuple(name.split(".")[1:]))


def _checked_text(path: Path) -> bytes:
    """SHA-256 of a file that is UTF-8 text without null characters."""
    digest, decoder, lines = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                near = lines + chunk.count(b"\n", 0, error.start)
                raise _not_utf8(near, wide=lines == 1 and chunk[:2] in {b"\xff\xfe", b"\xfe\xff"}) from None
            if "\0" in text:
                raise _not_utf8(lines + text[: text.index("\0")].count("\n"), wide=True)
            lines += chunk.count(b"\n")
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise _not_utf8(lines, wide=False) from None
    return digest.digest()


def _not_utf8(line: int, *, wide: bool) -> InvalidInput:
    guess = "UTF-16" if wide else "another encoding, such as Windows-1252"
    return InvalidInput(
        f"The file is not UTF-8 text: line {line} holds other bytes (perhaps {guess}). Nothing was imported.",
        field="file",
        mend='Save it as "CSV UTF-8", or convert it with `iconv -t UTF-8`.',
    )


def _delimiter(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline(MOST_TEXT)
    counts = {mark: first.count(mark) for mark in ",;\t"}
    return max(counts, key=lambda mark: counts[mark])


def _cells(file: Any, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with the line of the file at which each ends."""
    csv.field_size_limit(MOST_TEXT)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error:
        raise InvalidInput(
            f"The file is not CSV at line {reader.line_num}: a quote is not closed, or stands inside a cell.",
            field="file",
            mend="Put cells with quotes or line ends in quotes, and double the quotes inside.",
        ) from None


def _check_header(names: Sequence[str], point: Point, policy: Policy) -> None:
    """Refuse a header that does not name fields of the point. Where no column does, it may be a person's data."""
    roots = [name.partition(".")[0] for name in names]
    takes = f"The point takes {', '.join(point.fields)}."
    if not any(root in policy.fields for root in roots):
        raise InvalidInput(
            "The first line is no header: no column has the name of a field.", field="file", mend=takes
        )
    for number, (name, root) in enumerate(zip(names, roots, strict=True), 1):
        if root not in point.fields:
            known = f"{root} is not among its fields" if root in policy.fields else "no field has its name"
            raise InvalidInput(
                f"Column {number} cannot be imported: {known}.",
                field=f"column {number}",
                mend=f"Rename or remove the column. {takes}",
            )
        if name in names[: number - 1]:
            raise InvalidInput(
                f"Column {number} has the same name as another.",
                field=f"column {number}",
                mend="Keep one of the two.",
            )
        if name != root and root in roots[: number - 1] and root in names:
            raise InvalidInput(
                f"Column {number} stands for a part of a value that has a column of its own.",
                field=f"column {number}",
                mend=f"Give {root} in one column, or in dotted columns.",
            )
    missing = [name for name, need in point.fields.items() if need == "required" and name not in roots]
    if missing:
        raise InvalidInput(
            f"The header lacks the required {', '.join(missing)}.",
            field=missing[0],
            clause=point.clause,
            mend=f"Add a column for it. {takes}",
        )


def _row(number: int, line: int, cells: Sequence[str], columns: Sequence[_Column]) -> Row:
    if len(cells) != len(columns):
        told = f"The row has {len(cells)} cells, the header {len(columns)}."
        return Row(number, line, {}, Fault("row", told, "Quote cells that hold the separator."))
    values: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        if not is_blank(cell):
            if column.path:
                _place(values.setdefault(column.field.name, {}), column, cell)
            else:
                values[column.field.name] = _typed(column.field, cell)
    return Row(number, line, {name: _listed(value) for name, value in values.items()})


def _place(value: Any, column: _Column, cell: str) -> None:
    for part in column.path[:-1]:
        value = value.setdefault(part, {})
    last = column.path[-1]
    whole = last == "quantity" and column.field.type == "order-lines" and _INTEGER.fullmatch(cell.strip())
    value[last] = int(cell) if whole else cell


def _listed(value: Any) -> Any:
    """Members named 0, 1, 2... as a list."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(part) for name, part in value.items()}
    if inner and all(name.isdecimal() and name.isascii() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _typed(field: Field, cell: str) -> Any:
    """A cell as JSON would have it; what does not look so stays text and is refused by its type."""
    text = cell.strip()
    if field.type == "boolean" and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    if field.type == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if field.type in _STRUCTURED and text[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return cell
    return cell


def _objects(path: Path, behind: int) -> Iterator[Row]:
    number = 0
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            number += 1
            if number > behind:
                yield _object(number, line, text)


def _object(number: int, line: int, text: str) -> Row:
    mend = 'Write one object a line, such as {"email": "ann@example.com"}.'
    if len(text) > MOST_TEXT:
        return Row(number, line, {}, Fault("row", f"The line is longer than {MOST_TEXT} characters.", mend))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return Row(number, line, {}, Fault("row", "The line is not JSON.", mend))
    if not isinstance(value, Mapping):
        return Row(number, line, {}, Fault("row", "The line is not a JSON object.", mend))
    return Row(number, line, dict(value))
