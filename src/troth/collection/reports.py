"""The report of refused rows: row, line, field, reason, mend and clause of each fault; never a value."""

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from troth.collection.errors import Fault
from troth.collection.reading import Row

_HEAD = ("row", "line", "field", "reason", "mend", "clause")
_OWNER_ONLY = 0o600


class Report:
    """A report that is written along with the import; what it tells is on disk before the rows are counted.

    Args:
        path: The file, `.ndjson` or `.jsonl` for NDJSON, else CSV; None writes nothing.
        position: Row up to which an earlier run came; what that run told beyond is told again.
    """

    def __init__(self, path: Path | None, position: int) -> None:
        self._path = path
        self._lines = path is not None and path.suffix.lower() in {".ndjson", ".jsonl"}
        self._file: TextIO | None = None
        if path is not None:
            kept = self._told(path, position) if position and path.exists() else []
            self._file = os.fdopen(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY),
                "w",
                encoding="utf-8",
                newline="",
            )
            self._write([_HEAD] if not self._lines else [])
            self._write(kept)

    def tell(self, refused: Sequence[tuple[Row, Sequence[Fault]]]) -> None:
        """Write what is wrong with rows."""
        rows = [
            (row.number, row.line, fault.field, fault.reason, fault.mend, fault.clause)
            for row, faults in refused
            for fault in faults
        ]
        if rows:
            self._write(rows)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _write(self, rows: Sequence[Sequence[Any]]) -> None:
        if self._file is None:
            return
        if self._lines:
            self._file.writelines(json.dumps(dict(zip(_HEAD, row, strict=True))) + "\n" for row in rows)
        else:
            csv.writer(self._file).writerows(rows)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _told(self, path: Path, position: int) -> list[Sequence[Any]]:
        """What an earlier run told of the rows up to a position; its last line may be cut off."""
        with path.open(encoding="utf-8", newline="") as file:
            if self._lines:
                told = [json.loads(line) for line in file if line.endswith("\n")]
                return [[one[name] for name in _HEAD] for one in told if one["row"] <= position]
            return [
                row
                for row in csv.reader(file)
                if len(row) == len(_HEAD) and row[0].isdecimal() and int(row[0]) <= position
            ]
